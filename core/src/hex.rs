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
    match VALUES.get(usize::from(digit)).copied().unwrap_or(NONE) {
        value if value < 16 && (upper || !digit.is_ascii_uppercase()) => Some(value),
        _ => None,
    }
}

const NONE: u8 = 255;

/// The value of each digit: looked up, because digests have many.
#[allow(clippy::indexing_slicing, reason = "the compiler computes it, and would say so")]
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < 16 {
        let digit = DIGITS[value as usize];
        values[digit as usize] = value;
        values[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_read_as_what_it_is() {
        for byte in 0..=255_u8 {
            let (lower, upper) = (format!("{byte:02x}"), format!("{byte:02X}"));
            assert_eq!((read(&lower, false), read(&upper, true)), (Some([byte]), Some([byte])));
            assert_eq!(read::<1>(&upper, false), (lower == upper).then_some([byte]));
        }
        for text in ["", "0", "000", "0g", "/0", "0:", "0@", "`0", "é"] {
            assert_eq!(read::<1>(text, true), None, "{text}");
        }
    }
}
