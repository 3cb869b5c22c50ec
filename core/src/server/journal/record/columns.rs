//! The columns of a record's index, and the changes that they make up.

use super::{Change, MAX_DOTS, MAX_PARTS, MAX_REVISION_BYTES, Part, Place, What};
use crate::{
    DocId, Revision,
    document::Short,
    server::journal::{
        codec::Codec,
        name::{Dot, Hash, Writer},
        wire::{Malformed, Reader, text},
    },
};

/// The least bytes that one part, and one replaced version, takes.
const LEAST_PART: usize = 20;
const LEAST_DOT: usize = 2;

/// The columns as they were read; those that not every change has are shorter than the others.
pub(super) struct Columns<'a> {
    ids: Vec<&'a [u8]>,
    revisions: Vec<&'a [u8]>,
    sizes: Vec<u64>,
    replaces: Vec<Vec<Dot>>,
    parts: Vec<Vec<Part>>,
    digests: Vec<Short>,
}

impl<'a> Columns<'a> {
    pub(super) fn read(reader: &mut Reader<'a>, kinds: &[u8]) -> Result<Self, Malformed> {
        let having = |actions: &[u8]| kinds.iter().filter(|kind| actions.contains(&(**kind & 0b11))).count();
        let (puts, large) = (having(&[0, 1]), having(&[1]));
        Ok(Self {
            ids: texts(reader, kinds.len(), DocId::MAX_BYTES, "an id does not have 1 to 1024 bytes")?,
            revisions: texts(reader, having(&[0, 1, 2]), MAX_REVISION_BYTES, "a revision has more than 4096 bytes")?,
            sizes: (0..puts).map(|_| reader.number()).collect::<Result<_, _>>()?,
            replaces: replaces(reader, kinds.len())?,
            parts: parts(reader, large)?,
            digests: (0..puts).map(|_| reader.array().map(Short)).collect::<Result<_, _>>()?,
        })
    }

    /// Puts the rows together.
    pub(super) fn changes(self, kinds: &[u8]) -> Result<Vec<Change>, Malformed> {
        let (mut revisions, mut sizes) = (self.revisions.into_iter(), self.sizes.into_iter());
        let (mut parts, mut digests) = (self.parts.into_iter(), self.digests.into_iter());
        let rows = kinds.iter().zip(self.ids).zip(self.replaces);
        let change = |((kind, id), replaces): ((&u8, &[u8]), Vec<Dot>)| {
            let id = spelled_id(id, kind & 0b100 != 0)?;
            let mut revision = || spelled_revision(revisions.next(), kind & 0b1000 != 0);
            let mut put = |body| {
                let (revision, digest, size) = (revision()?, digests.next().ok_or(SHORT)?, sizes.next().ok_or(SHORT)?);
                Ok(What::Put { revision, digest, size, body })
            };
            let what = match kind & 0b11 {
                0 => put(Place::Inline)?,
                1 => put(Place::Parts(parts.next().ok_or(SHORT)?))?,
                2 => What::Delete { revision: revision()? },
                _ => What::Withdraw,
            };
            Ok(Change { id, replaces, what })
        };
        rows.map(change).collect()
    }
}

/// A column that has fewer rows than its kinds say. The columns are read by the kinds, so it does not happen.
const SHORT: Malformed = Malformed("a column is too short");

fn spelled_id(bytes: &[u8], number: bool) -> Result<DocId, Malformed> {
    let id = DocId::new(text(bytes)?).map_err(|_| Malformed("an id does not have 1 to 1024 bytes"))?.spelled_as_number(number);
    if id.is_number() == number { Ok(id) } else { Err(Malformed("an id is no number and says that it is one")) }
}

fn spelled_revision(bytes: Option<&[u8]>, number: bool) -> Result<Revision, Malformed> {
    let revision = Revision::new(text(bytes.ok_or(SHORT)?)?).spelled_as_number(number);
    if revision.is_number() == number { Ok(revision) } else { Err(Malformed("a revision is no number and says that it is one")) }
}

fn texts<'a>(reader: &mut Reader<'a>, count: usize, max: usize, above: &'static str) -> Result<Vec<&'a [u8]>, Malformed> {
    let lengths: Vec<u64> = (0..count).map(|_| reader.up_to(max as u64, above)).collect::<Result<_, _>>()?;
    lengths.into_iter().map(|len| reader.bytes(len as usize)).collect()
}

fn replaces(reader: &mut Reader<'_>, changes: usize) -> Result<Vec<Vec<Dot>>, Malformed> {
    let above = "it replaces too many versions";
    let listed = reader.count(MAX_DOTS, size_of::<Writer>(), above)?;
    let listed: Vec<Writer> = (0..listed).map(|_| reader.array().map(Writer)).collect::<Result<_, _>>()?;
    let counts = counts(reader, changes, 0, MAX_DOTS, LEAST_DOT, above)?;
    let mut writers = named(reader, &listed, counts.iter().sum())?.into_iter();
    let mut change = |count| {
        let dots = writers.by_ref().take(count).map(|writer| Ok(Dot { writer, seq: reader.number()? }));
        let dots = dots.collect::<Result<Vec<_>, _>>()?;
        let sorted = dots.is_sorted_by(|a, b| a < b);
        sorted.then_some(dots).ok_or(Malformed("the versions that a change replaces are not in order"))
    };
    counts.into_iter().map(&mut change).collect()
}

/// Reads `count` writers, each as its place in the list. The list has one spelling: in order, and nobody for nothing.
fn named(reader: &mut Reader<'_>, listed: &[Writer], count: usize) -> Result<Vec<Writer>, Malformed> {
    if !listed.is_sorted_by(|a, b| a < b) {
        return Err(Malformed("its writers are not in order"));
    }
    let mut used = vec![false; listed.len()];
    let mut writers = Vec::with_capacity(count);
    for _ in 0..count {
        let no = usize::try_from(reader.number()?).unwrap_or(usize::MAX);
        let (writer, used) = listed.get(no).zip(used.get_mut(no)).ok_or(Malformed("it names a writer that it does not list"))?;
        writers.push(*writer);
        *used = true;
    }
    if used.contains(&false) { Err(Malformed("it lists a writer and does not name it")) } else { Ok(writers) }
}

fn parts(reader: &mut Reader<'_>, documents: usize) -> Result<Vec<Vec<Part>>, Malformed> {
    let counts = counts(reader, documents, 1, MAX_PARTS, LEAST_PART, "it has too many parts")?;
    let mut part = || {
        let (name_no, codec) = (reader.number()?, Codec::from_byte(reader.byte()?)?);
        Ok(Part { name_no, codec, stored_len: reader.number()?, raw_len: reader.number()?, hash: Hash(reader.array()?) })
    };
    counts.into_iter().map(|count| (0..count).map(|_| part()).collect()).collect()
}

/// Reads how many things belong to each of `rows`, and looks that all of them can be there, before any is read.
fn counts(reader: &mut Reader<'_>, rows: usize, min: usize, max: usize, each: usize, above: &'static str) -> Result<Vec<usize>, Malformed> {
    let mut sum = 0_usize;
    let mut one = || {
        let count = reader.up_to(max as u64, above)? as usize;
        sum += count;
        if count < min { Err(Malformed("a document has no parts")) } else { Ok(count) }
    };
    let counts = (0..rows).map(|_| one()).collect::<Result<Vec<_>, _>>()?;
    match sum {
        _ if sum > max => Err(Malformed(above)),
        _ if sum.saturating_mul(each) > reader.left() => Err(Malformed("it ends too early")),
        _ => Ok(counts),
    }
}
