//! Hexadecimal digits, lower case: ids, digests and names are written by the thousand.

use std::fmt;

const DIGITS: [u8; 16] = *b"0123456789abcdef";

/// Writes bytes as digits, in one piece.
pub(crate) fn write<const N: usize>(bytes: &[u8; N], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = String::with_capacity(2 * N);
    push(bytes, &mut text);
    f.write_str(&text)
}

/// Appends bytes as digits.
pub(crate) fn push(bytes: &[u8], to: &mut String) {
    for byte in bytes {
        to.push(digit(byte >> 4));
        to.push(digit(byte & 15));
    }
}

fn digit(value: u8) -> char {
    DIGITS.get(usize::from(value)).map_or('0', |digit| char::from(*digit))
}

/// Reads exactly so many bytes; `upper` says whether digits may be in upper case.
pub(crate) fn read<const N: usize>(text: &str, upper: bool) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = value(*high, upper)? << 4 | value(*low, upper)?;
    }
    Some(bytes)
}

fn value(digit: u8, upper: bool) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' if upper => Some(digit - b'A' + 10),
        _ => None,
    }
}
