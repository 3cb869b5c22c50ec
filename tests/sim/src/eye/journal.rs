//! Reads the files of the journal: names without the core, heads and records with its decoder and nothing else of it.

use super::checkpoint::{Checkpoint, checkpoint};
use crate::{drive::SimDrive, world::World};
use kitestring::{
    Requests, Revision,
    server::journal::{Inspected, InspectedChange, Strategy, inspect},
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a file of the journal is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// `vault`: the marker.
    Vault,
    /// `v/<id>`: an id of the vault.
    Id,
    /// `head`.
    Head,
    /// `h/<n>`: a numbered head, in hexadecimal.
    Slot(u64),
    /// `j/...`: a record.
    Record(RecordName),
    /// `p/...`: a part of a large document.
    Part,
    /// `j/c-...`: the root of a checkpoint.
    Root,
    /// `c/...`: another file of one.
    Piece,
    /// `lease`: who compacts.
    Lease,
    /// `k/...`: a keyring.
    Keyring,
}

/// The name of a record: `<order>-<writer>-<seq>-<hash>`, all hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordName {
    /// Who wrote it.
    pub writer: String,
    /// Which one of that writer, from 1.
    pub seq: u64,
    /// Where it stands among all.
    pub order: u64,
}

/// What a head says.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// The path of the last record of each writer.
    pub last: BTreeMap<String, String>,
    /// The root of the checkpoint that is announced.
    pub checkpoint: Option<String>,
}

/// What a record says.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// When it was made, in seconds by its author's clock.
    pub written_s: u64,
    /// What it changes.
    pub changes: Vec<InspectedChange>,
}

/// The marker of a vault.
#[derive(Debug, Clone, Deserialize)]
pub struct Marker {
    /// The vault's id.
    pub vault: String,
    /// How its records are found.
    pub strategy: Strategy,
}

/// Returns what a file is; none if it is none of the journal's.
pub fn name(path: &str) -> Option<Name> {
    match path.split_once('/') {
        None if path == "vault" => Some(Name::Vault),
        None if path == "head" => Some(Name::Head),
        None if path == "lease" => Some(Name::Lease),
        Some(("h", number)) => u64::from_str_radix(number, 16).ok().map(Name::Slot),
        Some(("j", root)) if root.starts_with("c-") => Some(Name::Root),
        Some(("c", _)) => Some(Name::Piece),
        Some(("j", record)) => record_name(record).map(Name::Record),
        Some(("p", _)) => Some(Name::Part),
        Some(("k", _)) => Some(Name::Keyring),
        Some(("v", id)) if id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) => Some(Name::Id),
        _ => None,
    }
}

fn record_name(text: &str) -> Option<RecordName> {
    let parts: Vec<&str> = text.split('-').collect();
    let [order, writer, seq, _] = *parts.as_slice() else { return None };
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some(RecordName { writer: writer.to_owned(), seq: number(seq)?, order: number(order)? })
}

/// Reads a head; none if it makes no sense.
pub fn head(path: &str, bytes: &[u8]) -> Option<Head> {
    match inspect(path, bytes)? {
        Inspected::Head { last, checkpoint, .. } => Some(Head { last: last.into_iter().collect(), checkpoint }),
        Inspected::Record { .. } | Inspected::Checkpoint { .. } => None,
    }
}

/// Reads a record; none if it makes no sense.
pub fn record(path: &str, bytes: &[u8]) -> Option<Record> {
    match inspect(path, bytes)? {
        Inspected::Head { .. } | Inspected::Checkpoint { .. } => None,
        Inspected::Record { written_s, changes, .. } => Some(Record { written_s, changes }),
    }
}

/// Returns the marker of the vault, if there is one.
pub fn marker(drive: &SimDrive) -> Option<Marker> {
    serde_json::from_slice(&drive.file("vault")?.bytes).ok()
}

