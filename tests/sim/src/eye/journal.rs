//! Reads the files of the journal without the core, as far as their names say.

use crate::{drive::SimDrive, world::World};
use kitestring::{Requests, Revision, server::journal::Strategy};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a file of the journal is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// `vault`: the marker.
    Vault,
    /// `head`.
    Head,
    /// `h/<n>`: a numbered head, in hexadecimal.
    Slot(u64),
    /// `j/...`: a record.
    Record(RecordName),
    /// `p/...`: a part of a large document.
    Part,
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
    /// The last record of each writer.
    pub vector: BTreeMap<String, u64>,
}

/// What a record says.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// The records whose versions it replaces, by writer and number.
    pub replaces: Vec<(String, u64)>,
    /// The revisions of its changes.
    pub revisions: Vec<Revision>,
}

/// The marker of a vault.
#[derive(Debug, Clone, Deserialize)]
pub struct Marker {
    /// How its records are found.
    pub strategy: Strategy,
}

/// Returns what a file is; none if it is none of the journal's.
pub fn name(path: &str) -> Option<Name> {
    match path.split_once('/') {
        None if path == "vault" => Some(Name::Vault),
        None if path == "head" => Some(Name::Head),
        Some(("h", number)) => u64::from_str_radix(number, 16).ok().map(Name::Slot),
        Some(("j", record)) => record_name(record).map(Name::Record),
        Some(("p", _)) => Some(Name::Part),
        _ => None,
    }
}

fn record_name(text: &str) -> Option<RecordName> {
    let parts: Vec<&str> = text.split('-').collect();
    let [order, writer, seq, _] = *parts.as_slice() else { return None };
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some(RecordName { writer: writer.to_owned(), seq: number(seq)?, order: number(order)? })
}

/// Reads a head; none where nobody can say what is in it.
pub fn head(_bytes: &[u8]) -> Option<Head> {
    None
}

/// Reads a record; none where nobody can say what is in it.
pub fn record(_bytes: &[u8]) -> Option<Record> {
    None
}

/// Returns the marker of the vault, if there is one.
pub fn marker(drive: &SimDrive) -> Option<Marker> {
    serde_json::from_slice(&drive.file("vault")?.bytes).ok()
}

/// Whether some record brought this revision.
pub fn holds(drive: &SimDrive, revision: &Revision) -> bool {
    let files = drive.snapshot();
    let mut records = files.iter().filter(|(path, _)| matches!(name(path), Some(Name::Record(_))));
    records.any(|(_, file)| record(&file.bytes).is_some_and(|record| record.revisions.contains(revision)))
}

/// Returns the last record that this seat has written, as far as it is there.
pub fn newest_of(drive: &SimDrive, seat: usize) -> Option<String> {
    let files = drive.snapshot();
    let own = files.iter().filter(|(path, file)| file.seat == seat && matches!(name(path), Some(Name::Record(_))));
    own.max_by_key(|(path, _)| (*path).clone()).map(|(path, _)| path.clone())
}

/// Whether a sync that found nothing to do has made so few requests: one, or one listing where there is no head.
pub fn is_idle(world: &World, requests: Requests) -> bool {
    let listing = marker(&world.drive).is_some_and(|marker| marker.strategy == Strategy::Listing);
    let records = world.drive.snapshot().keys().filter(|path| path.starts_with("j/")).count();
    let pages = if listing { records.div_ceil(world.config.listings.page).max(1) as u64 } else { 1 };
    requests.total() <= pages && requests.put + requests.delete == 0
}

/// Returns what cannot be reached: a record before which one is missing, one that a head names or that another record
/// replaces and that is not there, a gap between the slots. With `strictly`, all must be announced as well.
pub fn unreachable(drive: &SimDrive, strictly: bool) -> Vec<String> {
    if drive.was_turned_back() {
        return Vec::new();
    }
    let (mut bad, mut slots, mut newest) = (Vec::new(), BTreeSet::new(), None);
    let (mut writers, mut replaced) = (BTreeMap::<String, BTreeMap<u64, u64>>::new(), Vec::new());
    for (path, file) in drive.snapshot() {
        match name(&path) {
            Some(Name::Record(record)) => {
                replaced.extend(self::record(&file.bytes).unwrap_or_default().replaces.into_iter().map(|dot| (path.clone(), dot)));
                writers.entry(record.writer).or_default().insert(record.seq, record.order);
            }
            Some(Name::Slot(number)) => {
                slots.insert(number);
                if slots.last() == Some(&number) {
                    newest = Some(file.bytes);
                }
            }
            Some(Name::Head) => newest = Some(file.bytes),
            Some(Name::Vault | Name::Part) | None => {}
        }
    }
    for (writer, records) in &writers {
        let count = records.len() as u64;
        if records.keys().next() != Some(&1) || records.keys().last() != Some(&count) {
            bad.push(format!("of {writer} there are only the records {:?}", records.keys()));
        }
        if records.values().zip(records.values().skip(1)).any(|(before, after)| before >= after) {
            bad.push(format!("the records of {writer} have the orders {:?}", records.values()));
        }
    }
    if let (Some(first), Some(last)) = (slots.first(), slots.last())
        && last - first + 1 != slots.len() as u64
    {
        bad.push(format!("of the slots there are only {slots:?}"));
    }
    let there = |writer: &String, seq: u64| writers.get(writer).is_some_and(|records| records.contains_key(&seq));
    bad.extend(replaced.iter().filter(|(_, (writer, seq))| !there(writer, *seq)).map(|(path, dot)| format!("{path} replaces {dot:?}")));
    if let Some(head) = newest.and_then(|bytes| head(&bytes)) {
        bad.extend(head.vector.iter().filter(|(writer, seq)| !there(writer, **seq)).map(|dot| format!("the head names {dot:?}")));
        let told = |writer: &String| head.vector.get(writer).copied().unwrap_or(0);
        let silent = writers.iter().filter(|(writer, records)| records.keys().last().is_some_and(|last| *last > told(writer)));
        bad.extend(silent.filter(|_| strictly).map(|(writer, records)| format!("the head does not name {writer} {:?}", records.keys())));
    }
    bad
}
