//! Revisions: each content that a file has had, as long as it is kept.

use super::{
    account::{Account, date, md5},
    fields::Mask,
    media::media,
    reply,
};
use crate::server::{Asked, Reply};
use serde_json::{Value, json};
use std::sync::Arc;

/// So many are kept for ever at most.
const MOST_KEPT: usize = 200;
/// Marks a request of [`stale`].
const STALE: &str = "stale";

/// A content that a file has, or has had.
#[derive(Debug, Clone)]
pub(super) struct Revision {
    pub(super) id: String,
    pub(super) bytes: Arc<Vec<u8>>,
    /// Never purged. Only such ones, and the newest, can be downloaded.
    is_kept: bool,
    modified: String,
}

/// The fields that one may have.
const FIELDS: &[&str] = &["kind", "id", "mimeType", "modifiedTime", "keepForever", "published", "md5Checksum", "size", "originalFilename"];

impl Revision {
    pub(super) fn new(id: String, bytes: Vec<u8>, is_kept: bool) -> Self {
        Self { id, bytes: Arc::new(bytes), is_kept, modified: date() }
    }

    fn describe(&self, mime: &str) -> Value {
        json!({
            "kind": "drive#revision",
            "id": self.id,
            "mimeType": mime,
            "modifiedTime": self.modified,
            "keepForever": self.is_kept,
            "published": false,
            "md5Checksum": md5(&self.bytes),
            "size": self.bytes.len().to_string(),
        })
    }
}

/// Whether an upload asks that what it writes is kept for ever.
pub(super) fn is_kept(asked: &Asked) -> bool {
    asked.param("keepRevisionForever") == Some("true")
}

/// Refuses one more that is kept. By which words Google does so is not documented.
pub(super) fn check_kept(account: &Account, asked: &Asked, id: Option<&str>) -> Result<(), Reply> {
    let kept = id.and_then(|id| account.files.get(id)).map_or(0, |file| file.revisions.iter().filter(|own| own.is_kept).count());
    if is_kept(asked) && kept >= MOST_KEPT {
        return Err(reply::error(403, "global", "revisionLimitExceeded", "Too many revisions are kept forever.", None));
    }
    Ok(())
}

/// A request for a list that does not know the newest revision yet.
pub(super) fn stale(asked: &Asked) -> Asked {
    let mut stale = asked.clone();
    stale.query.insert(STALE.to_owned(), String::new());
    stale
}

/// Lists the revisions of a file, the oldest first.
pub(super) fn list(account: &Account, asked: &Asked, id: &str) -> Result<Reply, Reply> {
    let file = account.files.get(&account.resolve(id)).ok_or_else(|| reply::not_found(id))?;
    let size: usize = asked.param("pageSize").map_or(Ok(200), str::parse).map_err(|_| reply::invalid("Invalid Value", "pageSize"))?;
    if !(1..=1000).contains(&size) {
        return Err(reply::invalid("Invalid value. Values must be within the range: [1, 1000]", "pageSize"));
    }
    let from: usize = asked.param("pageToken").map_or(Ok(0), str::parse).map_err(|_| reply::invalid("Invalid Value", "pageToken"))?;
    let known = file.revisions.len() - usize::from(asked.param(STALE).is_some());
    let revisions: Vec<Value> = file.revisions.iter().take(known).skip(from).take(size).map(|own| own.describe(&file.mime)).collect();
    let mut page = json!({"kind": "drive#revisionList", "revisions": revisions});
    if from + size < known {
        page["nextPageToken"] = json!((from + size).to_string());
    }
    let usual = "kind,nextPageToken,revisions(kind,id,mimeType,modifiedTime)";
    Mask::parse(asked.param("fields").unwrap_or(usual))?.keep(&page, &[&["nextPageToken"], FIELDS].concat()).map(|page| reply::json(&page))
}

/// Describes a revision, or gives its content.
pub(super) fn get(account: &Account, asked: &Asked, id: &str, revision: &str) -> Result<Reply, Reply> {
    let file = account.files.get(&account.resolve(id)).ok_or_else(|| reply::not_found(id))?;
    let own = file.revisions.iter().find(|own| own.id == revision).ok_or_else(|| missing(revision))?;
    if asked.param("alt") != Some("media") {
        return describe(asked, own, &file.mime);
    }
    let is_head = file.revisions.last().is_some_and(|last| last.id == revision);
    if !is_head && !own.is_kept {
        let what = "This revision cannot be downloaded.";
        return Err(reply::error(403, "global", "cannotDownloadFile", what, Some(("parameter", "alt"))));
    }
    Ok(media(asked, &file.mime, &own.bytes))
}

