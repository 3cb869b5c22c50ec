//! A31: whatever bytes a decoder of sealed vaults is given, it answers, and takes no nonsense for sense.

use super::{
    Encryption, SealedDrive, Sealing,
    file::{self, Header},
    keyring::{self, KeyringName, Locked},
    keys::{DataKey, Keys},
    names::Names,
    secret::Secret,
    slot::{Binding, Slot, cipher},
    testing::Counting,
};
use crate::{
    Log, MemoryState,
    drive::{Condition, Drive as _, DrivePath, GetOptions, Got, MemoryDrive},
    server::journal::VaultId,
};
use chacha20poly1305::aead::{Aead as _, Payload};
use futures::executor::block_on;
use std::{collections::BTreeSet, ops::Range, sync::Arc};

const VAULT: VaultId = VaultId([7; 16]);

/// Bytes that are the same in every run: xorshift64*.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: usize) -> usize {
        ((self.roll() >> 32) as usize) % n.max(1)
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| (self.roll() >> 56) as u8).collect()
    }

    /// Numbers at which lengths go wrong.
    fn number(&mut self) -> u64 {
        let edges =
            [0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 4096, 4097, 65_535, 65_536, 1 << 20, 1 << 32, (1 << 40) + 1, u64::MAX - 8, u64::MAX];
        edges.get(self.below(edges.len() + 4)).copied().unwrap_or_else(|| self.roll())
    }

    /// The same bytes with some of them changed, cut, or with some more.
    fn spoil(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut spoilt = bytes.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(spoilt.len());
            match self.below(5) {
                0 => spoilt.truncate(at),
                1 => {
                    let more = self.below(20);
                    spoilt.extend(self.bytes(more));
                }
                2 => {
                    let number = self.number().to_be_bytes();
                    spoilt.iter_mut().skip(at).zip(number).for_each(|(to, from)| *to = from);
                }
                _ => {
                    let byte = self.roll() as u8;
                    spoilt.iter_mut().skip(at).take(1).for_each(|to| *to = byte);
                }
            }
        }
        spoilt
    }
}

fn keys() -> Keys {
    let data = vec![DataKey::new(Secret::new([1; 32])).unwrap()];
    Keys { vault: VAULT, secret: Secret::new([2; 32]), data, revoked: BTreeSet::new(), closed: 0, root: None }
}

#[test]
fn a31_garbage_in_the_place_of_a_sealed_file_is_refused() {
    let (keys, mut dice) = (keys(), Dice(1));
    let content = dice.bytes(300);
    let true_file = file::seal(&keys, "j/x", &content, false, &Counting::default()).unwrap();
    let front = &true_file[..file::HEADER_BYTES as usize];
    let (mut headers, mut opened) = (0, 0);
    for n in 0..400_000 {
        let bytes = match n % 4 {
            0 => {
                let len = dice.below(120);
                dice.bytes(len)
            }
            1 => {
                let len = dice.below(120);
                [front, &dice.bytes(len)].concat()
            }
            _ => dice.spoil(&true_file),
        };
        let range = dice.number()..dice.number();
        let _ = file::content_bytes(dice.number());
        let _ = file::front(dice.number());
        let Some(header) = Header::read(&bytes) else { continue };
        headers += 1;
        let (span, first) = header.span(&range);
        assert!(span.start <= span.end);
        let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
        let sealed = bytes.get(at(span.start)..at(span.end)).unwrap_or_default();
        let got = file::open(&keys, "j/x", &header, first, sealed.to_vec(), &range).unwrap();
        opened += usize::from(got.is_some());
        let whole = file::open(&keys, "j/x", &header, 0, bytes[file::HEADER_BYTES as usize..].to_vec(), &(0..u64::MAX)).unwrap();
        assert!(whole.is_none_or(|whole| bytes == true_file && whole == content), "{bytes:?}");
    }
    assert!(headers > 100_000 && opened < headers, "{opened} of {headers}");
}

/// A keyring that this key opens.
fn true_keyring() -> (KeyringName, Vec<u8>, Encryption) {
    let (runtime, key) = (Counting::default(), Encryption::key([9; 32]));
    let name = KeyringName::new(1, 1, &runtime).unwrap();
    let slot = Slot::make(Binding { vault: VAULT, epoch: 1 }, &keys().current().unwrap().secret, "first", &key, &runtime).unwrap().0;
    let file = keyring::encode(&name, &keys(), &[slot], &runtime).unwrap();
    (name, file, key)
}

#[test]
fn a31_garbage_in_the_place_of_a_keyring_is_refused() {
    let (mut dice, (name, true_file, key)) = (Dice(2), true_keyring());
    let mut locked = 0;
    for n in 0..400_000 {
        let bytes = match n % 8 {
            0 => {
                let len = dice.below(300);
                dice.bytes(len)
            }
            1 => {
                let len = dice.below(300);
                [&true_file[..6], &dice.bytes(len)].concat()
            }
            _ => dice.spoil(&true_file),
        };
        let _ = Locked::vault_of(&bytes);
        if let Ok(found) = Locked::decode(&bytes, &name) {
            locked += 1;
            assert!(found.open(&key).unwrap().is_none() || bytes == true_file, "{bytes:?}");
        }
    }
    assert!(locked > 10_000, "{locked}");
}

