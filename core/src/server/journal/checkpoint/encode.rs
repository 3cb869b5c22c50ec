//! Writes the index of a file of a checkpoint: columns, as in a record.

use super::{
    FileName, KIND,
    piece::{Entry, Kind, Other, Piece, Placed, Root},
};
use crate::{
    gather::Gather as _,
    server::journal::{
        doc::{At, InFrame, Version},
        head_part,
        name::Writer,
        record::texts,
        wire::{Malformed, put_number},
    },
};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const ROOT: u8 = 0;
pub(super) const MORE: u8 = 1;
pub(super) const HISTORY: u8 = 2;

/// What a version's byte says of its body.
pub(super) const HERE: u8 = 0;
pub(super) const PARTS: u8 = 1;
pub(super) const DELETED: u8 = 2;
pub(super) const ELSEWHERE: u8 = 3;
pub(super) const ID_IS_NUMBER: u8 = 4;
pub(super) const REVISION_IS_NUMBER: u8 = 8;

/// A frame in another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FarFrame {
    /// Its file's place in the list of files.
    pub(super) file: u64,
    pub(super) begins: u64,
    pub(super) codec: u8,
    pub(super) stored_len: u64,
    pub(super) raw_len: u64,
}

impl Piece {
    /// Returns the head part of the file. The file is this and, behind it, the stored frames.
    ///
    /// # Errors
    /// If nobody could read it: something is out of range or does not fit together.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Malformed> {
        self.check()?;
        head_part::around(KIND, &index(self))
    }
}

/// The index.
pub(super) fn index(piece: &Piece) -> Vec<u8> {
    let mut to = Vec::new();
    to.extend(piece.vault.0);
    match &piece.kind {
        Kind::Root(root) => {
            to.push(ROOT);
            about(&mut to, root);
        }
        Kind::More => to.push(MORE),
        Kind::History => to.push(HISTORY),
    }
    put_number(&mut to, piece.frames.len() as u64);
    for frame in &piece.frames {
        to.push(frame.codec as u8);
        put_number(&mut to, frame.stored_len);
        put_number(&mut to, frame.raw_len);
        to.extend(frame.hash.0);
    }
    columns(&mut to, &piece.entries);
    to
}

fn about(to: &mut Vec<u8>, root: &Root) {
    let Root { order, time, parent, live_bytes, vector, pieces, history } = root;
    [*order, *time, *live_bytes, u64::from(parent.is_some())].into_iter().for_each(|n| put_number(to, n));
    if let Some(parent) = parent {
        parent.encode(to);
    }
    put_number(to, vector.len() as u64);
    for (writer, link) in vector {
        to.extend(writer.0);
        put_number(to, link.seq);
        put_number(to, link.order);
        to.extend(link.hash.0);
    }
    for others in [pieces, history] {
        put_number(to, others.len() as u64);
        for Other { name, head_len, file_len, kept_bytes, time } in others {
            name.encode(to);
            [*head_len, *file_len, *kept_bytes, *time].into_iter().for_each(|n| put_number(to, n));
        }
    }
}

fn columns(to: &mut Vec<u8>, entries: &[Entry]) {
    put_number(to, entries.len() as u64);
    texts(to, entries.iter().map(|entry| entry.id.as_str()));
    entries.iter().for_each(|entry| put_number(to, entry.versions.len() as u64));
    let versions = || entries.iter().flat_map(|entry| &entry.versions);
    to.extend(versions().map(kind));
    let writers: BTreeSet<Writer> = versions().map(|p| p.version.dot.writer).chain(replaced(entries).map(|r| r.by.writer)).gather();
    let place: BTreeMap<Writer, u64> = writers.iter().zip(0..).map(|(writer, n)| (*writer, n)).gather();
    let place = |writer: &Writer| place.get(writer).copied().unwrap_or_default();
    put_number(to, writers.len() as u64);
    writers.iter().for_each(|writer| to.extend(writer.0));
    versions().for_each(|p| put_number(to, place(&p.version.dot.writer)));
    versions().for_each(|p| put_number(to, p.version.dot.seq));
    versions().for_each(|p| put_number(to, p.version.order));
    versions().for_each(|p| put_number(to, p.version.time));
    texts(to, versions().map(|p| p.version.revision.as_str()));
    let bodies = || versions().filter_map(|p| p.version.body.as_ref());
    bodies().for_each(|body| put_number(to, body.size));
    places(to, &versions().filter_map(far).collect::<Vec<_>>());
    parts(to, versions());
    if entries.iter().any(|entry| entry.replaced.is_some()) {
        replaced(entries).for_each(|r| put_number(to, place(&r.by.writer)));
        replaced(entries).for_each(|r| put_number(to, r.by.seq));
        replaced(entries).for_each(|r| put_number(to, r.time));
    }
    bodies().for_each(|body| to.extend(body.short.0));
}

