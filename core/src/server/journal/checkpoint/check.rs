//! What must hold of every file of a checkpoint, whether it was read or is to be written.

use super::{
    FileName,
    piece::{Entry, Kind, MAX_DOCUMENTS, MAX_PIECES, MAX_VERSIONS, Other, Piece, Placed, Root},
};
use crate::server::journal::{
    doc::{At, Version},
    head::MAX_WRITERS,
    name::{Link, MAX_ORDER, MAX_SEQ},
    record::{MAX_FRAMES, MAX_TIME},
    wire::Malformed,
};

fn must(holds: bool, why: &'static str) -> Result<(), Malformed> {
    if holds { Ok(()) } else { Err(Malformed(why)) }
}

impl Piece {
    pub(super) fn check(&self) -> Result<(), Malformed> {
        let history = self.kind == Kind::History;
        if let Kind::Root(root) = &self.kind {
            root.check()?;
        }
        must(self.frames.len() <= MAX_FRAMES, "it has too many frames")?;
        must(self.entries.len() <= MAX_DOCUMENTS, "it has too many documents")?;
        must(self.entries.iter().map(|e| e.versions.len()).sum::<usize>() <= MAX_VERSIONS, "it has too many versions")?;
        for frame in &self.frames {
            must(frame.raw_len > 0, "a frame is empty")?;
            frame.codec.check_lengths(frame.stored_len, frame.raw_len)?;
        }
        self.entries.iter().try_for_each(|entry| entry.check(history))?;
        must(self.walk().is_some(), "its bodies do not fit its frames")
    }
}

impl Root {
    fn check(&self) -> Result<(), Malformed> {
        let possible = |link: &Link| (1..=MAX_SEQ).contains(&link.seq) && link.order <= self.order;
        must(self.order <= MAX_ORDER && self.vector.values().all(possible), "a record's number or order is out of range")?;
        must(self.vector.len() <= MAX_WRITERS, "it has too many writers")?;
        must(self.time <= MAX_TIME, "its time is out of range")?;
        must(self.parent.is_none_or(|parent| parent.is_root()), "its parent is not the root of a checkpoint")?;
        let others = |others: &[Other]| others.len() <= MAX_PIECES && others.iter().all(Other::is_possible);
        must(others(&self.pieces) && others(&self.history), "it names a file that cannot be")
    }
}

impl Other {
    fn is_possible(&self) -> bool {
        self.name.is_possible() && !self.name.is_root() && self.head_len <= self.file_len && self.time <= MAX_TIME
    }
}

impl Entry {
    fn check(&self, history: bool) -> Result<(), Malformed> {
        must(self.replaced.is_some() == history, "what was replaced is history, and nothing else is")?;
        must(if history { self.versions.len() == 1 } else { !self.versions.is_empty() }, "a document has no version, or too many")?;
        let rank = |placed: &Placed| (placed.version.order, placed.version.dot);
        must(self.versions.is_sorted_by(|a, b| rank(a) < rank(b)), "the versions of a document are not in order")?;
        must(
            self.replaced.is_none_or(|r| (1..=MAX_SEQ).contains(&r.by.seq) && r.time <= MAX_TIME),
            "what replaced a version is out of range",
        )?;
        self.versions.iter().try_for_each(Placed::check)
    }
}

impl Placed {
    fn check(&self) -> Result<(), Malformed> {
        let Version { dot, order, time, body, .. } = &self.version;
        must((1..=MAX_SEQ).contains(&dot.seq) && *order <= MAX_ORDER && *time <= MAX_TIME, "a version is out of range")?;
        let Some(body) = body else { return must(!self.here, "a deletion has a body") };
        match &body.at {
            At::Parts(parts) if self.here => must(parts.is_empty() && body.size > 0, "a body is in two places"),
            At::Parts(parts) => {
                let sum = parts.iter().try_fold(0_u64, |sum, part| sum.checked_add(part.raw_len));
                must(sum == Some(body.size), "the parts of a document are not its size")?;
                must(parts.iter().all(|part| part.raw_len > 0), "a part is empty")?;
                parts.iter().try_for_each(|part| part.codec.check_lengths(part.stored_len, part.raw_len))
            }
            At::Frame(_) if self.here => Err(Malformed("a body is in two places")),
            At::Frame(at) => {
                // What still lies where it was written lies in its own record.
                let own = match at.file {
                    FileName::Record(name) => (name.dot(), name.order) == (*dot, *order),
                    FileName::Piece(_) => true,
                };
                must(own && at.spot.len == body.size, "a body lies in another's record")
            }
        }
    }
}