/// Says that a revision is kept for ever. Once it is, it stays so.
pub(super) fn change(account: &mut Account, asked: &Asked, id: &str, revision: &str) -> Result<Reply, Reply> {
    let own = account.resolve(id);
    let body: Value = serde_json::from_slice(&asked.body).map_err(|_| reply::error(400, "global", "parseError", "Parse Error", None))?;
    let file = account.files.get_mut(&own).ok_or_else(|| reply::not_found(id))?;
    let kept = file.revisions.iter().filter(|own| own.is_kept).count();
    let found = file.revisions.iter_mut().find(|own| own.id == revision).ok_or_else(|| missing(revision))?;
    match body.get("keepForever").and_then(Value::as_bool) {
        Some(true) if !found.is_kept && kept >= MOST_KEPT => {
            return Err(reply::error(403, "global", "revisionLimitExceeded", "Too many revisions are kept forever.", None));
        }
        Some(true) => found.is_kept = true,
        Some(false) if found.is_kept => return Err(reply::invalid("Invalid Value", "keepForever")),
        _ => {}
    }
    describe(asked, found, &file.mime)
}

/// Deletes a revision. If it was the newest, the one before is the file's content again; the last one stays.
pub(super) fn delete(account: &mut Account, id: &str, revision: &str) -> Result<Reply, Reply> {
    let own = account.resolve(id);
    let file = account.files.get_mut(&own).ok_or_else(|| reply::not_found(id))?;
    let at = file.revisions.iter().position(|own| own.id == revision).ok_or_else(|| missing(revision))?;
    if file.revisions.len() == 1 {
        let what = "The last remaining revision of a file cannot be deleted.";
        return Err(reply::error(403, "global", "revisionNotDeletable", what, None));
    }
    file.revisions.remove(at);
    file.touch();
    account.publish(&own);
    Ok(Reply { status: 204, headers: Vec::new(), body: Vec::new() })
}

impl Account {
    /// Keeps the newest revision of a file for ever.
    pub(super) fn keep_newest(&mut self, id: &str) {
        if let Some(newest) = self.files.get_mut(id).and_then(|file| file.revisions.last_mut()) {
            newest.is_kept = true;
        }
    }

    /// Deletes what Google deletes after a month: all revisions but the newest, and those that are kept.
    pub(super) fn purge(&mut self) {
        for file in self.files.values_mut() {
            let newest = file.revisions.last().map(|own| own.id.clone());
            file.revisions.retain(|own| own.is_kept || Some(&own.id) == newest.as_ref());
        }
    }

    pub(super) fn write_as_another(&mut self, name: &str, bytes: &[u8], is_kept: bool) -> (String, String) {
        let known = self.files.values().find(|file| file.name == name).map(|file| file.id.clone());
        let id = known.unwrap_or_else(|| self.add_hidden(name));
        self.write(&id, bytes.to_vec(), 0, is_kept);
        self.publish(&id);
        let newest = self.files[&id].revisions.last().unwrap().id.clone();
        (id, newest)
    }

    pub(super) fn make_as_another(&mut self, name: &str, bytes: &[u8]) {
        let id = self.add_hidden(name);
        self.write(&id, bytes.to_vec(), 0, false);
        self.publish(&id);
    }

    pub(super) fn remove_revision(&mut self, name: &str, at: usize) {
        if let Some(file) = self.files.values_mut().find(|file| file.name == name) {
            file.revisions.remove(at);
        }
    }

    /// Returns how many revisions all files of a name have.
    pub(super) fn revisions(&self, name: &str) -> usize {
        self.files.values().filter(|file| file.name == name).map(|file| file.revisions.len()).sum()
    }
}

fn describe(asked: &Asked, revision: &Revision, mime: &str) -> Result<Reply, Reply> {
    let mask = Mask::parse(asked.param("fields").unwrap_or("kind,id,mimeType,modifiedTime"))?;
    mask.keep(&revision.describe(mime), FIELDS).map(|value| reply::json(&value))
}

fn missing(revision: &str) -> Reply {
    reply::error(404, "global", "notFound", &format!("Revision not found: {revision}."), Some(("parameter", "revisionId")))
}
