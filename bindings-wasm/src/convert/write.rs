//! To JavaScript: a field without value is left out.

use super::number_text;
use js_sys::{Array, Number, Object, Reflect, Uint8Array};
use kitestring::{Action, Body, Change, Conflict, DocId, Incoming, Report, Revision, Side, Stopped};
use wasm_bindgen::prelude::JsValue;

pub(crate) fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new().into();
    set_fields(&object, fields);
    object
}

/// Sets the fields whose value is not `undefined` on an object of ours, where setting cannot fail.
pub(crate) fn set_fields(object: &JsValue, fields: &[(&str, JsValue)]) {
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_undefined()) {
        let _ = Reflect::set(object, &(*name).into(), value);
    }
}

pub(crate) fn list<T>(items: &[T], one: fn(&T) -> JsValue) -> JsValue {
    items.iter().map(one).collect::<Array>().into()
}

pub(crate) fn optional<T>(value: Option<&T>, one: fn(&T) -> JsValue) -> JsValue {
    value.map_or(JsValue::UNDEFINED, one)
}

pub(crate) fn id(id: &DocId) -> JsValue {
    name(id.as_str(), id.is_number())
}

pub(crate) fn revision(revision: &Revision) -> JsValue {
    name(revision.as_str(), revision.is_number())
}

/// A number that JavaScript would round stays text.
fn name(text: &str, number: bool) -> JsValue {
    let parsed = Number::from(Number::parse_float(text));
    if number && number_text(&parsed) == text { parsed.into() } else { text.into() }
}

pub(crate) fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

fn body(body: &Body) -> JsValue {
    match body {
        Body::Whole(whole) => bytes(whole),
        Body::Parts { size } => object(&[("size", (*size as f64).into())]),
    }
}

pub(crate) fn incoming(incoming: &Incoming) -> JsValue {
    object(&[
        ("id", id(&incoming.id)),
        ("revision", revision(&incoming.revision)),
        ("body", optional(incoming.body.as_ref(), body)),
        ("expected", optional(incoming.expected.as_ref(), revision)),
    ])
}

pub(crate) fn change(change: &Change) -> JsValue {
    let action = match change.action {
        Action::Put => "put",
        Action::Delete => "delete",
    };
    object(&[("id", id(&change.id)), ("revision", revision(&change.revision)), ("action", action.into())])
}

fn side(side: &Side) -> JsValue {
    object(&[("revision", revision(&side.revision)), ("digest", side.digest.to_string().into())])
}

pub(crate) fn conflict(conflict: &Conflict) -> JsValue {
    object(&[
        ("id", id(&conflict.id)),
        ("kind", conflict.kind.code().into()),
        ("base", optional(conflict.base.as_ref(), side)),
        ("local", optional(conflict.local.as_ref(), side)),
        ("remote", optional(conflict.remote.as_ref(), side)),
    ])
}

pub(crate) fn report(report: &Report) -> JsValue {
    let skipped = list(&report.skipped, |s| object(&[("id", id(&s.id)), ("why", s.why.as_str().into())]));
    let stopped = report.stopped.map_or(JsValue::UNDEFINED, |Stopped::Deadline| "deadline".into());
    object(&[
        ("pushed", (report.pushed as f64).into()),
        ("pulled", (report.pulled as f64).into()),
        ("deleted", (report.deleted as f64).into()),
        ("conflicts", list(&report.conflicts, conflict)),
        ("skipped", skipped),
        ("requests", (report.requests.total() as f64).into()),
        ("elapsedMs", (report.elapsed.as_secs_f64() * 1000.0).into()),
        ("stopped", stopped),
    ])
}
