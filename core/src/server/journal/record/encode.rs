//! Writes the head part of a record.

use super::{Change, KIND, Part, Place, Record, What};
use crate::{
    gather::Gather as _,
    server::journal::{
        head_part,
        name::{Dot, Hash, Link, Writer},
        wire::{Malformed, put_number, put_prefixed},
    },
};
use std::collections::BTreeSet;

impl Record {
    /// Returns the head part of the file, and how to refer to the record. The file is this and, behind it, the stored
    /// frames.
    ///
    /// # Errors
    /// If nobody could read it: something is out of range or does not fit together.
    pub(crate) fn encode(&self) -> Result<(Vec<u8>, Link), Malformed> {
        self.check()?;
        let head = head_part::around(KIND, &index(self))?;
        let link = Link { seq: self.seq, order: self.order, hash: Hash::of(&head) };
        Ok((head, link))
    }
}

/// The index: columns, because equal things beside each other compress well. What does not compress is last.
pub(crate) fn index(record: &Record) -> Vec<u8> {
    let mut to = Vec::new();
    about(&mut to, record);
    to.extend(record.changes.iter().map(kind));
    texts(&mut to, record.changes.iter().map(|change| change.id.as_str()));
    texts(&mut to, record.changes.iter().filter_map(Change::revision).map(|revision| revision.as_str()));
    for change in &record.changes {
        if let What::Put { size, .. } = change.what {
            put_number(&mut to, size);
        }
    }
    replaces(&mut to, &record.changes);
    parts(&mut to, &record.changes);
    for change in &record.changes {
        if let What::Put { digest, .. } = change.what {
            to.extend(digest.0);
        }
    }
    to
}

fn about(to: &mut Vec<u8>, record: &Record) {
    to.extend(record.vault.0);
    to.extend(record.writer.0);
    put_number(to, record.seq);
    put_number(to, record.order);
    if let Some(prev) = record.prev {
        put_number(to, prev.seq);
        put_number(to, prev.order);
        to.extend(prev.hash.0);
    }
    put_number(to, record.time);
    put_prefixed(to, record.device.as_bytes());
    put_number(to, record.frames.len() as u64);
    for frame in &record.frames {
        to.push(frame.codec as u8);
        put_number(to, frame.stored_len);
        put_number(to, frame.raw_len);
        to.extend(frame.hash.0);
    }
    put_number(to, record.changes.len() as u64);
}

fn kind(change: &Change) -> u8 {
    let action = match &change.what {
        What::Put { body: Place::Inline, .. } => 0,
        What::Put { body: Place::Parts(_), .. } => 1,
        What::Delete { .. } => 2,
        What::Withdraw => 3,
    };
    let revision = change.revision().is_some_and(|revision| revision.is_number());
    action | u8::from(change.id.is_number()) << 2 | u8::from(revision) << 3
}

/// All lengths, then all texts.
pub(crate) fn texts<'a>(to: &mut Vec<u8>, texts: impl Iterator<Item = &'a str> + Clone) {
    texts.clone().for_each(|text| put_number(to, text.len() as u64));
    texts.for_each(|text| to.extend(text.as_bytes()));
}

/// The writers once, then how many versions each change replaces, then the writer of each, then the number of each.
fn replaces(to: &mut Vec<u8>, changes: &[Change]) {
    let sorted: Vec<BTreeSet<Dot>> = changes.iter().map(|change| change.replaces.iter().copied().gather()).collect();
    let dots = || sorted.iter().flatten();
    let writers: Vec<Writer> = dots().map(|dot| dot.writer).gather::<BTreeSet<_>>().into_iter().collect();
    put_number(to, writers.len() as u64);
    writers.iter().for_each(|writer| to.extend(writer.0));
    sorted.iter().for_each(|dots| put_number(to, dots.len() as u64));
    dots().for_each(|dot| put_number(to, writers.partition_point(|writer| *writer < dot.writer) as u64));
    dots().for_each(|dot| put_number(to, dot.seq));
}

/// How many parts each document has that has any, then the parts.
fn parts(to: &mut Vec<u8>, changes: &[Change]) {
    let large = || changes.iter().map(Change::parts).filter(|parts| !parts.is_empty());
    large().for_each(|parts| put_number(to, parts.len() as u64));
    for Part { name_no, codec, stored_len, raw_len, hash } in large().flatten() {
        put_number(to, *name_no);
        to.push(*codec as u8);
        put_number(to, *stored_len);
        put_number(to, *raw_len);
        to.extend(hash.0);
    }
}
