//! What is written and read where there is no C library: Deflate is written, Zstandard only read.

use super::{Codec, Malformed, zstd_frame::MAX_WINDOW};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::Read;

pub(super) const WRITES: Codec = Codec::Deflate;
const LEVEL: u8 = 6;

/// Nothing is kept from one frame to the next.
#[derive(Default)]
pub(super) struct Tables;

impl Tables {
    pub(super) fn write(&mut self, raw: &[u8]) -> Option<Vec<u8>> {
        Some(miniz_oxide::deflate::compress_to_vec(raw, LEVEL))
    }
}

pub(super) fn unzstd(stored: &[u8], raw_len: usize) -> Result<Vec<u8>, Malformed> {
    let broken = || Malformed("it cannot be decompressed");
    let (mut rest, mut raw, mut at) = (stored, vec![0; raw_len], 0);
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(MAX_WINDOW.max(raw_len as u64));
    decoder.init(&mut rest).map_err(|_| broken())?;
    while !decoder.is_finished() {
        // Little by little, so that a frame that gives too much is noticed before it is in memory.
        decoder.decode_blocks(&mut rest, BlockDecodingStrategy::UptoBlocks(1)).map_err(|_| broken())?;
        let room = raw.get_mut(at..).unwrap_or_default();
        at += decoder.read(room).map_err(|_| broken())?;
        if decoder.can_collect() > 0 {
            break;
        }
    }
    match (at == raw_len && decoder.can_collect() == 0, rest) {
        (true, []) => Ok(raw),
        (true, _) => Err(Malformed("it is not one frame of Zstandard")),
        _ => Err(Malformed("it decompresses to another length")),
    }
}
