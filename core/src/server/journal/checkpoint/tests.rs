#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use super::*;
use crate::{
    Digest, DocId, Revision,
    document::Short,
    server::journal::{
        codec::Codec,
        doc::{At, Body, InFrame, Version},
        head_part,
        name::{Dot, Hash, Link, MAX_SEQ, RecordName, VaultId, Writer},
        record::{Frame, Part, Spot},
        wire::Flaw,
    },
};

const ME: Writer = Writer([0xa1; 14]);

fn version(seq: u64, body: Option<Body>) -> Version {
    let number = seq == 3;
    let revision = Revision::new(seq.to_string()).spelled_as_number(number);
    Version { dot: Dot { writer: Writer([seq as u8; 14]), seq }, order: 10 + seq, time: 1_790_000_000 + seq, revision, number, body }
}

fn body(size: u64, at: At) -> Option<Body> {
    Some(Body { short: Short::of(&Digest::of(&size.to_be_bytes())), size, at })
}

fn piece_name(generation: u64, no: u64) -> PieceName {
    PieceName { of: CheckpointId { generation, random: [7; 8] }, no, hash: [9; 8] }
}

fn far(file: FileName, begins: u64, offset: u64, len: u64) -> At {
    At::Frame(InFrame { file, begins, stored_len: 50, codec: Codec::Zstd, raw_len: 100, spot: Spot { frame: 0, offset, len } })
}

fn entry(id: &str, versions: Vec<Placed>) -> Entry {
    Entry { id: DocId::new(id).unwrap(), versions, replaced: None }
}

fn here(seq: u64, size: u64) -> Placed {
    Placed { version: version(seq, body(size, At::Parts(Vec::new()))), here: true }
}

fn there(seq: u64, size: u64, at: At) -> Placed {
    Placed { version: version(seq, body(size, at)), here: false }
}

fn frame(raw_len: u64) -> Frame {
    Frame { codec: Codec::Stored, stored_len: raw_len, raw_len, hash: Hash([3; 16]) }
}

/// One of everything.
fn piece() -> Piece {
    let part = |no, raw_len| Part { name_no: no, codec: Codec::Deflate, stored_len: raw_len - 1, raw_len, hash: Hash([4; 16]) };
    let own = FileName::Record(RecordName::from_parts(12, Writer([2; 14]), 2, [5; 8]));
    let mut number = entry("42", vec![Placed { version: version(3, None), here: false }]);
    number.id = number.id.spelled_as_number(true);
    let entries = vec![
        entry("a", vec![here(1, 6)]),
        entry("b", vec![there(2, 40, far(own, 30, 0, 40)), here(4, 4)]),
        number,
        entry("c", vec![there(5, 300, At::Parts(vec![part(1, 200), part(2, 100)]))]),
        entry("d", vec![there(6, 20, far(FileName::Piece(piece_name(4, 2)), 9, 60, 20))]),
        entry("e", vec![there(7, 10, far(FileName::Piece(piece_name(4, 2)), 9, 10, 10)), here(8, 5)]),
        entry("empty", vec![there(9, 0, At::Parts(Vec::new()))]),
    ];
    let link = Link { seq: 9, order: 19, hash: Hash([6; 16]) };
    let other = |no, time| Other { name: piece_name(5, no), head_len: 10, file_len: 20, kept_bytes: time, time };
    let vector = [(ME, link), (Writer([0xff; 14]), link)].into();
    let root = Root {
        order: 20,
        time: 1_790_000_000,
        parent: Some(piece_name(4, 0)),
        live_bytes: 77,
        vector,
        pieces: vec![other(1, 0)],
        history: vec![other(0x8000, 30)],
    };
    Piece { vault: VaultId([8; 16]), kind: Kind::Root(Box::new(root)), frames: vec![frame(10), frame(5)], entries }
}

fn history() -> Piece {
    let replaced = Some(Replaced { by: Dot { writer: ME, seq: 4 }, time: 99 });
    let mut entries = vec![entry("a", vec![here(1, 6)]), entry("a", vec![Placed { version: version(2, None), here: false }])];
    entries.iter_mut().for_each(|entry| entry.replaced = replaced);
    Piece { kind: Kind::History, frames: vec![frame(6)], entries, ..piece() }
}

fn name_of(head: &[u8], no: u64) -> PieceName {
    let mut hash = [0; 8];
    hash.copy_from_slice(&Hash::of(head).0[..8]);
    PieceName { hash, ..piece_name(5, no) }
}

fn read(head: &[u8], no: u64) -> Result<Piece, Flaw> {
    Piece::decode(head, &name_of(head, no))
}

#[test]
fn files_come_back() {
    let more = Piece { kind: Kind::More, ..piece() };
    let empty = Piece { frames: Vec::new(), entries: Vec::new(), ..piece() };
    for (piece, no) in [(piece(), 0), (empty, 0), (more, 1), (history(), 0x8000)] {
        let head = piece.encode().unwrap();
        assert_eq!(Piece::head_len(&head), Ok(head.len() as u64));
        assert_eq!(read(&head, no), Ok(piece));
    }
}