/// Somebody who has the keys can seal what makes no sense: it is refused as well.
#[test]
fn a31_garbage_that_was_sealed_with_the_right_key_is_no_keyring() {
    let (mut dice, (name, true_file, key)) = (Dice(3), true_keyring());
    let data_key = &keys().data[0].secret.clone();
    let mut body = Secret::new([2; 32]).bytes().to_vec();
    body.extend([[1].as_slice(), data_key.bytes(), &[0, 0]].concat());
    let front = true_file.len() - 24 - body.len() - 16;
    let sealing = cipher(&*data_key.derive::<32>(&[], &[b"kitestring keyring 1"]).unwrap()).unwrap();
    let with = |body: &[u8]| {
        let (front, nonce) = (&true_file[..front], [5; 24]);
        let sealed = sealing.encrypt((&nonce).into(), Payload { msg: body, aad: front }).unwrap();
        let file = [front, &nonce, &sealed].concat();
        Locked::decode(&file, &name).unwrap().open(&key).unwrap().is_some()
    };
    assert!(with(&body));
    for n in 0..150_000 {
        let len = dice.below(200);
        let spoilt = if n % 3 == 0 { dice.bytes(len) } else { dice.spoil(&body) };
        // What is left of the last key decides: it must be the one that the slots wrap.
        let _ = with(&spoilt);
    }
    for end in 0..body.len() {
        assert!(!with(&body[..end]), "cut at {end}");
    }
}

#[test]
fn a31_garbage_in_the_place_of_a_name_is_foreign() {
    let (mut dice, names) = (Dice(4), Names::new(&Secret::new([3; 32])).unwrap());
    let logical = "0000000001-a1a1a1a1a1a1a1a1a1a1a1a1a1a1-000001-0123456789abcdef";
    let hidden = names.encrypt("j", logical).unwrap();
    let keyring = "00000001-00000001-0011223344556677";
    for n in 0..300_000 {
        let from = [hidden.as_bytes(), logical.as_bytes(), keyring.as_bytes()][n % 3];
        let len = dice.below(100);
        let spoilt = if n % 7 == 0 { dice.bytes(len) } else { dice.spoil(from) };
        let text = String::from_utf8_lossy(&spoilt);
        let folder = ["j", "c", "p", "h", "k", ""][dice.below(6)];
        assert!(names.decrypt(folder, &text).is_none_or(|found| found == logical && text == hidden), "{text}");
        if let Some(other) = names.encrypt(folder, &text) {
            assert_eq!(names.decrypt(folder, &other).as_deref(), Some(&*text));
        }
        if let Some(name) = KeyringName::parse(&text) {
            assert_eq!(name.to_string(), text);
        }
    }
}

/// E15: what is not sealed, or not as it was, is a file that makes no sense: neither read nor taken for missing.
#[test]
fn a11_what_is_not_sealed_is_neither_read_nor_missing() {
    const PLACES: [&str; 4] = ["head", "lease", "h/00000000002a", "j/0000000001-a1a1a1a1a1a1a1a1a1a1a1a1a1a1-000001-0123456789abcdef"];
    block_on(async {
        let memory = Arc::new(MemoryDrive::new());
        let (runtime, state) = (Arc::new(Counting::default()), Arc::new(MemoryState::new()));
        let sealing = Arc::new(Sealing::new(Encryption::key([9; 32]), state, runtime, Log::default()));
        sealing.create(&*memory, VAULT).await.unwrap();
        let sealed = SealedDrive::new(memory.clone(), sealing);
        let get =
            async |path: &DrivePath, range: Option<Range<u64>>| sealed.get(path.clone(), GetOptions { range, unless: None }).await.unwrap();
        for path in PLACES.map(|path| DrivePath::new(path).unwrap()) {
            assert_eq!(get(&path, None).await, Got::Missing);
            sealed.put(path.clone(), b"content".to_vec(), Condition::Any).await.unwrap();
            assert!(matches!(get(&path, None).await, Got::File { bytes, .. } if bytes == b"content"));
            let (hidden, file) = memory.contents().into_iter().find(|(path, _)| !path.starts_with("k/")).unwrap();
            let hidden = DrivePath::new(hidden).unwrap();
            let spoilt =
                [b"content".to_vec(), Vec::new(), file[..60].to_vec(), [&file[..], b"more"].concat(), [&b"kitej"[..], &file[5..]].concat()];
            for bytes in spoilt {
                memory.put(hidden.clone(), bytes, Condition::Any).await.unwrap();
                for range in [None, Some(0..4), Some(0..1 << 20), Some(70_000..80_000)] {
                    assert!(matches!(get(&path, range).await, Got::File { bytes, .. } if bytes.is_empty()), "{path}");
                }
            }
            memory.delete(hidden, Condition::Any).await.unwrap();
        }
    });
}
