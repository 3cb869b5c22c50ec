//! Folders: WebDAV has them, a drive has not. They are made when a write finds none, and what was made is remembered, so that
//! of many writes into a new folder one makes it.

use super::{
    WebDav, call,
    quirks::{NOTHING_ABOVE, TAKEN},
};
use crate::http::{Call, Method, Repeat, Request};
use futures::lock::Mutex;
use kitestring::{DrivePath, Result, drive::DirEntry};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};
use url::Url;

/// The folders that were made by this client, each with when, and those that were not there when the root was listed.
#[derive(Debug, Default)]
pub(super) struct Folders {
    made: Mutex<BTreeMap<String, u64>>,
    moment: AtomicU64,
    /// The names in the root, once somebody has listed it.
    in_root: Mutex<Option<Vec<String>>>,
}

impl Folders {
    /// Returns a moment: what was made after it is newer.
    pub(super) fn now(&self) -> u64 {
        self.moment.fetch_add(1, Relaxed)
    }

    /// Whether the folder of a file was made, or found, by this client.
    pub(super) async fn has_made_above(&self, path: &DrivePath) -> Result<bool> {
        let Some(folder) = super::look::above(path)? else { return Ok(true) };
        Ok(self.made.lock().await.contains_key(folder.as_str()))
    }

    /// Notes what is in the root.
    pub(super) async fn note_root(&self, entries: &[DirEntry]) {
        *self.in_root.lock().await = Some(entries.iter().map(|entry| entry.name.clone()).collect());
    }

    /// Whether the folder of a file was not there when the root was listed.
    pub(super) async fn was_missing_above(&self, path: &DrivePath) -> bool {
        let Some((first, _)) = path.as_str().split_once('/') else { return false };
        self.in_root.lock().await.as_ref().is_some_and(|names| !names.iter().any(|name| name == first))
    }
}

/// What came of making a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// It was made, or so the server says.
    New,
    /// Something has the name: a folder, most likely.
    Taken,
    /// There is no folder above it.
    NothingAbove,
}

impl WebDav {
    /// Makes the folders above a file that a write begun at a `moment` did not find. None if that was not to be; otherwise
    /// whether a folder was missing indeed.
    pub(super) async fn make_above(&self, path: &DrivePath, moment: u64) -> Result<Option<bool>> {
        let mut above = Vec::new();
        let mut folder = super::look::above(path)?;
        while let Some(next) = folder {
            folder = super::look::above(&next)?;
            above.push(next);
        }
        let Some(deepest) = above.first() else { return Ok(None) };
        let mut made = self.folders.made.lock().await;
        if made.get(deepest.as_str()).is_some_and(|made| *made > moment) {
            return Ok(Some(true));
        }
        let urls = above.iter().map(|folder| self.root.folder(folder)).collect::<Result<Vec<_>>>()?;
        let answer = self.make_chain(&call("put", path.as_str(), Repeat::Freely), &urls).await?;
        if answer.is_some() {
            let now = self.folders.now();
            made.extend(above.into_iter().map(|folder| (folder.as_str().to_owned(), now)));
        }
        Ok(answer)
    }

    /// Makes folders, of which the first is inside of the second, and so on. None if there is nothing above the last one, or
    /// something in the way.
    pub(super) async fn make_chain(&self, call: &Call, urls: &[Url]) -> Result<Option<bool>> {
        let mut missing = Vec::new();
        let mut is_new = false;
        for url in urls {
            match self.make_folder(call, url).await? {
                Some(Made::NothingAbove) => missing.push(url),
                Some(made) => {
                    is_new = made == Made::New;
                    break;
                }
                None => return Ok(None),
            }
        }
        if missing.len() == urls.len() {
            return Ok(None);
        }
        for url in missing.into_iter().rev() {
            match self.make_folder(call, url).await? {
                Some(Made::New | Made::Taken) => is_new = true,
                Some(Made::NothingAbove) | None => return Ok(None),
            }
        }
        Ok(Some(is_new))
    }

    /// Makes one folder; none if something is in the way.
    async fn make_folder(&self, call: &Call, url: &Url) -> Result<Option<Made>> {
        let response = self.send(call, Request::new(Method::Mkcol, url.clone())).await?;
        match response.status {
            201 => Ok(Some(Made::New)),
            status if TAKEN.contains(&status) => Ok(Some(Made::Taken)),
            status if NOTHING_ABOVE.contains(&status) => Ok(Some(Made::NothingAbove)),
            400 => Ok(None),
            _ => Err(self.refused(call, url, &response)),
        }
    }
}
