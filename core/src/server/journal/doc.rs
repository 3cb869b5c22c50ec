//! What is known of one document: the versions that nothing has replaced, as one record of the state.

use super::{
    checkpoint::{FileName, PieceName},
    codec::Codec,
    name::{Dot, Hash, RecordName, Writer},
    record::{Part, Spot},
    standing::{DOC, damaged},
    wire::{Malformed, Reader, put_number, put_prefixed, text},
};
use crate::{DocId, Result, Revision, client::key, document::Short, gather::Gather as _};
use percent_encoding::percent_decode_str;
use std::collections::BTreeSet;

/// The versions of a document that no folded change has replaced, the greatest last: that one wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Versions {
    /// Sorted by order, then writer.
    pub(crate) heads: Vec<Version>,
    /// What the local content includes, where no base says it: of documents that are deleted here.
    pub(crate) basis: BTreeSet<Dot>,
}

/// One version of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    /// The record that made it.
    pub(crate) dot: Dot,
    /// That record's order.
    pub(crate) order: u64,
    /// When it was made, in seconds since the Unix epoch by its author's clock; 0 if nobody knows.
    pub(crate) time: u64,
    pub(crate) revision: Revision,
    /// Whether JSON spells the document's id as a number.
    pub(crate) number: bool,
    /// None if it is a deletion.
    pub(crate) body: Option<Body>,
}

/// The content of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) short: Short,
    pub(crate) size: u64,
    pub(crate) at: At,
}

/// Where a content lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum At {
    /// In a frame of a file: of the record's, or of a checkpoint's.
    Frame(InFrame),
    /// In files of its own.
    Parts(Vec<Part>),
}

/// A piece of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InFrame {
    pub(crate) file: FileName,
    /// Where the frame begins in the file, and how long it is there.
    pub(crate) begins: u64,
    pub(crate) stored_len: u64,
    pub(crate) codec: Codec,
    pub(crate) raw_len: u64,
    /// Where the content is in the raw frame.
    pub(crate) spot: Spot,
}

impl InFrame {
    /// The part of the stored frame that this piece of it accounts for.
    pub(super) fn share(&self) -> u64 {
        (self.spot.len.saturating_mul(self.stored_len)).checked_div(self.raw_len).unwrap_or_default()
    }
}

impl Version {
    fn rank(&self) -> (u64, Writer) {
        (self.order, self.dot.writer)
    }

    /// The file in which its body lies in a frame.
    pub(crate) fn file(&self) -> Option<FileName> {
        match self.body.as_ref().map(|body| &body.at) {
            Some(At::Frame(at)) => Some(at.file),
            Some(At::Parts(_)) | None => None,
        }
    }

    /// How many bytes of the drive it takes, its share of a frame or its parts.
    pub(super) fn stored_bytes(&self) -> u64 {
        match self.body.as_ref().map(|body| &body.at) {
            Some(At::Frame(at)) => at.share(),
            Some(At::Parts(parts)) => parts.iter().map(|part| part.stored_len).sum(),
            None => 0,
        }
    }

    fn short(&self) -> Option<Short> {
        self.body.as_ref().map(|body| body.short)
    }
}

impl Versions {
    pub(super) fn winner(&self) -> Option<&Version> {
        self.heads.last()
    }

    pub(super) fn get(&self, dot: Dot) -> Option<&Version> {
        self.heads.iter().find(|version| version.dot == dot)
    }

    /// Takes versions out that were replaced.
    pub(super) fn remove(&mut self, replaced: &[Dot]) -> Vec<Version> {
        if !self.heads.iter().any(|version| replaced.contains(&version.dot)) {
            return Vec::new();
        }
        let (gone, heads) = std::mem::take(&mut self.heads).into_iter().partition(|version| replaced.contains(&version.dot));
        self.heads = heads;
        gone
    }

    /// Puts a version in, unless it is there.
    pub(super) fn insert(&mut self, version: Version) {
        if self.get(version.dot).is_some() {
            return;
        }
        let at = self.heads.partition_point(|head| head.rank() < version.rank());
        self.heads.insert(at, version);
    }

    /// Whether a version of this device stands beside the winner: it is part of what the local content includes, and the
    /// winner is not.
    pub(super) fn has_lost(&self, basis: &BTreeSet<Dot>, device: &[u8]) -> bool {
        !self.is_up_to_date(basis) && self.mine(basis, device).next().is_some()
    }

    /// The versions of this device that the local content includes.
    pub(super) fn mine<'a>(&'a self, basis: &'a BTreeSet<Dot>, device: &'a [u8]) -> impl Iterator<Item = Dot> + 'a {
        self.heads.iter().map(|version| version.dot).filter(move |dot| dot.writer.device() == device && basis.contains(dot))
    }

    /// Whether the local content includes the winner. Where nothing is here and nothing there, it does.
    pub(super) fn is_up_to_date(&self, basis: &BTreeSet<Dot>) -> bool {
        self.winner().is_none_or(|winner| basis.contains(&winner.dot))
    }

    /// What a new version replaces: what its content is based on, and versions that say the same as the winner. Where
    /// nothing is here (`deleted`), every deletion says the same.
    pub(super) fn replaced_by_edit(&self, basis: &BTreeSet<Dot>, deleted: bool) -> BTreeSet<Dot> {
        let winner = self.winner().map(Version::short);
        let twin = |head: &&Version| winner == Some(head.short()) || deleted && head.body.is_none();
        self.heads.iter().filter(twin).map(|version| version.dot).chain(basis.iter().copied()).gather()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.heads.is_empty() && self.basis.is_empty()
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut to = Vec::with_capacity(96);
        put_number(&mut to, self.heads.len() as u64);
        for version in &self.heads {
            encode_version(&mut to, version);
        }
        put_number(&mut to, self.basis.len() as u64);
        for dot in &self.basis {
            to.extend_from_slice(&dot.writer.0);
            put_number(&mut to, dot.seq);
        }
        to
    }

    pub(super) fn decode(id: &DocId, bytes: &[u8]) -> Result<Self> {
        read(bytes).map_err(|Malformed(why)| damaged(&key(DOC, id.as_str())).caused_by(why))
    }
}

