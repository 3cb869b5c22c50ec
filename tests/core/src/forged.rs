//! Records that one could write, with whatever they claim of their contents.

use crate::member::hex;
use kitestring::Digest;

/// A record that one could write.
pub struct Forged {
    pub writer: [u8; 14],
    pub order: u64,
    pub id: &'static str,
    pub size: u64,
    pub digest: [u8; 16],
    pub frames: Vec<(u8, u64, u64)>,
    /// What the frames' hash is said to be.
    pub hash: [u8; 16],
    pub parts: Vec<(u64, u8, u64, u64, [u8; 16])>,
}

impl Forged {
    pub fn index(&self, vault: &[u8]) -> Vec<u8> {
        let mut index = [vault, &self.writer].concat();
        // Its number, its place, no time, no name of the device, its frames.
        index.extend([number(1), number(self.order), number(0), number(0), number(self.frames.len() as u64)].concat());
        for (codec, stored, raw) in &self.frames {
            index.extend([vec![*codec], number(*stored), number(*raw), self.hash.to_vec()].concat());
        }
        // One change: a put; its id, revision and size; no writers, nothing replaced; its parts; its digest.
        index.extend([number(1), vec![u8::from(!self.parts.is_empty())]].concat());
        index.extend([number(self.id.len() as u64), self.id.as_bytes().to_vec(), number(1), b"r".to_vec(), number(self.size)].concat());
        index.extend([number(0), number(0)].concat());
        if !self.parts.is_empty() {
            index.extend(number(self.parts.len() as u64));
        }
        for (no, codec, stored, raw, hash) in &self.parts {
            index.extend([number(*no), vec![*codec], number(*stored), number(*raw), hash.to_vec()].concat());
        }
        index.extend(self.digest);
        index
    }

    pub fn file(&self, vault: &[u8], behind: &[u8]) -> (String, Vec<u8>) {
        let index = self.index(vault);
        let len = number(index.len() as u64);
        self.named([b"kitej\x01\0", len.as_slice(), &len, &index].concat(), behind)
    }

    /// The file of a head part.
    pub fn named(&self, head: Vec<u8>, behind: &[u8]) -> (String, Vec<u8>) {
        let hash = hex(&Digest::of(&head).as_bytes()[..8]);
        (format!("j/{:010x}-{}-000001-{hash}", self.order, hex(&self.writer)), [&head, behind].concat())
    }
}

pub fn number(mut n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n > 0x7f {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}
