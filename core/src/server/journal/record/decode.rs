//! Reads the head part of a record.

use super::{Frame, KIND, MAX_CHANGES, MAX_DEVICE_BYTES, MAX_FRAMES, Record, columns::Columns};
use crate::server::journal::{
    codec::Codec,
    head_part,
    name::{Hash, Link, RecordName, VaultId, Writer},
    wire::{Flaw, Malformed, Reader, text},
};

/// The least bytes that one frame, and one change, takes in the index.
const LEAST_FRAME: usize = 19;
const LEAST_CHANGE: usize = 4;

impl Record {
    /// Says from the first bytes of a file how long its head part is.
    pub(crate) fn head_len(prefix: &[u8]) -> Result<u64, Flaw> {
        head_part::len(KIND, prefix)
    }

    /// Reads the head part of the file of this name.
    ///
    /// # Errors
    /// If it is not the file that was written under this name, or not one that anybody may write.
    pub(crate) fn decode(head: &[u8], name: &RecordName) -> Result<(Self, Link), Flaw> {
        // What is newer is said to be so, whatever its name.
        head_part::len(KIND, head)?;
        let link = Link { seq: name.seq, order: name.order, hash: Hash::of(head) };
        // Before anything is decompressed: what is damaged goes no further.
        if !name.fits(name.writer, &link) {
            return Err(Flaw::Malformed("its hash is not that of its name"));
        }
        let raw = head_part::index(KIND, head)?;
        let record = index(&raw)?;
        record.check()?;
        let named = (record.writer, record.seq, record.order) == (name.writer, name.seq, name.order);
        if named { Ok((record, link)) } else { Err(Flaw::Malformed("its name is another record's")) }
    }
}

fn index(raw: &[u8]) -> Result<Record, Malformed> {
    let mut reader = Reader::new(raw);
    let mut record = about(&mut reader)?;
    let count = reader.count(MAX_CHANGES, LEAST_CHANGE, "it has too many changes")?;
    let kinds = reader.bytes(count)?;
    if kinds.iter().any(|kind| *kind > 0b1111 || kind & 0b1011 == 0b1011) {
        return Err(Malformed("there is no such kind of change"));
    }
    let columns = Columns::read(&mut reader, kinds)?;
    reader.end()?;
    record.changes = columns.changes(kinds)?;
    Ok(record)
}

fn about(reader: &mut Reader<'_>) -> Result<Record, Malformed> {
    let (vault, writer) = (VaultId(reader.array()?), Writer(reader.array()?));
    let (seq, order) = (reader.number()?, reader.number()?);
    let prev = match seq {
        1 => None,
        _ => Some(Link { seq: reader.number()?, order: reader.number()?, hash: Hash(reader.array()?) }),
    };
    let time = reader.number()?;
    let device = text(reader.prefixed(MAX_DEVICE_BYTES, "the name of its device has more than 256 bytes")?)?.to_owned();
    let count = reader.count(MAX_FRAMES, LEAST_FRAME, "it has too many frames")?;
    let frames = (0..count).map(|_| frame(reader)).collect::<Result<_, _>>()?;
    Ok(Record { vault, writer, seq, order, prev, time, device, frames, changes: Vec::new() })
}

fn frame(reader: &mut Reader<'_>) -> Result<Frame, Malformed> {
    let codec = Codec::from_byte(reader.byte()?)?;
    Ok(Frame { codec, stored_len: reader.number()?, raw_len: reader.number()?, hash: Hash(reader.array()?) })
}
