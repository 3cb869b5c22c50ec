//! Whether every record is there that should be: of each writer one for each number, each naming the one before it.

use super::{
    super::{
        Strategy,
        checkpoint::FileName,
        name::{Dot, Link, RecordName, Writer},
    },
    Doctor,
    checkpoints::{NOT_KNOWN, REPUBLISHED},
    heads::HeadFound,
};
use crate::{FindingKind as Kind, gather::Gather as _};
use std::collections::{BTreeMap, BTreeSet};

/// No more gaps of one writer are told.
const GAPS: usize = 1000;

impl Doctor<'_> {
    pub(super) fn look_at_chains(&mut self, found: &HeadFound) {
        self.look_at_bad_records();
        self.look_at_forks();
        let head = found.vector();
        let writers: BTreeSet<Writer> = self.read.records.keys().map(|name| name.writer).chain(head.keys().copied()).gather();
        for writer in writers {
            for (seq, name) in self.gaps(writer, head.get(&writer)) {
                self.missing(writer, seq, name);
            }
        }
        self.look_at_copies();
        self.look_at_dependencies();
        self.look_for_regress(&head);
    }

    fn look_at_bad_records(&mut self) {
        let needed = self.needed();
        for (name, why) in self.read.bad_records.clone() {
            let (path, file) = (self.shown(&name.path()), FileName::Record(name));
            if self.covers(name.dot()) && !needed.contains(&file) {
                self.superseded(path, &why);
            } else {
                let is_known = self.knows(name.dot());
                self.look.cure.lost.records |= is_known && !self.read.copied.contains(&name.path());
                self.lost(Kind::RecordDamaged, file, path, format!("a record makes no sense: {why}"), is_known);
            }
        }
    }

    /// Two records with one number.
    fn look_at_forks(&mut self) {
        let mut first: BTreeMap<Dot, RecordName> = BTreeMap::new();
        let advice = "no edit is lost: what was folded first stays, and the device goes on under a new number; never run two copies of one \
                      device";
        let names: Vec<RecordName> = self.read.records.keys().copied().collect();
        for name in names {
            let Some(other) = first.insert(name.dot(), name) else { continue };
            let (path, other) = (self.shown(&name.path()), self.shown(&other.path()));
            let detail = format!("it has the same writer and number as {other}: a device was copied while it ran");
            self.look.findings.refused(Kind::WriterForked, path, detail, advice);
        }
    }

    /// The records of a writer that are not there and that no checkpoint covers, each with its name if something tells it.
    fn gaps(&self, writer: Writer, head: Option<&Link>) -> Vec<(u64, Option<RecordName>)> {
        let covered = self.covered.get(&writer).map_or(0, |link| link.seq);
        let own = || self.read.records.iter().filter(|(name, _)| name.writer == writer);
        let bad = self.read.bad_records.keys().filter(|name| name.writer == writer).map(|name| name.seq);
        let there: BTreeSet<u64> = own().map(|(name, _)| name.seq).chain(bad).chain(self.closed_of(writer)).gather();
        // What the head or the record behind it says of a record tells its name.
        let links = own().filter_map(|(_, told)| told.prev).chain(head.copied());
        let named: BTreeMap<u64, RecordName> = links.map(|link| (link.seq, RecordName::new(writer, &link))).gather();
        let last = there.last().copied().max(head.map(|link| link.seq)).unwrap_or_default();
        let missing = (covered + 1..=last).filter(|seq| match named.get(seq) {
            Some(name) => !self.read.records.contains_key(name) && !self.read.bad_records.contains_key(name) && !self.is_closed(name),
            None => !there.contains(seq),
        });
        missing.take(GAPS).map(|seq| (seq, named.get(&seq).copied())).collect()
    }

    fn is_closed(&self, name: &RecordName) -> bool {
        self.read.closed.contains(&name.path())
    }

    fn closed_of(&self, writer: Writer) -> impl Iterator<Item = u64> {
        let name = |path: &crate::DrivePath| RecordName::parse(path.as_str().strip_prefix("j/")?);
        self.read.closed.iter().filter_map(name).filter(move |name| name.writer == writer).map(|name| name.seq)
    }

    fn missing(&mut self, writer: Writer, seq: u64, name: Option<RecordName>) {
        let path = name.map(|name| self.shown(&name.path())).unwrap_or_default();
        let waiting = self.read.records.keys().filter(|name| name.writer == writer && name.seq > seq).count();
        let waits = if waiting == 0 { String::new() } else { format!("; {waiting} later ones of its writer wait for it") };
        let late = match self.look.diagnosis.strategy {
            Some(Strategy::Listing) => ", or has not arrived yet",
            _ => "",
        };
        let detail = format!("record {seq} of writer {writer} is not there{late}{waits}");
        if name.is_some_and(|name| self.read.copied.contains(&name.path())) {
            self.look.findings.possible(Kind::RecordMissing, path, detail, super::checkpoints::COPIED);
        } else if self.knows(Dot { writer, seq }) {
            self.look.cure.lost.records = true;
            self.look.cure.lost.dots.insert(Dot { writer, seq });
            self.look.findings.possible(Kind::RecordMissing, path, detail, REPUBLISHED);
        } else {
            self.look.findings.refused(Kind::RecordMissing, path, detail, NOT_KNOWN);
        }
    }

    /// Copies of records that are not there, and that nothing names: where a listing is the truth, nothing else tells of them.
    fn look_at_copies(&mut self) {
        let copied: Vec<RecordName> =
            self.read.copied.iter().filter_map(|path| RecordName::parse(path.as_str().strip_prefix("j/")?)).collect();
        for name in copied {
            let path = self.shown(&name.path());
            if !self.read.records.contains_key(&name) && !self.covers(name.dot()) && !self.look.findings.names(&path) {
                let detail = format!("record {} of writer {} is not there", name.seq, name.writer);
                self.look.findings.possible(Kind::RecordMissing, path, detail, super::checkpoints::COPIED);
            }
        }
    }

    /// Records that replace versions of writers that are nowhere.
    fn look_at_dependencies(&mut self) {
        let mut last: BTreeMap<Writer, u64> = self.covered.iter().map(|(writer, link)| (*writer, link.seq)).gather();
        for name in self.read.records.keys().chain(self.read.bad_records.keys()) {
            let known = last.entry(name.writer).or_default();
            *known = (*known).max(name.seq);
        }
        let mut missing = BTreeSet::new();
        for (name, told) in self.read.records.iter().filter(|(name, _)| !self.covers(name.dot())) {
            let unknown = told.replaces.iter().filter(|(writer, seq)| last.get(*writer).is_none_or(|last| *last < **seq));
            missing.extend(unknown.map(|(writer, seq)| (*writer, *seq, self.shown(&name.path()))));
        }
        for (writer, seq, by) in missing {
            // A gap that was told already tells enough.
            if !self.look.findings.has(Kind::RecordMissing) {
                let detail = format!("record {seq} of writer {writer} is nowhere, and {by} builds on it");
                let (kind, known) = (Kind::RecordMissing, self.knows(Dot { writer, seq }));
                self.look.cure.lost.records |= known;
                let advice = if known { REPUBLISHED } else { NOT_KNOWN };
                let repair = if known { crate::Repair::Possible } else { crate::Repair::Refused };
                self.look.findings.add(kind, "", detail, repair, advice);
            }
        }
    }

    /// What this client has folded, and is neither there nor covered.
    fn look_for_regress(&mut self, head: &BTreeMap<Writer, Link>) {
        let copied = self.read.copied.iter().filter_map(|path| RecordName::parse(path.as_str().strip_prefix("j/")?));
        let read = self.read.records.keys().chain(self.read.bad_records.keys()).copied();
        let there: BTreeSet<Dot> = read.chain(copied).map(|name| name.dot()).gather();
        let closed: BTreeSet<Dot> =
            self.read.closed.iter().filter_map(|path| RecordName::parse(path.as_str().strip_prefix("j/")?)).map(|name| name.dot()).gather();
        let gone: Vec<(Writer, u64)> = self
            .seen
            .iter()
            .filter(|(writer, link)| {
                let dot = super::checkpoints::dot(writer, link);
                !self.covers(dot)
                    && !there.contains(&dot)
                    && !closed.contains(&dot)
                    && head.get(*writer).is_none_or(|found| found.seq < link.seq)
            })
            .map(|(writer, link)| (*writer, link.seq))
            .collect();
        // Where a listing is the truth, others' records may be late: only the own ones tell that the vault went back.
        let own = self.standing.as_ref().map(|standing| standing.writer);
        let is_listing = self.look.diagnosis.strategy == Some(Strategy::Listing);
        let advice =
            "the next sync asks before it goes on; if the user agrees, what this device has is pushed again, and nothing of it is lost";
        for (writer, seq) in gone {
            if is_listing && Some(writer) != own {
                let last = there.iter().filter(|dot| dot.writer == writer).map(|dot| dot.seq).max().unwrap_or_default();
                let covered = self.covered.get(&writer).map_or(0, |link| link.seq);
                (last.max(covered) + 1..=seq).take(GAPS).for_each(|seq| self.missing(writer, seq, None));
                continue;
            }
            let detail = format!("the vault is older than what this client has seen: writer {writer} had {seq} records");
            self.look.findings.refused(Kind::Older, "", detail, advice);
        }
    }
}
