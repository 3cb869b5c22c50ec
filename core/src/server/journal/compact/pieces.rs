//! Fills the files of a checkpoint.

use super::super::{
    checkpoint::{CheckpointId, Entry, Kind, Other, Piece, PieceName, Placed, Replaced},
    doc::{At, Version},
    frames::Frames,
    name::{Hash, VaultId},
    stage::INDEX_BYTES,
    wire::Malformed,
};
use crate::DocId;

/// A file is written as soon as it holds this many bytes,
const FILE_BYTES: u64 = 4 << 20;
/// or this many documents, or an index as large as that of a record.
const DOCUMENTS: usize = 65_536;
/// Files of history have numbers from this one on.
pub(super) const HISTORY: u64 = 1 << 15;

/// Fills files, one after the other.
pub(super) struct Builder {
    kind: Kind,
    frames: Frames,
    entries: Vec<Entry>,
    /// About how many bytes their index has.
    index: usize,
    /// What of it is kept in files of their own, in bytes.
    beside: u64,
    /// When the last of it was replaced.
    newest: u64,
    /// The files that are written.
    pub(super) written: Vec<Other>,
    /// Their head parts.
    pub(super) heads: Vec<(PieceName, Vec<u8>)>,
    first: u64,
}

/// A file to be written.
pub(super) struct Sealed {
    pub(super) name: PieceName,
    pub(super) file: Vec<u8>,
}

impl Builder {
    pub(super) fn documents() -> Self {
        Self::new(Kind::More, 1)
    }

    pub(super) fn history() -> Self {
        Self::new(Kind::History, HISTORY)
    }

    fn new(kind: Kind, first: u64) -> Self {
        Self {
            kind,
            frames: Frames::default(),
            entries: Vec::new(),
            index: 0,
            beside: 0,
            newest: 0,
            written: Vec::new(),
            heads: Vec::new(),
            first,
        }
    }

    /// Adds a document with the bodies that are to lie in these files, one answer for each version.
    pub(super) fn add(&mut self, id: DocId, versions: Vec<(Version, Option<Vec<u8>>)>, replaced: Option<Replaced>) {
        let mut place = |(mut version, moved): (Version, Option<Vec<u8>>)| {
            if let At::Parts(parts) = version.body.as_ref().map_or(&At::Parts(Vec::new()), |body| &body.at) {
                self.beside += parts.iter().map(|part| part.stored_len).sum::<u64>();
            }
            let here = moved.is_some();
            if let (Some(bytes), Some(body)) = (moved, &mut version.body) {
                self.frames.add(&bytes);
                body.at = At::Parts(Vec::new());
            }
            Placed { version, here }
        };
        let versions = versions.into_iter().map(&mut place).collect();
        self.newest = self.newest.max(replaced.map_or(0, |replaced| replaced.time));
        let entry = Entry { id, versions, replaced };
        self.index += entry.index_bytes();
        self.entries.push(entry);
    }

    pub(super) fn is_full(&self) -> bool {
        self.frames.stored_bytes() >= FILE_BYTES || self.entries.len() >= DOCUMENTS || self.index >= INDEX_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Makes a file of all that was gathered. `root` is what a root says of its checkpoint, if it is to be one.
    pub(super) fn seal(
        &mut self,
        vault: VaultId,
        of: CheckpointId,
        root: Option<super::super::checkpoint::Root>,
    ) -> Result<Sealed, Malformed> {
        let (frames, stored) = self.frames.take();
        let entries = std::mem::take(&mut self.entries);
        self.index = 0;
        let no = if root.is_some() { 0 } else { self.first + self.written.len() as u64 };
        let kind = root.map_or_else(|| self.kind.clone(), |root| Kind::Root(Box::new(root)));
        let head = Piece { vault, kind, frames, entries }.encode()?;
        let mut hash = [0; 8];
        hash.iter_mut().zip(Hash::of(&head).0).for_each(|(to, from)| *to = from);
        let name = PieceName { of, no, hash };
        let (head_len, file_len) = (head.len() as u64, (head.len() + stored.len()) as u64);
        let beside = std::mem::take(&mut self.beside);
        let is_history = self.kind == Kind::History;
        let (kept_bytes, time) = if is_history { (file_len + beside, self.newest) } else { (0, 0) };
        if no > 0 {
            self.written.push(Other { name, head_len, file_len, kept_bytes, time });
        }
        self.heads.push((name, head.clone()));
        Ok(Sealed { name, file: [head, stored].concat() })
    }
}
