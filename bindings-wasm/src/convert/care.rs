//! What is chosen and told when a vault is looked at, exported, imported, moved or migrated.

use super::{
    Parsed, read, sealing,
    write::{self, number, object, optional},
};
use crate::setup;
use kitestring::{
    Diagnosis, Finding, HeldLock, MigrateOptions, Migrated, Moved, ProgressSink,
    transfer::{Transferred, VaultFile},
};
use wasm_bindgen::prelude::JsValue;

/// Reads `{ onProgress }`.
pub(crate) fn watched(options: &JsValue) -> Parsed<ProgressSink> {
    if options.is_undefined() { Ok(ProgressSink::default()) } else { setup::progress(options) }
}

/// Reads `{ repair, onProgress }`.
pub(crate) fn look(options: &JsValue) -> Parsed<(bool, ProgressSink)> {
    let repair = if options.is_undefined() { None } else { read::optional(options, "repair", read::flag)? };
    Ok((repair.unwrap_or_default(), watched(options)?))
}

/// Reads `{ address, onProgress }`.
pub(crate) fn way(options: &JsValue) -> Parsed<(String, ProgressSink)> {
    Ok((read::required(options, "address", read::text)?, watched(options)?))
}

/// Reads `{ address, encryption, waitMs, onProgress }`.
pub(crate) fn migration(options: &JsValue) -> Parsed<MigrateOptions> {
    let (address, progress) = way(options)?;
    let defaults = MigrateOptions::default();
    let encryption = read::optional(options, "encryption", sealing::encryption)?;
    let wait = read::optional(options, "waitMs", setup::duration)?.unwrap_or(defaults.wait);
    Ok(MigrateOptions { address, encryption, wait, progress, ..defaults })
}

pub(crate) fn diagnosis(found: &Diagnosis) -> JsValue {
    object(&[
        ("vault", text(found.vault.as_deref())),
        ("strategy", found.strategy.map_or(JsValue::UNDEFINED, |strategy| strategy.code().into())),
        ("epoch", number(found.epoch)),
        ("sealed", found.sealed.into()),
        ("files", number(found.files)),
        ("bytes", number(found.bytes)),
        ("records", number(found.records)),
        ("checkpoints", number(found.checkpoints)),
        ("documents", found.documents.map_or(JsValue::UNDEFINED, number)),
        ("lock", optional(found.lock.as_ref(), lock)),
        ("findings", write::list(&found.findings, finding)),
        ("worst", found.worst().map_or(JsValue::UNDEFINED, |severity| severity.code().into())),
    ])
}

fn finding(found: &Finding) -> JsValue {
    object(&[
        ("code", found.kind.code().into()),
        ("severity", found.kind.severity().code().into()),
        ("path", text(found.path.as_deref())),
        ("detail", found.detail.as_str().into()),
        ("repair", found.repair.code().into()),
        ("advice", found.advice.as_str().into()),
    ])
}

pub(crate) fn lock(held: &HeldLock) -> JsValue {
    object(&[
        ("path", held.path.as_str().into()),
        ("owner", text(held.owner.as_deref())),
        ("device", text(held.device.as_deref())),
        ("untilMs", held.until_ms.map_or(JsValue::UNDEFINED, number)),
        ("isOurs", held.is_ours.into()),
        ("isOver", held.is_over.into()),
        ("hold", held.hold.as_str().into()),
    ])
}

pub(crate) fn read_lock(value: &JsValue) -> Parsed<HeldLock> {
    Ok(HeldLock {
        path: read::required(value, "path", read::text)?,
        owner: read::optional(value, "owner", read::text)?,
        device: read::optional(value, "device", read::text)?,
        until_ms: read::optional(value, "untilMs", read::count)?,
        is_ours: read::required(value, "isOurs", read::flag)?,
        is_over: read::required(value, "isOver", read::flag)?,
        hold: read::required(value, "hold", read::text)?,
    })
}

pub(crate) fn file(file: &VaultFile) -> JsValue {
    object(&[("path", file.path.as_str().into()), ("bytes", write::bytes(&file.bytes))])
}

pub(crate) fn read_file(value: &JsValue) -> Parsed<VaultFile> {
    Ok(VaultFile { path: read::required(value, "path", read::text)?, bytes: read::required(value, "bytes", read::bytes)? })
}

pub(crate) fn transferred(done: &Transferred) -> JsValue {
    object(&[
        ("vault", text(done.vault.as_deref())),
        ("files", number(done.files)),
        ("bytes", number(done.bytes)),
        ("resumed", number(done.resumed)),
    ])
}

pub(crate) fn moved(moved: &Moved) -> JsValue {
    object(&[("files", number(moved.files)), ("bytes", number(moved.bytes)), ("resumed", number(moved.resumed))])
}

pub(crate) fn migrated(migrated: &Migrated) -> JsValue {
    object(&[("documents", number(migrated.documents))])
}

fn text(text: Option<&str>) -> JsValue {
    text.map_or(JsValue::UNDEFINED, JsValue::from)
}
