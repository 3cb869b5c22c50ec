//! One record: a client's batch of changes, as it lies in a file that is written once and never changed.
//!
//! The file is a *head part* (what is in here, compressed) and behind it the frames with the bodies. The head part alone
//! says where everything else is, so it can be fetched by a range. Byte for byte: `spec/journal.md`, section 2.

mod check;
mod columns;
mod decode;
mod encode;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(super) use encode::index;
pub(super) use encode::texts;

use super::{
    codec::Codec,
    name::{Dot, Hash, Link, VaultId, Writer},
};
use crate::{DocId, Revision, document::Short, drive::DrivePath};
use std::ops::Range;

/// The folder of the files of large documents.
pub(crate) const PARTS: &str = "p";
/// The kind of the file, in its opening.
const KIND: u8 = b'j';

/// A record has at most this many changes; those that are written have fewer than 68,000.
pub(crate) const MAX_CHANGES: usize = 100_000;
/// A record has at most this many frames.
pub(crate) const MAX_FRAMES: usize = 65_536;
/// All changes of a record together replace at most this many versions.
pub(crate) const MAX_DOTS: usize = 4_000_000;
/// All documents of a record together have at most this many parts.
pub(crate) const MAX_PARTS: usize = 1_000_000;
/// The longest revision, in bytes.
pub(crate) const MAX_REVISION_BYTES: usize = 4096;
/// The longest name of a device, in bytes.
pub(crate) const MAX_DEVICE_BYTES: usize = 256;
/// The latest time that can be told, in seconds.
pub(crate) const MAX_TIME: u64 = (1 << 40) - 1;

/// What one client announced at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) vault: VaultId,
    pub(crate) writer: Writer,
    pub(crate) seq: u64,
    pub(crate) order: u64,
    /// The writer's record before this one; none for its first.
    pub(crate) prev: Option<Link>,
    /// When it was written, in seconds since the Unix epoch by its author's clock. For people, and for the age of what
    /// was replaced; nothing else.
    pub(crate) time: u64,
    /// What a person calls the device.
    pub(crate) device: String,
    pub(crate) frames: Vec<Frame>,
    pub(crate) changes: Vec<Change>,
}

/// A run of inline bodies, compressed in one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) codec: Codec,
    pub(crate) stored_len: u64,
    pub(crate) raw_len: u64,
    /// Of the stored bytes.
    pub(crate) hash: Hash,
}

/// What happened to one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) id: DocId,
    /// The versions that this change takes the place of.
    pub(crate) replaces: Vec<Dot>,
    pub(crate) what: What,
}

/// What a change did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// A new version with content.
    Put { revision: Revision, digest: Short, size: u64, body: Place },
    /// A new version without.
    Delete { revision: Revision },
    /// No new version: the replaced ones no longer count.
    Withdraw,
}

/// Where a body is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a frame of the record: the bodies lie one behind the other, in the order of the changes. None spans two
    /// frames: it is in the present one if it ends there, and otherwise begins the next.
    Inline,
    /// In files of its own, one behind the other.
    Parts(Vec<Part>),
}

/// A piece of a large document, in a file of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// Tells it from every other part of its writer: random, and counted on from one part to the next.
    pub(crate) name_no: u64,
    pub(crate) codec: Codec,
    pub(crate) stored_len: u64,
    pub(crate) raw_len: u64,
    /// Of the stored bytes.
    pub(crate) hash: Hash,
}

/// Where an inline body is: in the raw bytes of a frame. One of no bytes is nowhere; its frame need not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) frame: usize,
    pub(crate) offset: u64,
    pub(crate) len: u64,
}

impl Record {
    /// Says for each change where its body is, if that is in a frame.
    pub(crate) fn locate(&self) -> Vec<Option<Spot>> {
        // A record that was read or is to be written has been walked before, and then each body has a place.
        self.walk().unwrap_or_else(|_| vec![None; self.changes.len()])
    }

    /// Returns where a frame is in the file; none if there is no such frame.
    pub(crate) fn frame_range(&self, head_len: u64, frame: usize) -> Option<Range<u64>> {
        let start = self.frames.get(..frame)?.iter().fold(head_len, |at, f| at.saturating_add(f.stored_len));
        Some(start..start.saturating_add(self.frames.get(frame)?.stored_len))
    }
}

/// Returns the path of the file of a part: `p/<writer>-<no>`.
pub(crate) fn part_path(writer: Writer, name_no: u64) -> DrivePath {
    let name = format!("{PARTS}/{writer}-{name_no:016x}");
    // Hexadecimal digits and hyphens are a path; the root is what is left if they ever were not.
    DrivePath::new(name).unwrap_or_else(|_| DrivePath::root())
}
