//! What the host gives and answers: documents, changes, conflicts.

use super::{Parsed, number_text, read};
use js_sys::Uint8Array;
use kitestring::{
    Action, Body, Change, Conflict, ConflictKind, Digest, DocId, Document, Entry, Outcome, Resolution, Revision, Side, StateRecord,
};
use wasm_bindgen::prelude::{JsCast, JsValue};

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
    match (value.as_f64(), value.as_string()) {
        (Some(number), _) => Ok((number_text(number), true)),
        (_, Some(text)) => Ok((text, false)),
        _ => Err("must be text or a number".into()),
    }
}

fn unstable() -> String {
    "is a number that JSON spells in another way: use a safe integer or text".into()
}

fn body(value: &JsValue) -> Parsed<Body> {
    if value.is_instance_of::<Uint8Array>() {
        return read::bytes(value).map(Body::Whole);
    }
    let size = read::required(value, "size", read::count).map_err(|_| "must be a Uint8Array, or { size } for a body in parts")?;
    Ok(Body::Parts { size })
}

fn digest(value: &JsValue) -> Parsed<Digest> {
    Digest::from_hex(&read::text(value)?).ok_or_else(|| "must be a SHA-256 in 64 hexadecimal digits".into())
}

pub(crate) fn document(value: &JsValue) -> Parsed<Document> {
    Ok(Document {
        id: read::required(value, "id", id)?,
        revision: read::required(value, "revision", revision)?,
        body: read::required(value, "body", body)?,
    })
}

pub(crate) fn entry(value: &JsValue) -> Parsed<Entry> {
    Ok(Entry {
        id: read::required(value, "id", id)?,
        revision: read::required(value, "revision", revision)?,
        digest: read::optional(value, "digest", digest)?,
        size: read::optional(value, "size", read::count)?,
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
        id: read::required(value, "id", id)?,
        revision: read::required(value, "revision", revision)?,
        action: read::required(value, "action", action)?,
    })
}

pub(crate) fn outcome(value: &JsValue) -> Parsed<Outcome> {
    let other = "must be \"applied\", \"stale\" or { rejected: reason }";
    match value.as_string().as_deref() {
        Some("applied") => Ok(Outcome::Applied),
        Some("stale") => Ok(Outcome::Stale),
        Some(_) => Err(other.into()),
        None => read::required(value, "rejected", read::text).map(Outcome::Rejected).map_err(|_| other.into()),
    }
}

fn side(value: &JsValue) -> Parsed<Side> {
    Ok(Side { revision: read::required(value, "revision", revision)?, digest: read::required(value, "digest", digest)? })
}

fn conflict_kind(value: &JsValue) -> Parsed<ConflictKind> {
    let all = [ConflictKind::EditEdit, ConflictKind::EditDelete, ConflictKind::DeleteEdit, ConflictKind::Adopt];
    let code = read::text(value)?;
    all.into_iter().find(|kind| kind.code() == code).ok_or_else(|| "is no kind of conflict".into())
}

pub(crate) fn conflict(value: &JsValue) -> Parsed<Conflict> {
    Ok(Conflict {
        id: read::required(value, "id", id)?,
        kind: read::required(value, "kind", conflict_kind)?,
        base: read::optional(value, "base", side)?,
        local: read::optional(value, "local", side)?,
        remote: read::optional(value, "remote", side)?,
    })
}

pub(crate) fn resolution(value: &JsValue) -> Parsed<Resolution> {
    match value.as_string().as_deref() {
        Some("keepLocal") => Ok(Resolution::KeepLocal),
        Some("takeRemote") => Ok(Resolution::TakeRemote),
        Some(_) => Err("the resolution must be \"keepLocal\", \"takeRemote\" or { merged: { revision, body } }".into()),
        None => read::required(value, "merged", |merged| {
            Ok(Resolution::Merged { revision: read::required(merged, "revision", revision)?, body: read::required(merged, "body", body)? })
        }),
    }
}

pub(crate) fn record(value: &JsValue) -> Parsed<StateRecord> {
    Ok(StateRecord { key: read::required(value, "key", read::text)?, value: read::optional(value, "value", read::bytes)? })
}
