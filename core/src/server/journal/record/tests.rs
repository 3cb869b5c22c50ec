use super::*;
use crate::server::journal::{
    head_part,
    name::{MAX_ORDER, MAX_SEQ, RecordName},
    wire::{Flaw, Malformed},
};

const ME: Writer = Writer([0xa1; 14]);

fn id(text: &str) -> DocId {
    DocId::new(text).unwrap()
}

fn put(name: &str, size: u64, body: Place) -> Change {
    let digest = Short::of(&crate::Digest::of(name.as_bytes()));
    let what = What::Put { revision: Revision::of(name.as_bytes()), digest, size, body };
    Change { id: id(name), replaces: Vec::new(), what }
}

fn frame(raw_len: u64) -> Frame {
    Frame { codec: Codec::Stored, stored_len: raw_len, raw_len, hash: Hash([raw_len as u8; 16]) }
}

fn part(name_no: u64, raw_len: u64) -> Part {
    Part { name_no, codec: Codec::Zstd, stored_len: raw_len - 1, raw_len, hash: Hash([9; 16]) }
}

fn dot(writer: u8, seq: u64) -> Dot {
    Dot { writer: Writer([writer; 14]), seq }
}

fn first() -> Record {
    let vault = VaultId([7; 16]);
    Record { vault, writer: ME, seq: 1, order: 0, prev: None, time: 0, device: String::new(), frames: Vec::new(), changes: Vec::new() }
}

/// One of everything.
fn record() -> Record {
    let mut changes =
        vec![put("a", 4, Place::Inline), put("b", 6, Place::Inline), put("empty", 0, Place::Inline), put("c", 5, Place::Inline)];
    changes[1].replaces = vec![dot(1, 5), dot(2, 1), dot(2, 9)];
    changes.push(Change {
        id: id("42").spelled_as_number(true),
        replaces: vec![dot(1, 5)],
        what: What::Delete { revision: Revision::number(17) },
    });
    changes.push(put("large", 300, Place::Parts(vec![part(0, 200), part(1, 100)])));
    changes.push(Change { id: id("a"), replaces: vec![dot(3, MAX_SEQ)], what: What::Withdraw });
    let prev = Some(Link { seq: 6, order: 11, hash: Hash([6; 16]) });
    Record { seq: 7, order: 12, prev, device: "Ada's phone".to_owned(), frames: vec![frame(10), frame(5)], changes, ..first() }
}

fn name(link: &Link) -> RecordName {
    RecordName::new(ME, link)
}

/// Reads what an attacker wrote, who knows how names are made.
fn read(head: &[u8], seq: u64, order: u64) -> Result<Record, Flaw> {
    let link = Link { seq, order, hash: Hash::of(head) };
    Record::decode(head, &name(&link)).map(|(record, _)| record)
}

/// A head part that nobody checked.
fn unchecked(record: &Record) -> Vec<u8> {
    head_part::around(KIND, &encode::index(record)).unwrap()
}

fn why(mut record: Record, change: impl FnOnce(&mut Record)) -> &'static str {
    change(&mut record);
    let refused = record.encode().expect_err("nobody may write this");
    let read = read(&unchecked(&record), record.seq.clamp(1, MAX_SEQ), record.order.min(MAX_ORDER));
    assert!(matches!(read, Err(Flaw::Malformed(_))), "it is read: {record:?}");
    refused.0
}

#[test]
fn a_record_comes_back() {
    for record in [first(), record()] {
        let (head, link) = record.encode().unwrap();
        assert_eq!((link.seq, link.order), (record.seq, record.order));
        assert_eq!(Record::head_len(&head), Ok(head.len() as u64));
        assert_eq!(Record::head_len(&head[..15]), Ok(head.len() as u64));
        let (back, again) = Record::decode(&head, &name(&link)).unwrap();
        assert_eq!((&back, again), (&record, link));
        let spelled = |r: &Record| r.changes.iter().map(|c| (c.id.is_number(), c.revision().map(Revision::is_number))).collect::<Vec<_>>();
        assert_eq!(spelled(&back), spelled(&record), "equality of ids overlooks how they are spelled");
    }
}

#[test]
fn a_large_record_comes_back_and_shrinks() {
    let changes = (0..20_000).map(|n| Change { replaces: vec![dot(1, n + 1)], ..put(&format!("document-{n}"), 10, Place::Inline) });
    let large = Record { frames: vec![frame(200_000)], changes: changes.collect(), ..record() };
    let (head, link) = large.encode().unwrap();
    assert!(head.len() < encode::index(&large).len() * 2 / 3, "{} bytes", head.len());
    assert_eq!(Record::decode(&head, &name(&link)).unwrap().0, large);
}

#[test]
fn replaced_versions_are_written_in_their_order_and_once() {
    let mut twisted = record();
    twisted.changes[1].replaces = vec![dot(2, 9), dot(1, 5), dot(2, 1), dot(1, 5)];
    assert_eq!(twisted.encode(), record().encode());
}

