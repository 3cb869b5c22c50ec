//! Errors in both directions: ours become `Error` objects with a `code`, the host's become `application`.

use crate::convert::write::set_fields;
use js_sys::Reflect;
use kitestring::{Error, ErrorKind, Retry};
use std::{error::Error as StdError, fmt};
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

/// Makes our error of what a method of the host threw.
pub(crate) fn thrown(operation: &'static str, thrown: JsValue) -> Error {
    let part = |name: &str| Reflect::get(&thrown, &name.into()).ok().and_then(|v| v.as_string());
    let kind = if part("name").as_deref() == Some("AbortError") { ErrorKind::Cancelled } else { ErrorKind::Application };
    let detail = part("message").or_else(|| thrown.as_string()).unwrap_or_else(|| format!("{thrown:?}"));
    Error::new(kind, operation, detail).caused_by(Thrown(thrown))
}

/// Makes the error of an answer that is not what the method promises.
pub(crate) fn mistyped(operation: &'static str, detail: String) -> Error {
    Error::new(ErrorKind::Application, operation, format!("the host's answer: {detail}"))
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
