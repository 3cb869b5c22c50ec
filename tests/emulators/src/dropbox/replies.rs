//! Answers in the shapes of Dropbox.

use crate::server::Reply;
use serde_json::{Value, json};

/// What was asked for.
pub(super) fn answered(value: &Value) -> Reply {
    json(200, value)
}

fn json(status: u16, value: &Value) -> Reply {
    Reply::new(status, "application/json", value.to_string())
}

/// An error of the call, 409; the summary ends with what is different each time.
pub(super) fn refused(error: &Value) -> Reply {
    json(409, &json!({"error_summary": summary(error), "error": error}))
}

/// A request that is no call, 400, in plain text.
pub(super) fn bad(route: &str, what: &str) -> Reply {
    Reply::new(400, "text/plain; charset=utf-8", format!("Error in call to API function \"{route}\": {what}"))
}

/// A token that is not accepted, 401.
pub(super) fn unauthorized(tag: &str) -> Reply {
    let error = match tag {
        "missing_scope" => json!({".tag": tag, "required_scope": "files.content.write"}),
        _ => json!({".tag": tag}),
    };
    json(401, &json!({"error_summary": format!("{tag}/.."), "error": error}))
}

/// Too many requests or writes, 429.
pub(super) fn slow_down(reason: &str, seconds: u64) -> Reply {
    let error = json!({"reason": {".tag": reason}, "retry_after": seconds});
    json(429, &json!({"error_summary": format!("{reason}/.."), "error": error})).with("Retry-After", seconds.to_string())
}

/// The same without saying of what.
pub(super) fn slow_down_in_text(seconds: u64) -> Reply {
    Reply::new(429, "text/plain", "too many requests").with("Retry-After", seconds.to_string())
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
