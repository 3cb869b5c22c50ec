//! The journal: a record is written once and for all, a slot too, the head never without a condition; and what a client
//! has folded it never forgets.

use super::{
    Write,
    records::{Dot, Old, Records},
};
use crate::{
    config::Config,
    drive::SimDrive,
    excuses,
    eye::{
        checkpoint::checkpoint,
        journal::{Marker, Name, RecordName, head, lost, name, record},
    },
    ghost::Ghost,
};
use kitestring::{DocId, Layout, StateRecord, drive::Condition};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Where a client keeps the last record of each writer that it has folded.
const SEEN: &str = "server/seen/";
/// Where it keeps them of the writers that the head does not name, all together.
const RETIRED: &str = "server/retired";
/// And where it stands.
const STANDING: &str = "server/journal";

const DAY: u64 = 24 * 60 * 60;

/// Checks what no write may do, whatever strikes: `I4 CursorMonotone`, `I5 AtMostOneCommit`, `Fence`, `Names` and `Expiry`.
#[derive(Debug)]
pub(super) struct Watch {
    drive: Arc<SimDrive>,
    ghost: Arc<Ghost>,
    /// How far each seat's clock is ahead.
    ahead: Vec<Duration>,
    /// How old a deletion is before it may be forgotten, in seconds.
    expires: u64,
    /// Whether the vault is sealed.
    sealed: bool,
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
    /// The same of the writers that the head does not name.
    retired: BTreeMap<usize, BTreeMap<String, Seen>>,
    /// Which numbered head each seat has read last.
    numbers: BTreeMap<usize, u64>,
    /// Whether two devices may have one writer: one was copied or put back.
    copied: bool,
    /// Which seats delete what was doomed before the drive was put back.
    behind: BTreeSet<usize>,
    /// Every record that was ever written.
    records: Records,
    /// How many records of each writer some checkpoint covers that was announced.
    covered: BTreeMap<String, u64>,
    /// These checkpoints, by their roots.
    announced: BTreeSet<String>,
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
    pub(super) fn new(config: &Config, drive: Arc<SimDrive>, ghost: Arc<Ghost>) -> Self {
        let days = if let Layout::Journal(options) = &config.layout { options.tombstone_days } else { 0 };
        let sealed = config.encryption.is_some();
        Self { drive, ghost, ahead: config.ahead.clone(), expires: u64::from(days) * DAY, sealed, inner: Mutex::default() }
    }

    pub(super) fn deletes_behind(&self, seat: usize, behind: bool) {
        let mut inner = self.inner();
        if behind {
            inner.behind.insert(seat)
        } else {
            inner.behind.remove(&seat)
        };
    }

    pub(super) fn since(&self, time: u64) -> BTreeSet<Old> {
        self.inner().records.since(time)
    }

