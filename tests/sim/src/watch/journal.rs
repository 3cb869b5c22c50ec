//! The journal: a record is written once and for all, a slot too, the head never without a condition; and what a client
//! has folded it never forgets.

use super::Write;
use crate::{
    drive::SimDrive,
    excuses,
    eye::journal::{Marker, Name, RecordName, lost, name},
    ghost::Ghost,
};
use kitestring::{StateRecord, drive::Condition};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Where a client keeps the last record of each writer that it has folded.
const SEEN: &str = "server/seen/";
/// And where it stands.
const STANDING: &str = "server/journal";

/// Checks what no write may do, whatever strikes: `I4 CursorMonotone`, `I5 AtMostOneCommit`, `Fence` and `Names`.
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
    /// How far each seat has folded each writer: its key in the state, and the last record.
    seen: BTreeMap<(usize, String), Seen>,
    /// Which numbered head each seat has read last.
    numbers: BTreeMap<usize, u64>,
    /// Whether two devices may have one writer: one was copied or put back.
    copied: bool,
}

/// The last record of a writer that was folded.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Seen {
    seq: u64,
    hash: String,
}

/// Where a client stands, as far as it is of interest.
#[derive(Deserialize)]
struct Standing {
    #[serde(default)]
    slot: u64,
}

impl Watch {
    pub(super) fn new(drive: Arc<SimDrive>, ghost: Arc<Ghost>) -> Self {
        Self { drive, ghost, inner: Mutex::default() }
    }

    pub(super) fn written(&self, write: &Write<'_>) {
        let Write { seat, path, condition, honest } = write;
        let who = seat + 1;
        let Some(file) = self.drive.file(path) else { return self.removed(who, path) };
        match name(path) {
            Some(Name::Record(record)) => {
                if self.drive.was_turned_back() && self.drive.file("vault").is_none() {
                    self.ghost.wreck(excuses::journal::NO_VAULT);
                }
                self.made(who, path, &record);
                self.once(who, path, file.bytes);
            }
            Some(Name::Part | Name::Id | Name::Root | Name::Piece) => self.once(who, path, file.bytes),
            Some(Name::Slot(number)) if *honest => {
                if self.drive.was_turned_back() && self.knows_number(*seat, number) {
                    self.ghost.wreck(excuses::journal::NUMBER_AGAIN);
                }
                self.once(who, path, file.bytes);
            }
            // Who cannot only create it may write over another's, made at the same moment: both ids are the vault's, and
            // each is in a file of its own.
            Some(Name::Vault) if **condition == Condition::Any && !self.drive.claimed(*seat).create => {
                let before = self.inner().once.insert((*path).to_owned(), Arc::clone(&file.bytes));
                let strategy = |bytes: &[u8]| serde_json::from_slice::<Marker>(bytes).ok().map(|marker| marker.strategy);
                if before.is_some_and(|before| strategy(&before) != strategy(&file.bytes)) {
                    self.ghost.wreck(excuses::journal::TWO_STRATEGIES);
                }
            }
            // A drive that does not keep its word may let them be written over: what they say heals.
            Some(Name::Vault) if *honest => self.once(who, path, file.bytes),
            Some(Name::Slot(_) | Name::Vault) => drop(self.inner().once.insert((*path).to_owned(), file.bytes)),
            Some(Name::Head) if **condition == Condition::Any => {
                self.ghost.violated(format!("Fence: c{who} writes the head without a condition"));
            }
            Some(Name::Head | Name::Lease) => {}
            None => self.ghost.violated(format!("Names: c{who} writes {path}, which is no file of the journal")),
        }
    }

    /// Only what compactions leave behind is ever removed: whatever is announced can still be had, and so can all that the
    /// checkpoint before refers to.
    fn removed(&self, who: usize, path: &str) {
        if !matches!(name(path), Some(Name::Record(_) | Name::Root | Name::Piece | Name::Part | Name::Slot(_) | Name::Lease)) {
            self.ghost.violated(format!("I5 AtMostOneCommit: c{who} removes {path}"));
        }
        if self.drive.was_turned_back() || matches!(name(path), Some(Name::Slot(_) | Name::Lease)) {
            return;
        }
        let bad = lost(&self.drive, &self.inner().dots);
        if !bad.is_empty() {
            self.ghost.violated(format!("I12 GCSafe: c{who} removes {path}: {}", bad.join("; ")));
        }
    }

    /// A client concludes something: what it has folded never becomes less, and no record of it another one. Only where
    /// the drive was put back may it forget, at its user's word, and then all of a writer.
    pub(super) fn concluding(&self, seat: usize, batch: &[StateRecord]) {
        let standing = batch.iter().filter(|record| record.key == STANDING).find_map(|record| record.value.as_ref());
        if let Some(Standing { slot }) = standing.and_then(|value| serde_json::from_slice(value).ok()) {
            self.inner().numbers.insert(seat, slot);
        }
        for record in batch.iter().filter(|record| record.key.starts_with(SEEN)) {
            let key = (seat, record.key.clone());
            let now = record.value.as_ref().map(|value| serde_json::from_slice::<Seen>(value));
            let before = match &now {
                None => self.inner().seen.remove(&key),
                Some(Ok(now)) => self.inner().seen.insert(key, now.clone()),
                Some(Err(_)) => None,
            };
            let bad = match (before, now) {
                (_, Some(Err(_))) => "makes no sense",
                (Some(_), None) if !self.drive.was_turned_back() => "is forgotten",
                (Some(before), Some(Ok(now))) if now.seq < before.seq => "goes back",
                (Some(before), Some(Ok(now))) if now.seq == before.seq && now != before => "is another record",
                _ => continue,
            };
            self.ghost.violated(format!("I4 CursorMonotone: {} of c{} {bad}", record.key, seat + 1));
        }
    }

    /// A device was put back: so is what it has folded.
    pub(super) fn restored(&self, seat: usize) {
        let mut inner = self.inner();
        inner.copied = true;
        inner.numbers.remove(&seat);
        inner.seen.retain(|(of, _), _| *of != seat);
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

    /// Whether somebody else has read a head under this number, and nothing since.
    fn knows_number(&self, seat: usize, number: u64) -> bool {
        self.inner().numbers.iter().any(|(other, known)| *other != seat && *known == number)
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
