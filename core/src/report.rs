//! What a sync did.

use crate::{Conflict, DocId};
use std::time::Duration;

/// The result of a sync.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Documents written to the drive.
    pub pushed: u64,
    /// Documents written to the host.
    pub pulled: u64,
    /// Documents deleted, on the drive or in the host.
    pub deleted: u64,
    /// Every conflict that waits, new and old.
    pub conflicts: Vec<Conflict>,
    /// Documents that were left out, at most 1,000 of them; each is tried again by the next sync.
    pub skipped: Vec<Skipped>,
    /// How many requests the drive received.
    pub requests: Requests,
    /// How many bytes of file content travelled.
    pub bytes: Bytes,
    /// How long it took.
    pub elapsed: Duration,
    /// Why it ended early; none if it is complete.
    pub stopped: Option<Stopped>,
    /// When the next sync is worth it, if nothing else happens. Zero if this one stopped at its deadline, or left what it
    /// could go on with at once: a change that was queued meanwhile, a document that changed while it was read. As long as
    /// the drive asked to wait, if that kept it from being put in order. None if nothing is pending, or only what waits for
    /// somebody: a conflict, a document that the drive or the host refuses. A failed sync says so by its error's `retry`.
    pub next_sync_after: Option<Duration>,
}

impl Report {
    /// The most entries that `skipped` names.
    pub const MAX_SKIPPED: usize = 1000;

    /// Says when another sync could go on with something; the first of several counts.
    pub(crate) fn go_on_after(&mut self, wait: Duration) {
        self.next_sync_after = Some(self.next_sync_after.map_or(wait, |known| known.min(wait)));
    }

    pub(crate) fn no_longer_skipped(&mut self, id: &DocId) {
        self.skipped.retain(|skipped| skipped.id != *id);
    }

    pub(crate) fn skip(&mut self, id: DocId, why: impl Into<String>) {
        if self.skipped.len() < Self::MAX_SKIPPED && !self.skipped.iter().any(|s| s.id == id) {
            self.skipped.push(Skipped { id, why: why.into() });
        }
    }
}

/// A document that was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Which document.
    pub id: DocId,
    /// The reason, in one sentence.
    pub why: String,
}

/// Why a sync ended before everything was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The deadline came; the next sync goes on from here.
    Deadline,
}

/// Requests by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// Files asked for, the missing and the unchanged included.
    pub get: u64,
    /// Files written.
    pub put: u64,
    /// Files deleted.
    pub delete: u64,
    /// Pages of listings.
    pub list: u64,
}

impl Requests {
    /// Returns the number of all requests.
    pub fn total(&self) -> u64 {
        self.get + self.put + self.delete + self.list
    }
}

/// Bytes of file content, without headers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bytes {
    /// Written to the drive.
    pub sent: u64,
    /// Read from the drive.
    pub received: u64,
}
