//! What a push and a pull of a sealed vault cannot do without: the same bytes parsed, compressed, hashed and sealed with the
//! same libraries, and nothing else.

use crate::{Result, cost::Stopwatch, workload::Note};
use aead_stream::{NewStream as _, StreamBE32, StreamPrimitive as _};
use chacha20poly1305::XChaCha20Poly1305;
use kitestring::Digest;
use serde::de::IgnoredAny;
use std::{hint::black_box, time::Duration};

/// As the core: bodies are compressed in frames of so many bytes, at this level, and sealed in pieces of so many.
const FRAME: usize = 1 << 20;
const LEVEL: i32 = 3;
const PIECE: usize = 64 << 10;

/// How much CPU each part takes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Parts {
    /// Every document is read as JSON, and nothing is kept of it.
    pub parse: Duration,
    /// Zstandard, of what a push compresses.
    pub compress: Duration,
    /// And of what a pull decompresses.
    pub decompress: Duration,
    /// SHA-256 of every document.
    pub hash: Duration,
    /// XChaCha20-Poly1305 of what was compressed.
    pub seal: Duration,
    /// The same, opened.
    pub open: Duration,
    /// Bytes of what was compressed.
    pub packed: u64,
}

impl Parts {
    /// The least of a push.
    pub fn push(&self) -> Duration {
        self.parse + self.compress + self.hash + self.seal
    }

    /// The least of a pull.
    pub fn pull(&self) -> Duration {
        self.parse + self.decompress + self.hash + self.open
    }

    /// Returns the lower times of two runs.
    #[must_use]
    pub fn better(self, other: Self) -> Self {
        Self {
            parse: self.parse.min(other.parse),
            compress: self.compress.min(other.compress),
            decompress: self.decompress.min(other.decompress),
            hash: self.hash.min(other.hash),
            seal: self.seal.min(other.seal),
            open: self.open.min(other.open),
            packed: other.packed,
        }
    }
}

/// Measures the parts of so many notes.
///
/// # Errors
/// Those of the libraries.
pub fn measure(count: u64) -> Result<Parts> {
    let notes: Vec<Vec<u8>> = (0..count).map(|i| Note::new(i, 0).document().into_bytes()).collect();
    let parse = timed(|| Ok(notes.iter().try_for_each(|note| serde_json::from_slice::<IgnoredAny>(note).map(drop))?))?.0;
    let hash = timed(|| Ok(notes.iter().map(|note| Digest::of(note)).collect::<Vec<_>>()))?.0;
    let frames: Vec<Vec<u8>> = notes.concat().chunks(FRAME).map(<[u8]>::to_vec).collect();
    let (compress, compressed) =
        timed(|| Ok(frames.iter().map(|frame| zstd::bulk::compress(frame, LEVEL)).collect::<std::io::Result<Vec<_>>>()?))?;
    let packed = compressed.iter().map(|frame| frame.len() as u64).sum();
    let decompress = || Ok(compressed.iter().map(|frame| zstd::bulk::decompress(frame, FRAME)).collect::<std::io::Result<Vec<_>>>()?);
    let decompress = timed(decompress)?.0;
    let cipher = StreamBE32::<XChaCha20Poly1305>::new((&[7; 32]).into(), (&[9; 19]).into());
    let failed = |_| "a piece could not be sealed";
    let mut pieces: Vec<Vec<u8>> = compressed.concat().chunks(PIECE).map(|piece| [piece, &[0; 16]].concat()).collect();
    pieces.iter_mut().for_each(|piece| piece.truncate(piece.len() - 16));
    let mut each = |work: Work<'_>| timed(|| Ok((0..).zip(&mut pieces).try_for_each(|(n, piece)| work(n, piece)).map_err(failed)?));
    let seal = each(&|n, piece| cipher.encrypt_in_place(n, false, &[], piece))?.0;
    let open = each(&|n, piece| cipher.decrypt_in_place(n, false, &[], piece))?.0;
    Ok(Parts { parse, compress, decompress, hash, seal, open, packed })
}

/// Seals or opens a piece in its place.
type Work<'a> = &'a dyn Fn(u32, &mut Vec<u8>) -> std::result::Result<(), chacha20poly1305::aead::Error>;

fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(Duration, T)> {
    let watch = Stopwatch::start();
    let result = black_box(work()?);
    Ok((watch.time().cpu, result))
}
