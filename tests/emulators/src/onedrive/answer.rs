//! Answers in the shapes of Microsoft Graph.

use crate::server::Reply;
use serde_json::{Value, json};

pub(super) fn answered(status: u16, value: &Value) -> Reply {
    Reply::new(status, "application/json;odata.metadata=minimal", value.to_string())
}

/// Nothing to say.
pub(super) fn done() -> Reply {
    Reply { status: 204, headers: Vec::new(), body: Vec::new() }
}

/// An error by its code.
pub(super) fn refused(status: u16, code: &str) -> Reply {
    detailed(status, code, &json!({}))
}

/// An error whose code is refined by another one.
pub(super) fn refined(status: u16, code: &str, inner: &str) -> Reply {
    detailed(status, code, &json!({"code": inner}))
}

fn detailed(status: u16, code: &str, inner: &Value) -> Reply {
    let mut inner = inner.clone();
    inner["date"] = json!("2026-01-01T00:00:00");
    inner["request-id"] = json!("00000000-0000-0000-0000-000000000000");
    answered(status, &json!({"error": {"code": code, "message": format!("The emulator answers {code}."), "innerError": inner}}))
}

pub(super) fn slow_down(status: u16, code: &str) -> Reply {
    refused(status, code).with("Retry-After", "1")
}
