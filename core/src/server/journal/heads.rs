//! How records are found: three strategies behind one small port. They differ in nothing else.

use super::{
    Strategy,
    checkpoint::PieceName,
    head::Head,
    name::{RECORDS, RecordName},
    wire::Flaw,
};
use crate::{
    Error, ErrorKind, Result,
    drive::{Condition, Drive, DrivePath, GetOptions, Got, Version},
    maybe_send::{MaybeSend, MaybeSync},
};
use macro_rules_attribute::apply;
use std::sync::Arc;

/// Where a head stands: to ask for a newer one, and to write the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Its version, where it is one file.
    pub(super) version: Option<Version>,
    /// Its number, where heads are numbered.
    pub(super) slot: u64,
    /// A number that is known to be taken, whatever a listing says.
    pub(super) taken: u64,
}

/// What is known of the records on the drive.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// Nothing has changed since the place that was given.
    Unchanged,
    /// There is no head.
    Nothing,
    /// A head, and its place.
    Head(Head, Place),
    /// A head that makes no sense; the reason in one sentence. It is only an index: the records are there still.
    Damaged(Place, &'static str),
    /// Every record and every root of a checkpoint that a listing names.
    Names(Names),
}

/// What a listing of the records names.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub(super) records: Vec<RecordName>,
    pub(super) roots: Vec<PieceName>,
}

/// Finds records, and announces them.
#[apply(port!)]
pub(super) trait Heads: MaybeSend + MaybeSync {
    /// Reads the newest head, unless it still is the one at `known`.
    async fn read(&self, known: &Place) -> Result<Found>;

    /// Writes a head as the next after the one at `over`, and returns its place. None: another one has come between.
    ///
    /// # Errors
    /// Whatever else the drive answers: the head may have been written, so it is to be read again.
    async fn write(&self, head: &Head, over: &Place) -> Result<Option<Place>>;
}

/// Makes the port of a strategy.
pub(super) fn heads(strategy: Strategy, drive: &Arc<dyn Drive>) -> Box<dyn Heads> {
    let drive = drive.clone();
    match strategy {
        Strategy::CompareAndSwap => Box::new(OneHead(drive)),
        Strategy::Slots => Box::new(NumberedHeads(drive)),
        Strategy::Listing => Box::new(NoHead(drive)),
    }
}

/// The one head of a vault with compare-and-swap.
const HEAD: &str = "head";
/// The folder of the numbered heads.
const SLOTS: &str = "h";
/// So many of the newest numbered heads stay when others are deleted: a listing that lags may still name them.
const KEPT_SLOTS: u64 = 64;
/// A larger head is none of ours.
const MAX_HEAD_BYTES: u64 = 4 << 20;

struct OneHead(Arc<dyn Drive>);

#[apply(port!)]
impl Heads for OneHead {
    async fn read(&self, known: &Place) -> Result<Found> {
        let unless = known.version.clone().filter(|_| self.0.capabilities().versions);
        match get(&*self.0, DrivePath::new(HEAD)?, unless).await? {
            Got::Unchanged => Ok(Found::Unchanged),
            Got::Missing => Ok(Found::Nothing),
            Got::File { bytes, version } => decode(&bytes, HEAD, Place { version: Some(version), ..Place::default() }),
        }
    }

    async fn write(&self, head: &Head, over: &Place) -> Result<Option<Place>> {
        let condition = over.version.clone().map_or(Condition::Absent, Condition::Matches);
        let version = unless_refused(self.0.put(DrivePath::new(HEAD)?, encode(head)?, condition).await)?;
        Ok(version.map(|version| Place { version: Some(version), ..Place::default() }))
    }
}

struct NumberedHeads(Arc<dyn Drive>);

/// The numbered heads that nobody needs any longer. Who stands still and creates the next after one of them later has
/// announced nothing, and finds that out by its next sync; whoever writes a checkpoint until then finds its records.
pub(super) async fn old_slots(drive: &dyn Drive) -> Result<Vec<DrivePath>> {
    let slots: Vec<u64> = list(drive, &DrivePath::new(SLOTS)?).await?.iter().filter_map(|name| slot(name)).collect();
    let newest = slots.iter().max().copied().unwrap_or_default();
    slots.into_iter().filter(|slot| slot + KEPT_SLOTS <= newest).map(NumberedHeads::path).collect()
}

/// Whether a numbered head is there, whatever a listing says.
pub(super) async fn has_slot(drive: &dyn Drive, slot: u64) -> Result<bool> {
    let options = GetOptions { range: Some(0..1), unless: None };
    Ok(slot > 0 && matches!(drive.get(NumberedHeads::path(slot)?, options).await?, Got::File { .. }))
}

/// Reads a number. There is one spelling for each: what is not found under it is none of ours.
fn slot(name: &str) -> Option<u64> {
    u64::from_str_radix(name, 16).ok().filter(|n| name.len() == 12 && format!("{n:012x}") == *name)
}

impl NumberedHeads {
    fn path(slot: u64) -> Result<DrivePath> {
        DrivePath::new(format!("{SLOTS}/{slot:012x}"))
    }

