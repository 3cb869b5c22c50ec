//! What the files of a checkpoint are called, and any file that has bodies in frames.

use super::super::{
    name::{RECORDS, RecordName, Writer},
    wire::{Malformed, Reader, put_number},
};
use crate::{drive::DrivePath, hex};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The folder of the files of checkpoints, but their roots.
pub(crate) const CHECKPOINTS: &str = "c";
/// What the name of a root begins with: roots lie among the records, so that one listing shows both.
const ROOT: &str = "c-";
/// The largest generation that a name can hold.
pub(crate) const MAX_GENERATION: u64 = u32::MAX as u64;

/// Which checkpoint: how many there were before it in its line, and a random id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) struct CheckpointId {
    pub(crate) generation: u64,
    pub(crate) random: [u8; 8],
}

/// A file of a checkpoint. The one with number 0 is its root.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) struct PieceName {
    pub(crate) of: CheckpointId,
    pub(crate) no: u64,
    /// The first 8 bytes of the hash of its head part.
    pub(crate) hash: [u8; 8],
}

impl PieceName {
    pub(crate) fn is_root(&self) -> bool {
        self.no == 0
    }

    /// Reads the name of a root as a listing of the records gives it; none if it is none.
    pub(crate) fn parse_root(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(ROOT)?.split('-');
        let of = CheckpointId { generation: generation(parts.next()?)?, random: hex::read(parts.next()?, false)? };
        let name = Self { of, no: 0, hash: hex::read(parts.next()?, false)? };
        (parts.next().is_none() && name.is_possible()).then_some(name)
    }

    /// Reads the name of another file of a checkpoint; none if it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let of = CheckpointId { generation: generation(parts.next()?)?, random: hex::read(parts.next()?, false)? };
        let no = hex::read::<2>(parts.next()?, false)?;
        let name = Self { of, no: u64::from(u16::from_be_bytes(no)), hash: hex::read(parts.next()?, false)? };
        (parts.next().is_none() && name.is_possible() && !name.is_root()).then_some(name)
    }

    /// Whether it can be written as a name.
    pub(crate) fn is_possible(&self) -> bool {
        (1..=MAX_GENERATION).contains(&self.of.generation) && self.no <= u64::from(u16::MAX)
    }

    /// Returns the path of the file.
    pub(crate) fn path(&self) -> DrivePath {
        let folder = if self.is_root() { RECORDS } else { CHECKPOINTS };
        // Hexadecimal digits and hyphens are a path; the root is what is left if they ever were not.
        DrivePath::new(format!("{folder}/{self}")).unwrap_or_else(|_| DrivePath::root())
    }

    pub(crate) fn encode(&self, to: &mut Vec<u8>) {
        put_number(to, self.of.generation);
        to.extend(self.of.random);
        put_number(to, self.no);
        to.extend(self.hash);
    }

    pub(crate) fn decode(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let of = CheckpointId { generation: from.number()?, random: from.array()? };
        let name = Self { of, no: from.number()?, hash: from.array()? };
        if name.is_possible() { Ok(name) } else { Err(Malformed("a file of a checkpoint has a name that cannot be")) }
    }
}

fn generation(text: &str) -> Option<u64> {
    hex::read::<4>(text, false).map(|bytes| u64::from(u32::from_be_bytes(bytes)))
}

impl fmt::Display for PieceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of: CheckpointId { generation, random }, no, hash } = self;
        let (random, hash) = (u64::from_be_bytes(*random), u64::from_be_bytes(*hash));
        if self.is_root() {
            return write!(f, "{ROOT}{generation:08x}-{random:016x}-{hash:016x}");
        }
        write!(f, "{generation:08x}-{random:016x}-{no:04x}-{hash:016x}")
    }
}

/// A file in which bodies lie in frames.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum FileName {
    Record(RecordName),
    Piece(PieceName),
}

impl FileName {
    pub(crate) fn encode(&self, to: &mut Vec<u8>) {
        match self {
            Self::Record(name) => {
                to.push(0);
                put_number(to, name.order);
                to.extend(name.writer.0);
                put_number(to, name.seq);
                to.extend(name.hash_part());
            }
            Self::Piece(name) => {
                to.push(1);
                name.encode(to);
            }
        }
    }

    pub(crate) fn decode(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        match from.byte()? {
            0 => {
                let (order, writer, seq) = (from.number()?, Writer(from.array()?), from.number()?);
                Ok(Self::Record(RecordName::from_parts(order, writer, seq, from.array()?)))
            }
            1 => PieceName::decode(from).map(Self::Piece),
            _ => Err(Malformed("there is no such kind of file")),
        }
    }

    pub(crate) fn path(&self) -> DrivePath {
        match self {
            Self::Record(name) => name.path(),
            Self::Piece(name) => name.path(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn names_sort_by_generation_and_have_one_spelling() {
        let name = |generation, no| PieceName { of: CheckpointId { generation, random: [0xab; 8] }, no, hash: [7; 8] };
        for (early, late) in [(name(9, 1), name(16, 1)), (name(2, 1), name(2, 2))] {
            assert!(early < late && early.to_string() < late.to_string());
            assert_eq!(PieceName::parse(&early.to_string()), Some(early));
            assert_eq!(PieceName::parse(&early.to_string().to_uppercase()), None);
            assert_eq!(PieceName::parse(&format!("{early}.tmp")), None);
            assert_eq!(PieceName::parse_root(&early.to_string()), None);
        }
        let root = name(3, 0);
        assert_eq!(PieceName::parse_root(&root.to_string()), Some(root));
        assert_eq!(PieceName::parse(&root.to_string()), None);
        assert_eq!(RecordName::parse(&root.to_string()), None);
        assert_eq!(root.path().as_str(), format!("j/{root}"));
        assert_eq!(name(3, 1).path().as_str(), format!("c/{}", name(3, 1)));
        assert!(!name(0, 1).is_possible() && !name(1, 1 << 16).is_possible() && !name(1 << 32, 1).is_possible());
        let mut bytes = Vec::new();
        root.encode(&mut bytes);
        assert_eq!(PieceName::decode(&mut Reader::new(&bytes)), Ok(root));
    }
}
