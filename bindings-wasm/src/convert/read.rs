//! From JavaScript: everything is checked.

use super::{Parsed, number_text};
use js_sys::{Array, Number, Reflect, Uint8Array};
use kitestring::{Action, Body, Change, Conflict, ConflictKind, Digest, DocId, Document, Entry, Outcome, Resolution, Revision, Side};
use wasm_bindgen::prelude::{JsCast, JsValue};

pub(crate) fn list<T>(value: &JsValue, one: fn(&JsValue) -> Parsed<T>) -> Parsed<Vec<T>> {
    let array: &Array = value.dyn_ref().ok_or("must be an array")?;
    array.iter().enumerate().map(|(at, item)| one(&item).map_err(|e| format!("[{at}] {e}"))).collect()
}

pub(crate) fn if_given<T>(value: &JsValue, read: fn(&JsValue) -> Parsed<T>) -> Parsed<Option<T>> {
    if value.is_undefined() || value.is_null() { Ok(None) } else { read(value).map(Some) }
}

pub(crate) fn optional<T>(object: &JsValue, name: &str, read: fn(&JsValue) -> Parsed<T>) -> Parsed<Option<T>> {
    let value = Reflect::get(object, &name.into()).map_err(|_| "must be an object")?;
    if_given(&value, read).map_err(|e| format!("`{name}` {e}"))
}

fn required<T>(object: &JsValue, name: &str, read: fn(&JsValue) -> Parsed<T>) -> Parsed<T> {
    optional(object, name, read)?.ok_or_else(|| format!("`{name}` is missing"))
}

fn text(value: &JsValue) -> Parsed<String> {
    value.as_string().ok_or_else(|| "must be text".into())
}

pub(crate) fn count(value: &JsValue) -> Parsed<u64> {
    match value.as_f64() {
        Some(n) if Number::is_safe_integer(value) && n >= 0.0 => Ok(n as u64),
        _ => Err("must be a whole number, not negative".into()),
    }
}

pub(crate) fn id(value: &JsValue) -> Parsed<DocId> {
    let (text, number) = name(value)?;
    let id = DocId::new(text).map_err(|e| e.detail().to_owned())?.spelled_as_number(number);
    if id.is_number() == number { Ok(id) } else { Err(unstable()) }
}

pub(crate) fn revision(value: &JsValue) -> Parsed<Revision> {
    let (text, number) = name(value)?;
    let revision = Revision::new(text).spelled_as_number(number);
    if revision.is_number() == number { Ok(revision) } else { Err(unstable()) }
}

fn name(value: &JsValue) -> Parsed<(String, bool)> {
    match (value.as_string(), value.dyn_ref::<Number>()) {
        (Some(text), _) => Ok((text, false)),
        (_, Some(number)) => Ok((number_text(number), true)),
        _ => Err("must be text or a number".into()),
    }
}

fn unstable() -> String {
    "is a number that JSON spells in another way: use a safe integer or text".into()
}

pub(crate) fn bytes(value: &JsValue) -> Parsed<Vec<u8>> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).ok_or_else(|| "must be a Uint8Array".into())
}

fn body(value: &JsValue) -> Parsed<Body> {
    if value.is_instance_of::<Uint8Array>() {
        return bytes(value).map(Body::Whole);
    }
    let size = required(value, "size", count).map_err(|_| "must be a Uint8Array, or { size } for a body in parts")?;
    Ok(Body::Parts { size })
}

fn digest(value: &JsValue) -> Parsed<Digest> {
    Digest::from_hex(&text(value)?).ok_or_else(|| "must be a SHA-256 in 64 hexadecimal digits".into())
}

pub(crate) fn document(value: &JsValue) -> Parsed<Document> {
    Ok(Document { id: required(value, "id", id)?, revision: required(value, "revision", revision)?, body: required(value, "body", body)? })
}

pub(crate) fn entry(value: &JsValue) -> Parsed<Entry> {
    Ok(Entry {
        id: required(value, "id", id)?,
        revision: required(value, "revision", revision)?,
        digest: optional(value, "digest", digest)?,
        size: optional(value, "size", count)?,
    })
}

fn action(value: &JsValue) -> Parsed<Action> {
    match value.as_string().as_deref() {
        Some("put") => Ok(Action::Put),
        Some("delete") => Ok(Action::Delete),
        _ => Err("must be \"put\" or \"delete\"".into()),
    }
}

pub(crate) fn change(value: &JsValue) -> Parsed<Change> {
    Ok(Change {
        id: required(value, "id", id)?,
        revision: required(value, "revision", revision)?,
        action: required(value, "action", action)?,
    })
}

pub(crate) fn outcome(value: &JsValue) -> Parsed<Outcome> {
    let other = "must be \"applied\", \"stale\" or { rejected: reason }";
    match value.as_string().as_deref() {
        Some("applied") => Ok(Outcome::Applied),
        Some("stale") => Ok(Outcome::Stale),
        Some(_) => Err(other.into()),
        None => required(value, "rejected", text).map(Outcome::Rejected).map_err(|_| other.into()),
    }
}

fn side(value: &JsValue) -> Parsed<Side> {
    Ok(Side { revision: required(value, "revision", revision)?, digest: required(value, "digest", digest)? })
}

fn conflict_kind(value: &JsValue) -> Parsed<ConflictKind> {
    let all = [ConflictKind::EditEdit, ConflictKind::EditDelete, ConflictKind::DeleteEdit, ConflictKind::Adopt];
    let code = text(value)?;
    all.into_iter().find(|kind| kind.code() == code).ok_or_else(|| "is no kind of conflict".into())
}

pub(crate) fn conflict(value: &JsValue) -> Parsed<Conflict> {
    Ok(Conflict {
        id: required(value, "id", id)?,
        kind: required(value, "kind", conflict_kind)?,
        base: optional(value, "base", side)?,
        local: optional(value, "local", side)?,
        remote: optional(value, "remote", side)?,
    })
}

pub(crate) fn resolution(value: &JsValue) -> Parsed<Resolution> {
    match value.as_string().as_deref() {
        Some("keepLocal") => Ok(Resolution::KeepLocal),
        Some("takeRemote") => Ok(Resolution::TakeRemote),
        Some(_) => Err("the resolution must be \"keepLocal\", \"takeRemote\" or { merged: { revision, body } }".into()),
        None => required(value, "merged", |merged| {
            Ok(Resolution::Merged { revision: required(merged, "revision", revision)?, body: required(merged, "body", body)? })
        }),
    }
}
