//! How bytes are compressed: frames, parts and the index of a record.
//!
//! Every reader reads every codec. What is written is what its target writes best, measured in
//! `spec/decisions/0004-codec.md`; this is, with `Send` and how sets are filled, all that depends on the target.

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(any(target_arch = "wasm32", test))]
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "natively only what it reads is tested"))]
mod pure;
mod zstd_frame;

#[cfg(not(target_arch = "wasm32"))]
use native as target;
#[cfg(target_arch = "wasm32")]
use pure as target;

use super::wire::Malformed;
use miniz_oxide::inflate::{
    TINFLStatus,
    core::{DecompressorOxide, decompress as inflate_some, inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF},
};

/// A frame or a part has at most this many bytes raw, so that memory is bounded. Those that are written have half of it.
pub(crate) const MAX_RAW: u64 = 8 << 20;
/// An index has at most this many bytes raw.
pub(crate) const MAX_INDEX: u64 = 16 << 20;

/// How bytes are stored. The number is the byte in the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Codec {
    /// As they are.
    Stored = 0,
    /// Raw Deflate, RFC 1951, without a header of zlib or gzip.
    Deflate = 1,
    /// One frame of Zstandard, RFC 8878.
    Zstd = 2,
}

impl Codec {
    /// Takes the byte in a file.
    pub(crate) fn from_byte(byte: u8) -> Result<Self, Malformed> {
        match byte {
            0 => Ok(Self::Stored),
            1 => Ok(Self::Deflate),
            2 => Ok(Self::Zstd),
            _ => Err(Malformed("there is no such codec")),
        }
    }

    /// Checks what is said of a compressed frame or part before anything is done with it.
    pub(crate) fn check_lengths(self, stored_len: u64, raw_len: u64) -> Result<(), Malformed> {
        if raw_len > MAX_RAW {
            return Err(Malformed("more than 8 MiB are compressed in one piece"));
        }
        self.check_shrunk(stored_len, raw_len)
    }

    /// What does not shrink is stored as it is, so bytes that are stored are never more than raw ones.
    pub(crate) fn check_shrunk(self, stored_len: u64, raw_len: u64) -> Result<(), Malformed> {
        let holds = if self == Self::Stored { stored_len == raw_len } else { stored_len < raw_len };
        if holds { Ok(()) } else { Err(Malformed("its lengths do not fit its codec")) }
    }
}

/// Compresses as this target does it best. Who has many frames to compress keeps it for all of them.
#[derive(Default)]
pub(crate) struct Compressor(target::Tables);

impl Compressor {
    /// Compresses; what does not become shorter is stored as it is.
    pub(crate) fn compress(&mut self, raw: &[u8]) -> (Codec, Vec<u8>) {
        match self.0.write(raw) {
            Some(shorter) if shorter.len() < raw.len() => (target::WRITES, shorter),
            _ => (Codec::Stored, raw.to_vec()),
        }
    }
}

/// Compresses once.
pub(crate) fn compress(raw: &[u8]) -> (Codec, Vec<u8>) {
    Compressor::default().compress(raw)
}

/// Decompresses to exactly `raw_len` bytes. Takes memory for these, once more for a window of at most as many or 8 MiB,
/// and little else.
///
/// # Errors
/// If the bytes are not of this codec, or give another length. How many bytes may come out is for the caller to check.
pub(crate) fn decompress(codec: Codec, stored: &[u8], raw_len: usize) -> Result<Vec<u8>, Malformed> {
    codec.check_shrunk(stored.len() as u64, raw_len as u64)?;
    match codec {
        Codec::Stored => Ok(stored.to_vec()),
        Codec::Deflate => inflate(stored, raw_len),
        Codec::Zstd => {
            zstd_frame::check(stored, raw_len as u64)?;
            target::unzstd(stored, raw_len)
        }
    }
}

fn inflate(stored: &[u8], raw_len: usize) -> Result<Vec<u8>, Malformed> {
    let mut raw = vec![0; raw_len];
    let mut decompressor = Box::<DecompressorOxide>::default();
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    match inflate_some(&mut decompressor, stored, &mut raw, 0, flags) {
        (TINFLStatus::Done, read, written) if (read, written) == (stored.len(), raw_len) => Ok(raw),
        (TINFLStatus::Done | TINFLStatus::HasMoreOutput, ..) => Err(Malformed("it decompresses to another length")),
        _ => Err(Malformed("it cannot be decompressed")),
    }
}

#[cfg(test)]
pub(super) mod tests;