/// Whether some record brought this revision, and is announced where there is a head: an author that is no more announces
/// nothing.
pub fn holds(drive: &SimDrive, revision: &Revision) -> bool {
    let (files, there) = (drive.snapshot(), There::on(drive));
    let listed = marker(drive).is_none_or(|marker| marker.strategy == Strategy::Listing);
    let told = |named: &RecordName| there.newest.as_ref().and_then(|(_, head)| there.seq_of(head.last.get(&named.writer)?));
    files.iter().any(|(path, file)| {
        let Some(Name::Record(named)) = name(path) else { return false };
        let brings =
            record(path, &file.bytes).is_some_and(|record| record.changes.iter().any(|change| change.revision.as_ref() == Some(revision)));
        brings && (listed || told(&named) >= Some(named.seq))
    }) || there.checkpoints.iter().any(|(_, found)| found.revisions.contains(revision))
}

/// Whether a record is gone, and no checkpoint that counts covers it.
pub fn is_lost(drive: &SimDrive, path: &str) -> bool {
    let Some(Name::Record(named)) = name(path) else { return false };
    drive.file(path).is_none() && There::on(drive).covered(&named.writer) < named.seq
}

/// What is left behind after two compactions in which nobody did anything else: everything but the checkpoint that counts,
/// the one before it (`parent`), what these refer to, and records that the one before does not cover.
pub fn superfluous(drive: &SimDrive, parent: &str) -> Vec<String> {
    let (files, there) = (drive.snapshot(), There::on(drive));
    let parent = checkpoint(&files, parent);
    let needed = |path: &String| parent.needs.contains(path) || there.checkpoints.iter().any(|(_, found)| found.needs.contains(path));
    let unneeded = files.keys().filter(|path| match name(path) {
        Some(Name::Record(named)) => parent.covers(&named.writer) >= named.seq && !needed(path),
        // A part that no record names yet is its writer's business.
        Some(Name::Root | Name::Piece) => !needed(path),
        Some(Name::Lease) => true,
        _ => false,
    });
    unneeded.map(|path| format!("{path} is left behind")).collect()
}

/// Whether a head tells of records and checkpoints.
pub fn has_head(drive: &SimDrive) -> bool {
    marker(drive).is_some_and(|marker| marker.strategy != Strategy::Listing)
}

/// Whether there is no record and no checkpoint.
pub fn is_empty(drive: &SimDrive) -> bool {
    !drive.snapshot().keys().any(|path| path.starts_with("j/"))
}

/// The root of the checkpoint that counts, or, where nothing is announced, of the newest one.
pub fn announced(drive: &SimDrive) -> Option<String> {
    There::on(drive).checkpoints.into_iter().next_back().map(|(root, _)| root)
}

/// Records of which nothing is left: neither are they there, nor does a checkpoint that counts cover them. And what such a
/// checkpoint refers to and is not there.
pub fn lost(drive: &SimDrive, dots: &BTreeMap<(String, u64), String>) -> Vec<String> {
    let there = There::on(drive);
    let lost = dots.iter().filter(|((writer, seq), path)| !there.paths.contains(*path) && there.covered(writer) < *seq);
    let mut bad: Vec<String> = lost.map(|(_, path)| format!("{path} is gone, and no checkpoint has it")).collect();
    bad.extend(there.broken());
    bad
}

/// Returns the last record that this seat has written, as far as it is there.
pub fn newest_of(drive: &SimDrive, seat: usize) -> Option<String> {
    let files = drive.snapshot();
    let own = files.iter().filter(|(path, file)| file.seat == seat && matches!(name(path), Some(Name::Record(_))));
    own.max_by_key(|(path, _)| (*path).clone()).map(|(path, _)| path.clone())
}

/// Whether nothing but a listing tells of records.
pub fn has_no_head(drive: &SimDrive) -> bool {
    marker(drive).is_some_and(|marker| marker.strategy == Strategy::Listing)
}