    pub(super) fn written(&self, write: &Write<'_>) {
        let Write { seat, path, condition, honest } = write;
        let who = seat + 1;
        let Some(file) = self.drive.file(path) else { return self.removed(*seat, path) };
        match name(path) {
            Some(Name::Record(record)) => {
                if self.drive.was_turned_back() && self.drive.file("vault").is_none() {
                    self.ghost.wreck(excuses::journal::NO_VAULT);
                }
                self.made(who, path, &record);
                self.remember(*seat, path, &record, &file.bytes);
                self.once(who, path, file.bytes);
            }
            Some(Name::Part | Name::Id | Name::Root | Name::Piece) => {
                self.once(who, path, file.bytes);
                // Where there is no head, it counts from now on.
                if self.drive.file("head").is_none() {
                    self.announced(path);
                }
            }
            Some(Name::Slot(number)) if *honest => {
                head(path, &file.bytes).and_then(|head| head.checkpoint).iter().for_each(|root| self.announced(root));
                if self.drive.was_turned_back() && self.knows_number(*seat, number) {
                    self.ghost.wreck(excuses::journal::NUMBER_AGAIN);
                }
                self.once(who, path, file.bytes);
            }
            // Who cannot only create it may write over another's, made at the same moment: both ids are the vault's, and
            // each is in a file of its own.
            Some(Name::Vault) if **condition == Condition::Any && !self.drive.claimed(*seat).create => {
                let before = self.inner().once.insert((*path).to_owned(), Arc::clone(&file.bytes));
                let marker = |bytes: &[u8]| serde_json::from_slice::<Marker>(bytes).ok();
                let (before, now) = (before.and_then(|before| marker(&before)), marker(&file.bytes));
                if before.is_some() && before.as_ref().map(|marker| marker.strategy) != now.as_ref().map(|marker| marker.strategy) {
                    self.ghost.wreck(excuses::journal::TWO_STRATEGIES);
                }
                if self.sealed && before.is_some() && before.map(|marker| marker.vault) != now.map(|marker| marker.vault) {
                    self.ghost.wreck(excuses::journal::TWO_VAULTS);
                }
            }
            // A drive that does not keep its word may let them be written over: what they say heals.
            Some(Name::Vault) if *honest => self.once(who, path, file.bytes),
            Some(Name::Slot(_) | Name::Vault) => drop(self.inner().once.insert((*path).to_owned(), file.bytes)),
            Some(Name::Head) if **condition == Condition::Any => {
                self.ghost.violated(format!("Fence: c{who} writes the head without a condition"));
            }
            Some(Name::Head) => head(path, &file.bytes).and_then(|head| head.checkpoint).iter().for_each(|root| self.announced(root)),
            Some(Name::Keyring) if self.sealed => self.once(who, path, file.bytes),
            Some(Name::Lease) => {}
            Some(Name::Keyring) | None => self.ghost.violated(format!("Names: c{who} writes {path}, which is no file of the journal")),
        }
    }

