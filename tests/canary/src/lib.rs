//! Finds *canaries*: documents, ids, passphrases and keys that must not come out of a sealed vault. Tests say what they are
//! ([`mind`]), and look for them where they must not be ([`leak`]).
//!
//! Most tests of sealed vaults need not call this: devices of `kitestring-tests` do.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod known;
mod views;

pub use known::{Kind, mind};
pub use views::views;

/// Finds what is at least so secret, in any reading of these bytes.
pub fn leak(least: Kind, bytes: &[u8]) -> Option<String> {
    let found = views(bytes).iter().find_map(|view| known::find(least, view))?;
    Some(String::from_utf8_lossy(&found).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD, prelude::BASE64_URL_SAFE};

    const CANARY: &[u8] = b"a canary of some length, for what is compressed";

    fn around(bytes: &[u8]) -> Vec<u8> {
        [b"\xff\x00before ".as_slice(), bytes, b"\x80 behind"].concat()
    }

    #[test]
    fn whatever_the_spelling_it_is_found() {
        mind(Kind::Content, CANARY);
        let hex: String = CANARY.iter().map(|byte| format!("{byte:02x}")).collect();
        let shifted = |skipped: usize| [&b"xyz"[..skipped], CANARY].concat();
        let mut spelled = vec![
            CANARY.to_vec(),
            hex.clone().into_bytes(),
            hex.to_uppercase().into_bytes(),
            format!("f{hex}").into_bytes(),
            format!("j/{hex}").into_bytes(),
        ];
        for skipped in 0..3 {
            spelled.push(BASE64_STANDARD_NO_PAD.encode(shifted(skipped)).into_bytes());
            spelled.push(BASE64_URL_SAFE.encode(shifted(skipped)).into_bytes());
        }
        spelled.push(zstd::bulk::compress(CANARY, 3).unwrap());
        for bytes in &spelled {
            assert!(leak(Kind::Id, &around(bytes)).is_some(), "{bytes:?}");
            assert!(leak(Kind::Secret, &around(bytes)).is_none(), "{bytes:?}");
        }
        let deflated = miniz_oxide::deflate::compress_to_vec(CANARY, 9);
        for front in [0, 54] {
            assert!(leak(Kind::Content, &[&vec![0xff; front], deflated.as_slice()].concat()).is_some());
        }
        assert_eq!(leak(Kind::Id, &around(&CANARY[1..])), None);
    }

    #[test]
    fn of_a_long_content_three_pieces_are_looked_for() {
        let long: Vec<u8> = (0..10_000_u32).flat_map(|n| n.to_be_bytes()).collect();
        mind(Kind::Content, &long);
        for at in [0, 15_000, 39_900] {
            assert_eq!(leak(Kind::Content, &long[at..at + 100]).is_some(), at != 15_000, "{at}");
        }
    }
}