/// Whether a sync that found nothing to do has made so few requests: one, or one listing, of all its pages: of the records
/// where there is no head, of the heads where they are numbered.
pub fn is_idle(world: &World, requests: Requests) -> bool {
    let listed = match marker(&world.drive).map(|marker| marker.strategy) {
        Some(Strategy::Listing) => Some("j/"),
        Some(Strategy::Slots) => Some("h/"),
        _ => None,
    };
    let files = |folder| world.drive.snapshot().keys().filter(|path| path.starts_with(folder)).count();
    // A vault without a record has no head: whether it has lost one is looked for.
    let empty = files("h/") + files("head") == 0 && files("j/") == 0 && listed != Some("j/");
    let pages = u64::from(empty) + listed.map_or(1, |folder| files(folder).div_ceil(world.config.listings.page).max(1) as u64);
    // Of a drive that was put back: what is made on top of what is gone is read again, as long as it lies there.
    let waiting = if world.drive.was_turned_back() { There::on(&world.drive).waiting() } else { 0 };
    requests.total() <= pages + waiting && requests.put + requests.delete == 0
}

/// What there is of a vault.
#[derive(Default)]
struct There {
    /// The records of each writer: number, order, path.
    writers: BTreeMap<String, BTreeMap<u64, (u64, String)>>,
    /// What records replace: who says so, and what.
    replaced: Vec<(String, (String, u64))>,
    /// The records by their names: of a device that was copied, two may have one number.
    paths: BTreeSet<String>,
    /// The numbered heads.
    slots: BTreeSet<u64>,
    /// The head that counts: the one without a number, or the one with the largest.
    newest: Option<(String, Head)>,
    /// The checkpoints that count, by their roots: the one that is announced, or where there is no head all that are whole.
    checkpoints: BTreeMap<String, Checkpoint>,
    /// What makes no sense.
    bad: Vec<String>,
}

impl There {
    fn on(drive: &SimDrive) -> Self {
        let mut there = Self::default();
        let files = drive.snapshot();
        let (mut roots, listed) = (Vec::new(), has_no_head(drive));
        for (path, file) in files.clone() {
            match name(&path) {
                Some(Name::Root) => roots.push(path),
                Some(Name::Record(named)) => {
                    match record(&path, &file.bytes) {
                        Some(record) => there
                            .replaced
                            .extend(record.changes.into_iter().flat_map(|change| change.replaces).map(|dot| (path.clone(), dot))),
                        None => there.bad.push(format!("{path} makes no sense")),
                    }
                    there.paths.insert(path.clone());
                    there.writers.entry(named.writer).or_default().insert(named.seq, (named.order, path));
                }
                Some(Name::Slot(number)) => {
                    there.slots.insert(number);
                    if there.slots.last() == Some(&number) {
                        there.take_head(path, &file.bytes);
                    }
                }
                Some(Name::Head) => there.take_head(path, &file.bytes),
                Some(Name::Vault | Name::Id | Name::Part | Name::Piece | Name::Lease | Name::Keyring) | None => {}
            }
        }
        if !listed {
            roots = there.newest.iter().filter_map(|(_, head)| head.checkpoint.clone()).collect();
        }
        there.checkpoints = roots.into_iter().map(|root| (root.clone(), checkpoint(&files, &root))).collect();
        if listed {
            there.checkpoints.retain(|_, found| found.broken.is_empty());
        }
        there
    }

    /// How many records of a writer are covered by a checkpoint that counts.
    fn covered(&self, writer: &str) -> u64 {
        self.checkpoints.values().map(|found| found.covers(writer)).max().unwrap_or(0)
    }

    fn broken(&self) -> Vec<String> {
        self.checkpoints.values().flat_map(|found| found.broken.clone()).collect()
    }

    fn take_head(&mut self, path: String, bytes: &[u8]) {
        match head(&path, bytes) {
            Some(head) => self.newest = Some((path, head)),
            None => self.bad.push(format!("{path} makes no sense")),
        }
    }

