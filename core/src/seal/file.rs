//! Seals and opens files, whole or in part (E10 to E14).

use super::keys::{DataKey, KeyId, Keys};
use crate::{Error, Result, Runtime};
use aead_stream::{NewStream as _, StreamBE32, StreamPrimitive as _};
use chacha20poly1305::XChaCha20Poly1305;
use std::ops::Range;

/// What a sealed file begins with.
const OPENING: [u8; 6] = [b'k', b'i', b't', b'e', b's', 1];
/// The bytes before the pieces.
pub(super) const HEADER_BYTES: u64 = 54;
/// The bytes of the text in a piece.
pub(super) const PIECE_BYTES: u64 = 64 << 10;
/// What sealing adds to a piece.
const TAG_BYTES: u64 = 16;
/// The length of the content, before the content.
const LENGTH_BYTES: u64 = 8;
/// The longest text.
const MAX_TEXT_BYTES: u64 = 1 << 40;

/// What stands before the pieces of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) key: KeyId,
    salt: [u8; 32],
    /// The bytes of the text.
    text: u64,
}

impl Header {
    /// Reads it from the front of a file; none if that is no sealed file.
    pub(super) fn read(file: &[u8]) -> Option<Self> {
        let (opening, rest) = file.split_first_chunk::<6>()?;
        let (key, rest) = rest.split_first_chunk()?;
        let (salt, rest) = rest.split_first_chunk()?;
        let text = u64::from_be_bytes(*rest.first_chunk()?);
        let possible = *opening == OPENING && (LENGTH_BYTES..=MAX_TEXT_BYTES).contains(&text);
        possible.then_some(Self { key: KeyId(*key), salt: *salt, text })
    }

    fn write(&self) -> [u8; HEADER_BYTES as usize] {
        let mut bytes = [0; HEADER_BYTES as usize];
        let fields = OPENING.iter().chain(&self.key.0).chain(&self.salt).copied().chain(self.text.to_be_bytes());
        bytes.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
        bytes
    }

    fn pieces(&self) -> u64 {
        self.text.div_ceil(PIECE_BYTES)
    }

    /// Which bytes of the file are needed for these bytes of the content, and the piece with which they begin.
    pub(super) fn span(&self, content: &Range<u64>) -> (Range<u64>, u64) {
        let begin = content.start.saturating_add(LENGTH_BYTES).min(self.text);
        let end = content.end.saturating_add(LENGTH_BYTES).min(self.text).max(begin);
        let first = begin / PIECE_BYTES;
        let behind = end.div_ceil(PIECE_BYTES).max(first + 1).min(self.pieces());
        let at = |piece: u64| HEADER_BYTES + piece * (PIECE_BYTES + TAG_BYTES);
        let file = HEADER_BYTES + self.text + self.pieces() * TAG_BYTES;
        (at(first).min(file)..at(behind).min(file), first)
    }

    /// The cipher of this file, and of no other.
    fn cipher(&self, key: &DataKey, keys: &Keys, path: &str) -> Result<StreamBE32<XChaCha20Poly1305>> {
        let info: [&[u8]; 4] = [b"kitestring file 1|", &keys.vault.0, &self.text.to_be_bytes(), path.as_bytes()];
        let derived = key.secret.derive::<51>(&self.salt, &info)?;
        let (key, nonce) = derived.split_at(32);
        let short = |_| Error::internal("seal", "a key has another length");
        let (key, nonce): (&[u8; 32], &[u8; 19]) = (key.try_into().map_err(short)?, nonce.try_into().map_err(short)?);
        Ok(StreamBE32::new(key.into(), nonce.into()))
    }
}

/// How many bytes of the file are enough for the first bytes of its content, whatever follows.
pub(super) fn front(content: u64) -> u64 {
    let pieces = content.saturating_add(LENGTH_BYTES).div_ceil(PIECE_BYTES);
    HEADER_BYTES.saturating_add(pieces.saturating_mul(PIECE_BYTES + TAG_BYTES))
}

/// About how long the content of a file is: less than that by what was padded.
pub(super) fn content_bytes(file: u64) -> u64 {
    let sealed = file.saturating_sub(HEADER_BYTES);
    sealed.saturating_sub(sealed.div_ceil(PIECE_BYTES + TAG_BYTES) * TAG_BYTES).saturating_sub(LENGTH_BYTES)
}

