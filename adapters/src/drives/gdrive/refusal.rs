//! The errors of the API: what they mean to the caller.

use super::GDrive;
use crate::http::{Call, Response};
use kitestring::{Error, ErrorKind};
use serde::Deserialize;

/// Why a call was not carried out, where that is an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no such file, or none that this app may see.
    Missing,
    /// There is a file of that id already.
    Taken,
    /// The file has another tag.
    Moved,
}

impl Refusal {
    /// Reads it, if it is one, and one of those that the call can have. Somebody on the way who answers with such a status does
    /// not say it in Google's words; to take that for a file that is gone would part it from its name.
    pub(super) fn of(response: &Response, possible: &[Self]) -> Option<Self> {
        let refusal = match (response.status, reason(response)?.as_str()) {
            (404, "notFound") => Self::Missing,
            (409, _) => Self::Taken,
            (412, "conditionNotMet") => Self::Moved,
            _ => return None,
        };
        possible.contains(&refusal).then_some(refusal)
    }
}

#[derive(Deserialize)]
struct Body {
    error: Inner,
}

#[derive(Deserialize)]
struct Inner {
    #[serde(default)]
    errors: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    reason: String,
}

/// The word that says why, as `rateLimitExceeded`.
fn reason(response: &Response) -> Option<String> {
    let Body { error } = serde_json::from_slice(&response.body).ok()?;
    error.errors.into_iter().next().map(|first| first.reason)
}

/// Whether there were too many requests, said by 403. What is said by 429 is waited out before.
pub(super) fn is_rate(response: &Response) -> bool {
    const RATES: [&str; 3] = ["rateLimitExceeded", "userRateLimitExceeded", "sharingRateLimitExceeded"];
    response.status == 403 && reason(response).is_some_and(|reason| RATES.contains(&reason.as_str()))
}

impl GDrive {
    /// Says what a status means that is no answer to the call.
    pub(super) fn refused(&self, call: &Call, response: &Response) -> Error {
        use ErrorKind::{InvalidInput, QuotaExceeded, RateLimited, Unauthorized, Unavailable};
        if response.status != 403 {
            return self.web.refused(call, &self.service, response);
        }
        let reason = reason(response).unwrap_or_default();
        let (kind, what) = match reason.as_str() {
            "storageQuotaExceeded" | "quotaExceeded" | "teamDriveFileLimitExceeded" => {
                (QuotaExceeded, "has no space left; free some, or get more")
            }
            "rateLimitExceeded" | "userRateLimitExceeded" | "sharingRateLimitExceeded" => {
                (RateLimited, "says that there are too many requests; it goes on later")
            }
            "dailyLimitExceeded" | "uploadLimitExceeded" => (RateLimited, "takes no more today; it goes on tomorrow"),
            "numChildrenInNonRootLimitExceeded" => (InvalidInput, "takes no more files in that folder"),
            "accessNotConfigured" => (Unauthorized, "is not switched on for the project of this app"),
            "insufficientPermissions" | "insufficientFilePermissions" | "appNotAuthorizedToFile" => {
                (Unauthorized, "answered 403: the token may not do that; sign in again and allow the app to use its own files")
            }
            "" => return self.web.refused(call, &self.service, response),
            other => return self.error(call, Unavailable, &format!("refused: {other}")),
        };
        self.error(call, kind, what)
    }
}
