//! The files of one account, and the log of what changed.

use super::names::{above, folded, name};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex, MutexGuard},
};

/// An account, found by its token.
#[derive(Debug, Default)]
pub(super) struct Account {
    tree: Mutex<Tree>,
    /// Told at each change.
    pub(super) changed: Condvar,
    /// Held by whoever writes: one at a time in a namespace.
    pub(super) writing: Mutex<()>,
}

impl Account {
    pub(super) fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap()
    }
}

/// What is in an account, by folded path.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) entries: BTreeMap<String, Entry>,
    /// Which paths changed, in order.
    pub(super) log: Vec<String>,
    pub(super) sessions: BTreeMap<String, Session>,
    /// Cursors of another epoch are dead.
    pub(super) epoch: u64,
    /// How many bytes there is room for, if there is a limit.
    pub(super) room: Option<usize>,
    made: u64,
}

/// A file or folder.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The path as it was written.
    pub(super) path: String,
    pub(super) id: u64,
    /// None of a folder.
    pub(super) file: Option<File>,
}

#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) rev: String,
    pub(super) bytes: Arc<Vec<u8>>,
}

/// An upload that is not a file yet.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) bytes: Vec<u8>,
    pub(super) is_closed: bool,
}

impl Tree {
    pub(super) fn at(&self, path: &str) -> Option<&Entry> {
        self.entries.get(&folded(path))
    }

    pub(super) fn is_folder(&self, path: &str) -> bool {
        path.is_empty() || self.at(path).is_some_and(|entry| entry.file.is_none())
    }

    /// The nearest thing above a path, if that is a file.
    pub(super) fn is_through_a_file(&self, path: &str) -> bool {
        std::iter::successors(above(path), |path| above(path)).any(|path| self.at(path).is_some_and(|entry| entry.file.is_some()))
    }

    pub(super) fn used(&self) -> usize {
        self.entries.values().filter_map(|entry| entry.file.as_ref()).map(|file| file.bytes.len()).sum()
    }

    /// How many files there are whose paths end so.
    pub(super) fn count(&self, end: &str) -> usize {
        self.entries.values().filter(|entry| entry.file.is_some() && entry.path.ends_with(end)).count()
    }

    /// Returns a number that was never given before.
    pub(super) fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// Writes a file with the folders above it. What is there keeps its name and id.
    pub(super) fn write(&mut self, path: &str, bytes: Vec<u8>) -> Value {
        if let Some(above) = above(path) {
            self.make_folder(above);
        }
        let (rev, id) = (format!("{:015x}", self.next()), self.next());
        let file = File { rev, bytes: Arc::new(bytes) };
        let key = folded(path);
        let entry = self.entries.entry(key.clone()).or_insert_with(|| Entry { path: path.to_owned(), id, file: None });
        entry.file = Some(file);
        let metadata = entry.metadata();
        self.log.push(key);
        metadata
    }

    pub(super) fn make_folder(&mut self, path: &str) {
        let Some(above) = above(path) else { return };
        self.make_folder(above);
        if self.at(path).is_none() {
            let id = self.next();
            self.entries.insert(folded(path), Entry { path: path.to_owned(), id, file: None });
            self.log.push(folded(path));
        }
    }

    /// Removes a file, or a folder with all that is in it.
    pub(super) fn remove(&mut self, path: &str) {
        let (key, below) = (folded(path), format!("{}/", folded(path)));
        let gone: Vec<String> = self.entries.keys().filter(|at| **at == key || at.starts_with(&below)).cloned().collect();
        for at in gone {
            self.entries.remove(&at);
            self.log.push(at);
        }
    }
}

const MODIFIED: &str = "2026-01-01T00:00:00Z";

impl Entry {
    pub(super) fn metadata(&self) -> Value {
        let mut value = json!({
            ".tag": if self.file.is_some() { "file" } else { "folder" },
            "name": name(&self.path),
            "path_lower": folded(&self.path),
            "path_display": self.path,
            "id": format!("id:{:022}", self.id),
        });
        if let (Some(file), Some(fields)) = (&self.file, value.as_object_mut()) {
            let more = json!({
                "client_modified": MODIFIED,
                "server_modified": MODIFIED,
                "rev": file.rev,
                "size": file.bytes.len(),
                "is_downloadable": true,
                "content_hash": content_hash(&file.bytes),
            });
            fields.extend(more.as_object().cloned().unwrap_or_default());
        }
        value
    }
}

/// The digest of the digests of blocks of 4 MiB.
fn content_hash(bytes: &[u8]) -> String {
    let mut whole = Sha256::new();
    bytes.chunks(4 << 20).for_each(|block| whole.update(Sha256::digest(block)));
    whole.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