/// Seals a file.
pub(super) fn seal(keys: &Keys, path: &str, content: &[u8], padded: bool, runtime: &dyn Runtime) -> Result<Vec<u8>> {
    let key = keys.current().ok_or_else(|| Error::internal("seal", "there is no key"))?;
    let plain = content.len() as u64 + LENGTH_BYTES;
    let mut header = Header { key: key.id, salt: [0; 32], text: if padded { padme(plain) } else { plain } };
    runtime.random(&mut header.salt)?;
    let cipher = header.cipher(key, keys, path)?;
    let length = (content.len() as u64).to_be_bytes();
    let mut file = Vec::with_capacity((HEADER_BYTES + header.text + header.pieces() * TAG_BYTES) as usize);
    file.extend(header.write());
    let (mut rest, mut zeros) = (content, header.text - plain);
    let mut piece = Vec::with_capacity((PIECE_BYTES + TAG_BYTES) as usize);
    for n in 0..header.pieces() {
        piece.clear();
        if n == 0 {
            piece.extend(length);
        }
        let (some, behind) = rest.split_at(rest.len().min(PIECE_BYTES as usize - piece.len()));
        piece.extend(some);
        rest = behind;
        let filled = zeros.min(PIECE_BYTES - piece.len() as u64);
        piece.resize(piece.len() + filled as usize, 0);
        zeros -= filled;
        let sealed = cipher.encrypt_in_place(n as u32, n + 1 == header.pieces(), &[], &mut piece);
        sealed.map_err(|_| Error::internal("seal", "a file could not be sealed"))?;
        file.extend_from_slice(&piece);
    }
    Ok(file)
}

/// Opens the pieces of a file that begin with piece `first`, and returns these bytes of its content, as far as they are
/// there. None if the bytes are not what was sealed. The text takes the place of the pieces, so that it needs no more memory.
pub(super) fn open(
    keys: &Keys,
    path: &str,
    header: &Header,
    first: u64,
    mut sealed: Vec<u8>,
    content: &Range<u64>,
) -> Result<Option<Vec<u8>>> {
    let Some(key) = keys.data_key(header.key) else { return Ok(None) };
    let cipher = header.cipher(key, keys, path)?;
    let expected = header.span(content).0;
    if sealed.len() as u64 != expected.end - expected.start {
        return Ok(None);
    }
    const STEP: usize = (PIECE_BYTES + TAG_BYTES) as usize;
    let (mut opened, mut piece) = (0, Vec::with_capacity(STEP));
    for (n, begin) in (first..).zip((0..sealed.len()).step_by(STEP)) {
        piece.clear();
        piece.extend_from_slice(sealed.get(begin..sealed.len().min(begin + STEP)).unwrap_or_default());
        if cipher.decrypt_in_place(n as u32, n + 1 == header.pieces(), &[], &mut piece).is_err() {
            return Ok(None);
        }
        let end = opened + piece.len();
        if let Some(place) = sealed.get_mut(opened..end) {
            place.copy_from_slice(&piece);
        }
        opened = end;
    }
    sealed.truncate(opened);
    Ok(cut(sealed, first * PIECE_BYTES, header.text, content))
}

/// Takes these bytes of the content out of the text, which begins at this place of it.
fn cut(mut text: Vec<u8>, at: u64, whole: u64, content: &Range<u64>) -> Option<Vec<u8>> {
    let mut end = content.end;
    if at == 0 {
        let length = u64::from_be_bytes(*text.first_chunk()?);
        if length > whole.saturating_sub(LENGTH_BYTES) {
            return None;
        }
        end = end.min(length);
    }
    let place = |offset: u64| (offset.saturating_add(LENGTH_BYTES).saturating_sub(at)).min(text.len() as u64) as usize;
    let (begin, end) = (place(content.start), place(end));
    text.truncate(end);
    text.drain(..begin.min(text.len()));
    Some(text)
}

