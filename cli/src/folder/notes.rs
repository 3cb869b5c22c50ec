//! What was left out of a sync, and why.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

/// The most notes that are kept; more would not be read.
const MAX_NOTES: usize = 1000;

/// Reasons by path.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<BTreeMap<String, String>>);

impl Notes {
    /// Notes why `path` was left out.
    pub(super) fn add(&self, path: impl Into<String>, why: impl Into<String>) {
        let (mut notes, path) = (self.0.lock().unwrap_or_else(PoisonError::into_inner), path.into());
        if notes.len() < MAX_NOTES || notes.contains_key(&path) {
            notes.insert(path, why.into());
        }
    }

    /// Forgets `path`: it could be had after all.
    pub(super) fn clear(&self, path: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
    }

    /// Forgets all of them.
    pub(super) fn reset(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns every note, sorted by path.
    pub(crate) fn all(&self) -> BTreeMap<String, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Paths that were come across: every one of them.
#[derive(Debug, Default)]
pub(crate) struct Paths(Mutex<BTreeSet<String>>);

impl Paths {
    pub(super) fn add(&self, path: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path);
    }

    pub(super) fn reset(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns all of them, sorted.
    pub(crate) fn all(&self) -> BTreeSet<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
