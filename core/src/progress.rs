//! Progress of a running sync, for a bar.

use crate::maybe_send::{MaybeSend, MaybeSync};
use std::sync::Arc;

/// What a sync is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Comparing the host's documents with what was last agreed.
    Scan,
    /// Reading the drive's log of changes.
    Read,
    /// Fetching documents and applying them to the host.
    Pull,
    /// Waiting for another client's lock.
    Wait,
    /// Writing documents to the drive.
    Push,
    /// Putting the drive in order: gathering what is scattered, and deleting what is no longer needed.
    Compact,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// How many documents are done in this phase.
    pub done: u64,
    /// Of how many, once it is known.
    pub total: Option<u64>,
}

/// Receives progress. It must return quickly.
#[cfg(not(target_arch = "wasm32"))]
pub type ProgressFn = dyn Fn(Progress) + Send + Sync;
/// Receives progress. It must return quickly.
#[cfg(target_arch = "wasm32")]
pub type ProgressFn = dyn Fn(Progress);

/// A place to report progress to; silent by default.
#[derive(Clone, Default)]
pub struct ProgressSink(Option<Arc<ProgressFn>>);

impl ProgressSink {
    /// Reports to `observer`.
    pub fn new(observer: impl Fn(Progress) + MaybeSend + MaybeSync + 'static) -> Self {
        Self(Some(Arc::new(observer)))
    }

    pub(crate) fn report(&self, phase: Phase, done: u64, total: Option<u64>) {
        if let Some(observer) = &self.0 {
            observer(Progress { phase, done, total });
        }
    }
}

impl std::fmt::Debug for ProgressSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProgressSink")
    }
}
