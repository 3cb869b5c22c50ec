//! What the host is told: documents, changes, conflicts, reports.

use super::{
    number_text,
    write::{bytes, list, number, object, optional},
};
use js_sys::Number;
use kitestring::{
    Action, Body, Change, Conflict, DocId, Document, Incoming, Phase, Progress, Reconciled, Report, Revision, Side, StateRecord, Status,
    Stopped, Versions,
};
use wasm_bindgen::prelude::JsValue;

pub(crate) fn id(id: &DocId) -> JsValue {
    name(id.as_str(), id.is_number())
}

pub(crate) fn revision(revision: &Revision) -> JsValue {
    name(revision.as_str(), revision.is_number())
}

/// A number that JavaScript would round stays text.
fn name(text: &str, number: bool) -> JsValue {
    if !number {
        return text.into();
    }
    let parsed = text.parse::<i64>().map_or_else(|_| Number::parse_float(text), |whole| whole as f64);
    if number_text(parsed) == text { parsed.into() } else { text.into() }
}

fn body(body: &Body) -> JsValue {
    match body {
        Body::Whole(whole) => bytes(whole),
        Body::Parts { size } => object(&[("size", number(*size))]),
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

pub(crate) fn record(record: &StateRecord) -> JsValue {
    object(&[("key", record.key.as_str().into()), ("value", record.value.as_deref().map_or(JsValue::UNDEFINED, bytes))])
}

fn document(document: &Document) -> JsValue {
    object(&[("id", id(&document.id)), ("revision", revision(&document.revision)), ("body", body(&document.body))])
}

pub(crate) fn versions(versions: &Versions) -> JsValue {
    object(&[
        ("base", optional(versions.base.as_ref(), document)),
        ("local", optional(versions.local.as_ref(), document)),
        ("remote", optional(versions.remote.as_ref(), document)),
    ])
}

pub(crate) fn status(status: &Status) -> JsValue {
    object(&[
        ("client", status.client.as_str().into()),
        ("vault", status.vault.as_deref().map_or(JsValue::UNDEFINED, JsValue::from)),
        ("strategy", status.strategy.map_or(JsValue::UNDEFINED, |strategy| strategy.code().into())),
        ("documents", number(status.documents)),
        ("queued", number(status.queued)),
        ("pending", number(status.pending)),
        ("conflicts", number(status.conflicts)),
        ("lastSyncMs", status.last_sync_ms.map_or(JsValue::UNDEFINED, number)),
    ])
}

pub(crate) fn reconciled(found: &Reconciled) -> JsValue {
    object(&[("put", number(found.put)), ("deleted", number(found.deleted))])
}

pub(crate) fn progress(progress: &Progress) -> JsValue {
    let phase = match progress.phase {
        Phase::Scan => "scan",
        Phase::Read => "read",
        Phase::Pull => "pull",
        Phase::Wait => "wait",
        Phase::Push => "push",
        Phase::Compact => "compact",
    };
    object(&[("phase", phase.into()), ("done", number(progress.done)), ("total", progress.total.map_or(JsValue::UNDEFINED, number))])
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
        ("pushed", number(report.pushed)),
        ("pulled", number(report.pulled)),
        ("deleted", number(report.deleted)),
        ("conflicts", list(&report.conflicts, conflict)),
        ("skipped", skipped),
        ("requests", number(report.requests.total())),
        ("bytesSent", number(report.bytes.sent)),
        ("bytesReceived", number(report.bytes.received)),
        ("elapsedMs", (report.elapsed.as_secs_f64() * 1000.0).into()),
        ("stopped", stopped),
        ("nextSyncAfterMs", report.next_sync_after.map_or(JsValue::UNDEFINED, |wait| (wait.as_secs_f64() * 1000.0).into())),
    ])
}
