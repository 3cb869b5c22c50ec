//! Reading a file, and what is known of it.

use super::{
    account::{Entry, Tree},
    names::{Form, form},
    replies::{bad, header_safe, refused},
};
use crate::server::Reply;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GetMetadataArg {
    path: String,
    #[serde(default)]
    #[allow(dead_code, reason = "it is accepted, and changes nothing here")]
    include_media_info: bool,
    #[serde(default)]
    include_deleted: bool,
    #[serde(default)]
    #[allow(dead_code, reason = "the same")]
    include_has_explicit_shared_members: bool,
}

fn lookup(tag: &str) -> Reply {
    refused(&json!({".tag": "path", "path": {".tag": tag}}))
}

/// Finds what a path names, or an id, or a revision.
fn find<'t>(tree: &'t Tree, route: &str, path: &str) -> Result<&'t Entry, Reply> {
    if path.starts_with("id:") {
        return tree
            .entries
            .values()
            .find(|entry| entry.metadata().get("id").is_some_and(|id| id == path))
            .ok_or_else(|| lookup("not_found"));
    }
    if let Some(rev) = path.strip_prefix("rev:") {
        let has = |entry: &&Entry| entry.file.as_ref().is_some_and(|file| file.rev == rev);
        return tree.entries.values().find(has).ok_or_else(|| lookup("not_found"));
    }
    match form(path) {
        Form::NoPath => Err(bad(route, "path: did not match the pattern")),
        Form::Malformed => Err(lookup("malformed_path")),
        _ => tree.at(path).ok_or_else(|| lookup("not_found")),
    }
}

pub(super) fn metadata(tree: &Tree, route: &str, arg: &GetMetadataArg) -> Result<Value, Reply> {
    if arg.path.is_empty() {
        return Err(bad(route, "path: The root folder is unsupported."));
    }
    if arg.include_deleted {
        return Err(bad(route, "include_deleted: not known to this emulator"));
    }
    find(tree, route, &arg.path).map(Entry::metadata)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DownloadArg {
    path: String,
}

/// Answers with the file, or with a part of it; its metadata stands in a header.
pub(super) fn download(tree: &Tree, route: &str, arg: &DownloadArg, range: Option<&str>, known: Option<&str>) -> Result<Reply, Reply> {
    if arg.path.is_empty() {
        return Err(lookup("not_file"));
    }
    let entry = find(tree, route, &arg.path)?;
    let Some(file) = &entry.file else { return Err(lookup("not_file")) };
    let mut metadata = entry.metadata();
    // The type is known here, so that there is no tag.
    metadata.as_object_mut().map(|fields| fields.remove(".tag"));
    let tag = format!("W/\"{}\"", file.rev);
    let signed = |status: u16, bytes: &[u8]| {
        Reply::new(status, "application/octet-stream", bytes)
            .with("Dropbox-API-Result", header_safe(&metadata))
            .with("ETag", tag.clone())
            .with("Accept-Ranges", "bytes")
    };
    if known == Some(tag.as_str()) {
        return Ok(Reply { status: 304, body: Vec::new(), ..signed(304, b"") });
    }
    let size = file.bytes.len();
    Ok(match range.map(|range| cut(range, size)) {
        None | Some(None) => signed(200, &file.bytes),
        Some(Some(Err(()))) => Reply::new(416, "text/plain", "").with("Content-Range", format!("bytes */{size}")),
        Some(Some(Ok((first, last)))) => {
            let part = file.bytes.get(first..=last).unwrap_or_default();
            signed(206, part).with("Content-Range", format!("bytes {first}-{last}/{size}"))
        }
    })
}

/// Reads a range: none if it is none, an error if it is outside of the file.
fn cut(range: &str, size: usize) -> Option<Result<(usize, usize), ()>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let first: usize = first.parse().ok()?;
    let last = if last.is_empty() { usize::MAX } else { last.parse().ok()? };
    Some(if first >= size || last < first { Err(()) } else { Ok((first, last.min(size - 1))) })
}
