//! What the files with frames begin with: how they open, and an index that is compressed in one piece. It alone says where
//! everything else in the file is, so it can be fetched by a range.

use super::{
    codec::{self, Codec, MAX_INDEX},
    wire::{Flaw, Malformed, Reader, opening, put_number, put_prefixed},
};

/// What stands before the stored index.
struct Front {
    codec: Codec,
    raw_len: u64,
    stored_len: u64,
}

/// Makes the head part around an index.
pub(crate) fn around(kind: u8, index: &[u8]) -> Result<Vec<u8>, Malformed> {
    if index.len() as u64 > MAX_INDEX {
        return Err(Malformed("its index has more than 16 MiB"));
    }
    let (codec, stored) = codec::compress(index);
    Ok(sealed(kind, codec, index.len(), &stored))
}

pub(crate) fn sealed(kind: u8, codec: Codec, raw_len: usize, stored: &[u8]) -> Vec<u8> {
    let mut head = opening(kind).to_vec();
    head.push(codec as u8);
    put_number(&mut head, raw_len as u64);
    put_prefixed(&mut head, stored);
    head
}

/// Says from the first bytes of a file how long its head part is.
pub(crate) fn len(kind: u8, prefix: &[u8]) -> Result<u64, Flaw> {
    let mut reader = Reader::new(prefix);
    let front = front(kind, &mut reader)?;
    Ok((prefix.len() - reader.left()) as u64 + front.stored_len)
}

/// Returns the index of a head part that is known to be what was written.
pub(crate) fn index(kind: u8, head: &[u8]) -> Result<Vec<u8>, Flaw> {
    let mut reader = Reader::new(head);
    let front = front(kind, &mut reader)?;
    let stored = reader.bytes(front.stored_len as usize)?;
    reader.end()?;
    Ok(codec::decompress(front.codec, stored, front.raw_len as usize)?)
}

fn front(kind: u8, reader: &mut Reader<'_>) -> Result<Front, Flaw> {
    reader.opening(kind)?;
    let codec = Codec::from_byte(reader.byte()?)?;
    let above = "its index has more than 16 MiB";
    let front = Front { codec, raw_len: reader.up_to(MAX_INDEX, above)?, stored_len: reader.up_to(MAX_INDEX, above)? };
    codec.check_shrunk(front.stored_len, front.raw_len)?;
    Ok(front)
}
