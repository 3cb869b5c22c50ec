//! Files by their id: what is known of them, and what is changed.

use super::{
    account::{Account, FIELDS, FIELDS_V2, FOLDER, File, Revision},
    fields::Mask,
    media::media,
    reply,
};
use crate::server::{Asked, Reply};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Which version of the API is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Api {
    V2,
    V3,
}

/// Describes a file as far as it is asked for.
pub(super) fn describe(asked: &Asked, api: Api, file: &File) -> Result<Reply, Reply> {
    let (value, known, usual) = match api {
        Api::V2 => (file.v2(), FIELDS_V2, "*"),
        Api::V3 => (file.v3(), FIELDS, "kind,id,name,mimeType"),
    };
    Mask::parse(asked.param("fields").unwrap_or(usual))?.keep(&value, known).map(|value| reply::json(&value))
}

fn file<'a>(account: &'a mut Account, id: &str) -> Result<&'a mut File, Reply> {
    let own = account.resolve(id);
    account.files.get_mut(&own).ok_or_else(|| reply::not_found(id))
}

pub(super) fn get(account: &mut Account, asked: &Asked, api: Api, id: &str) -> Result<Reply, Reply> {
    let file = file(account, id)?;
    if asked.param("alt") == Some("media") {
        let not_one = || {
            let what = "Only files with binary content can be downloaded. Use Export with Docs Editors files.";
            reply::error(403, "global", "fileNotDownloadable", what, Some(("parameter", "alt")))
        };
        return Ok(media(asked, &file.mime, file.content().ok_or_else(not_one)?));
    }
    let described = describe(asked, api, file);
    file.stir();
    described
}

pub(super) fn revisions(account: &mut Account, asked: &Asked, id: &str) -> Result<Reply, Reply> {
    let file = file(account, id)?;
    let describe = |revision: &Revision| json!({"kind": "drive#revision", "id": revision.id, "mimeType": file.mime});
    let all = json!({"kind": "drive#revisionList", "revisions": file.revisions.iter().map(describe).collect::<Vec<_>>()});
    let known = &["kind", "nextPageToken", "revisions"];
    Mask::parse(asked.param("fields").unwrap_or("*"))?.keep(&all, known).map(|value| reply::json(&value))
}

fn no_revision(revision: &str) -> Reply {
    reply::error(404, "global", "notFound", &format!("Revision not found: {revision}."), Some(("parameter", "revisionId")))
}

pub(super) fn revision(account: &mut Account, asked: &Asked, id: &str, revision: &str) -> Result<Reply, Reply> {
    let file = file(account, id)?;
    let found = file.revisions.iter().find(|own| own.id == revision).ok_or_else(|| no_revision(revision))?;
    let is_head = file.revisions.last().is_some_and(|own| own.id == revision);
    match asked.param("alt") {
        Some("media") if !is_head && !found.kept => {
            let what = "This revision cannot be downloaded.";
            Err(reply::error(403, "global", "cannotDownloadFile", what, Some(("parameter", "alt"))))
        }
        Some("media") => Ok(media(asked, &file.mime, &found.bytes)),
        _ => Ok(reply::json(&json!({"kind": "drive#revision", "id": revision, "mimeType": file.mime}))),
    }
}

/// Deletes a revision; the last one that is left cannot be.
pub(super) fn delete_revision(account: &mut Account, id: &str, revision: &str) -> Result<Reply, Reply> {
    let file = file(account, id)?;
    let at = file.revisions.iter().position(|own| own.id == revision).ok_or_else(|| no_revision(revision))?;
    if file.revisions.len() == 1 {
        return Err(reply::error(400, "global", "cannotDeleteOnlyRevision", "You cannot delete the only revision of a file.", None));
    }
    file.revisions.remove(at);
    file.touch();
    Ok(Reply { status: 204, headers: Vec::new(), body: Vec::new() })
}

/// Refuses what has another tag.
pub(super) fn check_tag(account: &mut Account, asked: &Asked, api: Api, id: &str) -> Result<(), Reply> {
    let file = file(account, id)?;
    match asked.header("if-match") {
        // v3 knows no conditions.
        Some(tag) if api == Api::V2 && tag != "*" && tag != file.etag() => Err(reply::moved()),
        _ => Ok(()),
    }
}

