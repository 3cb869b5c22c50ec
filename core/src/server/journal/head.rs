//! The head: an index of the records, small enough to be read at every sync. It is never the truth, only the way to it.
//!
//! Byte for byte: `spec/journal.md`, section 4.

use super::{
    checkpoint::PieceName,
    name::{Hash, Link, MAX_ORDER, MAX_SEQ, VaultId, Writer},
    wire::{Flaw, Malformed, Reader, opening, put_number, put_prefixed},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kind of the file, in its opening.
const KIND: u8 = b'h';
const HASH_BYTES: usize = 16;
/// The largest file.
pub(crate) const MAX_HEAD_BYTES: usize = 4 << 20;
/// A head names at most this many writers.
pub(crate) const MAX_WRITERS: usize = 100_000;
/// The longest reference to a checkpoint.
const MAX_CHECKPOINT_BYTES: usize = 64;
/// The least bytes that one writer takes: itself, a number, an order, a hash.
const LEAST_WRITER: usize = 32;
const CLOSED: u8 = 1;

/// What the last one who wrote it knew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) vault: VaultId,
    /// Random in every write, so that a write whose answer was lost is recognised.
    pub(crate) commit: [u8; 16],
    pub(crate) epoch: u64,
    /// Nothing is written here any more.
    pub(crate) closed: bool,
    /// The newest checkpoint.
    pub(crate) checkpoint: Option<Reference>,
    /// The last record of each writer, without those that are retired.
    pub(crate) vector: BTreeMap<Writer, Link>,
}

/// A checkpoint, as a head refers to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reference {
    pub(crate) root: PieceName,
    /// The hash over the writers that it covers and that the head does not name.
    pub(crate) retired: Hash,
}

/// The hash over writers that a head does not name, with the last record of each.
pub(crate) fn hash_of_retired<'a>(retired: impl Iterator<Item = (&'a Writer, &'a Link)>) -> Hash {
    let mut bytes = Vec::new();
    for (writer, link) in retired {
        put_link(&mut bytes, writer, link);
    }
    Hash::of(&bytes)
}

pub(crate) fn put_link(to: &mut Vec<u8>, writer: &Writer, link: &Link) {
    to.extend(writer.0);
    put_number(to, link.seq);
    put_number(to, link.order);
    to.extend(link.hash.0);
}

impl Head {
    /// Adds what another vector knows: of each writer the larger number.
    pub(crate) fn join<'a>(&mut self, other: impl Iterator<Item = (&'a Writer, &'a Link)>) {
        for (writer, link) in other {
            let known = self.vector.entry(*writer).or_insert(*link);
            if known.seq < link.seq {
                *known = *link;
            }
        }
    }

    /// Returns the file.
    ///
    /// # Errors
    /// If nobody could read it: something is out of range.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Malformed> {
        let mut to = opening(KIND).to_vec();
        to.extend(self.vault.0);
        to.extend(self.commit);
        put_number(&mut to, self.epoch);
        to.push(if self.closed { CLOSED } else { 0 });
        let mut checkpoint = Vec::new();
        if let Some(Reference { root, retired }) = &self.checkpoint {
            root.encode(&mut checkpoint);
            checkpoint.extend(retired.0);
        }
        put_prefixed(&mut to, &checkpoint);
        put_number(&mut to, self.vector.len() as u64);
        for (writer, link) in &self.vector {
            put_link(&mut to, writer, link);
        }
        let hash = Hash::of(&to);
        to.extend(hash.0);
        self.check(to.len()).map(|()| to)
    }

    /// Reads the file.
    pub(crate) fn decode(file: &[u8]) -> Result<Self, Flaw> {
        Reader::new(file).opening(KIND)?;
        let sealed = file.len().checked_sub(HASH_BYTES).and_then(|at| file.split_at_checked(at));
        let (body, hash) = sealed.ok_or(Malformed("it ends too early"))?;
        if file.len() > MAX_HEAD_BYTES {
            return Err(Flaw::Malformed("it has more than 4 MiB"));
        }
        if Hash::of(body).0 != hash {
            return Err(Flaw::Malformed("its hash is not that of its content"));
        }
        let mut reader = Reader::new(body);
        reader.opening(KIND)?;
        let head = Self::read(&mut reader)?;
        reader.end()?;
        head.check(file.len())?;
        Ok(head)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (vault, commit, epoch) = (VaultId(reader.array()?), reader.array()?, reader.number()?);
        let closed = match reader.byte()? {
            0 => false,
            CLOSED => true,
            _ => return Err(Malformed("it has a flag that nobody knows")),
        };
        let checkpoint = reference(reader.prefixed(MAX_CHECKPOINT_BYTES, "its reference to a checkpoint is too long")?)?;
        let count = reader.count(MAX_WRITERS, LEAST_WRITER, "it has too many writers")?;
        let mut vector = BTreeMap::new();
        for _ in 0..count {
            let writer = Writer(reader.array()?);
            if vector.last_key_value().is_some_and(|(last, _)| *last >= writer) {
                return Err(Malformed("its writers are not in order"));
            }
            vector.insert(writer, Link { seq: reader.number()?, order: reader.number()?, hash: Hash(reader.array()?) });
        }
        Ok(Self { vault, commit, epoch, closed, checkpoint, vector })
    }

    fn check(&self, file_len: usize) -> Result<(), Malformed> {
        let possible = |link: &Link| (1..=MAX_SEQ).contains(&link.seq) && link.order <= MAX_ORDER;
        match () {
            () if !self.vector.values().all(possible) => Err(Malformed("a record's number or order is out of range")),
            () if self.vector.len() > MAX_WRITERS => Err(Malformed("it has too many writers")),
            () if file_len > MAX_HEAD_BYTES => Err(Malformed("it has more than 4 MiB")),
            () => Ok(()),
        }
    }
}