    /// Only what compactions leave behind is ever removed: whatever is announced can still be had, and so can all that the
    /// checkpoint before refers to.
    fn removed(&self, seat: usize, path: &str) {
        let who = seat + 1;
        if !matches!(
            name(path),
            Some(Name::Record(_) | Name::Root | Name::Piece | Name::Part | Name::Slot(_) | Name::Lease | Name::Keyring)
        ) {
            self.ghost.violated(format!("I5 AtMostOneCommit: c{who} removes {path}"));
        }
        if matches!(name(path), Some(Name::Slot(_) | Name::Lease | Name::Keyring)) {
            return;
        }
        if self.drive.was_turned_back() {
            if self.inner().behind.contains(&seat) {
                self.ghost.wreck(excuses::journal::DELETED_BEHIND);
            }
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
        let touches = |record: &StateRecord| record.key.starts_with(SEEN) || record.key == RETIRED;
        if !batch.iter().any(touches) {
            return;
        }
        let before = self.inner().folded(seat);
        let senseless = self.inner().take(seat, batch);
        let now = self.inner().folded(seat);
        let forgotten = |key: &String| !now.contains_key(key) && !self.drive.was_turned_back();
        let mut bad: Vec<(String, &str)> = senseless.into_iter().map(|key| (key, "makes no sense")).collect();
        bad.extend(before.keys().filter(|key| forgotten(key)).map(|key| (key.clone(), "is forgotten")));
        for (key, before) in &before {
            match now.get(key) {
                Some(now) if now.seq < before.seq => bad.push((key.clone(), "goes back")),
                Some(now) if now.seq == before.seq && now != before => bad.push((key.clone(), "is another record")),
                _ => {}
            }
        }
        for (key, bad) in bad {
            self.ghost.violated(format!("I4 CursorMonotone: {key} of c{} {bad}", seat + 1));
        }
    }

    /// A device was put back: so is what it has folded.
    pub(super) fn restored(&self, seat: usize) {
        let mut inner = self.inner();
        inner.copied = true;
        inner.numbers.remove(&seat);
        inner.seen.retain(|(of, _), _| *of != seat);
        inner.retired.remove(&seat);
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

    /// Remembers a record. What it withdraws of deletions is forgotten from now on.
    fn remember(&self, seat: usize, path: &str, named: &RecordName, bytes: &[u8]) {
        let Some(record) = record(path, bytes) else { return };
        let ahead = self.ahead.get(seat).copied().unwrap_or_default().as_secs();
        let dot = (named.writer.clone(), named.seq);
        let withdrawals = record.changes.iter().filter(|change| change.revision.is_none());
        let withdrawn: Vec<(DocId, Dot)> =
            withdrawals.flat_map(|change| change.replaces.iter().map(|dot| (change.id.clone(), dot.clone()))).collect();
        let made = record.written_s.saturating_sub(ahead);
        self.inner().records.add(dot.clone(), record, made);
        for (id, deletion) in withdrawn {
            if self.inner().records.is_deletion(&deletion, &id) {
                self.expires(seat, &id, &deletion, &dot);
            }
        }
    }

    /// A deletion is withdrawn: it must be old, known to a checkpoint, and, as far as who does it knows, alone.
    fn expires(&self, seat: usize, id: &DocId, deletion: &Dot, by: &Dot) {
        let inner = self.inner();
        let folded = inner.folded(seat);
        let knows = |(writer, seq): &Dot| folded.get(&format!("{SEEN}{writer}")).is_some_and(|seen| seen.seq >= *seq);
        let (age, heads) = (inner.records.between(deletion, by), inner.records.heads(id, knows));
        let (writer, seq) = deletion;
        let covered = inner.covered.get(writer).is_some_and(|covered| covered >= seq);
        let told = !inner.copied && !self.drive.was_turned_back();
        drop(inner);
        let device = |(writer, _): &Dot| writer.get(..16).map(str::to_owned);
        if device(deletion) == device(by) && heads.iter().any(|head| head != deletion) {
            // It has lost against another version, and its author has settled that (J42).
            return;
        }
        excuses::journal::expired(&self.ghost, id);
        let bad = match age {
            _ if !told => return,
            age if age <= self.expires => format!("is {age} s old, and {} s are promised", self.expires),
            _ if heads.iter().any(|head| head != deletion) => format!("stands beside {heads:?}"),
            _ if !covered => "is in no checkpoint that was announced".to_owned(),
            _ => return,
        };
        self.ghost.violated(format!("Expiry: c{} withdraws the deletion {deletion:?} of {id}, which {bad}", seat + 1));
    }

    /// A checkpoint counts.
    fn announced(&self, root: &str) {
        let mut inner = self.inner();
        if inner.announced.insert(root.to_owned()) {
            for (writer, seq) in checkpoint(&self.drive.snapshot(), root).covered {
                let known = inner.covered.entry(writer).or_default();
                *known = seq.max(*known);
            }
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

impl Inner {
    /// The last record of each writer that a seat has folded.
    fn folded(&self, seat: usize) -> BTreeMap<String, Seen> {
        let mut folded = self.retired.get(&seat).cloned().unwrap_or_default();
        let seen = self.seen.range((seat, String::new())..(seat + 1, String::new()));
        folded.extend(seen.map(|((_, key), seen)| (key.clone(), seen.clone())));
        folded
    }

    /// Takes over what a seat writes of it; returns the keys of what makes no sense.
    fn take(&mut self, seat: usize, batch: &[StateRecord]) -> Vec<String> {
        let mut senseless = Vec::new();
        for StateRecord { key, value } in batch {
            if key == RETIRED {
                match retired(value.as_deref().unwrap_or_default()) {
                    Some(retired) => drop(self.retired.insert(seat, retired)),
                    None => senseless.push(key.clone()),
                }
            } else if key.starts_with(SEEN) {
                match value.as_ref().map(|value| serde_json::from_slice::<Seen>(value)) {
                    None => drop(self.seen.remove(&(seat, key.clone()))),
                    Some(Ok(seen)) => drop(self.seen.insert((seat, key.clone()), seen)),
                    Some(Err(_)) => senseless.push(key.clone()),
                }
            }
        }
        senseless
    }
}

/// Reads what is kept of the writers that the head does not name, by the keys that they would have if it did: of each its
/// name, the number of the record, its order, and its hash.
fn retired(mut bytes: &[u8]) -> Option<BTreeMap<String, Seen>> {
    let mut all = BTreeMap::new();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    while !bytes.is_empty() {
        let writer = hex(bytes.split_off(..14)?);
        let (seq, _order) = (number(&mut bytes)?, number(&mut bytes)?);
        let hash = hex(bytes.split_off(..16)?);
        all.insert(format!("{SEEN}{writer}"), Seen { seq, hash });
    }
    Some(all)
}

/// Reads a number: seven bits a byte, the lowest first.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}
