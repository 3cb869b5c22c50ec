//! The parts of large documents: each in a file of its own.

use super::{
    super::{
        name::{Hash, Writer},
        record::{Part, part_path},
    },
    Doctor,
    checkpoints::{NOT_KNOWN, REPUBLISHED},
};
use crate::{
    FindingKind as Kind, Phase, Repair, Result,
    drive::{GetOptions, Got},
    gather::Gather as _,
};
use futures::stream::{self, StreamExt as _};
use std::collections::{BTreeMap, BTreeSet};

const AT_ONCE: usize = 3;

/// How a part was found.
enum Found {
    Fine,
    Missing,
    Damaged,
}

impl Doctor<'_> {
    pub(super) async fn look_at_parts(&mut self) -> Result<()> {
        let wanted = self.wanted_parts();
        self.look_at_orphaned_parts();
        let (total, journal) = (wanted.len() as u64, self.journal);
        if total > 0 {
            self.progress.report(Phase::Read, 0, Some(total));
        }
        let look = |((writer, no), part): ((Writer, u64), Part)| async move {
            let options = GetOptions { range: Some(0..part.stored_len.saturating_add(1)), unless: None };
            let found = match journal.bodies.get(part_path(writer, no), options).await? {
                Got::File { bytes, .. } if Hash::of(&bytes) == part.hash => Found::Fine,
                Got::File { .. } => Found::Damaged,
                Got::Missing | Got::Unchanged => Found::Missing,
            };
            Ok::<_, crate::Error>((writer, no, found))
        };
        let mut all = stream::iter(wanted).map(look).buffered(journal.parallel().min(AT_ONCE));
        let mut done = 0;
        while let Some(found) = all.next().await {
            let (writer, no, found) = found?;
            match found {
                Found::Fine => {}
                Found::Missing => self.lost_part(Kind::PartMissing, writer, no, "a part of a large document is not there"),
                Found::Damaged => self.lost_part(Kind::PartDamaged, writer, no, "a part of a large document is not what was written"),
            }
            done += 1;
            self.progress.report(Phase::Read, done, Some(total));
        }
        Ok(())
    }

    fn lost_part(&mut self, kind: Kind, writer: Writer, no: u64, detail: &str) {
        let path = self.shown(&part_path(writer, no));
        // Whoever has folded anything of its writer may have the document.
        let (repair, advice) = match self.seen.contains_key(&writer) {
            true => (Repair::Possible, REPUBLISHED),
            false => (Repair::Refused, NOT_KNOWN),
        };
        if repair == Repair::Possible {
            self.look.cure.lost.parts.insert((writer, no));
        }
        self.look.findings.add(kind, path, detail, repair, advice);
    }

    /// The parts without which a document cannot be had: of records that no checkpoint covers, and of present checkpoints.
    fn wanted_parts(&self) -> BTreeMap<(Writer, u64), Part> {
        let mut wanted = BTreeMap::new();
        for (name, told) in self.read.records.iter().filter(|(name, _)| !self.covers(name.dot())) {
            wanted.extend(told.parts.iter().map(|part| ((name.writer, part.name_no), *part)));
        }
        for (_, root) in self.present() {
            let told = root.pieces.iter().filter_map(|name| self.read.pieces.get(name)).chain([&root.piece]);
            wanted.extend(told.flat_map(|piece| &piece.parts).map(|(writer, part)| ((*writer, part.name_no), *part)));
        }
        wanted
    }

    fn look_at_orphaned_parts(&mut self) {
        // What cannot be read may name any of them.
        if !self.read.bad_records.is_empty() || !self.read.bad_pieces.is_empty() || !self.read.closed.is_empty() {
            return;
        }
        let of_records = self.read.records.iter().flat_map(|(name, told)| told.parts.iter().map(|part| (name.writer, part.name_no)));
        let pieces = self.read.pieces.values().chain(self.read.roots.values().map(|root| &root.piece));
        let of_pieces = pieces.flat_map(|piece| piece.parts.iter().map(|(writer, part)| (*writer, part.name_no)));
        let named: BTreeSet<(Writer, u64)> = of_records.chain(of_pieces).gather();
        let orphans: Vec<(Writer, u64)> = self.read.parts.difference(&named).copied().collect();
        let advice = "a push is under way, or was interrupted: it may be its only copy so far, so it stays";
        for (writer, no) in orphans {
            let path = self.shown(&part_path(writer, no));
            self.look.findings.note(Kind::PartOrphaned, path, "a part of a large document that no record names", advice);
        }
    }
}
