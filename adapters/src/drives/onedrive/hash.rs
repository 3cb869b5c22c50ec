//! The hash that OneDrive has of every file: QuickXorHash, as Microsoft describes it. The one crate that has it puts the length in
//! the wrong place where addresses have 32 bits, as in WebAssembly.
//!
//! It is linear, and no proof against anybody: it tells apart what two writers have written by chance at the same time.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// So many bytes it has; each byte of a content is put so many bits further round them than the one before.
const BYTES: usize = 20;
const SHIFT: usize = 11;

/// Returns the hash of a content as OneDrive writes it.
pub(super) fn hash_of(content: &[u8]) -> String {
    let mut hash = [0_u8; BYTES];
    let mut at = 0;
    for byte in content {
        let halves = (u16::from(*byte) << (at % 8)).to_le_bytes();
        for (place, half) in [at / 8, (at / 8 + 1) % BYTES].into_iter().zip(halves) {
            if let Some(own) = hash.get_mut(place) {
                *own ^= half;
            }
        }
        at = (at + SHIFT) % (BYTES * 8);
    }
    let length = (content.len() as u64).to_le_bytes();
    hash.iter_mut().rev().zip(length.iter().rev()).for_each(|(own, length)| *own ^= length);
    STANDARD.encode(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_microsoft() {
        // Of libqxh, a C implementation: what its README shows.
        assert_eq!(hash_of(b"hello world"), "aCgDG9jwBhDc4Q1yawMZAAAAAAA=");
        assert_eq!(hash_of(b""), "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    }
}
