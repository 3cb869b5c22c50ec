//! What a drive of the adapters is asked by the client's module, and what it answers.

use super::{
    Parsed, read,
    write::{self, object},
};
use kitestring::{
    DrivePath, Result,
    drive::{Capabilities, Condition, DirEntry, GetOptions, Got, Listing, PutFile, Version},
};
use std::ops::Range;
use wasm_bindgen::prelude::JsValue;

fn read_version(value: &JsValue) -> Parsed<Version> {
    read::text(value).map(Version::new)
}

fn version(version: &Version) -> JsValue {
    version.as_str().into()
}

pub(crate) fn capabilities(known: &Capabilities) -> JsValue {
    object(&[
        ("create", known.create.into()),
        ("replace", known.replace.into()),
        ("versions", known.versions.into()),
        ("parallel", known.parallel.into()),
        ("exact", known.exact.into()),
        ("consistent", known.consistent.into()),
        ("unproven", known.unproven.into()),
    ])
}

pub(crate) fn read_condition(value: &JsValue) -> Parsed<Condition> {
    match value.as_string().as_deref() {
        Some("any") => Ok(Condition::Any),
        Some("absent") => Ok(Condition::Absent),
        Some(_) => Err("the condition must be \"any\", \"absent\" or { matches: version }".into()),
        None => read::required(value, "matches", read_version).map(Condition::Matches),
    }
}

pub(crate) fn read_get_options(value: &JsValue) -> Parsed<GetOptions> {
    Ok(GetOptions { range: read::optional(value, "range", read_range)?, unless: read::optional(value, "unless", read_version)? })
}

fn read_range(value: &JsValue) -> Parsed<Range<u64>> {
    Ok(read::required(value, "start", offset)?..read::required(value, "end", offset)?)
}

/// The end of a range may lie far beyond what is a safe integer: "to the end".
fn offset(value: &JsValue) -> Parsed<u64> {
    value.as_f64().map(|offset| offset as u64).ok_or_else(|| "must be a number".into())
}

pub(crate) fn got(got: &Got) -> JsValue {
    match got {
        Got::Missing => JsValue::UNDEFINED,
        Got::Unchanged => "unchanged".into(),
        Got::File { bytes, version: seen } => object(&[("bytes", write::bytes(bytes)), ("version", version(seen))]),
    }
}

pub(crate) fn listing(listing: &Listing) -> JsValue {
    let next = listing.next.as_deref().map_or(JsValue::UNDEFINED, JsValue::from);
    object(&[("entries", write::list(&listing.entries, entry)), ("next", next)])
}

fn entry(entry: &DirEntry) -> JsValue {
    let size = entry.size.map_or(JsValue::UNDEFINED, |size| (size as f64).into());
    object(&[("name", entry.name.as_str().into()), ("isDir", entry.is_dir.into()), ("size", size)])
}

pub(crate) fn read_put_file(value: &JsValue) -> Parsed<PutFile> {
    let path = read::required(value, "path", |path| DrivePath::new(read::text(path)?).map_err(|e| e.detail().to_owned()))?;
    let bytes = read::required(value, "bytes", read::bytes)?;
    Ok(PutFile { path, bytes, condition: read::required(value, "condition", read_condition)? })
}

/// The version that a file has now, or the error of its write.
pub(crate) fn put_answer(answer: &Result<Version>) -> JsValue {
    match answer {
        Ok(seen) => version(seen),
        Err(error) => crate::error::to_js(error),
    }
}
