//! Listing a folder, page by page.

use super::{Dropbox, call};
use crate::http::{Call, Repeat};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{DirEntry, Listing},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// A page, or what changed since a cursor.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub(super) entries: Vec<Item>,
    pub(super) cursor: String,
    pub(super) has_more: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Item {
    #[serde(rename = ".tag")]
    tag: String,
    name: String,
    size: Option<u64>,
}

/// What going on from a cursor gave.
pub(super) enum GoneOn {
    Page(Page),
    /// The cursor is too old, or none, or the folder is gone.
    Dead,
}

impl Dropbox {
    pub(super) async fn list(&self, dir: &DrivePath, cursor: Option<String>) -> Result<Listing> {
        let call = call("list", dir.as_str(), Repeat::Freely);
        if let Some(cursor) = cursor {
            return match self.go_on(&call, &cursor).await? {
                GoneOn::Page(page) => Ok(page.into()),
                GoneOn::Dead => {
                    Err(self.web.error(&call, self.api(), ErrorKind::Condition, "cannot go on with this listing; it begins again"))
                }
            };
        }
        match self.rpc(&call, "list_folder", &json!({"path": self.root.full(dir)?})).await? {
            Ok(value) => Ok(self.page(&call, value)?.into()),
            Err(refusal) if refusal.is_missing() => self.check_root("list").await.map(|()| Listing::default()),
            Err(refusal) => Err(self.refused(&call, self.api(), refusal.meaning())),
        }
    }

    /// Goes on from a cursor. One that no service has given is no call at all, and answered so.
    pub(super) async fn go_on(&self, call: &Call, cursor: &str) -> Result<GoneOn> {
        match self.rpc_or_bad(call, "list_folder/continue", &json!({"cursor": cursor})).await? {
            Some(Ok(value)) => self.page(call, value).map(GoneOn::Page),
            Some(Err(refusal)) if refusal.is_reset() || refusal.is_missing() => Ok(GoneOn::Dead),
            Some(Err(refusal)) => Err(self.refused(call, self.api(), refusal.meaning())),
            None => Ok(GoneOn::Dead),
        }
    }

    fn page(&self, call: &Call, value: Value) -> Result<Page> {
        serde_json::from_value(value).map_err(|_| self.senseless(call))
    }
}

impl From<Page> for Listing {
    fn from(page: Page) -> Self {
        let known = page.entries.into_iter().filter(|item| matches!(item.tag.as_str(), "file" | "folder"));
        let entries = known.map(|item| DirEntry { is_dir: item.tag == "folder", size: item.size, name: item.name }).collect();
        Self { entries, next: page.has_more.then_some(page.cursor) }
    }
}
