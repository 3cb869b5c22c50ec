//! What this client has seen of files: ids, tags and where contents are, never contents. All of it may be out of date.

use super::item::File;
use kitestring::DrivePath;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// More is forgotten; then a file costs one request more.
const MOST: usize = 4_000;

#[derive(Default)]
pub(super) struct Known(Mutex<BTreeMap<DrivePath, File>>);

impl Known {
    pub(super) fn file(&self, path: &DrivePath) -> Option<File> {
        self.lock().get(path).cloned()
    }

    pub(super) fn keep(&self, path: &DrivePath, file: &File) {
        let mut files = self.lock();
        if files.len() >= MOST {
            files.clear();
        }
        files.insert(path.clone(), file.clone());
    }

    pub(super) fn lose(&self, path: &DrivePath) {
        self.lock().remove(path);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<DrivePath, File>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