    /// Returns the largest number that a listing names; none is 0.
    async fn last(&self) -> Result<u64> {
        let names = list(&*self.0, &DrivePath::new(SLOTS)?).await?;
        Ok(names.iter().filter_map(|name| slot(name)).max().unwrap_or_default())
    }

    async fn at(&self, slot: u64) -> Result<Option<Found>> {
        match get(&*self.0, Self::path(slot)?, None).await? {
            Got::File { bytes, .. } => decode(&bytes, SLOTS, Place { slot, ..Place::default() }).map(Some),
            Got::Missing | Got::Unchanged => Ok(None),
        }
    }
}

#[apply(port!)]
impl Heads for NumberedHeads {
    /// Asks a listing, so that a drive that was put back is noticed. One that lags is late, and no more: the next number
    /// is only ever created.
    async fn read(&self, known: &Place) -> Result<Found> {
        let last = self.last().await?.max(known.taken);
        if last == known.slot && last > 0 {
            return Ok(Found::Unchanged);
        }
        if last < known.slot && self.at(known.slot).await?.is_some() {
            // The listing lags: what comes behind the known one is found by its number.
            let mut found = Found::Unchanged;
            let mut slot = known.slot + 1;
            while let Some(next) = self.at(slot).await? {
                (found, slot) = (next, slot + 1);
            }
            return Ok(found);
        }
        if last == 0 {
            return Ok(Found::Nothing);
        }
        Ok(self.at(last).await?.unwrap_or(Found::Nothing))
    }

    async fn write(&self, head: &Head, over: &Place) -> Result<Option<Place>> {
        let slot = over.slot + 1;
        let written = unless_refused(self.0.put(Self::path(slot)?, encode(head)?, Condition::Absent).await)?;
        Ok(written.map(|_| Place { slot, ..Place::default() }))
    }
}

struct NoHead(Arc<dyn Drive>);

#[apply(port!)]
impl Heads for NoHead {
    async fn read(&self, _known: &Place) -> Result<Found> {
        Ok(Found::Names(names(&*self.0).await?))
    }

    async fn write(&self, _head: &Head, over: &Place) -> Result<Option<Place>> {
        Ok(Some(over.clone()))
    }
}

/// Lists the records and the roots of checkpoints. What has another name belongs to somebody else: a half-written copy, a
/// conflict copy.
pub(super) async fn names(drive: &dyn Drive) -> Result<Names> {
    let all = list(drive, &DrivePath::new(RECORDS)?).await?;
    let records = all.iter().filter_map(|name| RecordName::parse(name)).collect();
    Ok(Names { records, roots: all.iter().filter_map(|name| PieceName::parse_root(name)).collect() })
}

/// Lists the names in a folder.
pub(crate) async fn list(drive: &dyn Drive, folder: &DrivePath) -> Result<Vec<String>> {
    Ok(list_with_sizes(drive, folder).await?.into_iter().map(|(name, _)| name).collect())
}

/// Lists a folder from its beginning to its end; a cursor that has become too old begins anew, a few times.
pub(crate) async fn list_with_sizes(drive: &dyn Drive, folder: &DrivePath) -> Result<Vec<(String, Option<u64>)>> {
    let mut tries = 0;
    'again: loop {
        let (mut names, mut cursor) = (Vec::new(), None);
        loop {
            match drive.list_dir(folder.clone(), cursor).await {
                Ok(page) => {
                    names.extend(page.entries.into_iter().filter(|e| !e.is_dir).map(|e| (e.name, e.size)));
                    cursor = page.next;
                }
                Err(e) if e.is_condition() && tries < 3 => {
                    tries += 1;
                    continue 'again;
                }
                Err(e) => return Err(e),
            }
            if cursor.is_none() {
                return Ok(names);
            }
        }
    }
}

/// Reads a small file; a larger one than any of ours is cut, and then makes no sense.
async fn get(drive: &dyn Drive, path: DrivePath, unless: Option<Version>) -> Result<Got> {
    drive.get(path, GetOptions { range: Some(0..MAX_HEAD_BYTES), unless }).await
}

fn unless_refused(written: Result<Version>) -> Result<Option<Version>> {
    match written {
        Ok(version) => Ok(Some(version)),
        Err(e) if e.is_condition() => Ok(None),
        Err(e) => Err(e),
    }
}

fn encode(head: &Head) -> Result<Vec<u8>> {
    head.encode().map_err(|malformed| Error::internal("put", malformed.0))
}

fn decode(bytes: &[u8], file: &'static str, place: Place) -> Result<Found> {
    match Head::decode(bytes) {
        Ok(head) => Ok(Found::Head(head, place)),
        Err(Flaw::Malformed(why)) => Ok(Found::Damaged(place, why)),
        Err(flaw @ Flaw::Newer) => Err(flawed(flaw, file)),
    }
}

/// The error for a file of the vault that cannot be read.
pub(super) fn flawed(flaw: Flaw, file: &str) -> Error {
    match flaw {
        Flaw::Newer => {
            let detail = "the vault was written by a newer version of this library: update it";
            Error::new(ErrorKind::NeedsNewerVersion, "read", detail).about(file)
        }
        Flaw::Malformed(why) => Error::corrupt("read", format!("a file of the vault makes no sense: {why}")).about(file),
    }
}