    fn has(&self, writer: &str, seq: u64) -> bool {
        self.covered(writer) >= seq || self.writers.get(writer).is_some_and(|records| records.contains_key(&seq))
    }

    /// Writers of which one record is missing before another, or whose orders do not grow.
    fn broken_chains(&self) -> Vec<String> {
        let mut bad = Vec::new();
        for (writer, records) in &self.writers {
            let last = records.keys().last().copied().unwrap_or(0);
            if (self.covered(writer) + 1..=last).any(|seq| !records.contains_key(&seq)) {
                bad.push(format!("of {writer} there are only the records {:?}", records.keys()));
            }
            let orders = || records.values().map(|(order, _)| *order);
            if orders().zip(orders().skip(1)).any(|(before, after)| before >= after) {
                bad.push(format!("the records of {writer} have the orders {:?}", orders().collect::<Vec<_>>()));
            }
        }
        bad
    }

    /// How many records there are of writers of whom one replaces what is gone, or comes after one that is gone.
    fn waiting(&self) -> u64 {
        let writer_of = |path: &String| matches!(name(path), Some(Name::Record(named)) if self.is_cut(&named.writer));
        self.paths.iter().filter(|path| writer_of(path)).count() as u64
    }

    fn is_cut(&self, writer: &str) -> bool {
        let Some(records) = self.writers.get(writer) else { return false };
        let is_own = |path: &String| records.values().any(|(_, own)| own == path);
        let gap = records.keys().any(|seq| *seq > 1 && !self.has(writer, seq - 1));
        gap || self.replaced.iter().any(|(path, (of, seq))| is_own(path) && !self.has(of, *seq))
    }

    /// What the head names and is not there; with `strictly`, what is there and not named as well.
    fn badly_announced(&self, strictly: bool) -> Vec<String> {
        let Some((path, head)) = &self.newest else { return Vec::new() };
        let last = |writer: &String| head.last.get(writer).and_then(|path| self.seq_of(path)).max(Some(self.covered(writer)));
        let is_covered = |path: &str| matches!(name(path), Some(Name::Record(named)) if self.covered(&named.writer) >= named.seq);
        let dangling = head.last.values().filter(|path| self.seq_of(path).is_none() && !is_covered(path));
        let mut bad: Vec<String> = dangling.map(|record| format!("{path} names {record}")).collect();
        if strictly {
            let silent = self.writers.iter().filter(|(writer, records)| records.keys().last().copied() > last(writer));
            bad.extend(silent.map(|(writer, records)| format!("{path} does not name all of {writer}: {:?}", records.keys())));
        }
        bad
    }

    /// The number of a record, if it is there.
    fn seq_of(&self, path: &str) -> Option<u64> {
        let Some(Name::Record(named)) = name(path) else { return None };
        self.paths.contains(path).then_some(named.seq)
    }
}

/// Returns what cannot be reached: a record before which one is missing, one that a head names or that another record
/// replaces and that is not there, a gap between the slots. With `strictly`, all must be announced as well.
pub fn unreachable(drive: &SimDrive, strictly: bool) -> Vec<String> {
    if drive.was_turned_back() {
        return Vec::new();
    }
    let there = There::on(drive);
    let mut bad = there.bad.clone();
    bad.extend(there.broken_chains());
    bad.extend(there.broken());
    if let (Some(first), Some(last)) = (there.slots.first(), there.slots.last())
        && last - first + 1 != there.slots.len() as u64
        // Compactions delete old ones, and any of these requests may fail.
        && there.checkpoints.is_empty()
    {
        bad.push(format!("of the slots there are only {:?}", there.slots));
    }
    let unknown = there.replaced.iter().filter(|(_, (writer, seq))| !there.has(writer, *seq));
    bad.extend(unknown.map(|(path, dot)| format!("{path} replaces {dot:?}")));
    bad.extend(there.badly_announced(strictly));
    bad
}
