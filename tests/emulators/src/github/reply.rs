//! The forms of answers.

use crate::server::Reply;
use serde_json::{Value, json};

const KIND: &str = "application/json; charset=utf-8";

pub(super) fn answered(status: u16, value: &Value) -> Reply {
    Reply::new(status, KIND, value.to_string())
}

pub(super) fn refused(status: u16, message: &str) -> Reply {
    answered(status, &json!({"message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string()}))
}

pub(super) fn not_found() -> Reply {
    refused(404, "Not Found")
}

pub(super) fn empty() -> Reply {
    refused(409, "Git Repository is empty.")
}

/// A content as it is.
pub(super) fn raw(bytes: &[u8]) -> Reply {
    Reply::new(200, "application/vnd.github.raw+json; charset=utf-8", bytes)
}

/// A query that is refused.
pub(super) fn refused_query(field: &str, kind: &str, message: &str) -> Reply {
    answered(
        200,
        &json!({"data": {field: null}, "errors": [{"type": kind, "path": [field], "locations": [{"line": 1, "column": 1}], "message": message}]}),
    )
}
