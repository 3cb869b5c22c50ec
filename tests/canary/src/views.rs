//! The same bytes as somebody might read them: as they are, and where they look like hexadecimal digits, Base64 or
//! something compressed, what that stands for.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use std::io::Read as _;

/// Shorter runs of letters and digits are none of these.
const LEAST_RUN: usize = 8;
/// So much of what is compressed is looked at.
const MOST_BYTES: usize = 1 << 20;
/// What a frame of Zstandard begins with.
const ZSTD: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);
/// The bytes before the pieces of a sealed file.
const HEADER_BYTES: usize = 54;

/// All readings of these bytes.
pub fn views(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut views = vec![bytes.to_vec()];
    for run in bytes.split(|byte| !byte.is_ascii_hexdigit()).filter(|run| run.len() >= LEAST_RUN) {
        views.extend((0..2).map(|skipped| unhex(&run[skipped..])));
    }
    for run in bytes.split(|byte| !is_base64(*byte)).filter(|run| run.len() >= LEAST_RUN) {
        views.extend((0..4).map(|skipped| unbase64(&run[skipped..])));
    }
    let frames = bytes.windows(ZSTD.len()).enumerate().filter(|(_, window)| *window == ZSTD);
    views.extend(frames.map(|(at, _)| unzstd(&bytes[at..])));
    views.extend([0, HEADER_BYTES].iter().filter_map(|at| bytes.get(*at..)).map(inflate));
    views
}

/// Whether it is a digit of Base64, as files or as URLs have it.
fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

fn unhex(digits: &[u8]) -> Vec<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16).unwrap_or_default() as u8;
    digits.chunks_exact(2).map(|two| value(two[0]) << 4 | value(two[1])).collect()
}

fn unbase64(run: &[u8]) -> Vec<u8> {
    let standard: Vec<u8> = run
        .iter()
        .map(|digit| {
            if *digit == b'-' {
                b'+'
            } else if *digit == b'_' {
                b'/'
            } else {
                *digit
            }
        })
        .collect();
    // One digit is left over that says nothing.
    let whole = if standard.len() % 4 == 1 { standard.len() - 1 } else { standard.len() };
    BASE64.decode(&standard[..whole]).unwrap_or_default()
}

/// What can be had of a frame.
fn unzstd(frame: &[u8]) -> Vec<u8> {
    let mut raw = Vec::new();
    if let Ok(decoder) = zstd::stream::read::Decoder::new(frame) {
        let _ = decoder.single_frame().take(MOST_BYTES as u64).read_to_end(&mut raw);
    }
    raw
}

fn inflate(stored: &[u8]) -> Vec<u8> {
    miniz_oxide::inflate::decompress_to_vec_with_limit(stored, MOST_BYTES).unwrap_or_else(|failed| failed.output)
}
