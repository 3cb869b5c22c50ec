//! Where a client stands: the place in the log that db-to-cloud keeps, and beside it what only this client reads.

use super::entry::Entry;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Where a client stands.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// How many changes of the log are worked off; none before the first sync.
    pub last_change: Option<u64>,
    /// What db-to-cloud does not know of, and carries along.
    pub memory: Memory,
}

/// What this client remembers beyond db-to-cloud. Without it, or with one that is out of date, it does what db-to-cloud
/// does.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Memory {
    /// The place in the log that this belongs to: if it is another, db-to-cloud has run in between.
    pub(super) of: Option<u64>,
    /// The last change before that place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tail: Option<Entry>,
    /// How far the log was read, if what it named is still being worked off,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<u64>,
    /// and what is left of that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) todo: Vec<Entry>,
    /// Documents that the log names, and that could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) left: Vec<Left>,
    /// Changes that this client has logged, and has not seen again at their place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) own: Vec<Own>,
    /// The revisions that the drive has of documents that are queued, and of all that an interrupted pull has handed over.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) seen: BTreeMap<String, Box<RawValue>>,
    /// The hold of the lock that this client may have left on the drive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) held: Option<String>,
}

/// A document that could not be read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Left {
    pub(super) entry: Entry,
    /// How often it was tried.
    pub(super) tries: u32,
}

/// A change that this client has logged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Own {
    /// Its number in the log.
    pub(super) number: u64,
    /// When, in milliseconds since the Unix epoch by this device's clock.
    pub(super) at_ms: u64,
    pub(super) entry: Entry,
}

impl Standing {
    /// Forgets what belongs to another place in the log.
    pub(super) fn valid(mut self) -> Self {
        if self.memory.of != self.last_change {
            let Memory { left, own, seen, held, .. } = self.memory;
            self.memory = Memory { left, own, seen, held, ..Memory::default() };
        }
        self
    }
}