fn reference(bytes: &[u8]) -> Result<Option<Reference>, Malformed> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let mut reader = Reader::new(bytes);
    let found = Reference { root: PieceName::decode(&mut reader)?, retired: Hash(reader.array()?) };
    reader.end()?;
    if found.root.is_root() { Ok(Some(found)) } else { Err(Malformed("its checkpoint is not the root of one")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::journal::checkpoint::CheckpointId;

    fn link(seq: u64) -> Link {
        Link { seq, order: 10 * seq, hash: Hash([seq as u8; 16]) }
    }

    fn head(writers: &[(u8, u64)]) -> Head {
        let vector = writers.iter().map(|(writer, seq)| (Writer([*writer; 14]), link(*seq))).collect();
        Head { vault: VaultId([7; 16]), commit: [8; 16], epoch: 3, closed: false, checkpoint: None, vector }
    }

    /// A file with this content and the right hash.
    fn sealed(body: &[u8]) -> Vec<u8> {
        [body, &Hash::of(body).0].concat()
    }

    #[test]
    fn a_head_comes_back() {
        let root = PieceName { of: CheckpointId { generation: 300, random: [3; 8] }, no: 0, hash: [4; 8] };
        let newer = Head { closed: true, checkpoint: Some(Reference { root, retired: Hash([5; 16]) }), ..head(&[(1, 1), (2, MAX_SEQ)]) };
        for head in [head(&[]), head(&[(1, 5), (9, 2)]), newer] {
            assert_eq!(Head::decode(&head.encode().unwrap()), Ok(head));
        }
    }

    #[test]
    fn joining_keeps_the_larger_number() {
        let mut joined = head(&[(1, 5), (2, 7)]);
        joined.join(head(&[(1, 6), (2, 6), (3, 1)]).vector.iter());
        assert_eq!(joined, head(&[(1, 6), (2, 7), (3, 1)]));
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_is_an_error() {
        let file = head(&[(1, 5), (9, 200)]).encode().unwrap();
        for end in 0..file.len() {
            assert!(Head::decode(&file[..end]).is_err(), "cut at {end}");
            let whole = end == file.len() - HASH_BYTES;
            assert_eq!(Head::decode(&sealed(&file[..end])).is_ok(), whole, "cut at {end} with a hash of its own");
        }
        for at in 0..file.len() {
            for bit in 0..8 {
                let mut bad = file.clone();
                bad[at] ^= 1 << bit;
                assert!(Head::decode(&bad).is_err(), "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn with_a_good_hash_there_is_one_spelling_and_no_panic() {
        let file = head(&[(1, 5), (9, 200)]).encode().unwrap();
        let body = &file[..file.len() - HASH_BYTES];
        for at in 0..body.len() {
            for value in 0..=255 {
                let mut bad = body.to_vec();
                bad[at] = value;
                let bad = sealed(&bad);
                if let Ok(head) = Head::decode(&bad) {
                    assert_eq!(head.encode(), Ok(bad), "byte {at} as {value}: a second spelling");
                }
            }
        }
        assert!(Head::decode(&sealed(&[body, &[0]].concat())).is_err(), "a byte more");
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        let mut newer = head(&[]).encode().unwrap();
        newer[5] = 2;
        assert_eq!(Head::decode(&newer), Err(Flaw::Newer));
        for bad in [link(0), link(MAX_SEQ + 1), Link { order: MAX_ORDER + 1, ..link(1) }] {
            let refused = Head { vector: [(Writer([1; 14]), bad)].into(), ..head(&[]) };
            assert!(refused.encode().is_err(), "{bad:?}");
        }
        let many = |count: u32| {
            let writer = |n: u32| Writer(std::array::from_fn(|i| n.to_be_bytes().get(i).copied().unwrap_or(0)));
            Head { vector: (0..count).map(|n| (writer(n), link(1))).collect(), ..head(&[]) }
        };
        let most = many(100_000).encode().unwrap();
        assert!(most.len() <= MAX_HEAD_BYTES && Head::decode(&most).is_ok());
        assert_eq!(many(100_001).encode(), Err(Malformed("it has too many writers")));
        let body = [&opening(KIND)[..], &[0; 32], &[0, 0, 0], &[0x80, 0x80, 0x04]].concat();
        assert_eq!(Head::decode(&sealed(&body)), Err(Flaw::Malformed("it ends too early")));
        let entry = [&[1; 14][..], &[5, 50], &[5; 16]].concat();
        let listed = |entries: &[&[u8]]| {
            let start = [&opening(KIND)[..], &[0; 32], &[0, 0, 0], &[entries.len() as u8]].concat();
            Head::decode(&sealed(&[start, entries.concat()].concat())).map(|head| head.vector.len())
        };
        assert_eq!(listed(&[&entry]), Ok(1));
        assert_eq!(listed(&[&entry, &entry]), Err(Flaw::Malformed("its writers are not in order")));
        let huge = [opening(KIND).to_vec(), vec![0; MAX_HEAD_BYTES]].concat();
        assert_eq!(Head::decode(&huge), Err(Flaw::Malformed("it has more than 4 MiB")));
    }
}
