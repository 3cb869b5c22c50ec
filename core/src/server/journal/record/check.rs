//! What must hold of every record, whether it was read or is to be written.

use super::{
    Change, Frame, MAX_CHANGES, MAX_DEVICE_BYTES, MAX_DOTS, MAX_FRAMES, MAX_PARTS, MAX_REVISION_BYTES, MAX_TIME, Part, Place, Record, Spot,
    What,
};
use crate::{
    DocId, Revision,
    lookup::Lookup,
    server::journal::{
        name::{MAX_ORDER, MAX_SEQ},
        wire::Malformed,
    },
};

/// Answers the reason unless it holds.
fn must(holds: bool, why: &'static str) -> Result<(), Malformed> {
    if holds { Ok(()) } else { Err(Malformed(why)) }
}

impl Record {
    /// Checks everything but the order of the replaced versions, which has one spelling in a file.
    pub(super) fn check(&self) -> Result<(), Malformed> {
        self.check_chain()?;
        must(self.time <= MAX_TIME, "its time is out of range")?;
        must(self.device.len() <= MAX_DEVICE_BYTES, "the name of its device has more than 256 bytes")?;
        must(self.frames.len() <= MAX_FRAMES, "it has too many frames")?;
        must(self.changes.len() <= MAX_CHANGES, "it has too many changes")?;
        must(self.changes.iter().map(|c| c.replaces.len()).sum::<usize>() <= MAX_DOTS, "it replaces too many versions")?;
        must(self.changes.iter().map(|c| c.parts().len()).sum::<usize>() <= MAX_PARTS, "it has too many parts")?;
        self.frames.iter().try_for_each(Frame::check)?;
        self.changes.iter().try_for_each(Change::check)?;
        let mut documents = Lookup::with_capacity(self.changes.len());
        let mut versions = self.changes.iter().filter(|c| c.what != What::Withdraw);
        must(versions.all(|change| documents.insert(&change.id, ()).is_none()), "it has two versions of one document")?;
        self.walk().map(|_| ())
    }

    fn check_chain(&self) -> Result<(), Malformed> {
        must((1..=MAX_SEQ).contains(&self.seq), "its number is out of range")?;
        must(self.order <= MAX_ORDER, "its order is out of range")?;
        let follows = self.prev.is_none_or(|prev| prev.seq.checked_add(1) == Some(self.seq) && prev.order < self.order);
        must(follows && self.prev.is_none() == (self.seq == 1), "it does not follow the record before it")
    }

    /// Puts each inline body into its frame.
    pub(super) fn walk(&self) -> Result<Vec<Option<Spot>>, Malformed> {
        let (mut frame, mut offset) = (0, 0_u64);
        let mut spots = Vec::with_capacity(self.changes.len());
        for change in &self.changes {
            let What::Put { size: len, body: Place::Inline, .. } = change.what else {
                spots.push(None);
                continue;
            };
            let full = self.frames.get(frame).is_some_and(|f| f.raw_len == offset);
            if full && len > 0 {
                (frame, offset) = (frame + 1, 0);
            }
            let room = self.frames.get(frame).map_or(0, |f| f.raw_len - offset);
            must(len <= room, "a body does not fit its frame")?;
            spots.push(Some(Spot { frame, offset, len }));
            offset += len;
        }
        let last = self.frames.len().saturating_sub(1);
        let filled = self.frames.get(frame).is_none_or(|f| f.raw_len == offset);
        must(frame == last && filled, "its frames hold more than its bodies")?;
        Ok(spots)
    }
}

impl Frame {
    fn check(&self) -> Result<(), Malformed> {
        must(self.raw_len > 0, "a frame is empty")?;
        self.codec.check_lengths(self.stored_len, self.raw_len)
    }
}

impl Change {
    pub(super) fn parts(&self) -> &[Part] {
        match &self.what {
            What::Put { body: Place::Parts(parts), .. } => parts,
            _ => &[],
        }
    }

    /// About how many bytes of the index it takes, rather more.
    pub(crate) fn index_bytes(&self) -> usize {
        let revision = self.revision().map_or(0, |revision| revision.as_str().len());
        64 + self.id.as_str().len() + revision + self.replaces.len() * 32 + self.parts().len() * 48
    }

    /// Returns the revision of the version that it adds, if it adds one.
    pub(super) fn revision(&self) -> Option<&Revision> {
        match &self.what {
            What::Put { revision, .. } | What::Delete { revision } => Some(revision),
            What::Withdraw => None,
        }
    }

    fn check(&self) -> Result<(), Malformed> {
        must((1..=DocId::MAX_BYTES).contains(&self.id.as_str().len()), "an id does not have 1 to 1024 bytes")?;
        let revision = self.revision().map_or(0, |r| r.as_str().len());
        must(revision <= MAX_REVISION_BYTES, "a revision has more than 4096 bytes")?;
        must(self.what != What::Withdraw || !self.replaces.is_empty(), "it withdraws nothing")?;
        must(self.replaces.iter().all(|dot| (1..=MAX_SEQ).contains(&dot.seq)), "a replaced version has a number out of range")?;
        self.parts().iter().try_for_each(Part::check)?;
        match &self.what {
            What::Put { size, body: Place::Parts(parts), .. } => {
                must(!parts.is_empty(), "a document has no parts")?;
                let sum = parts.iter().try_fold(0_u64, |sum, part| sum.checked_add(part.raw_len));
                must(sum == Some(*size), "the parts of a document are not its size")
            }
            _ => Ok(()),
        }
    }
}

impl Part {
    fn check(&self) -> Result<(), Malformed> {
        must(self.raw_len > 0, "a part is empty")?;
        self.codec.check_lengths(self.stored_len, self.raw_len)
    }
}
