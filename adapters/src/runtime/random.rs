//! Random bytes that are always there.

use kitestring::Digest;
use std::{
    hash::{BuildHasher as _, RandomState},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::SystemTime,
};

/// Fills `bytes` from the operating system.
///
/// Its source cannot fail on the supported systems once they are up. Should it fail all the same (a sandbox that forbids
/// the call), the bytes come from [`substitute`]: a host must not be brought down for a file name.
pub(super) fn fill(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        substitute(bytes);
    }
}

/// Fills `bytes` from what the standard library seeded its hash maps with, the time and a counter.
fn substitute(bytes: &mut [u8]) {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    for chunk in bytes.chunks_mut(32) {
        let mut digest = Digest::builder();
        let call = CALLS.fetch_add(1, Relaxed);
        for part in 0..4_u64 {
            digest.update(&RandomState::new().hash_one((call, part, std::process::id())).to_le_bytes());
        }
        digest.update(&call.to_le_bytes());
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        digest.update(&time.as_nanos().to_le_bytes());
        for (byte, random) in chunk.iter_mut().zip(digest.finish().as_bytes()) {
            *byte = *random;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn both_sources_fill_every_byte_and_never_repeat() {
        for source in [fill, substitute] {
            let mut seen = BTreeSet::new();
            let mut ored = [0_u8; 100];
            for _ in 0..100 {
                let mut bytes = [0_u8; 100];
                source(&mut bytes);
                ored.iter_mut().zip(bytes).for_each(|(o, b)| *o |= b);
                assert!(seen.insert(bytes.to_vec()));
            }
            assert_eq!(ored, [0xff; 100], "a byte was left alone");
        }
    }
}
