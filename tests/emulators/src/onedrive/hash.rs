//! The hash of a content, straight from Microsoft's description of QuickXorHash: each byte is put 11 bits further round a
//! circle of 160 bits than the one before, and the length is added at the end.

use base64::{Engine as _, engine::general_purpose::STANDARD};

const BITS: usize = 160;
const SHIFT: usize = 11;

pub(super) fn quick_xor(bytes: &[u8]) -> String {
    let mut block = [0_u8; BITS / 8];
    let mut place = 0;
    for byte in bytes {
        let [low, high] = (u16::from(*byte) << (place % 8)).to_le_bytes();
        block[place / 8] ^= low;
        block[(place / 8 + 1) % block.len()] ^= high;
        place = (place + SHIFT) % BITS;
    }
    let length = (bytes.len() as u64).to_le_bytes();
    block.iter_mut().rev().take(8).zip(length.iter().rev()).for_each(|(own, length)| *own ^= length);
    STANDARD.encode(block)
}
