//! The journal: a record is written once and for all, a slot too, and the head never without a condition.

use super::Write;
use crate::{
    drive::SimDrive,
    eye::journal::{Name, RecordName, name},
    ghost::Ghost,
};
use kitestring::drive::Condition;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Checks what no write may do, whatever strikes: `I5 AtMostOneCommit`, `Fence` and `Names`.
#[derive(Debug)]
pub(super) struct Watch {
    drive: Arc<SimDrive>,
    ghost: Arc<Ghost>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// What is written once, by its path.
    once: BTreeMap<String, Arc<[u8]>>,
    /// Which record a writer has made under a number.
    dots: BTreeMap<(String, u64), String>,
    /// Whether two devices may have one writer: one was copied or put back.
    copied: bool,
}

impl Watch {
    pub(super) fn new(drive: Arc<SimDrive>, ghost: Arc<Ghost>) -> Self {
        Self { drive, ghost, inner: Mutex::default() }
    }

    pub(super) fn written(&self, write: &Write<'_>) {
        let Write { seat, path, condition, honest } = write;
        let who = seat + 1;
        let Some(file) = self.drive.file(path) else {
            self.ghost.violated(format!("I5 AtMostOneCommit: c{who} removes {path}"));
            return;
        };
        match name(path) {
            Some(Name::Record(record)) => {
                self.made(who, path, &record);
                self.once(who, path, file.bytes);
            }
            Some(Name::Part) => self.once(who, path, file.bytes),
            // A drive that does not keep its word may let them be written over: what they say heals.
            Some(Name::Slot(_) | Name::Vault) if *honest => self.once(who, path, file.bytes),
            Some(Name::Slot(_) | Name::Vault) => drop(self.inner().once.insert((*path).to_owned(), file.bytes)),
            Some(Name::Head) if **condition == Condition::Any => {
                self.ghost.violated(format!("Fence: c{who} writes the head without a condition"));
            }
            Some(Name::Head) => {}
            None => self.ghost.violated(format!("Names: c{who} writes {path}, which is no file of the journal")),
        }
    }

    pub(super) fn restored(&self) {
        self.inner().copied = true;
    }

    /// A file that is written once may be written again only as it is.
    fn once(&self, who: usize, path: &str, bytes: Arc<[u8]>) {
        let before = self.inner().once.insert(path.to_owned(), Arc::clone(&bytes));
        // On a drive that was put back, what came later is there no more.
        let gone = self.drive.was_turned_back() && !path.starts_with("j/");
        if before.is_some_and(|before| before != bytes) && !gone {
            self.ghost.violated(format!("I5 AtMostOneCommit: c{who} writes {path} anew with another content"));
        }
    }

    /// No number is used twice, and none before the one below it is durable.
    fn made(&self, who: usize, path: &str, record: &RecordName) {
        let mut inner = self.inner();
        let before = inner.dots.insert((record.writer.clone(), record.seq), path.to_owned());
        if before.is_some_and(|before| before != path) && !inner.copied && !self.drive.was_turned_back() {
            self.ghost.violated(format!("I5 AtMostOneCommit: c{who} makes two records with the number {}: {path}", record.seq));
        }
        let previous = inner.dots.contains_key(&(record.writer.clone(), record.seq.saturating_sub(1)));
        if record.seq > 1 && !previous {
            self.ghost.violated(format!("I6 CommitReachable: c{who} writes {path} before the record that it follows"));
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