/// The document that a key is about.
pub(super) fn id_of(key: &str) -> Option<DocId> {
    let id = percent_decode_str(key.strip_prefix(DOC)?).decode_utf8().ok()?;
    DocId::new(id).ok()
}

const DELETED: u64 = 1;
const ID_IS_NUMBER: u64 = 2;
const REVISION_IS_NUMBER: u64 = 4;
const IN_PARTS: u64 = 8;
const IN_CHECKPOINT: u64 = 16;

pub(super) fn encode_version(to: &mut Vec<u8>, version: &Version) {
    let Version { dot, order, time, revision, number, body } = version;
    put_number(to, *order);
    to.extend_from_slice(&dot.writer.0);
    put_number(to, dot.seq);
    put_number(to, *time);
    let at = body.as_ref().map(|body| &body.at);
    let in_parts = matches!(at, Some(At::Parts(_)));
    let in_checkpoint = matches!(at, Some(At::Frame(InFrame { file: FileName::Piece(_), .. })));
    let flag = |set: bool, bit: u64| if set { bit } else { 0 };
    put_number(
        to,
        flag(body.is_none(), DELETED)
            | flag(*number, ID_IS_NUMBER)
            | flag(revision.is_number(), REVISION_IS_NUMBER)
            | flag(in_parts, IN_PARTS)
            | flag(in_checkpoint, IN_CHECKPOINT),
    );
    put_prefixed(to, revision.as_str().as_bytes());
    let Some(Body { short, size, at }) = body else { return };
    to.extend_from_slice(&short.0);
    put_number(to, *size);
    match at {
        At::Frame(InFrame { file, begins, stored_len, codec, raw_len, spot }) => {
            match file {
                FileName::Record(name) => to.extend_from_slice(&name.hash_part()),
                FileName::Piece(name) => name.encode(to),
            }
            to.push(*codec as u8);
            [*begins, *stored_len, *raw_len, spot.offset].into_iter().for_each(|n| put_number(to, n));
        }
        At::Parts(parts) => {
            put_number(to, parts.len() as u64);
            for part in parts {
                to.push(part.codec as u8);
                [part.name_no, part.stored_len, part.raw_len].into_iter().for_each(|n| put_number(to, n));
                to.extend_from_slice(&part.hash.0);
            }
        }
    }
}

fn read(bytes: &[u8]) -> Result<Versions, Malformed> {
    let mut from = Reader::new(bytes);
    let mut versions = Versions::default();
    for _ in 0..from.number()? {
        versions.heads.push(read_version(&mut from)?);
    }
    for _ in 0..from.number()? {
        versions.basis.insert(Dot { writer: Writer(from.array()?), seq: from.number()? });
    }
    from.end()?;
    Ok(versions)
}

pub(super) fn read_version(from: &mut Reader<'_>) -> Result<Version, Malformed> {
    let (order, dot, time) = (from.number()?, Dot { writer: Writer(from.array()?), seq: from.number()? }, from.number()?);
    let flags = from.number()?;
    let revision = Revision::new(text(from.prefixed(usize::MAX, "")?)?).spelled_as_number(flags & REVISION_IS_NUMBER != 0);
    let number = flags & ID_IS_NUMBER != 0;
    if flags & DELETED != 0 {
        return Ok(Version { dot, order, time, revision, number, body: None });
    }
    let (short, size) = (Short(from.array()?), from.number()?);
    let at = match flags & (IN_PARTS | IN_CHECKPOINT) {
        0 => {
            let file = FileName::Record(RecordName::from_parts(order, dot.writer, dot.seq, from.array()?));
            At::Frame(read_in_frame(from, file, size)?)
        }
        IN_CHECKPOINT => {
            let file = FileName::Piece(PieceName::decode(from)?);
            At::Frame(read_in_frame(from, file, size)?)
        }
        _ => At::Parts(read_parts(from)?),
    };
    Ok(Version { dot, order, time, revision, number, body: Some(Body { short, size, at }) })
}

fn read_in_frame(from: &mut Reader<'_>, file: FileName, len: u64) -> Result<InFrame, Malformed> {
    let codec = Codec::from_byte(from.byte()?)?;
    let (begins, stored_len, raw_len, offset) = (from.number()?, from.number()?, from.number()?, from.number()?);
    Ok(InFrame { file, begins, stored_len, codec, raw_len, spot: Spot { frame: 0, offset, len } })
}

fn read_parts(from: &mut Reader<'_>) -> Result<Vec<Part>, Malformed> {
    let mut parts = Vec::new();
    for _ in 0..from.number()? {
        let codec = Codec::from_byte(from.byte()?)?;
        let (no, stored_len, raw_len) = (from.number()?, from.number()?, from.number()?);
        parts.push(Part { name_no: no, codec, stored_len, raw_len, hash: Hash(from.array()?) });
    }
    Ok(parts)
}
