//! Gathers contents into frames: pieces that are compressed together.

use super::{
    codec::{self, Compressor},
    name::Hash,
    record::Frame,
};

/// The contents of a frame are compressed together; this many bytes gain all that there is to gain.
const FRAME_BYTES: usize = 1 << 20;

/// From so many bytes on it is worth trying how much contents shrink.
const SAMPLE_BYTES: usize = 32 << 10;

/// Contents, one behind the other, in frames.
#[derive(Default)]
pub(super) struct Frames {
    /// The raw frame that is being filled.
    raw: Vec<u8>,
    frames: Vec<Frame>,
    /// The stored frames, one behind the other.
    stored: Vec<u8>,
    compressor: Compressor,
    /// The raw and the stored size of the frame that was closed last, or of a sample before there is one.
    last: Option<(usize, usize)>,
}

impl Frames {
    /// Adds a content. It begins a new frame if it does not fit the present one.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        if !self.raw.is_empty() && self.raw.len() + bytes.len() > FRAME_BYTES {
            self.close();
            self.raw.reserve(FRAME_BYTES);
        }
        self.raw.extend_from_slice(bytes);
    }

    fn close(&mut self) {
        if self.raw.is_empty() {
            return;
        }
        let (codec, stored) = self.compressor.compress(&self.raw);
        self.frames.push(Frame { codec, stored_len: stored.len() as u64, raw_len: self.raw.len() as u64, hash: Hash::of(&stored) });
        self.last = Some((self.raw.len(), stored.len()));
        self.stored.extend(stored);
        self.raw.clear();
    }

    /// How many bytes the frames take so far, without the one that is being filled.
    pub(super) fn stored_bytes(&self) -> u64 {
        self.stored.len() as u64
    }

    /// About how many bytes they will take: the one that is being filled is taken to shrink like the one before it. The first
    /// is tried once.
    pub(super) fn about_bytes(&mut self) -> u64 {
        if self.last.is_none() && self.raw.len() >= SAMPLE_BYTES {
            self.last = Some((self.raw.len(), self.compressor.compress(&self.raw).1.len()));
        }
        let (raw, stored) = self.last.unwrap_or((1, 1));
        self.stored_bytes() + self.raw.len() as u64 * stored as u64 / raw.max(1) as u64
    }

    /// Takes all frames, with their stored bytes.
    pub(super) fn take(&mut self) -> (Vec<Frame>, Vec<u8>) {
        self.close();
        (std::mem::take(&mut self.frames), std::mem::take(&mut self.stored))
    }

    /// Takes all contents out again, one behind the other.
    pub(super) fn unpack(&mut self) -> Result<Vec<u8>, super::wire::Malformed> {
        let (mut raw, mut rest) = (Vec::new(), self.stored.as_slice());
        for frame in &self.frames {
            let (this, others) = rest.split_at_checked(frame.stored_len as usize).unwrap_or((rest, &[]));
            raw.extend(codec::decompress(frame.codec, this, frame.raw_len as usize)?);
            rest = others;
        }
        raw.append(&mut self.raw);
        self.frames.clear();
        self.stored.clear();
        Ok(raw)
    }
}
