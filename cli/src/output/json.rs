//! The JSON forms. Their fields are a promise to programs: new ones may appear, none changes its meaning.

use kitestring::{Conflict, Error, ErrorKind, Report, Retry, Status, Strategy};
use serde::Serialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// Prints a value on one line.
pub(crate) fn print(value: &Value) {
    super::line(value);
}

/// Describes a sync.
pub(crate) fn report(report: &Report, skipped: &BTreeMap<String, String>, dry_run: bool) -> Value {
    let mut value = json!({
        "pushed": report.pushed,
        "pulled": report.pulled,
        "deleted": report.deleted,
        "conflicts": conflicts(&report.conflicts),
        "skipped": self::skipped(skipped),
        "requests": {
            "get": report.requests.get,
            "put": report.requests.put,
            "delete": report.requests.delete,
            "list": report.requests.list,
        },
        "bytes": { "sent": report.bytes.sent, "received": report.bytes.received },
        "elapsed_ms": millis(report.elapsed),
    });
    if dry_run {
        add(&mut value, "dry_run", Value::Bool(true));
    }
    value
}

/// Adds a field to an object.
pub(crate) fn add(object: &mut Value, field: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
}

/// Describes conflicts.
pub(crate) fn conflicts(conflicts: &[Conflict]) -> Value {
    let revision = |side: &Option<kitestring::Side>| side.as_ref().map(|s| s.revision.as_str().to_owned());
    let one =
        |c: &Conflict| json!({ "id": c.id.as_str(), "kind": c.kind.code(), "local": revision(&c.local), "remote": revision(&c.remote) });
    conflicts.iter().map(one).collect()
}

/// Describes what was left out.
pub(crate) fn skipped(skipped: &BTreeMap<String, String>) -> Value {
    skipped.iter().map(|(id, why)| json!({ "id": id, "why": why })).collect()
}

/// Describes a folder.
#[derive(Debug, Serialize)]
pub(crate) struct Folder<'a> {
    /// Its path.
    pub folder: &'a str,
    /// Its drive.
    pub drive: &'a str,
    /// Its collection there, if it is one of several.
    pub collection: Option<&'a str>,
    /// Its layout.
    pub layout: &'a str,
    /// Whether its vault is sealed, as far as this folder knows.
    pub sealed: bool,
    /// The name of this device.
    pub device: &'a str,
}

/// Describes what is known of a folder.
pub(crate) fn status(folder: &Folder<'_>, status: &Status, skipped: &BTreeMap<String, String>) -> Value {
    json!({
        "folder": folder.folder,
        "drive": folder.drive,
        "collection": folder.collection,
        "layout": folder.layout,
        "strategy": status.strategy.map(Strategy::code),
        "sealed": folder.sealed,
        "device": folder.device,
        "client": status.client,
        "vault": status.vault,
        "documents": status.documents,
        "queued": status.queued,
        "pending": status.pending,
        "conflicts": status.conflicts,
        "skipped": self::skipped(skipped),
        "last_sync_ms": status.last_sync_ms,
    })
}

/// Describes an error.
pub(crate) fn error(error: &Error) -> Value {
    json!({ "error": warning(error) })
}

/// Describes what an error says.
pub(crate) fn warning(error: &Error) -> Value {
    let retry_after_ms = match error.retry {
        Retry::Now => Some(0),
        Retry::After(wait) => Some(millis(wait)),
        Retry::Never => None,
    };
    let mut fields = json!({
        "code": error.kind.code(),
        "message": error.detail(),
        "subject": error.subject(),
        "retry_after_ms": retry_after_ms,
    });
    let more = match &error.kind {
        ErrorKind::Locked { owner, until_ms } => vec![("owner", json!(owner)), ("until_ms", json!(Some(*until_ms).filter(|ms| *ms > 0)))],
        ErrorKind::MassDelete { deletes, of } => vec![("deletes", json!(deletes)), ("of", json!(of))],
        ErrorKind::Rollback { remembered, found } => vec![("remembered", json!(remembered)), ("found", json!(found))],
        ErrorKind::Moved { to } => vec![("to", json!(to))],
        ErrorKind::HostOlder { reverted, changed } => vec![("reverted", json!(reverted)), ("changed", json!(changed))],
        _ => Vec::new(),
    };
    more.into_iter().for_each(|(field, value)| add(&mut fields, field, value));
    fields
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
