//! Whoever has the keys of a sealed vault, and a program of its own. It seals what no client of ours would write, as
//! `spec/sealed.md` says: sections 2, 3 and 4.

use aead_stream::{NewStream as _, StreamBE32, StreamPrimitive as _};
use aes_siv::siv::Aes128Siv;
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305,
    aead::{Aead as _, Payload},
};
use hkdf::Hkdf;
use kitestring::Digest;
use sha2::Sha256;
use std::collections::BTreeMap;

const PIECE_BYTES: usize = 64 << 10;

/// The keys of a vault with one data key and one slot, of a key.
pub struct Member {
    pub vault: [u8; 16],
    pub secret: [u8; 32],
    pub data_key: [u8; 32],
}

fn derive<const N: usize>(salt: &[u8], secret: &[u8], info: &[&[u8]]) -> [u8; N] {
    let mut derived = [0; N];
    Hkdf::<Sha256>::new(Some(salt), secret).expand_multi_info(info, &mut derived).unwrap();
    derived
}

fn open(key: &[u8], nonce: &[u8], msg: &[u8], aad: &[u8]) -> Vec<u8> {
    let nonce: [u8; 24] = nonce.try_into().unwrap();
    XChaCha20Poly1305::new_from_slice(key).unwrap().decrypt((&nonce).into(), Payload { msg, aad }).unwrap()
}

/// The next bytes of a file.
fn take<'a>(from: &mut &'a [u8], len: usize) -> &'a [u8] {
    let (taken, rest) = from.split_at(len);
    *from = rest;
    taken
}

impl Member {
    /// Opens the keyring among these files.
    pub fn of(files: &BTreeMap<String, Vec<u8>>, key: [u8; 32]) -> Self {
        let keyring = files.iter().rfind(|(path, _)| path.starts_with("k/")).unwrap().1;
        let mut rest = &keyring[6..];
        let vault = take(&mut rest, 16);
        // Epoch, revision, the key's id, and that there is one slot.
        assert_eq!(take(&mut rest, 2 + 8 + 1)[10], 1);
        let slot = rest;
        let label = 8 + 1 + usize::from(slot[8]);
        assert_eq!(slot[label], 1, "it is the slot of a key");
        let (salt, fields) = (&slot[label + 1..label + 17], &slot[..label + 49]);
        let wrapping = derive::<64>(salt, &key, &[b"kitestring slot 1"]);
        let mut rest = &slot[fields.len()..];
        let nonce = take(&mut rest, 24);
        let data_key = open(&wrapping[..32], nonce, take(&mut rest, 48), &[vault, &1_u32.to_be_bytes(), fields].concat());
        let front = &keyring[..keyring.len() - rest.len()];
        let nonce = take(&mut rest, 24);
        let body = open(&derive::<32>(&[], &data_key, &[b"kitestring keyring 1"]), nonce, rest, front);
        let array = |bytes: &[u8]| bytes.try_into().unwrap();
        Self { vault: vault.try_into().unwrap(), secret: array(&body[..32]), data_key: array(&data_key) }
    }

    /// Where a file lies that the journal calls so.
    pub fn place(&self, path: &str) -> String {
        let Some((folder, name)) = path.split_once('/') else { return path.to_owned() };
        let form = match (folder, name.starts_with("c-")) {
            ("j", false) => 1,
            ("j", true) => 2,
            ("c", _) => 3,
            ("p", _) => 4,
            _ => 5,
        };
        let digits = name.trim_start_matches("c-").replace('-', "");
        let bytes = (0..digits.len() / 2).map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap());
        let packed: Vec<u8> = [form].into_iter().chain(bytes).collect();
        let key = derive::<32>(&[], &self.secret, &[b"kitestring names"]);
        let hidden = Aes128Siv::new((&key).into()).encrypt([folder.as_bytes()], &packed).unwrap();
        format!("{folder}/{}", hex(&hidden))
    }

    /// Seals a file that the journal calls so.
    pub fn seal(&self, path: &str, content: &[u8]) -> Vec<u8> {
        let text = [&(content.len() as u64).to_be_bytes(), content].concat();
        let salt = *Digest::of(&text).as_bytes();
        let length = (text.len() as u64).to_be_bytes();
        let info: [&[u8]; 4] = [b"kitestring file 1|", &self.vault, &length, path.as_bytes()];
        let derived = derive::<51>(&salt, &self.data_key, &info);
        let (key, nonce) = derived.split_at(32);
        let (key, nonce): ([u8; 32], [u8; 19]) = (key.try_into().unwrap(), nonce.try_into().unwrap());
        let cipher = StreamBE32::<XChaCha20Poly1305>::new((&key).into(), (&nonce).into());
        let mut file = [b"kites\x01".as_slice(), &derive::<8>(&[], &self.data_key, &[b"kitestring key id"]), &salt, &length].concat();
        let pieces = text.chunks(PIECE_BYTES).count();
        for (n, piece) in text.chunks(PIECE_BYTES).enumerate() {
            let mut piece = piece.to_vec();
            cipher.encrypt_in_place(n as u32, n + 1 == pieces, &[], &mut piece).unwrap();
            file.extend(piece);
        }
        file
    }

    /// Puts a sealed file among others.
    pub fn write(&self, files: &mut BTreeMap<String, Vec<u8>>, path: &str, content: &[u8]) {
        files.insert(self.place(path), self.seal(path, content));
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
