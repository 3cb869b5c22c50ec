//! Looks at every write while it happens, by the rules of the layout.

mod classic;
mod journal;
mod keys;
mod records;

pub use keys::CANARY;
pub use records::Old;

use crate::{config::Config, drive::SimDrive, ghost::Ghost};
use kitestring::{StateRecord, drive::Condition};
use std::{collections::BTreeSet, sync::Arc};

/// A write that took place on the drive.
#[derive(Debug, Clone, Copy)]
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
pub struct Watch {
    layout: Layout,
    /// Of a sealed vault.
    keys: Option<keys::Watch>,
    drive: Arc<SimDrive>,
}

#[derive(Debug)]
enum Layout {
    Classic(classic::Watch),
    Journal(Box<journal::Watch>),
}

impl Watch {
    /// Watches a drive, if there is anything to look at: what the journal forbids it forbids always.
    pub fn new(config: &Config, drive: &Arc<SimDrive>, ghost: &Arc<Ghost>) -> Option<Self> {
        let layout = if config.is_journal() {
            Layout::Journal(Box::new(journal::Watch::new(config, Arc::clone(drive), Arc::clone(ghost))))
        } else if config.watched || config.lenient {
            Layout::Classic(classic::Watch::new(Arc::clone(drive), Arc::clone(ghost), config.watched))
        } else {
            return None;
        };
        let keys = config.encryption.clone().map(|encryption| keys::Watch::new(encryption, Arc::clone(drive), Arc::clone(ghost)));
        Some(Self { layout, keys, drive: Arc::clone(drive) })
    }

    /// A file was written or deleted.
    pub fn written(&self, write: &Write<'_>) {
        if let Some(keys) = &self.keys {
            keys.written(write);
        }
        let path = self.drive.called(write.path);
        match &self.layout {
            Layout::Classic(watch) => watch.written(&path),
            Layout::Journal(watch) => watch.written(&Write { path: &path, ..*write }),
        }
    }

    /// A client concludes something.
    pub fn concluding(&self, seat: usize, batch: &[StateRecord]) {
        if let Some(keys) = &self.keys {
            keys.concluding(seat, batch);
        }
        match &self.layout {
            Layout::Classic(watch) => watch.concluding(seat, batch),
            Layout::Journal(watch) => watch.concluding(seat, batch),
        }
    }

    /// The versions of a journal's documents that are valid, or were replaced after this time by the clock of who did.
    pub fn since(&self, time: u64) -> BTreeSet<Old> {
        match &self.layout {
            Layout::Classic(_) => BTreeSet::new(),
            Layout::Journal(watch) => watch.since(time),
        }
    }

    /// Whether what a seat deletes from now on was doomed before the drive was put back.
    pub fn deletes_behind(&self, seat: usize, behind: bool) {
        if let Layout::Journal(watch) = &self.layout {
            watch.deletes_behind(seat, behind);
        }
    }

    /// The drive was put back, or has lost files.
    pub fn turned_back(&self) {
        if let Some(keys) = &self.keys {
            keys.turned_back();
        }
    }

    /// A device was put back, or is a copy.
    pub fn restored(&self, seat: usize) {
        if let Some(keys) = &self.keys {
            keys.restored(seat);
        }
        match &self.layout {
            Layout::Classic(watch) => watch.restored(seat),
            Layout::Journal(watch) => watch.restored(seat),
        }
    }
}
