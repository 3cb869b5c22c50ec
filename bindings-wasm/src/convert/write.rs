//! To JavaScript: a field without value is left out.

use super::field::field;
#[cfg(any(feature = "client", feature = "http"))]
use js_sys::Uint8Array;
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::JsValue;

pub(crate) fn object(fields: &[(&'static str, JsValue)]) -> JsValue {
    let object = Object::new().into();
    set_fields(&object, fields);
    object
}

/// Sets the fields whose value is not `undefined` on an object of ours, where setting cannot fail.
pub(crate) fn set_fields(object: &JsValue, fields: &[(&'static str, JsValue)]) {
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_undefined()) {
        let _ = Reflect::set(object, &field(name), value);
    }
}

pub(crate) fn list<T>(items: &[T], one: fn(&T) -> JsValue) -> JsValue {
    items.iter().map(one).collect::<Array>().into()
}

#[cfg(feature = "client")]
pub(crate) fn optional<T>(value: Option<&T>, one: fn(&T) -> JsValue) -> JsValue {
    value.map_or(JsValue::UNDEFINED, one)
}

#[cfg(any(feature = "client", feature = "http"))]
pub(crate) fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

#[cfg(feature = "client")]
pub(crate) fn number(number: u64) -> JsValue {
    (number as f64).into()
}
