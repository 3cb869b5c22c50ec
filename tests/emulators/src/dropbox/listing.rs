//! Listing a folder by pages, what changed since, and waiting for a change.

use super::{
    account::{Account, Tree},
    names::{Form, above, folded, form, name},
    replies::{bad, refused},
};
use crate::server::Reply;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// How many entries a page has, unless fewer are asked for.
const PAGE: usize = 500;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListFolderArg {
    path: String,
    #[serde(default)]
    recursive: bool,
    limit: Option<usize>,
    #[serde(default)]
    include_deleted: bool,
    #[serde(default)]
    #[allow(dead_code, reason = "it is accepted, and changes nothing here")]
    include_media_info: bool,
    #[serde(default)]
    #[allow(dead_code, reason = "the same")]
    include_has_explicit_shared_members: bool,
    #[serde(default)]
    #[allow(dead_code, reason = "the same")]
    include_mounted_folders: Option<bool>,
    #[serde(default)]
    #[allow(dead_code, reason = "the same")]
    include_non_downloadable_files: Option<bool>,
    #[serde(default)]
    #[allow(dead_code, reason = "the same")]
    include_restorable_info: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CursorArg {
    cursor: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LongpollArg {
    cursor: String,
    #[serde(default = "half_a_minute")]
    timeout: u64,
}

impl LongpollArg {
    pub(super) fn cursor(&self) -> &str {
        &self.cursor
    }
}

fn half_a_minute() -> u64 {
    30
}

/// How far somebody has read.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Cursor {
    pub(super) account: String,
    folder: String,
    recursive: bool,
    limit: usize,
    epoch: u64,
    /// Changes from here on are told when the listing has ended.
    since: usize,
    /// The last path that was listed, while there is more.
    after: Option<String>,
}

impl Cursor {
    fn text(&self) -> String {
        serde_json::to_vec(self).unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads a cursor that this service has given.
    pub(super) fn parse(route: &str, text: &str) -> Result<Self, Reply> {
        let byte = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(byte).collect();
        let cursor = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        cursor.ok_or_else(|| bad(route, &format!("Invalid \"cursor\" parameter: {text:?}")))
    }

    fn holds(&self, path: &str) -> bool {
        if self.recursive { path.starts_with(&format!("{}/", self.folder)) } else { above(path) == Some(self.folder.as_str()) }
    }
}

fn lookup(tag: &str) -> Reply {
    refused(&json!({".tag": "path", "path": {".tag": tag}}))
}

/// Makes the cursor of a listing that begins.
fn begin(tree: &Tree, route: &str, account: &str, arg: &ListFolderArg) -> Result<Cursor, Reply> {
    if arg.include_deleted || arg.limit.is_some_and(|limit| !(1..=2000).contains(&limit)) {
        return Err(bad(route, "limit must be from 1 to 2000; deleted entries are not known to this emulator"));
    }
    match form(&arg.path) {
        Form::NoPath => return Err(bad(route, "path: did not match the pattern")),
        Form::Malformed => return Err(lookup("malformed_path")),
        _ if tree.is_folder(&arg.path) => {}
        _ => return Err(lookup(if tree.at(&arg.path).is_some() { "not_folder" } else { "not_found" })),
    }
    Ok(Cursor {
        account: account.to_owned(),
        folder: folded(&arg.path),
        recursive: arg.recursive,
        limit: arg.limit.unwrap_or(PAGE).min(PAGE),
        epoch: tree.epoch,
        since: tree.log.len(),
        after: Some(String::new()),
    })
}

pub(super) fn list(tree: &Tree, route: &str, account: &str, arg: &ListFolderArg) -> Result<Value, Reply> {
    begin(tree, route, account, arg).map(|cursor| page(tree, cursor))
}

pub(super) fn latest(tree: &Tree, route: &str, account: &str, arg: &ListFolderArg) -> Result<Value, Reply> {
    let cursor = begin(tree, route, account, arg)?;
    Ok(json!({"cursor": Cursor { after: None, ..cursor }.text()}))
}

pub(super) fn go_on(tree: &Tree, route: &str, arg: &CursorArg) -> Result<Value, Reply> {
    let cursor = Cursor::parse(route, &arg.cursor)?;
    if cursor.epoch != tree.epoch {
        return Err(refused(&json!({".tag": "reset"})));
    }
    if !tree.is_folder(&cursor.folder) {
        return Err(lookup("not_found"));
    }
    Ok(page(tree, cursor))
}

fn page(tree: &Tree, mut cursor: Cursor) -> Value {
    let Some(after) = cursor.after.take() else { return changes(tree, cursor) };
    let begins = |path: &&String| **path > after && cursor.holds(path);
    let paths: Vec<&String> = tree.entries.keys().filter(begins).take(cursor.limit + 1).collect();
    let has_more = paths.len() > cursor.limit;
    let paths: Vec<&String> = paths.into_iter().take(cursor.limit).collect();
    let entries: Vec<Value> = paths.iter().filter_map(|path| tree.entries.get(*path)).map(super::account::Entry::metadata).collect();
    cursor.after = paths.last().filter(|_| has_more).map(|path| (*path).clone());
    json!({"entries": entries, "cursor": cursor.text(), "has_more": has_more})
}

/// What changed since the cursor, each path once.
fn changes(tree: &Tree, mut cursor: Cursor) -> Value {
    let (mut told, mut seen) = (BTreeSet::new(), cursor.since);
    for path in tree.log.iter().skip(cursor.since) {
        if told.len() == cursor.limit {
            break;
        }
        seen += 1;
        if cursor.holds(path) {
            told.insert(path);
        }
    }
    cursor.since = seen;
    let entry = |path: &&String| match tree.entries.get(*path) {
        Some(entry) => entry.metadata(),
        None => json!({".tag": "deleted", "name": name(path), "path_lower": path, "path_display": path}),
    };
    let entries: Vec<Value> = told.iter().map(entry).collect();
    json!({"entries": entries, "cursor": cursor.text(), "has_more": seen < tree.log.len()})
}

/// Waits until something changed, or until the time is over.
pub(super) fn longpoll(account: &Account, route: &str, arg: &LongpollArg, backoff: Option<u64>) -> Result<Value, Reply> {
    let cursor = Cursor::parse(route, &arg.cursor)?;
    if !(30..=480).contains(&arg.timeout) {
        return Err(bad(route, "timeout: must be from 30 to 480"));
    }
    let ends = Instant::now() + Duration::from_secs(arg.timeout);
    let mut tree = account.tree();
    loop {
        if cursor.epoch != tree.epoch {
            return Err(refused(&json!({".tag": "reset"})));
        }
        let changes = tree.log.iter().skip(cursor.since).any(|path| cursor.holds(path));
        let left = ends.saturating_duration_since(Instant::now());
        if changes || left.is_zero() {
            let mut answer = json!({"changes": changes});
            if let (Some(seconds), Some(fields)) = (backoff, answer.as_object_mut()) {
                fields.insert("backoff".to_owned(), json!(seconds));
            }
            return Ok(answer);
        }
        tree = account.changed.wait_timeout(tree, left).map_err(|_| Reply::new(500, "text/plain", ""))?.0;
    }
}