fn replaced(entries: &[Entry]) -> impl Iterator<Item = &super::Replaced> {
    entries.iter().filter_map(|entry| entry.replaced.as_ref())
}

fn kind(placed: &Placed) -> u8 {
    let Placed { version: Version { number, revision, body, .. }, here } = placed;
    let place = match body.as_ref().map(|body| &body.at) {
        None => DELETED,
        Some(_) if *here => HERE,
        Some(At::Parts(_)) => PARTS,
        Some(At::Frame(_)) => ELSEWHERE,
    };
    place | if *number { ID_IS_NUMBER } else { 0 } | if revision.is_number() { REVISION_IS_NUMBER } else { 0 }
}

fn far(placed: &Placed) -> Option<InFrame> {
    match placed.version.body.as_ref().map(|body| &body.at) {
        Some(At::Frame(at)) if !placed.here => Some(*at),
        _ => None,
    }
}

/// The files and frames elsewhere once, then the frame of each body, then where it is in there.
fn places(to: &mut Vec<u8>, all: &[InFrame]) {
    let files: BTreeSet<FileName> = all.iter().map(|at| at.file).gather();
    let file_no: BTreeMap<FileName, u64> = files.iter().zip(0..).map(|(file, n)| (*file, n)).gather();
    put_number(to, files.len() as u64);
    files.iter().for_each(|file| file.encode(to));
    let frame = |at: &InFrame| FarFrame {
        file: file_no.get(&at.file).copied().unwrap_or_default(),
        begins: at.begins,
        codec: at.codec as u8,
        stored_len: at.stored_len,
        raw_len: at.raw_len,
    };
    let frames: BTreeSet<FarFrame> = all.iter().map(frame).gather();
    let frame_no: BTreeMap<FarFrame, u64> = frames.iter().zip(0..).map(|(frame, n)| (*frame, n)).gather();
    put_number(to, frames.len() as u64);
    for FarFrame { file, begins, codec, stored_len, raw_len } in &frames {
        put_number(to, *file);
        put_number(to, *begins);
        to.push(*codec);
        put_number(to, *stored_len);
        put_number(to, *raw_len);
    }
    all.iter().for_each(|at| put_number(to, frame_no.get(&frame(at)).copied().unwrap_or_default()));
    let mut ends = vec![0; frames.len()];
    for at in all {
        let no = frame_no.get(&frame(at)).copied().unwrap_or_default() as usize;
        let end = ends.get(no).copied().unwrap_or_default();
        put_number(to, gap(end, at.spot.offset));
        if let Some(end) = ends.get_mut(no) {
            *end = at.spot.offset + at.spot.len;
        }
    }
}

/// How far a body lies behind the one before it in its frame: twice that; otherwise its place, and one more.
fn gap(end: u64, offset: u64) -> u64 {
    offset.checked_sub(end).map_or_else(|| offset.wrapping_mul(2) | 1, |gap| gap.wrapping_mul(2))
}

pub(super) fn from_gap(end: u64, gap: u64) -> Option<u64> {
    if gap & 1 == 1 { Some(gap / 2) } else { end.checked_add(gap / 2) }
}

fn parts<'a>(to: &mut Vec<u8>, versions: impl Iterator<Item = &'a Placed>) {
    let of = |placed: &'a Placed| match placed.version.body.as_ref().map(|body| &body.at) {
        Some(At::Parts(parts)) if !placed.here => Some(parts),
        _ => None,
    };
    let all: Vec<_> = versions.filter_map(of).collect();
    all.iter().for_each(|parts| put_number(to, parts.len() as u64));
    for part in all.into_iter().flatten() {
        put_number(to, part.name_no);
        to.push(part.codec as u8);
        put_number(to, part.stored_len);
        put_number(to, part.raw_len);
        to.extend(part.hash.0);
    }
}
