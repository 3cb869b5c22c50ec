//! Reads a file of a checkpoint.

use super::{
    FileName, KIND, PieceName, Replaced,
    encode::{self, DELETED, ELSEWHERE, FarFrame, HERE, HISTORY, ID_IS_NUMBER, MORE, PARTS, REVISION_IS_NUMBER, ROOT, from_gap},
    piece::{Entry, Kind, MAX_DOCUMENTS, MAX_PIECES, MAX_VERSIONS, Other, Piece, Placed, Root},
};
use crate::{
    DocId, Revision,
    document::Short,
    server::journal::{
        codec::Codec,
        doc::{At, Body, InFrame, Version},
        head::MAX_WRITERS,
        head_part,
        name::{Dot, Hash, Link, VaultId, Writer},
        record::{Frame, MAX_FRAMES, MAX_PARTS, MAX_REVISION_BYTES, Part, Spot},
        wire::{Flaw, Malformed, Reader, text},
    },
};
use std::collections::BTreeMap;

const MANY: &str = "it has too many of something";
const FIT: Malformed = Malformed("its columns do not fit together");

impl Piece {
    /// Says from the first bytes of a file how long its head part is.
    pub(crate) fn head_len(prefix: &[u8]) -> Result<u64, Flaw> {
        head_part::len(KIND, prefix)
    }

    /// Reads the head part of the file of this name.
    ///
    /// # Errors
    /// If it is not the file that was written under this name, or not one that anybody may write.
    pub(crate) fn decode(head: &[u8], name: &PieceName) -> Result<Self, Flaw> {
        head_part::len(KIND, head)?;
        // Before anything is decompressed: what is damaged goes no further.
        if Hash::of(head).0.get(..8) != Some(&name.hash) {
            return Err(Flaw::Malformed("its hash is not that of its name"));
        }
        let raw = head_part::index(KIND, head)?;
        let piece = read(&raw)?;
        piece.check()?;
        if matches!(piece.kind, Kind::Root(_)) != name.is_root() {
            return Err(Flaw::Malformed("its name is another file's"));
        }
        // One spelling: what would be written otherwise is refused.
        if encode::index(&piece) == raw { Ok(piece) } else { Err(Flaw::Malformed("it is not spelled as it is written")) }
    }
}

fn read(raw: &[u8]) -> Result<Piece, Malformed> {
    let mut from = Reader::new(raw);
    let vault = VaultId(from.array()?);
    let kind = match from.byte()? {
        ROOT => Kind::Root(Box::new(root(&mut from)?)),
        MORE => Kind::More,
        HISTORY => Kind::History,
        _ => return Err(Malformed("there is no such kind of file")),
    };
    let count = from.count(MAX_FRAMES, 19, MANY)?;
    let frames = (0..count).map(|_| frame(&mut from)).collect::<Result<_, _>>()?;
    let entries = entries(&mut from, kind == Kind::History)?;
    from.end()?;
    Ok(Piece { vault, kind, frames, entries })
}

fn root(from: &mut Reader<'_>) -> Result<Root, Malformed> {
    let (order, time, live_bytes) = (from.number()?, from.number()?, from.number()?);
    let parent = match from.number()? {
        0 => None,
        1 => Some(PieceName::decode(from)?),
        _ => return Err(Malformed("it has more than one parent")),
    };
    let mut vector = BTreeMap::new();
    for _ in 0..from.count(MAX_WRITERS, 32, "it has too many writers")? {
        let writer = Writer(from.array()?);
        vector.insert(writer, Link { seq: from.number()?, order: from.number()?, hash: Hash(from.array()?) });
    }
    Ok(Root { order, time, parent, live_bytes, vector, pieces: others(from)?, history: others(from)? })
}

fn others(from: &mut Reader<'_>) -> Result<Vec<Other>, Malformed> {
    let count = from.count(MAX_PIECES, 22, MANY)?;
    let mut other = || {
        let name = PieceName::decode(from)?;
        Ok(Other { name, head_len: from.number()?, file_len: from.number()?, kept_bytes: from.number()?, time: from.number()? })
    };
    (0..count).map(|_| other()).collect()
}

