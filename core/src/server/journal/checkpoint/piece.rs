//! One file of a checkpoint: documents with all their versions, and the bodies that lie in this very file.
//!
//! It is made as a record is: a *head part* (the index, compressed) and behind it the frames. Byte for byte:
//! `spec/journal.md`, section 7.

use super::{FileName, PieceName};
use crate::{
    DocId,
    gather::Gather as _,
    server::journal::{
        doc::{At, InFrame, Version},
        name::{Dot, Link, VaultId, Writer},
        record::{Frame, Spot},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// A checkpoint, and its history, have at most this many other files each.
pub(crate) const MAX_PIECES: usize = 65_535;
/// A file has at most this many documents; those that are written have 65,536 at most.
pub(crate) const MAX_DOCUMENTS: usize = 100_000;
/// All documents of a file together have at most this many versions.
pub(crate) const MAX_VERSIONS: usize = 4_000_000;

/// One file of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) vault: VaultId,
    pub(crate) kind: Kind,
    pub(crate) frames: Vec<Frame>,
    pub(crate) entries: Vec<Entry>,
}

/// What a file of a checkpoint is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The first one, which names the others.
    Root(Box<Root>),
    /// More documents.
    More,
    /// What was replaced.
    History,
}

/// What a checkpoint says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Root {
    /// The largest order of any record that is folded in it.
    pub(crate) order: u64,
    /// When it was made, in seconds since the Unix epoch by its author's clock.
    pub(crate) time: u64,
    /// The checkpoint before it: whatever that covers, this one does.
    pub(crate) parent: Option<PieceName>,
    /// The bytes that its documents take on the drive.
    pub(crate) live_bytes: u64,
    /// The last record of each writer that is folded in it.
    pub(crate) vector: BTreeMap<Writer, Link>,
    /// The other files with documents.
    pub(crate) pieces: Vec<Other>,
    /// The files with what was replaced, the oldest first.
    pub(crate) history: Vec<Other>,
}

/// Another file of a checkpoint, as its root names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Other {
    pub(crate) name: PieceName,
    /// The bytes of its head part.
    pub(crate) head_len: u64,
    /// The bytes of the file.
    pub(crate) file_len: u64,
    /// Of history: the bytes that it keeps on the drive, with parts in files of their own.
    pub(crate) kept_bytes: u64,
    /// Of history: when the last of it was replaced, in seconds since the Unix epoch.
    pub(crate) time: u64,
}

/// A document, or a version of one that was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: DocId,
    /// What nothing has replaced; of history exactly one, which something has.
    pub(crate) versions: Vec<Placed>,
    /// Of history: what replaced it, and when.
    pub(crate) replaced: Option<Replaced>,
}

impl Entry {
    /// About how many bytes of the index it takes, rather more.
    pub(crate) fn index_bytes(&self) -> usize {
        let version = |placed: &Placed| {
            let Version { revision, body, .. } = &placed.version;
            let parts = match body.as_ref().map(|body| &body.at) {
                Some(At::Parts(parts)) => parts.len(),
                Some(At::Frame(_)) | None => 0,
            };
            160 + revision.as_str().len() + parts * 48
        };
        64 + self.id.as_str().len() + self.versions.iter().map(version).sum::<usize>()
    }
}

/// When and by which record a version was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Replaced {
    pub(crate) by: Dot,
    /// In seconds since the Unix epoch, by the clock of whoever replaced it.
    pub(crate) time: u64,
}

/// A version, and where its body is. One that lies in this file has the place in the version left empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) version: Version,
    /// Whether its body is the next in this file's frames.
    pub(crate) here: bool,
}

impl Piece {
    /// Where the bodies that lie in this file are, in the order of the entries; none if they do not fit its frames.
    pub(crate) fn walk(&self) -> Option<Vec<Spot>> {
        let (mut frame, mut offset) = (0, 0_u64);
        let mut spots = Vec::new();
        for len in self.entries.iter().flat_map(|entry| &entry.versions).filter(|placed| placed.here).map(Placed::size) {
            if self.frames.get(frame).is_some_and(|f| f.raw_len == offset) {
                (frame, offset) = (frame + 1, 0);
            }
            let room = self.frames.get(frame).and_then(|f| f.raw_len.checked_sub(offset))?;
            if len > room || len == 0 {
                return None;
            }
            spots.push(Spot { frame, offset, len });
            offset += len;
        }
        let filled = self.frames.get(frame).is_none_or(|f| f.raw_len == offset);
        (filled && frame == self.frames.len().saturating_sub(1)).then_some(spots)
    }

    /// The documents with their versions, each with the place of its body.
    pub(crate) fn documents(self, name: PieceName, head_len: u64) -> Vec<(DocId, Vec<Version>, Option<Replaced>)> {
        let mut spots = self.walk().unwrap_or_default().into_iter();
        let mut begins = Vec::with_capacity(self.frames.len());
        self.frames.iter().fold(head_len, |at, frame| {
            begins.push(at);
            at.saturating_add(frame.stored_len)
        });
        let frames = self.frames;
        let place = |spot: Spot| {
            let Frame { codec, stored_len, raw_len, .. } = *frames.get(spot.frame)?;
            Some(InFrame { file: FileName::Piece(name), begins: *begins.get(spot.frame)?, stored_len, codec, raw_len, spot })
        };
        let mut version = |Placed { mut version, here }: Placed| {
            if here
                && let Some(body) = &mut version.body
                && let Some(at) = spots.next().and_then(place)
            {
                body.at = At::Frame(at);
            }
            version
        };
        let document = |Entry { id, versions, replaced }: Entry| (id, versions.into_iter().map(&mut version).collect(), replaced);
        self.entries.into_iter().map(document).collect()
    }

    /// The files beside this one in which its bodies lie.
    pub(crate) fn files(&self) -> BTreeSet<FileName> {
        let elsewhere = self.entries.iter().flat_map(|entry| &entry.versions).filter(|placed| !placed.here);
        elsewhere.filter_map(|placed| placed.version.file()).gather()
    }
}

impl Placed {
    pub(crate) fn size(&self) -> u64 {
        self.version.body.as_ref().map_or(0, |body| body.size)
    }
}
