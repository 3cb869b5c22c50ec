//! Looks at every write while it happens, by the rules of the layout.

mod classic;
mod journal;

use crate::{config::Config, drive::SimDrive, ghost::Ghost};
use kitestring::{StateRecord, drive::Condition};
use std::sync::Arc;

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
            return Some(Self(Layout::Journal(journal::Watch::new(drive, ghost))));
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

    /// A device was put back, or is a copy.
    pub fn restored(&self, seat: usize) {
        match &self.0 {
            Layout::Classic(watch) => watch.restored(seat),
            Layout::Journal(watch) => watch.restored(seat),
        }
    }
}
