//! Looks at every write while it happens, by the rules of the layout.

mod classic;
mod journal;
mod records;

pub use records::Old;

use crate::{config::Config, drive::SimDrive, ghost::Ghost};
use kitestring::{StateRecord, drive::Condition};
use std::{collections::BTreeSet, sync::Arc};

/// A write that took place on the drive.
#[derive(Debug)]
pub struct Write<'a> {
    /// Who asked for it.
    pub seat: usize,
    /// Which file.
    pub path: &'a str,
    /// Under which condition.
    pub condition: &'a Condition,
    /// Whether the drive looked at the condition, and wrote in the same moment.
    pub honest: bool,
}

/// Looks at every write while it happens, by the rules of the layout.
#[derive(Debug)]
pub struct Watch(Layout);

#[derive(Debug)]
enum Layout {
    Classic(classic::Watch),
    Journal(journal::Watch),
}

impl Watch {
    /// Watches a drive, if there is anything to look at: what the journal forbids it forbids always.
    pub fn new(config: &Config, drive: &Arc<SimDrive>, ghost: &Arc<Ghost>) -> Option<Self> {
        let (drive, ghost) = (Arc::clone(drive), Arc::clone(ghost));
        if config.is_journal() {
            return Some(Self(Layout::Journal(journal::Watch::new(config, drive, ghost))));
        }
        (config.watched || config.lenient).then(|| Self(Layout::Classic(classic::Watch::new(drive, ghost, config.watched))))
    }

    /// A file was written or deleted.
    pub fn written(&self, write: &Write<'_>) {
        match &self.0 {
            Layout::Classic(watch) => watch.written(write.path),
            Layout::Journal(watch) => watch.written(write),
        }
    }

    /// A client concludes something.
    pub fn concluding(&self, seat: usize, batch: &[StateRecord]) {
        match &self.0 {
            Layout::Classic(watch) => watch.concluding(seat, batch),
            Layout::Journal(watch) => watch.concluding(seat, batch),
        }
    }

    /// The versions of a journal's documents that are valid, or were replaced after this time by the clock of who did.
    pub fn since(&self, time: u64) -> BTreeSet<Old> {
        match &self.0 {
            Layout::Classic(_) => BTreeSet::new(),
            Layout::Journal(watch) => watch.since(time),
        }
    }

    /// Whether what a seat deletes from now on was doomed before the drive was put back.
    pub fn deletes_behind(&self, seat: usize, behind: bool) {
        if let Layout::Journal(watch) = &self.0 {
            watch.deletes_behind(seat, behind);
        }
    }

    /// A device was put back, or is a copy.
    pub fn restored(&self, seat: usize) {
        match &self.0 {
            Layout::Classic(watch) => watch.restored(seat),
            Layout::Journal(watch) => watch.restored(seat),
        }
    }
}
