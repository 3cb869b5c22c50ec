//! Answers in the shapes of Dropbox.

use serde_json::{Value, json};

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("Content-Type", kind.to_owned())], body: body.into() }
    }

    pub(super) fn json(status: u16, value: &Value) -> Self {
        Self::new(status, "application/json", value.to_string())
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// An error of the call, 409; the summary ends with what is different each time.
    pub(super) fn refused(error: &Value) -> Self {
        Self::json(409, &json!({"error_summary": summary(error), "error": error}))
    }

    /// A request that is no call, 400, in plain text.
    pub(super) fn bad(route: &str, what: &str) -> Self {
        Self::new(400, "text/plain; charset=utf-8", format!("Error in call to API function \"{route}\": {what}"))
    }

    /// A token that is not accepted, 401.
    pub(super) fn unauthorized(tag: &str) -> Self {
        let error = if tag == "missing_scope" {
            json!({".tag": tag, "required_scope": "files.content.write"})
        } else {
            json!({".tag": tag})
        };
        Self::json(401, &json!({"error_summary": format!("{tag}/.."), "error": error}))
    }

    /// Too many requests or writes, 429.
    pub(super) fn slow_down(reason: &str, seconds: u64) -> Self {
        let error = json!({"reason": {".tag": reason}, "retry_after": seconds});
        Self::json(429, &json!({"error_summary": format!("{reason}/.."), "error": error})).with("Retry-After", seconds.to_string())
    }

    /// The same without saying of what.
    pub(super) fn slow_down_in_text(seconds: u64) -> Self {
        Self::new(429, "text/plain", "too many requests").with("Retry-After", seconds.to_string())
    }
}

/// Names an error by its tags, from the outside in.
fn summary(error: &Value) -> String {
    let mut words = Vec::new();
    let mut at = Some(error);
    while let Some(tag) = at.and_then(|value| value.get(".tag")).and_then(Value::as_str) {
        words.push(tag.to_owned());
        at = at.and_then(|value| value.get(tag).or_else(|| value.get("reason")));
    }
    format!("{}/...", words.join("/"))
}

/// Makes a header's value of JSON: everything outside of ASCII is escaped.
pub(super) fn header_safe(value: &Value) -> String {
    let mut safe = String::new();
    let mut units = [0; 2];
    for c in value.to_string().chars() {
        if c.is_ascii() && c != '\u{7f}' {
            safe.push(c);
        } else {
            c.encode_utf16(&mut units).iter().for_each(|unit| safe.push_str(&format!("\\u{unit:04x}")));
        }
    }
    safe
}