pub(super) fn delete(account: &mut Account, asked: &Asked, api: Api, id: &str) -> Result<Reply, Reply> {
    check_tag(account, asked, api, id)?;
    let own = account.resolve(id);
    account.remove(&own);
    Ok(Reply { status: 204, headers: Vec::new(), body: Vec::new() })
}

/// Reads the names of v3 and v2 for what a file is called, and where it is.
pub(super) struct Metadata(pub(super) Value);

impl Metadata {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Reply> {
        let value = if bytes.is_empty() { Ok(json!({})) } else { serde_json::from_slice(bytes) };
        value.map(Self).map_err(|_| reply::error(400, "global", "parseError", "Parse Error", None))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// Makes a file; without content an empty one, unless it is a folder.
    pub(super) fn create(&self, account: &mut Account, content: Option<Vec<u8>>) -> Result<String, Reply> {
        let parents: Vec<&str> = self.0.get("parents").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let parents: Vec<String> =
            if parents.is_empty() { vec![account.top()] } else { parents.iter().map(|id| account.resolve(id)).collect() };
        if let Some(missing) = parents.iter().find(|id| !account.is_folder(id)) {
            return Err(reply::not_found(missing));
        }
        account.check_room(content.as_ref().map_or(0, Vec::len))?;
        let mime = self.text("mimeType").unwrap_or("application/octet-stream").to_owned();
        let content = Some(content.unwrap_or_default()).filter(|_| mime != FOLDER);
        let id = account.take_id(self.text("id"))?;
        account.insert(id.clone(), self.text("name").unwrap_or("Untitled").to_owned(), mime, parents, content);
        self.apply(account, &id);
        Ok(id)
    }

    /// Changes what is known of a file.
    pub(super) fn apply(&self, account: &mut Account, id: &str) {
        if let Some(file) = account.files.get_mut(id) {
            if let Some(name) = self.text("name").or_else(|| self.text("title")) {
                name.clone_into(&mut file.name);
            }
            let trashed = self.0.get("trashed").or_else(|| self.0.get("labels").and_then(|labels| labels.get("trashed")));
            file.trashed = trashed.and_then(Value::as_bool).unwrap_or(file.trashed);
            let properties: BTreeMap<String, Value> =
                self.0.get("appProperties").and_then(|own| serde_json::from_value(own.clone()).ok()).unwrap_or_default();
            for (name, value) in properties {
                match value.as_str() {
                    Some(text) => drop(file.app_properties.insert(name, text.to_owned())),
                    None => drop(file.app_properties.remove(&name)),
                }
            }
            file.touch();
        }
        account.publish(id);
    }
}

/// Lists what changed since a place in the list.
pub(super) fn changes(account: &Account, asked: &Asked) -> Result<Reply, Reply> {
    let bad = || reply::invalid("Invalid Value", "pageToken");
    let from: usize = asked.param("pageToken").ok_or_else(bad)?.parse().map_err(|_| bad())?;
    let new = account.log.get(from..).ok_or_else(bad)?;
    let size: usize = asked.param("pageSize").and_then(|size| size.parse().ok()).unwrap_or(100).clamp(1, 1000);
    let hidden = asked.param("spaces") == Some("appDataFolder");
    let change = |id: &String| match account.files.get(id) {
        Some(file) if account.is_hidden(file) != hidden => None,
        Some(file) => Some(json!({"kind": "drive#change", "changeType": "file", "fileId": id, "removed": false, "file": file.v3()})),
        None => Some(json!({"kind": "drive#change", "changeType": "file", "fileId": id, "removed": true})),
    };
    let mut page = json!({"kind": "drive#changeList", "changes": new.iter().take(size).filter_map(change).collect::<Vec<_>>()});
    let (key, at) = if new.len() > size { ("nextPageToken", from + size) } else { ("newStartPageToken", account.log.len()) };
    page[key] = json!(at.to_string());
    Ok(reply::json(&page))
}