fn frame(from: &mut Reader<'_>) -> Result<Frame, Malformed> {
    let codec = Codec::from_byte(from.byte()?)?;
    Ok(Frame { codec, stored_len: from.number()?, raw_len: from.number()?, hash: Hash(from.array()?) })
}

fn entries(from: &mut Reader<'_>, history: bool) -> Result<Vec<Entry>, Malformed> {
    let count = from.count(MAX_DOCUMENTS, 4, MANY)?;
    let ids = texts(from, count)?;
    let counts: Vec<u64> = numbers(from, count)?;
    let total =
        counts.iter().try_fold(0_u64, |sum, n| sum.checked_add(*n)).filter(|sum| *sum <= MAX_VERSIONS as u64).ok_or(Malformed(MANY))?;
    let total = total as usize;
    let kinds = from.bytes(total)?;
    let writers = from.count(MAX_WRITERS, 14, MANY)?;
    let writers: Vec<Writer> = (0..writers).map(|_| from.array().map(Writer)).collect::<Result<_, _>>()?;
    let writer = |no: u64| writers.get(usize::try_from(no).unwrap_or(usize::MAX)).copied().ok_or(FIT);
    let authors: Vec<Writer> = numbers(from, total)?.into_iter().map(writer).collect::<Result<_, _>>()?;
    let (seqs, orders, times) = (numbers(from, total)?, numbers(from, total)?, numbers(from, total)?);
    let revisions = texts(from, total)?;
    let having = |places: &[u8]| kinds.iter().filter(|kind| places.contains(&(**kind & 3))).count();
    let sizes = numbers(from, having(&[HERE, PARTS, ELSEWHERE]))?;
    let lens: Vec<u64> = kinds
        .iter()
        .filter(|kind| *kind & 3 != DELETED)
        .zip(&sizes)
        .filter(|(kind, _)| *kind & 3 == ELSEWHERE)
        .map(|(_, size)| *size)
        .collect();
    let mut places = places(from, &lens)?.into_iter();
    let mut parts = parts(from, having(&[PARTS]))?.into_iter();
    let mut replaced = if history { replaced(from, count, writer)?.into_iter().map(Some).collect() } else { vec![None; count] }.into_iter();
    let mut sizes = sizes.into_iter();
    let mut rows = kinds.iter().zip(authors).zip(seqs).zip(orders).zip(times).zip(revisions);
    let mut version = |from: &mut Reader<'_>, id_is_number: &mut bool| {
        let (((((kind, writer), seq), order), time), revision) = rows.next().ok_or(FIT)?;
        if *kind > 15 {
            return Err(Malformed("there is no such kind of version"));
        }
        *id_is_number = kind & ID_IS_NUMBER != 0;
        let spelled = kind & REVISION_IS_NUMBER != 0;
        let revision = Revision::new(text(revision)?).spelled_as_number(spelled);
        if revision.is_number() != spelled || revision.as_str().len() > MAX_REVISION_BYTES {
            return Err(Malformed("a revision makes no sense"));
        }
        let at = match kind & 3 {
            DELETED => None,
            ELSEWHERE => Some(At::Frame(places.next().ok_or(FIT)?)),
            PARTS => Some(At::Parts(parts.next().ok_or(FIT)?)),
            _ => Some(At::Parts(Vec::new())),
        };
        let size = if at.is_some() { sizes.next().ok_or(FIT)? } else { 0 };
        let short = if at.is_some() { Short(from.array()?) } else { Short([0; 16]) };
        let body = at.map(|at| Body { short, size, at });
        let version = Version { dot: Dot { writer, seq }, order, time, revision, number: *id_is_number, body };
        Ok(Placed { version, here: kind & 3 == HERE })
    };
    let mut entries = Vec::with_capacity(count);
    for (id, count) in ids.into_iter().zip(counts) {
        let mut number = false;
        let versions = (0..count).map(|_| version(from, &mut number)).collect::<Result<Vec<_>, _>>()?;
        let id = DocId::new(text(id)?).map_err(|_| Malformed("an id does not have 1 to 1024 bytes"))?.spelled_as_number(number);
        if versions.last().is_some_and(|last| last.version.number != id.is_number()) {
            return Err(Malformed("an id is no number and says that it is one"));
        }
        entries.push(Entry { id, versions, replaced: replaced.next().flatten() });
    }
    Ok(entries)
}

