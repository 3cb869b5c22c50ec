//! The workload: notes of about a kibibyte, the same in every language. All arithmetic is wrapping 64-bit.
//!
//! A note is a function of a seed, its number `i` and its version `v`. Random numbers come from splitmix64 streams,
//! one for each (seed, i, v, lane). Sentence `k` of the body was last rewritten in the largest version `1 <= u <= v`
//! with `u % 8 == k`, or in 0, so that one edit changes one sentence.

use serde::Serialize;
use std::sync::LazyLock;

const SEED: u64 = 42;
/// The creation time of note 0, in milliseconds since the Unix epoch.
const EPOCH_MS: u64 = 1_700_000_000_000;
const AUTHORS: [&str; 8] =
    ["Ada Lovelace", "Zoë Müller", "李雷", "José Álvarez", "Grace Hopper", "Иван Петров", "Aoife Ní Bhriain", "山田太郎"];

static WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| include_str!("../words.txt").lines().collect());

/// A note. The order of the fields is the order of the keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// A text of the shape of a UUID.
    pub id: String,
    /// The time of the last edit, in milliseconds since the Unix epoch.
    pub rev: u64,
    /// Always `note`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Four words.
    pub title: String,
    /// Eight sentences.
    pub body: String,
    /// Three words.
    pub tags: Vec<&'static str>,
    /// A name, in one of several scripts.
    pub author: &'static str,
    /// An address.
    pub url: String,
    /// Milliseconds since the Unix epoch.
    pub created: u64,
    /// Milliseconds since the Unix epoch.
    pub updated: u64,
    /// Whether the version is odd.
    pub done: bool,
    /// 0 to 4.
    pub priority: u64,
}

impl Note {
    /// Makes note `i` in version `v`.
    pub fn new(i: u64, v: u64) -> Self {
        let mut r = Random::stream(i, 0, 0);
        let (a, b) = (r.hex(), r.hex());
        let title = words(&mut r, 4, 2048).join(" ");
        let tags = words(&mut r, 3, 64);
        let author = pick(&AUTHORS, r.below(8));
        let slug = pick(&WORDS, r.below(2048));
        let url = format!("https://example.org/{slug}/{}", r.hex());
        let priority = r.below(5);
        let created = EPOCH_MS + i * 1000;
        let updated = created + v * 60_000;
        let body = (0..8).map(|k| sentence(i, last_rewrite(v, k), k)).collect::<Vec<_>>().join(" ");
        let part = |text: &str, from, to| text.get(from..to).unwrap_or_default().to_owned();
        let id = format!("{}-{}-4{}-a{}-{}", part(&a, 0, 8), part(&a, 8, 12), part(&a, 13, 16), part(&b, 1, 4), part(&b, 4, 16));
        Self { id, rev: updated, kind: "note", title, body, tags, author, url, created, updated, done: v % 2 == 1, priority }
    }

    /// Returns the note as compact JSON.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Returns the note as db-to-cloud's users spell it: `_id` and `_rev` instead of `id` and `rev`.
    pub fn document(&self) -> String {
        self.json().replacen("{\"id\":", "{\"_id\":", 1).replacen(",\"rev\":", ",\"_rev\":", 1)
    }
}

fn last_rewrite(v: u64, k: u64) -> u64 {
    let behind = (v % 8 + 8 - k) % 8;
    v.saturating_sub(behind)
}

fn sentence(i: u64, u: u64, k: u64) -> String {
    let mut r = Random::stream(i, u, 1 + k);
    let count = 10 + r.below(7);
    let text = words(&mut r, count, 2048).join(" ");
    let (first, rest) = text.split_at(1);
    format!("{}{rest}.", first.to_uppercase())
}

fn words(r: &mut Random, count: u64, of: u64) -> Vec<&'static str> {
    (0..count).map(|_| pick(&WORDS, r.below(of))).collect()
}

fn pick(list: &[&'static str], index: u64) -> &'static str {
    usize::try_from(index).ok().and_then(|i| list.get(i)).copied().unwrap_or_default()
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn stream(i: u64, v: u64, lane: u64) -> Self {
        let key = SEED.wrapping_mul(0xD134_2543_DE82_EF95) ^ i.wrapping_mul(0xA076_1D64_78BD_642F);
        Self(key ^ v.wrapping_mul(0xE703_7ED1_A0B4_28DB) ^ lane.wrapping_mul(0x8EBC_6AF0_9C88_C6E3))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        ((self.next() >> 32) * n) >> 32
    }

    fn hex(&mut self) -> String {
        format!("{:016x}", self.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    fn hex(bytes: &[u8]) -> String {
        Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn single_notes_are_as_published() {
        for (i, v, bytes, sha256) in [
            (0, 0, 1023, "140587c70ceffb600f21fce08be941d5e3266a3b79613a2a757d829bdce25523"),
            (1, 1, 950, "e2c07e6daf0e9ec3ee5f1d4cb294670d5a06338a9610c93809e65984bec6b6cb"),
            (42, 7, 979, "8ef374cbdfdd5ac936cf40a7882dc35c6e9aabaa460c349fe07223174b457bf5"),
        ] {
            let json = Note::new(i, v).json();
            assert_eq!((json.len(), hex(json.as_bytes()).as_str()), (bytes, sha256), "note {i} in version {v}");
        }
    }

    #[test]
    fn a_thousand_notes_are_as_published() {
        let all: String = (0..1000).map(|i| Note::new(i, 0).json() + "\n").collect();
        assert_eq!(all.len(), 984_283);
        assert_eq!(hex(all.as_bytes()), "068845be475bae868b97fa242c2308f441c7c02324e845fe585d0542f4130367");
    }

    #[test]
    fn the_word_list_is_the_one_named() {
        let sha256 = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda";
        assert_eq!(hex(include_bytes!("../words.txt")), sha256);
    }

    #[test]
    fn a_document_has_its_id_and_revision_first() {
        assert!(Note::new(3, 0).document().starts_with("{\"_id\":\""));
        assert!(Note::new(3, 0).document().contains(",\"_rev\":1700000003000,"));
    }
}