/// The next length that Padmé allows (E13).
fn padme(length: u64) -> u64 {
    let Some(e) = length.checked_ilog2().filter(|e| *e > 0) else { return length };
    let last = e - (e.ilog2() + 1);
    let mask = (1 << last) - 1;
    (length + mask) & !mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        seal::{secret::Secret, testing::Counting},
        server::journal::VaultId,
    };
    use std::collections::BTreeSet;

    const PATH: &str = "j/name";

    fn test_keys(byte: u8) -> Keys {
        let (vault, secret) = (VaultId([byte; 16]), Secret::new([byte ^ 0xff; 32]));
        let data = vec![DataKey::new(Secret::new([byte; 32])).unwrap()];
        Keys { vault, secret, data, revoked: BTreeSet::new(), closed: 0, root: None }
    }

    fn sealed(content: &[u8], padded: bool) -> (Keys, Vec<u8>) {
        let keys = test_keys(1);
        let file = seal(&keys, PATH, content, padded, &Counting::default()).unwrap();
        (keys, file)
    }

    /// Opens a file as a reader of a range does that has the header.
    fn part(keys: &Keys, path: &str, file: &[u8], content: Range<u64>) -> Option<Vec<u8>> {
        let header = Header::read(file)?;
        let (span, first) = header.span(&content);
        let end = span.end.min(file.len() as u64);
        let bytes = file.get(span.start.min(end) as usize..end as usize)?;
        open(keys, path, &header, first, bytes.to_vec(), &content).unwrap()
    }

    fn whole(keys: &Keys, path: &str, file: &[u8]) -> Option<Vec<u8>> {
        let header = Header::read(file)?;
        open(keys, path, &header, 0, file.get(HEADER_BYTES as usize..)?.to_vec(), &(0..u64::MAX)).unwrap()
    }

    fn pattern(len: usize) -> Vec<u8> {
        (0..len).map(|n| (n * 7 + n / 251) as u8).collect()
    }

    #[test]
    fn every_length_and_every_range_comes_back() {
        let piece = PIECE_BYTES as usize;
        for len in [0, 1, 7, 8, 100, piece - 9, piece - 8, piece - 7, piece, 2 * piece - 8, 2 * piece, 3 * piece + 5] {
            for padded in [false, true] {
                let content = pattern(len);
                let (keys, file) = sealed(&content, padded);
                assert_eq!(whole(&keys, PATH, &file).as_ref(), Some(&content), "{len} {padded}");
                let about = content_bytes(file.len() as u64);
                assert!(if padded { about >= len as u64 } else { about == len as u64 }, "{len}: {about}");
                for begin in [0, 1, len / 2, piece - 8, piece, len].into_iter().filter(|begin| *begin <= len) {
                    for end in [begin, begin + 1, begin + piece, len].into_iter().filter(|end| (begin..=len).contains(end)) {
                        let got = part(&keys, PATH, &file, begin as u64..end as u64);
                        assert_eq!(got.as_deref(), Some(&content[begin..end]), "{len} {padded}: {begin}..{end}");
                    }
                }
                assert!(front(len as u64) >= HEADER_BYTES);
            }
        }
    }

    #[test]
    fn no_changed_bit_no_cut_and_no_other_place_is_accepted() {
        let content = pattern(PIECE_BYTES as usize + 100);
        let (keys, file) = sealed(&content, false);
        let bits = (0..HEADER_BYTES as usize * 8).chain((HEADER_BYTES as usize * 8..file.len() * 8).step_by(1009));
        for bit in bits {
            let mut changed = file.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(whole(&keys, PATH, &changed), None, "bit {bit}");
        }
        let cut = [0, 1, 53, 54, 55, 70, 1000, file.len() - PIECE_BYTES as usize, file.len() - 1];
        for end in cut {
            assert_eq!(whole(&keys, PATH, &file[..end]), None, "cut at {end}");
        }
        for more in 1..65 {
            assert_eq!(whole(&keys, PATH, &[&file[..], &vec![0; more]].concat()), None);
        }
        assert_eq!(whole(&keys, "j/other", &file), None);
        assert_eq!(whole(&test_keys(2), PATH, &file), None);
        let other_vault = Keys { vault: VaultId([9; 16]), ..keys };
        assert_eq!(whole(&other_vault, PATH, &file), None);
    }

    #[test]
    fn pieces_cannot_be_exchanged_left_out_or_taken_from_another_write() {
        let piece = PIECE_BYTES as usize;
        let (keys, file) = sealed(&pattern(3 * piece - 8), false);
        let again = seal(&keys, PATH, &pattern(3 * piece - 8), false, &Counting::from(99)).unwrap();
        let at = |n: usize| HEADER_BYTES as usize + n * (piece + 16)..HEADER_BYTES as usize + (n + 1) * (piece + 16);
        for order in [[1, 0, 2], [0, 2, 1], [2, 1, 0], [1, 2, 0], [2, 0, 1], [0, 0, 2], [0, 1, 1]] {
            let pieces: Vec<u8> = order.iter().flat_map(|n| file[at(*n)].to_vec()).collect();
            assert_eq!(whole(&keys, PATH, &[&file[..HEADER_BYTES as usize], &pieces].concat()), None, "{order:?}");
        }
        for n in 0..3 {
            let mut mixed = file.clone();
            mixed[at(n)].copy_from_slice(&again[at(n)]);
            assert_eq!(whole(&keys, PATH, &mixed), None, "piece {n} of another write");
        }
        assert_eq!(whole(&keys, PATH, &again), whole(&keys, PATH, &file));
    }

    #[test]
    fn padding_adds_little_and_leaves_few_lengths() {
        let lengths: std::collections::BTreeSet<u64> = (9..100_000).map(padme).collect();
        assert!(lengths.len() < 250, "{}", lengths.len());
        for length in (9..100_000).chain([1 << 30, (1 << 30) + 1]) {
            let padded = padme(length);
            assert!(padded >= length && padded * 100 <= length * 112, "{length} became {padded}");
        }
    }
}
