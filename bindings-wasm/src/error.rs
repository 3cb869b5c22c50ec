//! Errors in both directions: ours become `Error` objects with a `code`, the host's become `application`.

use crate::convert::write::set_fields;
use js_sys::Reflect;
use kitestring::{Error, ErrorKind, Retry};
use std::{error::Error as StdError, fmt, time::Duration};
use wasm_bindgen::prelude::JsValue;

/// Makes the `Error` object that JavaScript sees. What the host threw is its `cause`.
pub(crate) fn to_js(error: &Error) -> JsValue {
    let made = js_sys::Error::new(&error.to_string());
    made.set_name("KiteError");
    let made = made.into();
    let retry_after_ms = match error.retry {
        Retry::Now => JsValue::from(0),
        Retry::After(time) => JsValue::from(time.as_millis() as f64),
        Retry::Never => JsValue::UNDEFINED,
    };
    let fields = [
        ("code", error.kind.code().into()),
        ("operation", error.operation().into()),
        ("subject", text_or_undefined(error.subject())),
        ("detail", error.detail().into()),
        ("retryAfterMs", retry_after_ms),
        ("cause", cause(error)),
    ];
    set_fields(&made, &fields);
    match &error.kind {
        ErrorKind::Locked { owner, until_ms } => {
            set_fields(&made, &[("owner", text_or_undefined(owner.as_deref())), ("untilMs", (*until_ms as f64).into())]);
        }
        ErrorKind::Moved { to } => set_fields(&made, &[("to", text_or_undefined(to.as_deref()))]),
        ErrorKind::MassDelete { deletes, of } => set_fields(&made, &[("deletes", (*deletes as f64).into()), ("of", (*of as f64).into())]),
        ErrorKind::HostOlder { reverted, changed } => {
            set_fields(&made, &[("reverted", (*reverted as f64).into()), ("changed", (*changed as f64).into())]);
        }
        ErrorKind::Rollback { remembered, found } => {
            set_fields(&made, &[("remembered", (*remembered as f64).into()), ("found", (*found as f64).into())]);
        }
        _ => {}
    }
    made
}

fn text_or_undefined(text: Option<&str>) -> JsValue {
    text.map_or(JsValue::UNDEFINED, JsValue::from)
}

/// Makes our error of what a method of the host threw: one with a code of ours keeps it, any other is the port's.
pub(crate) fn thrown(failure: &ErrorKind, operation: &'static str, thrown: JsValue) -> Error {
    let part = |name: &str| Reflect::get(&thrown, &name.into()).ok();
    let words = |name: &str| part(name).and_then(|value| value.as_string());
    let detail = words("detail").or_else(|| words("message")).or_else(|| thrown.as_string());
    let detail = detail.unwrap_or_else(|| "the host threw what is no error".into());
    let kind = match words("name").as_deref() {
        Some("AbortError") => ErrorKind::Cancelled,
        _ => words("code").and_then(|code| named(&code)).unwrap_or_else(|| failure.clone()),
    };
    let error = Error::new(kind, operation, detail).caused_by(Thrown(thrown.clone()));
    match part("retryAfterMs").and_then(|ms| ms.as_f64()).map(|ms| Duration::try_from_secs_f64(ms / 1000.0)) {
        Some(Ok(time)) => error.with_retry(Retry::After(time)),
        _ => error,
    }
}

/// The kind that a host may say by its code: what a port can answer.
fn named(code: &str) -> Option<ErrorKind> {
    let all = [
        ErrorKind::Unauthorized,
        ErrorKind::RateLimited,
        ErrorKind::Unavailable,
        ErrorKind::NotFound,
        ErrorKind::Condition,
        ErrorKind::QuotaExceeded,
        ErrorKind::Corrupt,
        ErrorKind::Unsupported,
        ErrorKind::NeedsNewerVersion,
        ErrorKind::Application,
        ErrorKind::State,
        ErrorKind::Cancelled,
        ErrorKind::InvalidInput,
    ];
    all.into_iter().find(|kind| kind.code() == code)
}

/// Makes the error of an answer that is not what the method promises.
pub(crate) fn mistyped(failure: &ErrorKind, port: &str, operation: &'static str, detail: &str) -> Error {
    Error::new(failure.clone(), operation, format!("the answer of the {port}'s `{operation}`: {detail}"))
}

/// What the host threw, underneath our error.
struct Thrown(JsValue);

fn cause(error: &Error) -> JsValue {
    error.source().and_then(|source| source.downcast_ref::<Thrown>()).map_or(JsValue::UNDEFINED, |thrown| thrown.0.clone())
}

impl fmt::Display for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("thrown by the host")
    }
}

impl fmt::Debug for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Thrown {}