fn numbers(from: &mut Reader<'_>, count: usize) -> Result<Vec<u64>, Malformed> {
    if count > from.left() {
        return Err(Malformed("it ends too early"));
    }
    (0..count).map(|_| from.number()).collect()
}

fn texts<'a>(from: &mut Reader<'a>, count: usize) -> Result<Vec<&'a [u8]>, Malformed> {
    let lengths = numbers(from, count)?;
    lengths.into_iter().map(|len| from.bytes(usize::try_from(len).unwrap_or(usize::MAX))).collect()
}

fn places(from: &mut Reader<'_>, lens: &[u64]) -> Result<Vec<InFrame>, Malformed> {
    let count = from.count(MAX_PIECES, 12, MANY)?;
    let files: Vec<FileName> = (0..count).map(|_| FileName::decode(from)).collect::<Result<_, _>>()?;
    let count = from.count(MAX_VERSIONS, 5, MANY)?;
    let mut frame = || {
        Ok(FarFrame {
            file: from.number()?,
            begins: from.number()?,
            codec: from.byte()?,
            stored_len: from.number()?,
            raw_len: from.number()?,
        })
    };
    let frames: Vec<FarFrame> = (0..count).map(|_| frame()).collect::<Result<_, _>>()?;
    let nos = numbers(from, lens.len())?;
    let mut ends = vec![0; frames.len()];
    let mut place = |(no, len): (u64, &u64)| {
        let no = usize::try_from(no).unwrap_or(usize::MAX);
        let (frame, end) = frames.get(no).zip(ends.get_mut(no)).ok_or(FIT)?;
        let file = files.get(usize::try_from(frame.file).unwrap_or(usize::MAX)).copied().ok_or(FIT)?;
        let codec = Codec::from_byte(frame.codec)?;
        codec.check_lengths(frame.stored_len, frame.raw_len)?;
        let offset = from_gap(*end, from.number()?).ok_or(FIT)?;
        *end = offset.checked_add(*len).filter(|end| *end <= frame.raw_len).ok_or(Malformed("a body does not fit its frame"))?;
        let spot = Spot { frame: 0, offset, len: *len };
        Ok(InFrame { file, begins: frame.begins, stored_len: frame.stored_len, codec, raw_len: frame.raw_len, spot })
    };
    nos.into_iter().zip(lens).map(&mut place).collect()
}

fn parts(from: &mut Reader<'_>, count: usize) -> Result<Vec<Vec<Part>>, Malformed> {
    let counts = numbers(from, count)?;
    let sum = counts.iter().try_fold(0_u64, |sum, n| sum.checked_add(*n)).filter(|sum| *sum <= MAX_PARTS as u64).ok_or(Malformed(MANY))?;
    if sum.saturating_mul(20) > from.left() as u64 {
        return Err(Malformed("it ends too early"));
    }
    let mut part = || {
        let (name_no, codec) = (from.number()?, Codec::from_byte(from.byte()?)?);
        Ok(Part { name_no, codec, stored_len: from.number()?, raw_len: from.number()?, hash: Hash(from.array()?) })
    };
    counts.into_iter().map(|count| (0..count).map(|_| part()).collect()).collect()
}

fn replaced(from: &mut Reader<'_>, count: usize, writer: impl Fn(u64) -> Result<Writer, Malformed>) -> Result<Vec<Replaced>, Malformed> {
    let writers: Vec<Writer> = numbers(from, count)?.into_iter().map(writer).collect::<Result<_, _>>()?;
    let (seqs, times) = (numbers(from, count)?, numbers(from, count)?);
    Ok(writers.into_iter().zip(seqs).zip(times).map(|((writer, seq), time)| Replaced { by: Dot { writer, seq }, time }).collect())
}
