//! Which checkpoints are whole, what they cover, and which of their files nobody needs.

use super::{
    super::{
        checkpoint::{FileName, PieceName},
        covered::is_within,
        name::{Dot, Link, Writer},
    },
    Doctor,
    files::ToldRoot,
    heads::HeadFound,
};
use crate::{FindingKind as Kind, gather::Gather as _};
use std::collections::{BTreeMap, BTreeSet};

/// What a client that knows what is lost does about it.
pub(super) const REPUBLISHED: &str =
    "this device writes what it has of it into new files, and then a checkpoint that makes the old ones superfluous";
/// Why a client that does not know it does nothing.
pub(super) const NOT_KNOWN: &str = "this client never read what it said: repair on a device that has synced since it was written, or put the file back from a backup of the drive";
/// What a copy is good for.
pub(super) const COPIED: &str = "a whole copy lies beside it, under a name that nobody reads; it is put in the place where it belongs";

impl Doctor<'_> {
    pub(super) fn look_at_checkpoints(&mut self, head: &HeadFound) {
        self.read.whole = self.read.roots.iter().filter(|(_, root)| self.lacks(root).is_none()).map(|(name, _)| *name).gather();
        self.read.found = match head {
            // One that is not announced nobody finds.
            HeadFound::Good(..) => head.announced().filter(|root| self.read.whole.contains(root)).into_iter().gather(),
            _ => self.read.whole.clone(),
        };
        for root in self.read.found.iter().filter_map(|name| self.read.roots.get(name)) {
            join(&mut self.covered, &root.vector);
        }
        self.look_at_damaged_pieces();
        self.look_at_bad_roots(head.announced());
        self.look_at_orphans();
    }

    /// The first file without which a checkpoint cannot be joined.
    fn lacks(&self, root: &ToldRoot) -> Option<FileName> {
        let pieces = root.pieces.iter().find(|name| !self.read.pieces.contains_key(name)).copied().map(FileName::Piece);
        let told = root.pieces.iter().filter_map(|name| self.read.pieces.get(name)).chain([&root.piece]);
        let mut refers = told.flat_map(|piece| &piece.refers);
        pieces.or_else(|| refers.find(|file| !self.has(file)).copied())
    }

    fn has(&self, file: &FileName) -> bool {
        match file {
            FileName::Record(name) => self.read.records.contains_key(name) || self.read.closed.contains(&name.path()),
            FileName::Piece(name) => self.read.pieces.contains_key(name) || self.read.roots.contains_key(name),
        }
    }

    /// The checkpoints that are found, and that no later one makes superfluous.
    pub(super) fn present(&self) -> impl Iterator<Item = (&PieceName, &ToldRoot)> {
        let found = || self.read.roots.iter().filter(|(name, _)| self.read.found.contains(*name));
        found().filter(move |(name, root)| !found().any(|(other, later)| other > *name && is_within(&root.vector, &later.vector)))
    }

    /// The files of documents, and those with bodies, that present checkpoints need.
    pub(super) fn needed(&self) -> BTreeSet<FileName> {
        let mut needed = BTreeSet::new();
        for (name, root) in self.present() {
            let told = root.pieces.iter().filter_map(|name| self.read.pieces.get(name)).chain([&root.piece]);
            needed.extend(told.flat_map(|piece| &piece.refers));
            needed.extend(root.pieces.iter().chain([name]).map(|name| FileName::Piece(*name)));
        }
        needed
    }

    /// Roots that make no sense and are not announced. What they covered is in records, or their gaps are told.
    fn look_at_bad_roots(&mut self, announced: Option<PieceName>) {
        let bad = self.read.bad_pieces.iter().filter(|(name, _)| name.is_root() && Some(**name) != announced);
        let bad: Vec<(String, String)> = bad.map(|(name, why)| (self.shown(&name.path()), why.clone())).collect();
        let advice = "what it covered is in the records that are there, or is told beside this; a later checkpoint takes its place";
        for (path, why) in bad {
            let detail = format!("the root of a checkpoint makes no sense: {why}");
            self.look.findings.note(Kind::Superseded, path, detail, advice);
        }
    }

    fn look_at_damaged_pieces(&mut self) {
        let history: BTreeSet<PieceName> = self.read.roots.values().flat_map(|root| &root.history).copied().gather();
        let advice =
            "what it kept of documents' pasts cannot be shown; the present ones are not concerned, and a later checkpoint leaves it out";
        let mut findings = Vec::new();
        for name in &history {
            let path = self.shown(&name.path());
            match self.read.bad_pieces.get(name) {
                Some(why) => findings.push((path, format!("a file of the history makes no sense: {why}"))),
                None if !self.read.pieces.contains_key(name) => findings.push((path, "a file of the history is not there".to_owned())),
                None => {}
            }
        }
        findings.into_iter().for_each(|(path, detail)| self.look.findings.refused(Kind::HistoryDamaged, path, detail, advice));
        self.look_at_damaged_bodies(&history);
    }

    /// Says which contents cannot be had, and who could write them again.
    fn look_at_damaged_bodies(&mut self, history: &BTreeSet<PieceName>) {
        let (needed, damaged) = (self.needed(), std::mem::take(&mut self.read.damaged));
        for (file, damage) in &damaged {
            let path = self.shown(&file.path());
            let is_current = match file {
                FileName::Record(name) => needed.contains(file) || !self.covers(name.dot()),
                FileName::Piece(_) => needed.contains(file),
            };
            let (why, bodies) = (&damage.why, damage.bodies);
            match file {
                FileName::Piece(name) if history.contains(name) => {
                    let advice = "what it kept of documents' pasts cannot all be shown; the present ones are not concerned";
                    self.look.findings.refused(Kind::HistoryDamaged, path, format!("a file of the history is damaged: {why}"), advice);
                }
                _ if !is_current => self.superseded(path, why),
                _ => {
                    let detail = format!("{bodies} of its contents cannot be had: {why}");
                    let is_known = match file {
                        FileName::Record(name) => self.knows(name.dot()),
                        FileName::Piece(_) => !self.seen.is_empty(),
                    };
                    self.lost(Kind::BodyDamaged, *file, path, detail, is_known);
                }
            }
        }
        self.read.damaged = damaged;
    }

    /// Notes that a file has lost what it said, and who could bring it back.
    pub(super) fn lost(&mut self, kind: Kind, file: FileName, path: String, detail: String, is_known: bool) {
        if self.read.copied.contains(&file.path()) {
            self.look.findings.possible(kind, path, detail, COPIED);
        } else if is_known {
            self.look.cure.lost.files.insert(file);
            self.look.findings.possible(kind, path, detail, REPUBLISHED);
        } else {
            self.look.findings.refused(kind, path, detail, NOT_KNOWN);
        }
    }

    pub(super) fn superseded(&mut self, path: String, why: &str) {
        let advice = "a checkpoint has what it said, so nobody reads it; a later checkpoint takes it away";
        self.look.findings.note(Kind::Superseded, path, format!("it makes no sense: {why}"), advice);
    }

    fn look_at_orphans(&mut self) {
        let named: BTreeSet<PieceName> =
            self.read.roots.values().flat_map(|root| root.pieces.iter().chain(&root.history)).copied().gather();
        let all: Vec<PieceName> = self.read.pieces.keys().chain(self.read.bad_pieces.keys()).copied().collect();
        // What a root says that cannot be read, nobody knows.
        if self.read.bad_pieces.keys().any(PieceName::is_root) {
            return;
        }
        let advice = "a checkpoint is being written, or its writing was interrupted; whoever began it takes it away";
        for name in all.iter().filter(|name| !name.is_root() && !named.contains(name)) {
            let path = self.shown(&name.path());
            self.look.findings.note(Kind::CheckpointOrphaned, path, "a file of a checkpoint that no root names", advice);
        }
        let unannounced: Vec<PieceName> = self.read.whole.difference(&self.read.found).copied().collect();
        for name in unannounced {
            let path = self.shown(&name.path());
            self.look.findings.note(Kind::CheckpointOrphaned, path, "a checkpoint that is not announced", advice);
        }
    }

    /// Says what is the matter with a checkpoint that is announced and cannot be joined; returns the one that does instead.
    pub(super) fn look_at_announced(&mut self, name: &PieceName) -> Option<PieceName> {
        if self.read.whole.contains(name) {
            return None;
        }
        let root = self.read.roots.get(name);
        let detail = match root.map(|root| self.lacks(root)) {
            Some(lacking) => {
                let file = lacking.map(|file| self.shown(&file.path())).unwrap_or_default();
                format!("the checkpoint that is announced needs {file}, which is not there or makes no sense")
            }
            None => match self.read.bad_pieces.get(name) {
                Some(why) => format!("the checkpoint that is announced makes no sense: {why}"),
                None => "the checkpoint that is announced is not there".to_owned(),
            },
        };
        let covering = |(_, other): &(&PieceName, &ToldRoot)| root.is_some_and(|root| is_within(&root.vector, &other.vector));
        let whole = self.read.roots.iter().filter(|(name, _)| self.read.whole.contains(*name));
        let instead = whole.filter(covering).map(|(name, _)| *name).max();
        let is_known = root.is_some_and(|root| is_within(&root.vector, &self.seen));
        let copied = self.read.copied.contains(&name.path()) || root.is_some_and(|root| self.is_copied(root));
        let path = self.shown(&name.path());
        if copied {
            self.look.findings.possible(Kind::CheckpointBroken, path, detail, COPIED);
        } else if instead.is_some() {
            let advice = "another checkpoint covers all that it did, and is announced in its place";
            self.look.findings.possible(Kind::CheckpointBroken, path, detail, advice);
        } else if is_known || root.is_none() && !self.seen.is_empty() {
            let gone = root.and_then(|root| self.lacks(root));
            self.look.cure.lost.files.extend(gone.into_iter().chain([FileName::Piece(*name)]));
            self.look.cure.lost.records = true;
            self.look.findings.possible(Kind::CheckpointBroken, path, detail, REPUBLISHED);
        } else {
            self.look.findings.refused(Kind::CheckpointBroken, path, detail, NOT_KNOWN);
        }
        instead.filter(|_| !copied)
    }

    fn is_copied(&self, root: &ToldRoot) -> bool {
        self.lacks(root).is_some_and(|file| self.read.copied.contains(&file.path()))
    }
}

/// Takes of each writer the larger number.
pub(super) fn join(into: &mut BTreeMap<Writer, Link>, other: &BTreeMap<Writer, Link>) {
    for (writer, link) in other {
        let known = into.entry(*writer).or_insert(*link);
        if known.seq < link.seq {
            *known = *link;
        }
    }
}

/// The dot of a record that a vector names.
pub(super) fn dot(writer: &Writer, link: &Link) -> Dot {
    Dot { writer: *writer, seq: link.seq }
}
