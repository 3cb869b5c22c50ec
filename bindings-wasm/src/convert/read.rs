//! From JavaScript: everything is checked.

use super::{Parsed, field::field};
#[cfg(any(feature = "client", feature = "http"))]
use js_sys::Uint8Array;
use js_sys::{Array, Number, Reflect};
use wasm_bindgen::prelude::{JsCast, JsValue};

pub(crate) fn list<T>(value: &JsValue, one: fn(&JsValue) -> Parsed<T>) -> Parsed<Vec<T>> {
    let array: &Array = value.dyn_ref().ok_or("must be an array")?;
    array.iter().enumerate().map(|(at, item)| one(&item).map_err(|e| format!("[{at}] {e}"))).collect()
}

pub(crate) fn if_given<T>(value: &JsValue, read: fn(&JsValue) -> Parsed<T>) -> Parsed<Option<T>> {
    if value.is_undefined() || value.is_null() { Ok(None) } else { read(value).map(Some) }
}

pub(crate) fn optional<T>(object: &JsValue, name: &'static str, read: fn(&JsValue) -> Parsed<T>) -> Parsed<Option<T>> {
    let value = Reflect::get(object, &field(name)).map_err(|_| "must be an object")?;
    if_given(&value, read).map_err(|e| format!("`{name}` {e}"))
}

#[cfg(any(feature = "client", feature = "http"))]
pub(crate) fn required<T>(object: &JsValue, name: &'static str, read: fn(&JsValue) -> Parsed<T>) -> Parsed<T> {
    optional(object, name, read)?.ok_or_else(|| format!("`{name}` is missing"))
}

pub(crate) fn text(value: &JsValue) -> Parsed<String> {
    value.as_string().ok_or_else(|| "must be text".into())
}

#[cfg(any(feature = "client", feature = "compat", feature = "s3"))]
pub(crate) fn flag(value: &JsValue) -> Parsed<bool> {
    value.as_bool().ok_or_else(|| "must be true or false".into())
}

pub(crate) fn count(value: &JsValue) -> Parsed<u64> {
    match value.as_f64() {
        Some(n) if Number::is_safe_integer(value) && n >= 0.0 => Ok(n as u64),
        _ => Err("must be a whole number, not negative".into()),
    }
}

#[cfg(any(feature = "client", feature = "http"))]
pub(crate) fn bytes(value: &JsValue) -> Parsed<Vec<u8>> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).ok_or_else(|| "must be a Uint8Array".into())
}