#[test]
fn every_body_has_its_place() {
    let record = record();
    let spot = |frame, offset, len| Some(Spot { frame, offset, len });
    let expected = [spot(0, 0, 4), spot(0, 4, 6), spot(0, 10, 0), spot(1, 0, 5), None, None, None];
    assert_eq!(record.locate(), expected);
    assert_eq!(record.frame_range(100, 0), Some(100..110));
    assert_eq!(record.frame_range(100, 1), Some(110..115));
    assert_eq!(record.frame_range(100, 2), None);
    assert_eq!(part_path(record.writer, 1).as_str(), format!("p/{}-0000000000000001", "a1".repeat(14)));
    let empty = Record { changes: vec![put("e", 0, Place::Inline)], ..first() };
    assert_eq!((empty.locate(), empty.encode().is_ok()), (vec![spot(0, 0, 0)], true));
}

#[test]
fn every_truncation_and_every_flipped_bit_is_an_error() {
    let (head, link) = record().encode().unwrap();
    for end in 0..head.len() {
        assert!(Record::decode(&head[..end], &name(&link)).is_err(), "cut at {end}");
        // Also if the name is made for it.
        assert!(read(&head[..end], 7, 12).is_err(), "cut at {end} with a name of its own");
    }
    for at in 0..head.len() {
        for bit in 0..8 {
            let mut bad = head.clone();
            bad[at] ^= 1 << bit;
            assert!(Record::decode(&bad, &name(&link)).is_err(), "bit {bit} of byte {at}");
            // With a name of its own it may be another record, and must not be a panic.
            let _ = (read(&bad, 7, 12), Record::head_len(&bad));
        }
    }
    let longer = [head, vec![0]].concat();
    assert!(read(&longer, 7, 12).is_err(), "a byte more");
}

#[test]
fn a_damaged_index_never_panics_and_none_is_read_short() {
    let raw = encode::index(&record());
    let read = |raw: &[u8]| read(&head_part::sealed(KIND, Codec::Stored, raw.len(), raw), 7, 12);
    assert!(read(&raw).is_ok());
    for end in 0..raw.len() {
        assert!(read(&raw[..end]).is_err(), "cut at {end}");
    }
    for at in 0..raw.len() {
        for value in 0..=255 {
            let mut bad = raw.clone();
            bad[at] = value;
            if let Ok(record) = read(&bad) {
                assert_eq!(encode::index(&record), bad, "byte {at} as {value}: a second spelling");
            }
        }
    }
    assert!(read(&[raw, vec![0]].concat()).is_err());
}

#[test]
fn another_name_is_refused() {
    let (head, link) = record().encode().unwrap();
    let good = name(&link);
    for bad in [
        RecordName::new(Writer([2; 14]), &link),
        name(&Link { seq: 8, ..link }),
        name(&Link { order: 13, ..link }),
        name(&Link { hash: Hash([0; 16]), ..link }),
    ] {
        assert_ne!(bad, good);
        assert!(Record::decode(&head, &bad).is_err(), "{bad}");
    }
}

#[test]
fn a_newer_record_is_said_to_be_newer() {
    let (mut head, link) = record().encode().unwrap();
    head[5] = 2;
    assert_eq!(Record::decode(&head, &name(&link)), Err(Flaw::Newer));
    assert_eq!(Record::head_len(&head), Err(Flaw::Newer));
}

#[test]
fn the_chain_of_a_writer_is_checked() {
    let broken = "it does not follow the record before it";
    assert_eq!(why(record(), |r| r.prev = None), broken);
    assert_eq!(why(record(), |r| r.prev.as_mut().unwrap().seq = 5), broken);
    assert_eq!(why(record(), |r| r.prev.as_mut().unwrap().order = 12), broken);
    assert_eq!(Record { prev: record().prev, ..first() }.encode(), Err(Malformed(broken)));
    assert_eq!(Record { seq: 0, ..first() }.encode(), Err(Malformed("its number is out of range")));
    let late = Record { seq: MAX_SEQ, order: MAX_ORDER, prev: Some(Link { seq: MAX_SEQ - 1, ..record().prev.unwrap() }), ..record() };
    assert!(late.encode().is_ok());
    assert_eq!(why(late.clone(), |r| r.order = MAX_ORDER + 1), "its order is out of range");
    assert_eq!(why(late, |r| (r.seq, r.prev.as_mut().unwrap().seq) = (MAX_SEQ + 1, MAX_SEQ)), "its number is out of range");
}

