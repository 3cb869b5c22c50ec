//! What a host chooses for the journal layout.

use crate::drive::Capabilities;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How the records of a vault are found. It belongs to the vault, and changes only how records are found, never what
/// they mean; see `spec/journal.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// One small file, the head, replaced under a condition.
    CompareAndSwap,
    /// Numbered heads, each created once and never changed.
    Slots,
    /// No head: the listing of the records is the truth. For drives without conditions, and for folders that another
    /// program copies between machines.
    Listing,
}

impl Strategy {
    /// Every strategy, the most demanding first.
    pub const ALL: [Self; 3] = [Self::CompareAndSwap, Self::Slots, Self::Listing];

    /// Returns the stable name: `compare-and-swap`, `slots` or `listing`.
    pub fn code(self) -> &'static str {
        match self {
            Self::CompareAndSwap => "compare-and-swap",
            Self::Slots => "slots",
            Self::Listing => "listing",
        }
    }

    /// Whether a drive with these capabilities can serve it.
    pub fn is_met_by(self, capabilities: &Capabilities) -> bool {
        match self {
            Self::CompareAndSwap => capabilities.create && capabilities.replace,
            Self::Slots => capabilities.create,
            Self::Listing => true,
        }
    }

    /// Returns the most demanding strategy that such a drive can serve.
    pub fn best_for(capabilities: &Capabilities) -> Self {
        Self::ALL.into_iter().find(|s| s.is_met_by(capabilities)).unwrap_or(Self::Listing)
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What a host chooses for the journal layout.
#[derive(Debug, Clone)]
pub struct JournalOptions {
    /// The strategy of a vault that this client creates. None: the best one that the drive can serve. An existing
    /// vault keeps its own.
    pub strategy: Option<Strategy>,
    /// For how many days what was replaced or deleted can be had again. It takes no more bytes on the drive than the
    /// documents do, or 16 MiB if that is more. 0: not at all. 30 by default.
    pub history_days: u32,
    /// For how many days a deletion is remembered, at least. An edit that another device made before it heard of the
    /// deletion, and that arrives later than this, brings the document back without asking. 365 by default.
    pub tombstone_days: u32,
    /// Whether this client makes checkpoints and deletes what they cover, when it is worth it. `true` by default.
    pub compacts: bool,
    /// For tests alone; see there.
    #[doc(hidden)]
    pub scale: Scale,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self { strategy: None, history_days: 30, tombstone_days: 365, compacts: true, scale: Scale::default() }
    }
}

/// What counts as small, and as many. Nobody needs another scale but tests: on a smaller one, ten documents meet what
/// otherwise takes a million. No reader depends on it, so that vaults of any scale are vaults like all others.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// A head names the last records of this many writers, and more only if no checkpoint covers them.
    pub writers: usize,
    /// Smaller files are moved into larger ones.
    pub small_file_bytes: u64,
    /// A file is kept if so many fifths of it are alive.
    pub alive_fifths: u64,
    /// At most this many bytes are moved by one checkpoint.
    pub moved_bytes: u64,
    /// So many bytes travel in one piece, as if the line were slow; 0: as many as the line takes.
    pub piece_bytes: u64,
}

impl Default for Scale {
    fn default() -> Self {
        Self { writers: 64, small_file_bytes: 1 << 20, alive_fifths: 4, moved_bytes: 32 << 20, piece_bytes: 0 }
    }
}

impl JournalOptions {
    pub(crate) fn keeps_history(&self) -> bool {
        self.history_days > 0
    }
}
