//! The errors of Microsoft Graph: what their codes mean ("Error responses and resource types" and the codes of OneDrive).

use kitestring::ErrorKind;
use serde::Deserialize;
use serde_json::Value;

/// A refusal in the words of the service: a status, and codes from the outside in. What is said beside them is for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    codes: Vec<String>,
}

#[derive(Deserialize)]
struct Body {
    error: Value,
}

impl Refusal {
    /// Reads an answer; none if it is not in the words of the service.
    pub(super) fn read(status: u16, body: &[u8]) -> Option<Self> {
        let Body { error } = serde_json::from_slice(body).ok()?;
        let mut codes = vec![error.get("code")?.as_str()?.to_owned()];
        let mut at = inner(&error);
        while let Some(error) = at {
            codes.extend(error.get("code").and_then(Value::as_str).map(str::to_owned));
            at = inner(error);
        }
        Some(Self { status, codes })
    }

    fn has(&self, codes: &[&str]) -> bool {
        self.codes.iter().any(|own| codes.iter().any(|code| own.eq_ignore_ascii_case(code)))
    }

    /// Whether there is nothing of that name or id.
    pub(super) fn is_missing(&self) -> bool {
        self.status == 404 && self.has(&["itemNotFound"])
    }

    /// Whether something has that name already.
    pub(super) fn is_taken(&self) -> bool {
        self.status == 409 && self.has(&["nameAlreadyExists"])
    }

    /// Whether the file has another tag than was named. Also a write without a condition is refused so at times.
    pub(super) fn is_changed(&self) -> bool {
        self.status == 412 || (self.status == 409 && self.has(&["resourceModified", "entityTagDoesNotMatch"]))
    }

    /// Whether a page or a session cannot be gone on with.
    pub(super) fn is_too_old(&self) -> bool {
        matches!(self.status, 400 | 404 | 410)
    }

    /// Whether what was asked makes no sense of what is there, such as going into a file.
    pub(super) fn is_senseless_there(&self) -> bool {
        self.status == 400 && self.has(&["invalidRequest"])
    }

    /// Says what it means to the caller. Nothing was written.
    pub(super) fn meaning(&self) -> (ErrorKind, String) {
        use ErrorKind::{Condition, InvalidInput, QuotaExceeded, RateLimited, Unauthorized, Unavailable};
        let (kind, what) = if self.status == 507 || self.has(&["quotaLimitReached", "insufficientStorage"]) {
            (QuotaExceeded, "has no space left; free some, or get more")
        } else if self.has(&["invalidPath", "pathIsTooLong", "pathTooDeep", "parameterIsTooLong"]) {
            (InvalidInput, "takes no file of that name")
        } else if self.status == 413 || self.has(&["maxFileSizeExceeded", "maxStreamSizeExceeded"]) {
            (InvalidInput, "takes no file as large as that")
        } else if self.has(&["malwareDetected", "virusSuspicious"]) {
            (InvalidInput, "takes the file for a virus")
        } else if self.is_changed() || self.is_taken() {
            (Condition, "has another version of the file, perhaps one whose name differs in case only")
        } else if self.has(&["activityLimitReached", "throttledRequest"]) {
            (RateLimited, "wants fewer requests; it goes on later")
        } else if self.status == 403 {
            (Unauthorized, "does not let this account do that there; check its rights, and what the app may do")
        } else {
            return (Unavailable, format!("answered {}: {}", self.status, self.shown()));
        };
        (kind, what.to_owned())
    }

    /// Codes are words; anything else in their place may be what was sent.
    fn shown(&self) -> String {
        let is_word = |code: &&String| code.len() < 60 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        self.codes.iter().filter(is_word).cloned().collect::<Vec<_>>().join("/")
    }
}

fn inner(error: &Value) -> Option<&Value> {
    error.get("innererror").or_else(|| error.get("innerError")).filter(|inner| inner.is_object())
}