#[test]
fn every_body_has_its_place() {
    let head_len = 1000;
    let name = piece_name(5, 0);
    let documents = piece().documents(name, head_len);
    let place = |id: &str, n: usize| {
        let (_, versions, _) = documents.iter().find(|(of, ..)| of.as_str() == id).unwrap();
        match versions[n].body.as_ref().unwrap().at {
            At::Frame(InFrame { file, begins, spot, .. }) => (file, begins, spot.offset, spot.len),
            At::Parts(_) => panic!("{id} is in parts"),
        }
    };
    assert_eq!(place("a", 0), (FileName::Piece(name), 1000, 0, 6));
    assert_eq!(place("b", 1), (FileName::Piece(name), 1000, 6, 4));
    assert_eq!(place("e", 1), (FileName::Piece(name), 1010, 0, 5));
    assert_eq!(place("e", 0), (FileName::Piece(piece_name(4, 2)), 9, 10, 10));
    assert_eq!(piece().files().len(), 2);
}

#[test]
fn another_name_is_refused() {
    let head = piece().encode().unwrap();
    assert!(Piece::decode(&head, &piece_name(5, 0)).is_err(), "the hash is another");
    assert_eq!(read(&head, 1), Err(Flaw::Malformed("its name is another file's")));
    let mut newer = head;
    newer[5] = 2;
    assert_eq!(read(&newer, 0), Err(Flaw::Newer));
}

#[test]
fn every_truncation_and_every_changed_byte_of_an_index_is_refused_or_has_one_spelling() {
    for (piece, no) in [(piece(), 0), (history(), 0x8000)] {
        let raw = encode::index(&piece);
        for end in 0..raw.len() {
            assert!(read(&head_part::around(KIND, &raw[..end]).unwrap(), no).is_err(), "cut at {end}");
        }
        for at in 0..raw.len() {
            for value in 0..=255 {
                let mut bad = raw.clone();
                bad[at] = value;
                if let Ok(read) = read(&head_part::around(KIND, &bad).unwrap(), no) {
                    assert_eq!(encode::index(&read), bad, "byte {at} as {value}: a second spelling");
                }
            }
        }
        let head = piece.encode().unwrap();
        for at in 0..head.len() {
            let mut bad = head.clone();
            bad[at] ^= 1;
            assert!(Piece::decode(&bad, &name_of(&head, no)).is_err(), "bit of byte {at}");
        }
    }
}

#[test]
fn what_nobody_may_write_is_refused() {
    let why = |change: &dyn Fn(&mut Piece)| {
        let mut piece = piece();
        change(&mut piece);
        let refused = piece.encode().unwrap_err();
        assert!(read(&head_part::around(KIND, &encode::index(&piece)).unwrap(), 0).is_err(), "written as {refused}");
        refused.0
    };
    let bodies = "its bodies do not fit its frames";
    assert_eq!(why(&|p| p.frames[0].raw_len = 9), "its lengths do not fit its codec");
    assert_eq!(why(&|p| p.frames[0] = frame(9)), bodies);
    assert_eq!(why(&|p| p.frames.push(frame(3))), bodies);
    assert_eq!(why(&|p| p.entries[1].versions.reverse()), "the versions of a document are not in order");
    assert_eq!(why(&|p| p.entries[0].versions.clear()), "a document has no version, or too many");
    assert_eq!(why(&|p| p.entries[0].versions[0].version.dot.seq = MAX_SEQ + 1), "a version is out of range");
    assert_eq!(why(&|p| p.entries[1].versions[0].version.dot.seq = 7), "a body lies in another's record");
    let replaced = Some(Replaced { by: Dot { writer: ME, seq: 1 }, time: 0 });
    assert_eq!(why(&|p| p.entries[0].replaced = replaced), "what was replaced is history, and nothing else is");
    let root = |change: fn(&mut Root)| {
        why(&move |p| {
            if let Kind::Root(root) = &mut p.kind {
                change(root);
            }
        })
    };
    assert_eq!(root(|r| r.order = 18), "a record's number or order is out of range");
    assert_eq!(root(|r| r.parent = Some(piece_name(4, 1))), "its parent is not the root of a checkpoint");
    assert_eq!(root(|r| r.pieces[0].name.no = 0), "it names a file that cannot be");
    assert_eq!(root(|r| r.pieces[0].head_len = 21), "it names a file that cannot be");
}

#[test]
fn counts_are_refused_before_memory_is_asked_for() {
    let raw = encode::index(&Piece { frames: Vec::new(), entries: Vec::new(), kind: Kind::More, ..piece() });
    // The number of documents is followed by nothing but zeros.
    for huge in [&[0xff, 0xff, 0x3f][..], &[0xff, 0xff, 0xff, 0xff, 0x0f]] {
        let bad = [&raw[..18], huge, &[0; 40]].concat();
        assert!(read(&head_part::around(KIND, &bad).unwrap(), 1).is_err());
    }
}
