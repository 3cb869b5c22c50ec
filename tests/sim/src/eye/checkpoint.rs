//! Reads checkpoints of the journal.

use crate::drive::Files;
use kitestring::{
    Revision,
    server::journal::{Inspected, inspect},
};
use std::collections::{BTreeMap, BTreeSet};

/// A checkpoint, as far as it is there.
#[derive(Debug, Clone, Default)]
pub struct Checkpoint {
    /// How many records of each writer it covers.
    pub covered: BTreeMap<String, u64>,
    /// Every file that it consists of or refers to, its root and its history included.
    pub needs: BTreeSet<String>,
    /// The revisions of all versions in it.
    pub revisions: BTreeSet<Revision>,
    /// What of it is not there or makes no sense.
    pub broken: Vec<String>,
}

impl Checkpoint {
    /// How many records of a writer it covers.
    pub fn covers(&self, writer: &str) -> u64 {
        self.covered.get(writer).copied().unwrap_or(0)
    }

    fn take(&mut self, files: &Files, path: &str) -> Vec<String> {
        self.needs.insert(path.to_owned());
        let found = files.get(path).and_then(|file| inspect(path, &file.bytes));
        let Some(Inspected::Checkpoint { root, refers, documents, .. }) = found else {
            self.broken.push(format!("{path}, a file of a checkpoint, is not there or makes no sense"));
            return Vec::new();
        };
        let gone = refers.iter().filter(|other| !files.contains_key(*other));
        self.broken.extend(gone.map(|other| format!("{path} refers to {other}, which is not there")));
        self.needs.extend(refers);
        self.revisions.extend(documents.into_iter().flat_map(|(_, revisions)| revisions));
        let Some(root) = root else { return Vec::new() };
        self.covered = root.covers.into_iter().collect();
        root.pieces.into_iter().chain(root.history).collect()
    }
}

/// Reads the checkpoint with this root.
pub fn checkpoint(files: &Files, root: &str) -> Checkpoint {
    let mut found = Checkpoint::default();
    for piece in found.take(files, root) {
        found.take(files, &piece);
    }
    found
}