#[test]
fn changes_are_checked() {
    let twice = "it has two versions of one document";
    assert_eq!(why(record(), |r| r.changes[1].id = id("a")), twice);
    assert_eq!(why(record(), |r| r.changes[4].id = id("a")), twice);
    assert_eq!(why(record(), |r| r.changes[6].replaces.clear()), "it withdraws nothing");
    assert_eq!(why(record(), |r| r.changes[6].replaces[0].seq = 0), "a replaced version has a number out of range");
    assert_eq!(why(record(), |r| r.changes[6].replaces[0].seq = MAX_SEQ + 1), "a replaced version has a number out of range");
    let long = |bytes| What::Delete { revision: Revision::new("x".repeat(bytes)) };
    assert_eq!(why(record(), |r| r.changes[4].what = long(MAX_REVISION_BYTES + 1)), "a revision has more than 4096 bytes");
    let mut longest = record();
    longest.changes[4].what = long(MAX_REVISION_BYTES);
    longest.device = "é".repeat(MAX_DEVICE_BYTES / 2);
    assert!(longest.encode().is_ok());
    assert_eq!(why(longest, |r| r.device.push('x')), "the name of its device has more than 256 bytes");
    assert_eq!(why(record(), |r| r.changes[0].id = DocId::on_drive(&"x".repeat(1025), false)), "an id does not have 1 to 1024 bytes");
    assert_eq!(why(record(), |r| r.changes[0].id = DocId::on_drive("", false)), "an id does not have 1 to 1024 bytes");
}

#[test]
fn frames_hold_the_bodies_exactly() {
    let (room, rest) = ("a body does not fit its frame", "its frames hold more than its bodies");
    assert_eq!(why(record(), |r| r.frames[0] = frame(9)), room);
    assert_eq!(why(record(), |r| r.frames[0] = frame(11)), room);
    assert_eq!(why(record(), |r| r.frames[1] = frame(4)), room);
    assert_eq!(why(record(), |r| r.frames[1] = frame(6)), rest);
    assert_eq!(why(record(), |r| r.frames.truncate(1)), room);
    assert_eq!(why(record(), |r| r.frames.push(frame(1))), rest);
    assert_eq!(why(record(), |r| r.changes.truncate(2)), rest);
    assert_eq!(why(record(), |r| r.frames.push(frame(0))), "a frame is empty");
    assert_eq!(why(record(), |r| r.frames[0].stored_len = 9), "its lengths do not fit its codec");
    assert_eq!(why(record(), |r| r.frames[0].codec = Codec::Zstd), "its lengths do not fit its codec");
    assert_eq!(why(record(), |r| r.frames[0] = frame((8 << 20) + 1)), "more than 8 MiB are compressed in one piece");
}

#[test]
fn parts_are_the_document() {
    let with = |parts| move |r: &mut Record| r.changes[5] = put("large", 300, Place::Parts(parts));
    assert_eq!(why(record(), with(vec![part(0, 200)])), "the parts of a document are not its size");
    assert_eq!(why(record(), with(vec![])), "a document has no parts");
    assert_eq!(why(record(), with(vec![Part { stored_len: 300, ..part(0, 300) }])), "its lengths do not fit its codec");
    assert_eq!(
        why(record(), with(vec![Part { codec: Codec::Stored, stored_len: 0, raw_len: 0, ..part(0, 1) }, part(1, 300)])),
        "a part is empty"
    );
}

#[test]
fn counts_are_refused_before_memory_is_asked_for() {
    // A record whose index says that ever more follows, and ends.
    let raw = encode::index(&first());
    let start = raw.len() - 3;
    // The last bytes are: no frames, no changes, no writers.
    assert_eq!(&raw[start..], [0, 0, 0]);
    let refused = |tail: &[u8]| match read(&head_part::around(KIND, &[&raw[..start], tail].concat()).unwrap(), 1, 0) {
        Err(Flaw::Malformed(why)) => why,
        other => panic!("{tail:?} is read: {other:?}"),
    };
    let number = |n: u64| {
        let mut bytes = Vec::new();
        crate::server::journal::wire::put_number(&mut bytes, n);
        bytes
    };
    assert_eq!(refused(&number(MAX_FRAMES as u64)), "it ends too early");
    assert_eq!(refused(&number(MAX_FRAMES as u64 + 1)), "it has too many frames");
    assert_eq!(refused(&[vec![0], number(MAX_CHANGES as u64)].concat()), "it ends too early");
    assert_eq!(refused(&[vec![0], number(MAX_CHANGES as u64 + 1)].concat()), "it has too many changes");
    assert_eq!(refused(&[vec![0, 0], number(MAX_DOTS as u64)].concat()), "it ends too early");
    assert_eq!(refused(&[vec![0, 0], number(MAX_DOTS as u64 + 1)].concat()), "it replaces too many versions");
    let front = |codec: u8, raw: u64, stored: u64| [b"kitej\x01".to_vec(), vec![codec], number(raw), number(stored)].concat();
    assert_eq!(Record::head_len(&front(2, 16 << 20, 9)), Ok(6 + 1 + 4 + 1 + 9));
    for bad in [front(2, (16 << 20) + 1, 9), front(0, (16 << 20) + 1, (16 << 20) + 1), front(0, 9, 8), front(2, 9, 9), front(3, 9, 8)] {
        assert!(Record::head_len(&bad).is_err(), "{bad:?}");
    }
}
