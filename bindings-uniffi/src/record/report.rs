//! What a sync did.

use super::conflict::Conflict;
use std::time::Duration;

mirror! {
    /// Why a sync ended before everything was done.
    Stopped {
        /// The deadline came; the next sync goes on from here.
        Deadline
    }
}

/// The result of a sync.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Report {
    /// Documents written to the drive.
    pub pushed: u64,
    /// Documents written to the host.
    pub pulled: u64,
    /// Documents deleted, on the drive or in the host.
    pub deleted: u64,
    /// Every conflict that waits, new and old.
    pub conflicts: Vec<Conflict>,
    /// Documents that were left out; each is tried again by the next sync.
    pub skipped: Vec<Skipped>,
    /// How many requests the drive received.
    pub requests: u64,
    /// How many bytes of file content were written to the drive.
    pub bytes_sent: u64,
    /// How many bytes of file content were read from the drive.
    pub bytes_received: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// Why it ended early; none if it is complete.
    pub stopped: Option<Stopped>,
    /// When the next sync is worth it, if nothing else happens: zero is at once. None if nothing is pending, or only what waits for
    /// somebody. A failed sync says so by its error's `retry_after`.
    pub next_sync_after: Option<Duration>,
}

/// A document that was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Skipped {
    /// Which document.
    pub id: String,
    /// The reason, in one sentence.
    pub why: String,
}

impl From<kitestring::Report> for Report {
    fn from(report: kitestring::Report) -> Self {
        let skipped = |s: kitestring::Skipped| Skipped { id: s.id.as_str().to_owned(), why: s.why };
        Self {
            pushed: report.pushed,
            pulled: report.pulled,
            deleted: report.deleted,
            conflicts: report.conflicts.into_iter().map(Conflict::from).collect(),
            skipped: report.skipped.into_iter().map(skipped).collect(),
            requests: report.requests.total(),
            bytes_sent: report.bytes.sent,
            bytes_received: report.bytes.received,
            elapsed: report.elapsed,
            stopped: report.stopped.map(Stopped::from),
            next_sync_after: report.next_sync_after,
        }
    }
}
