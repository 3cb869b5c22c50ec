//! What is asked of a frame of Zstandard, so that the C library and the Rust one accept the same, and need no more
//! memory than a reader expects. The fields are those of RFC 8878, section 3.1.1.1.

use super::super::wire::{Malformed, Reader};

/// The largest window, other than the content itself, that a reader must have room for: what RFC 8878 recommends.
pub(super) const MAX_WINDOW: u64 = 8 << 20;

/// Checks the header of a frame whose content is said to have `raw_len` bytes.
pub(super) fn check(stored: &[u8], raw_len: u64) -> Result<(), Malformed> {
    let mut reader = Reader::new(stored);
    if reader.array()? != [0x28, 0xb5, 0x2f, 0xfd] {
        return Err(Malformed("it is not a frame of Zstandard"));
    }
    let descriptor = reader.byte()?;
    // A dictionary, a checksum, or a bit that is reserved. The hash of the stored bytes makes a checksum needless.
    if descriptor & 0b1111 != 0 {
        return Err(Malformed("its frame of Zstandard has a dictionary, a checksum or a reserved bit"));
    }
    let single = descriptor & 0b10_0000 != 0;
    if !single && window(reader.byte()?) > MAX_WINDOW {
        return Err(Malformed("its frame of Zstandard has a window of more than 8 MiB"));
    }
    match content_size(&mut reader, descriptor >> 6, single)? {
        Some(size) if size != raw_len => Err(Malformed("it decompresses to another length")),
        _ => Ok(()),
    }
}

fn window(descriptor: u8) -> u64 {
    let base = 1_u64 << (10 + (descriptor >> 3));
    base + base / 8 * u64::from(descriptor & 7)
}

fn content_size(reader: &mut Reader<'_>, width: u8, single: bool) -> Result<Option<u64>, Malformed> {
    Ok(match width {
        0 if !single => None,
        0 => Some(u64::from(reader.byte()?)),
        1 => Some(u64::from(u16::from_le_bytes(reader.array()?)) + 256),
        2 => Some(u64::from(u32::from_le_bytes(reader.array()?))),
        _ => Some(u64::from_le_bytes(reader.array()?)),
    })
}
