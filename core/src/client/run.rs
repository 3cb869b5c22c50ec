//! One sync under way: what its steps share.

use super::{
    Inner, SyncOptions,
    host::Host,
    ledger::{Ledger, PAGE, Pushing},
};
use crate::{DocId, Level, Log, Phase, Report, Runtime, StateRecord, Stopped, server::Server};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// One sync under way.
pub(super) struct Run {
    pub(super) host: Host,
    pub(super) ledger: Arc<Ledger>,
    pub(super) server: Arc<dyn Server>,
    pub(super) runtime: Arc<dyn Runtime>,
    pub(super) inner: Arc<Inner>,
    pub(super) log: Log,
    pub(super) options: SyncOptions,
    pub(super) results: Mutex<Report>,
    /// Whether the first pull of this vault is complete.
    pub(super) joined: bool,
    /// When to stop, by the runtime's clock.
    pub(super) stop_at: Option<Duration>,
    /// How many documents the present phase has done, and of how many.
    pub(super) done: u64,
    pub(super) total: Option<u64>,
    /// Whether the pull before the push was just made.
    pub(super) fresh: bool,
    /// Whether nothing waits to be worked off but what is at hand, which one record remembers.
    pub(super) only_at_hand: bool,
    /// Whether the page that the state has is worked off: its record goes with whatever is written next.
    pub(super) past_page: bool,
    /// Documents that could not be worked off since this was last asked for.
    pub(super) left: Mutex<Vec<DocId>>,
    /// Intents of pushes that are not acknowledged, by the push, so that not all of them are read again.
    pub(super) intents: Mutex<Intents>,
}

/// Some of the intents that are durable, as they are there.
#[derive(Default)]
pub(super) struct Intents {
    by_push: BTreeMap<String, Vec<Pushing>>,
    count: usize,
}

/// How many intents are kept in memory.
const KEPT_INTENTS: usize = 16_384;

impl Intents {
    /// Keeps the intents of a push, if there are not too many.
    pub(super) fn keep(&mut self, push: String, intents: Vec<Pushing>) {
        if self.count + intents.len() <= KEPT_INTENTS {
            self.count += intents.len();
            self.by_push.insert(push, intents);
        }
    }

    /// Takes the intents of a push out, if they were kept.
    pub(super) fn take(&mut self, push: &str) -> Option<Vec<Pushing>> {
        let intents = self.by_push.remove(push)?;
        self.count -= intents.len();
        Some(intents)
    }
}

impl Run {
    /// The report so far; never held across an await.
    pub(super) fn report(&self) -> MutexGuard<'_, Report> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the deadline has come; remembered in the report.
    pub(super) fn out_of_time(&self) -> bool {
        let mut report = self.report();
        if self.stop_at.is_some_and(|at| self.runtime.now() >= at) {
            report.stopped = Some(Stopped::Deadline);
        }
        report.stopped.is_some()
    }

    /// Begins a phase of `total` documents.
    pub(super) fn begin(&mut self, phase: Phase, total: Option<u64>) {
        self.done = 0;
        self.total = total;
        self.options.progress.report(phase, 0, total);
    }

    /// Reports `count` more documents of the phase.
    pub(super) fn advance(&mut self, phase: Phase, count: usize) {
        self.done += count as u64;
        let total = self.total.map(|total| total.max(self.done));
        self.options.progress.report(phase, self.done, total);
    }

    /// Reports a document that cannot be worked off now: it is tried again by the next sync.
    pub(super) fn leave(&self, id: DocId, why: impl Into<String>) {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).push(id.clone());
        self.report().skip(id, why);
    }

    /// Takes the removal of a page that is worked off, if there is one.
    pub(super) fn take_past_page(&mut self) -> Option<StateRecord> {
        std::mem::take(&mut self.past_page).then(|| StateRecord::remove(PAGE))
    }

    /// Takes the documents that could not be worked off.
    pub(super) fn take_left(&self) -> Vec<DocId> {
        std::mem::take(&mut *self.left.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The intents that are kept; never held across an await.
    pub(super) fn intents(&self) -> MutexGuard<'_, Intents> {
        self.intents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn warn(&self, line: impl FnOnce() -> String) {
        self.log.line(Level::Warn, line);
    }
}
