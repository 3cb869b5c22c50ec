//! Answers in the shapes of Google.

use super::Failure;
use crate::server::Reply;
use serde_json::{Value, json};

/// An error; the place is the kind and the name of what is wrong.
pub(super) fn error(status: u16, domain: &str, reason: &str, message: &str, place: Option<(&str, &str)>) -> Reply {
    let mut own = json!({"domain": domain, "reason": reason, "message": message});
    if let (Some((kind, name)), Some(fields)) = (place, own.as_object_mut()) {
        fields.insert("locationType".to_owned(), json!(kind));
        fields.insert("location".to_owned(), json!(name));
    }
    let value = json!({"error": {"errors": [own], "code": status, "message": message}});
    Reply::new(status, "application/json; charset=UTF-8", value.to_string())
}

pub(super) fn not_found(id: &str) -> Reply {
    error(404, "global", "notFound", &format!("File not found: {id}."), Some(("parameter", "fileId")))
}

pub(super) fn invalid(what: &str, parameter: &str) -> Reply {
    error(400, "global", "invalid", what, Some(("parameter", parameter)))
}

pub(super) fn invalid_field(field: &str) -> Reply {
    error(400, "global", "invalidParameter", &format!("Invalid field selection {field}"), Some(("parameter", "fields")))
}

pub(super) fn moved() -> Reply {
    error(412, "global", "conditionNotMet", "Precondition Failed", Some(("header", "If-Match")))
}

pub(super) fn id_in_use() -> Reply {
    error(409, "global", "fileIdInUse", "A file already exists with the provided ID.", None)
}

pub(super) fn no_space() -> Reply {
    error(403, "global", "storageQuotaExceeded", "The user's Drive storage quota has been exceeded.", None)
}

pub(super) fn unauthorized() -> Reply {
    error(401, "global", "authError", "Invalid Credentials", Some(("header", "Authorization")))
        .with("WWW-Authenticate", "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"")
}

pub(super) fn read_only() -> Reply {
    error(403, "global", "insufficientPermissions", "Insufficient Permission: Request had insufficient authentication scopes.", None)
}

pub(super) fn json(value: &Value) -> Reply {
    Reply::new(200, "application/json; charset=UTF-8", value.to_string())
}

impl Failure {
    /// The answer, for failures that are one.
    pub(super) fn reply(self) -> Option<Reply> {
        let limit = |status, reason: &str, message: &str| error(status, "usageLimits", reason, message, None);
        Some(match self {
            Self::UserRate => limit(403, "userRateLimitExceeded", "User Rate Limit Exceeded"),
            Self::Rate => limit(403, "rateLimitExceeded", "Rate Limit Exceeded"),
            Self::Daily => limit(403, "dailyLimitExceeded", "Daily Limit Exceeded"),
            Self::TooManyRequests => limit(429, "rateLimitExceeded", "Too many requests").with("Retry-After", "1"),
            Self::Unavailable => Self::fault(),
            Self::WebPage => Reply::new(200, "text/html; charset=utf-8", "<html>sign in</html>"),
            Self::CarriedOut | Self::Cut | Self::Stale => return None,
        })
    }

    pub(super) fn fault() -> Reply {
        error(503, "global", "backendError", "Backend Error", None)
    }
}
