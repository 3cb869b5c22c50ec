//! What this client knows of the drive between its calls: ids, never contents.

use super::{
    classic::Shared,
    lock::Lock,
    model::{Content, Tagged},
    names::Table,
    notes::Memo,
    root::Root,
};
use kitestring::DrivePath;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A file whose id is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) id: String,
    /// What it held when it was last looked at.
    pub(super) content: Content,
    /// The tag that it had with that content.
    pub(super) etag: Option<String>,
}

impl Place {
    pub(super) fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), content: Content::default(), etag: None }
    }

    pub(super) fn seen(&mut self, tagged: Tagged) {
        (self.content, self.etag) = (tagged.content, Some(tagged.etag));
    }
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) root: Option<Root>,
    pub(super) table: Option<(Place, Table)>,
    pub(super) files: BTreeMap<DrivePath, Place>,
    /// Ids of files that are gone; no id is ever given to a second file.
    pub(super) gone: BTreeSet<String>,
    /// Ids that Google has made, and nobody uses yet.
    pub(super) ids: Vec<String>,
    /// Names that a search was made for and did not find, so that none is made again for a file that is to be made.
    pub(super) unfound: BTreeSet<DrivePath>,
    pub(super) memo: Memo,
    pub(super) shared: Shared,
    pub(super) lock: Lock,
}

#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Inner>);

impl Known {
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn file(&self, path: &DrivePath) -> Option<Place> {
        self.lock().files.get(path).cloned()
    }

    pub(super) fn keep(&self, path: &DrivePath, place: Place) {
        self.lock().files.insert(path.clone(), place);
    }

    /// The drive is not where it was.
    pub(super) fn forget(&self) {
        let mut inner = self.lock();
        let mut memo = std::mem::take(&mut inner.memo);
        memo.is_recalled = false;
        *inner = Inner { memo, ..Inner::default() };
    }

    /// The file of that id is gone.
    pub(super) fn lose(&self, path: &DrivePath, id: &str) {
        let mut inner = self.lock();
        inner.gone.insert(id.to_owned());
        if inner.files.get(path).is_some_and(|place| place.id == id) {
            inner.files.remove(path);
        }
    }
}
