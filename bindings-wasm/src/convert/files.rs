//! What a drive of the host is asked, and what it answers.

use super::{
    Parsed, read,
    write::{self, object},
};
use kitestring::drive::{Capabilities, Condition, DirEntry, GetOptions, Got, Listing, PutFile, Version};
use wasm_bindgen::prelude::JsValue;

pub(crate) fn read_capabilities(value: &JsValue) -> Parsed<Capabilities> {
    let claims = |name| read::optional(value, name, read::flag).map(Option::unwrap_or_default);
    let parallel = read::optional(value, "parallel", read::count)?;
    Ok(Capabilities {
        create: claims("create")?,
        replace: claims("replace")?,
        versions: claims("versions")?,
        parallel: parallel.map_or(Capabilities::NONE.parallel, |n| u32::try_from(n).unwrap_or(u32::MAX)),
        exact: claims("exact")?,
        consistent: claims("consistent")?,
        unproven: claims("unproven")?,
    })
}

pub(crate) fn read_version(value: &JsValue) -> Parsed<Version> {
    read::text(value).map(Version::new)
}

fn version(version: &Version) -> JsValue {
    version.as_str().into()
}

pub(crate) fn condition(condition: &Condition) -> JsValue {
    match condition {
        Condition::Any => "any".into(),
        Condition::Absent => "absent".into(),
        Condition::Matches(seen) => object(&[("matches", version(seen))]),
    }
}

pub(crate) fn get_options(options: &GetOptions) -> JsValue {
    let range = options
        .range
        .as_ref()
        .map_or(JsValue::UNDEFINED, |range| object(&[("start", (range.start as f64).into()), ("end", (range.end as f64).into())]));
    object(&[("range", range), ("unless", options.unless.as_ref().map_or(JsValue::UNDEFINED, version))])
}

pub(crate) fn read_got(value: &JsValue) -> Parsed<Got> {
    if value.is_undefined() || value.is_null() {
        return Ok(Got::Missing);
    }
    if value.as_string().as_deref() == Some("unchanged") {
        return Ok(Got::Unchanged);
    }
    Ok(Got::File { bytes: read::required(value, "bytes", read::bytes)?, version: read::required(value, "version", read_version)? })
}

pub(crate) fn read_listing(value: &JsValue) -> Parsed<Listing> {
    let entries = read::required(value, "entries", |entries| read::list(entries, read_entry))?;
    Ok(Listing { entries, next: read::optional(value, "next", read::text)? })
}

fn read_entry(value: &JsValue) -> Parsed<DirEntry> {
    Ok(DirEntry {
        name: read::required(value, "name", read::text)?,
        is_dir: read::required(value, "isDir", read::flag)?,
        size: read::optional(value, "size", read::count)?,
    })
}

pub(crate) fn put_file(file: &PutFile) -> JsValue {
    object(&[("path", file.path.as_str().into()), ("bytes", write::bytes(&file.bytes)), ("condition", condition(&file.condition))])
}
