//! The golden vectors of `spec/vectors/journal`: here, because the formats are not public.
//!
//! `KITE_WRITE_VECTORS=1` makes them anew.

use super::{
    checkpoint::{CheckpointId, Entry, FileName, Kind, Other, Piece, PieceName, Placed, Replaced, Root},
    codec::{self, Codec, tests::stored_as},
    doc::{At, Body, InFrame, Version},
    head::{Head, Reference, hash_of_retired},
    head_part,
    marker::Marker,
    name::{Dot, Hash, Link, RecordName, VaultId, Writer},
    options::Strategy,
    record::{Change, Frame, Part, Place, Record, Spot, What, index, part_path},
    wire::{Flaw, Reader},
};
use crate::{Digest, DocId, Revision, document::Short};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

const VAULT: VaultId = VaultId([0x5a; 16]);
const ADA: Writer = Writer([0xa1; 14]);
const BOB: Writer = Writer([0xb0, 0xb, 0xb, 0xb, 0xb, 0xb, 0xb, 0xb, 0, 0, 0, 0, 0, 1]);

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../spec/vectors/journal")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// Bodies that compress.
fn body(word: &str) -> String {
    format!("{{\"text\":\"{}\"}}", [word; 12].join(" "))
}

fn put(id: &str, revision: Revision, body: &str, replaces: &[Dot]) -> Change {
    let what = What::Put { revision, digest: Short::of(&Digest::of(body.as_bytes())), size: body.len() as u64, body: Place::Inline };
    Change { id: DocId::new(id).unwrap(), replaces: replaces.to_vec(), what }
}

fn frame(codec: Codec, bodies: &str) -> (Frame, Vec<u8>) {
    let stored = stored_as(codec, bodies.as_bytes());
    let (stored_len, raw_len) = (stored.len() as u64, bodies.len() as u64);
    (Frame { codec, stored_len, raw_len, hash: Hash::of(&stored) }, stored)
}

fn part(name_no: u64, codec: Codec, raw: &str) -> (Part, Vec<u8>) {
    let (Frame { stored_len, raw_len, hash, .. }, stored) = frame(codec, raw);
    (Part { name_no, codec, stored_len, raw_len, hash }, stored)
}

/// A file as it would be written with this codec for the index.
fn file(record: &Record, codec: Codec, frames: &[Vec<u8>]) -> (Vec<u8>, Link) {
    let raw = index(record);
    let head = head_part::sealed(b'j', codec, raw.len(), &stored_as(codec, &raw));
    let link = Link { seq: record.seq, order: record.order, hash: Hash::of(&head) };
    ([head, frames.concat()].concat(), link)
}

/// The files of the vault, by path.
fn written() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let dot = |writer, seq| Dot { writer, seq };
    let mut add = |record: &Record, codec, frames: &[Vec<u8>]| {
        let (bytes, link) = file(record, codec, frames);
        files.push((RecordName::new(record.writer, &link).path().to_string(), bytes));
        link
    };
    // As it is: a first record, and ids and revisions that are numbers.
    let (milk, answer) = (body("milk"), body("42"));
    let (plain, stored) = frame(Codec::Stored, &format!("{milk}{answer}"));
    let mut changes = vec![put("milk", Revision::new("rev-1"), &milk, &[]), put("42", Revision::number(1_700_000_000_001), &answer, &[])];
    changes[1].id = changes[1].id.clone().spelled_as_number(true);
    let device = "Ada's phone".to_owned();
    let first =
        Record { vault: VAULT, writer: ADA, seq: 1, order: 1, prev: None, time: 1_790_000_000, device, frames: vec![plain], changes };
    let link = add(&first, Codec::Stored, &[stored]);
    // Deflate: two frames, and a body without a byte.
    let (milk, bread, soup) = (body("more milk"), body("bread"), body("soup"));
    let frames = [frame(Codec::Deflate, &format!("{milk}{bread}")), frame(Codec::Deflate, &soup)];
    let changes = vec![
        put("milk", Revision::new("rev-2"), &milk, &[dot(ADA, 1)]),
        put("Brot & Käse", Revision::of(bread.as_bytes()), &bread, &[]),
        put("empty", Revision::new(""), "", &[]),
        put("soup", Revision::of(soup.as_bytes()), &soup, &[]),
    ];
    let second = Record { seq: 2, order: 2, prev: Some(link), frames: frames.iter().map(|f| f.0).collect(), changes, ..first.clone() };
    let link = add(&second, Codec::Deflate, &frames.map(|f| f.1));
    // Zstandard: a conflict that was settled, a deletion and a withdrawal.
    let merged = body("milk of both");
    let (whole, stored) = frame(Codec::Zstd, &merged);
    let replaces = |dots: &[Dot], id: &str, what| Change { id: DocId::new(id).unwrap(), replaces: dots.to_vec(), what };
    let changes = vec![
        put("milk", Revision::new("rev-3"), &merged, &[dot(ADA, 2), dot(BOB, 1)]),
        replaces(&[dot(ADA, 1)], "42", What::Delete { revision: Revision::number(1_700_000_000_002) }),
        replaces(&[dot(ADA, 2)], "soup", What::Withdraw),
    ];
    let third = Record { seq: 3, order: 4, prev: Some(link), frames: vec![whole], changes, ..first.clone() };
    let ada = add(&third, Codec::Zstd, &[stored]);
    // A large document, in parts of every codec, and no name of a device.
    let pieces = ["one ", "two ", "three "].map(|word| word.repeat(30));
    let parts = [Codec::Stored, Codec::Deflate, Codec::Zstd].into_iter().zip(&pieces).enumerate();
    let parts: Vec<_> = parts.map(|(no, (codec, piece))| part(no as u64, codec, piece)).collect();
    let mut large = put("large", Revision::new("r"), &pieces.concat(), &[]);
    if let What::Put { body, .. } = &mut large.what {
        *body = Place::Parts(parts.iter().map(|part| part.0).collect());
    }
    let changes = vec![replaces(&[dot(ADA, 1)], "milk", What::Delete { revision: Revision::new("rev-1b") }), large];
    let other = Record { writer: BOB, order: 3, device: String::new(), frames: Vec::new(), changes, ..first };
    let bob = add(&other, Codec::Zstd, &[]);
    files.extend(parts.into_iter().map(|(part, stored)| (part_path(BOB, part.name_no).to_string(), stored)));
    let vector = [(ADA, ada), (BOB, bob)].into();
    let head = Head { vault: VAULT, commit: [0xc0; 16], epoch: 0, closed: false, checkpoint: None, vector };
    let (root, pieces) = checkpoint(&first_of(&second, &files), [(ADA, ada), (BOB, bob)].into());
    files.extend(pieces);
    // Bob is retired.
    let bob = (BOB, bob);
    let checkpoint = Some(Reference { root, retired: hash_of_retired([(&bob.0, &bob.1)].into_iter()) });
    let newer = Head { epoch: 1, closed: true, checkpoint, vector: [(ADA, ada)].into(), ..head.clone() };
    files.push(("head".to_owned(), head.encode().unwrap()));
    files.push(("head-closed".to_owned(), newer.encode().unwrap()));
    let compacted = Head { epoch: 0, closed: false, ..newer };
    files.push(("head-compacted".to_owned(), compacted.encode().unwrap()));
    let marker = Marker { vault: VAULT, strategy: Strategy::CompareAndSwap, epoch: 0, sealed: None };
    files.push(("vault".to_owned(), marker.encode().unwrap()));
    files
}

fn said_of_link(link: &Link) -> Value {
    json!({ "seq": link.seq, "order": link.order, "hash": link.hash })
}

fn code(codec: Codec) -> &'static str {
    match codec {
        Codec::Stored => "stored",
        Codec::Deflate => "deflate",
        Codec::Zstd => "zstd",
    }
}

fn said_of_part(part: &Part, path: String) -> Value {
    let Part { codec, stored_len, raw_len, hash, .. } = part;
    json!({ "file": path, "codec": code(*codec), "stored": stored_len, "raw": raw_len, "hash": hash })
}

/// Describes a change, with its body as it is read from the files.
fn said_of_change(record: &Record, frames: &[Vec<u8>], at: usize) -> Value {
    let change = &record.changes[at];
    let replaces: Vec<Value> = change.replaces.iter().map(|dot| json!({ "writer": dot.writer, "seq": dot.seq })).collect();
    let mut said = json!({ "id": change.id, "replaces": replaces });
    let (action, revision) = match &change.what {
        What::Put { revision, .. } => ("put", Some(revision)),
        What::Delete { revision } => ("delete", Some(revision)),
        What::Withdraw => ("withdraw", None),
    };
    (said["action"], said["revision"]) = (json!(action), json!(revision));
    let What::Put { digest, size, body, .. } = &change.what else { return said };
    let bytes = match body {
        Place::Inline => {
            let spot = record.locate()[at].unwrap();
            (said["frame"], said["offset"]) = (json!(spot.frame), json!(spot.offset));
            let range = spot.offset as usize..(spot.offset + spot.len) as usize;
            if spot.len == 0 { Vec::new() } else { frames[spot.frame][range].to_vec() }
        }
        Place::Parts(parts) => {
            let path = |part: &Part| part_path(record.writer, part.name_no).to_string();
            said["parts"] = parts.iter().map(|part| said_of_part(part, path(part))).collect();
            parts.iter().flat_map(|part| raw_of(part, &fs::read(folder().join(path(part))).unwrap())).collect()
        }
    };
    assert_eq!(*digest, Short::of(&Digest::of(&bytes)), "the digest of {:?}", change.id);
    (said["digest"], said["size"], said["body"]) = (json!(hex(&digest.0)), json!(size), json!(String::from_utf8(bytes).unwrap()));
    said
}

fn raw_of(part: &Part, stored: &[u8]) -> Vec<u8> {
    assert_eq!((part.stored_len, part.hash), (stored.len() as u64, Hash::of(stored)));
    codec::decompress(part.codec, stored, part.raw_len as usize).unwrap()
}

/// Reads a record's file and says all that is in it.
fn said_of_record(path: &str, bytes: &[u8]) -> Value {
    let name = RecordName::parse(path.strip_prefix("j/").unwrap()).unwrap();
    let head_len = Record::head_len(&bytes[..15]).unwrap();
    let head = &bytes[..head_len as usize];
    let (record, link) = Record::decode(head, &name).unwrap();
    let mut frames = Vec::new();
    for (at, frame) in record.frames.iter().enumerate() {
        let range = record.frame_range(head_len, at).unwrap();
        let stored = &bytes[range.start as usize..range.end as usize];
        assert_eq!(Hash::of(stored), frame.hash);
        frames.push(codec::decompress(frame.codec, stored, frame.raw_len as usize).unwrap());
    }
    let said = |f: &Frame| json!({ "codec": code(f.codec), "stored": f.stored_len, "raw": f.raw_len, "hash": f.hash });
    json!({
        "file": path, "head_bytes": head_len, "index_codec": code(Codec::from_byte(head[6]).unwrap()), "index": hex(&index(&record)),
        "vault": record.vault, "writer": record.writer, "link": said_of_link(&link), "prev": record.prev.as_ref().map(said_of_link),
        "time": record.time, "device": record.device, "frames": record.frames.iter().map(said).collect::<Vec<_>>(),
        "changes": (0..record.changes.len()).map(|at| said_of_change(&record, &frames, at)).collect::<Vec<_>>(),
    })
}

fn said_of_head(path: &str, bytes: &[u8]) -> Value {
    let Head { vault, commit, epoch, closed, checkpoint, vector } = Head::decode(bytes).unwrap();
    let vector: Vec<Value> = vector.iter().map(|(writer, link)| json!({ "writer": writer, "link": said_of_link(link) })).collect();
    let commit = hex(&commit);
    let checkpoint = checkpoint.map(|found| json!({ "root": found.root.path().as_str(), "retired": found.retired }));
    json!({ "file": path, "vault": vault, "commit": commit, "epoch": epoch, "closed": closed, "checkpoint": checkpoint,
        "vector": vector })
}

fn said_of_marker(path: &str, bytes: &[u8]) -> Value {
    let Marker { vault, strategy, epoch, .. } = Marker::decode(bytes).unwrap();
    json!({ "file": path, "vault": vault, "strategy": strategy, "epoch": epoch })
}

/// What must be refused, and how; by hand, so that a change of the code does not change it.
const REFUSED: &[(&str, &str, &str)] = &[
    ("number", "8000", "malformed"),
    ("number", "80808080808080808002", "malformed"),
    ("number", "ffffffffffffffffffff01", "malformed"),
    ("head", "6b6974656802", "newer"),
    ("head", "6b6974656801", "malformed"),
    ("record front", "6b6974656a0200", "newer"),
    ("record front", "6b6974656a01030302", "malformed"),
    ("record front", "6b6974656a01000302", "malformed"),
    ("record front", "6b6974656a01020303", "malformed"),
    ("marker", "7b226b697465737472696e67223a226a6f75726e616c222c22666f726d6174223a327d", "newer"),
    ("marker", "7b7d", "malformed"),
];

/// The record that a checkpoint refers to, with where its second frame begins.
fn first_of(record: &Record, files: &[(String, Vec<u8>)]) -> (RecordName, InFrame) {
    let name = files.iter().find_map(|(path, _)| RecordName::parse(path.strip_prefix("j/0000000002").map(|_| &path[2..])?)).unwrap();
    let bytes = &files.iter().find(|(path, _)| *path == name.path().to_string()).unwrap().1;
    let begins = record.frame_range(Record::head_len(bytes).unwrap(), 1).unwrap().start;
    let Frame { codec, stored_len, raw_len, .. } = record.frames[1];
    let spot = Spot { frame: 0, offset: 0, len: raw_len };
    (name, InFrame { file: FileName::Record(name), begins, stored_len, codec, raw_len, spot })
}

/// A root with a body of its own, one that lies in a record, a deletion and a split document; and a file of history.
fn checkpoint(
    (record, soup): &(RecordName, InFrame),
    vector: std::collections::BTreeMap<Writer, Link>,
) -> (PieceName, Vec<(String, Vec<u8>)>) {
    let of = CheckpointId { generation: 2, random: [0xcc; 8] };
    let named = |head: &[u8], no| {
        let mut hash = [0; 8];
        hash.copy_from_slice(&Hash::of(head).0[..8]);
        PieceName { of, no, hash }
    };
    let version = |writer, seq, order, revision: &str, text: Option<&str>| {
        let body = |text: &str| Body { short: Short::of(&Digest::of(text.as_bytes())), size: text.len() as u64, at: At::Parts(Vec::new()) };
        let revision = Revision::new(revision);
        Version { dot: Dot { writer, seq }, order, time: 1_790_000_000 + seq, revision, number: false, body: text.map(body) }
    };
    let here = |version: Version| Placed { here: version.body.is_some(), version };
    let (merged, old) = (body("milk of both"), body("more milk"));
    let mut far = version(ADA, 2, record.order, "rev-soup", Some(&body("soup")));
    far.body.as_mut().unwrap().at = At::Frame(*soup);
    let entry = |id: &str, versions, replaced| Entry { id: DocId::new(id).unwrap(), versions, replaced };
    let (kept, stored_old) = frame(Codec::Stored, &old);
    let replaced = Some(Replaced { by: Dot { writer: ADA, seq: 3 }, time: 1_790_000_003 });
    let entries = vec![entry("milk", vec![here(version(ADA, 2, 2, "rev-2", Some(&old)))], replaced)];
    let history = Piece { vault: VAULT, kind: Kind::History, frames: vec![kept], entries }.encode().unwrap();
    let history_name = named(&history, 1 << 15);
    let (head_len, file_len) = (history.len() as u64, (history.len() + stored_old.len()) as u64);
    let others = vec![Other { name: history_name, head_len, file_len, kept_bytes: file_len, time: 1_790_000_003 }];
    let parent = Some(PieceName { of: CheckpointId { generation: 1, random: [0xbb; 8] }, no: 0, hash: [0x11; 8] });
    let root = Root { order: 4, time: 1_790_000_009, parent, live_bytes: 300, vector, pieces: Vec::new(), history: others };
    let (whole, stored) = frame(Codec::Stored, &merged);
    let gone = |version| Placed { version, here: false };
    let entries = vec![
        entry("42", vec![gone(version(ADA, 3, 4, "gone", None))], None),
        entry("milk", vec![here(version(ADA, 3, 4, "rev-3", Some(&merged)))], None),
        entry("soup", vec![gone(far), gone(version(BOB, 1, 3, "gone too", None))], None),
    ];
    let piece = Piece { vault: VAULT, kind: Kind::Root(Box::new(root)), frames: vec![whole], entries }.encode().unwrap();
    let name = named(&piece, 0);
    let file = |name: PieceName, head: Vec<u8>, stored: Vec<u8>| (name.path().to_string(), [head, stored].concat());
    (name, vec![file(name, piece, stored), file(history_name, history, stored_old)])
}

fn said_of_piece(path: &str, bytes: &[u8]) -> Value {
    let text = path.rsplit('/').next().unwrap();
    let name = PieceName::parse_root(text).or_else(|| PieceName::parse(text)).unwrap();
    let head_len = Piece::head_len(bytes).unwrap();
    let head = &bytes[..usize::try_from(head_len).unwrap()];
    let piece = Piece::decode(head, &name).unwrap();
    let index = head_part::index(b'c', head).unwrap();
    let about = match &piece.kind {
        Kind::Root(root) => json!({
            "order": root.order, "time": root.time, "live_bytes": root.live_bytes, "parent": root.parent.map(|parent| parent.path().to_string()),
            "vector": root.vector.iter().map(|(writer, link)| json!({ "writer": writer, "link": said_of_link(link) })).collect::<Vec<_>>(),
            "history": root.history.iter().map(|other| other.name.path().to_string()).collect::<Vec<_>>(),
        }),
        Kind::More | Kind::History => Value::Null,
    };
    let said = |version: &Version| {
        let body = version.body.as_ref().map(|body| match body.at {
            At::Frame(at) => json!({ "file": at.file.path().as_str(), "begins": at.begins, "offset": at.spot.offset, "size": body.size, "digest": body.short }),
            At::Parts(_) => json!({ "size": body.size, "digest": body.short }),
        });
        json!({ "writer": version.dot.writer, "seq": version.dot.seq, "order": version.order, "time": version.time,
            "revision": version.revision, "body": body })
    };
    let documents = piece.documents(name, head_len).into_iter().map(|(id, versions, replaced)| {
        let replaced = replaced.map(|by| json!({ "writer": by.by.writer, "seq": by.by.seq, "time": by.time }));
        json!({ "id": id, "versions": versions.iter().map(said).collect::<Vec<_>>(), "replaced": replaced })
    });
    json!({ "file": path, "head_bytes": head_len, "index": hex(&index), "about": about, "documents": documents.collect::<Vec<_>>() })
}

/// Says what is in the files.
fn description(paths: &[String]) -> Value {
    let mut said = json!({ "records": [], "heads": [], "markers": [], "checkpoints": [] });
    for path in paths {
        let bytes = fs::read(folder().join(path)).unwrap();
        let (list, one) = match path.as_str() {
            "vault" => ("markers", said_of_marker(path, &bytes)),
            _ if path.starts_with("c/") || path.starts_with("j/c-") => ("checkpoints", said_of_piece(path, &bytes)),
            _ if path.starts_with("head") => ("heads", said_of_head(path, &bytes)),
            _ => ("records", said_of_record(path, &bytes)),
        };
        said[list].as_array_mut().unwrap().push(one);
    }
    let numbers = [0_u64, 1, 127, 128, 300, 16_384, u64::from(u32::MAX), u64::MAX].map(|value| {
        let mut bytes = Vec::new();
        super::wire::put_number(&mut bytes, value);
        json!({ "value": value.to_string(), "hex": hex(&bytes) })
    });
    said["numbers"] = json!(numbers);
    said["refused"] = REFUSED.iter().map(|(what, hex, flaw)| json!({ "what": what, "hex": hex, "flaw": flaw })).collect();
    said
}

fn write_anew() {
    let _ = fs::remove_dir_all(folder());
    let files = written();
    for (name, bytes) in &files {
        let file = folder().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
    let described: Vec<String> = files.into_iter().map(|(path, _)| path).filter(|path| !path.starts_with("p/")).collect();
    fs::write(folder().join("vectors.json"), serde_json::to_string_pretty(&description(&described)).unwrap() + "\n").unwrap();
}

#[test]
fn the_vectors_are_as_they_are_described() {
    if std::env::var_os("KITE_WRITE_VECTORS").is_some() {
        write_anew();
    }
    let expected: Value = serde_json::from_slice(&fs::read(folder().join("vectors.json")).unwrap()).unwrap();
    let entries = ["records", "heads", "markers", "checkpoints"].iter().flat_map(|list| expected[list].as_array().unwrap());
    let paths: Vec<String> = entries.map(|entry| entry["file"].as_str().unwrap().to_owned()).collect();
    assert_eq!(paths.len(), 10);
    assert_eq!(description(&paths), expected);
    // Another release of a compressor may find other bytes, and then other names; what has none stays the same.
    for (path, bytes) in written() {
        if path == "vault" || path.starts_with("j/0000000001") {
            assert!(fs::read(folder().join(&path)).ok() == Some(bytes), "{path} is not what is written now");
        }
    }
    for path in ["head", "head-closed", "head-compacted"] {
        let bytes = fs::read(folder().join(path)).unwrap();
        assert_eq!(Head::decode(&bytes).unwrap().encode(), Ok(bytes));
    }
}

#[test]
fn what_is_to_be_refused_is_refused() {
    for (what, bytes, flaw) in REFUSED {
        let bytes = unhex(bytes);
        let found = match *what {
            "number" => Reader::new(&bytes).number().map(|_| ()).map_err(Flaw::from),
            "head" => Head::decode(&bytes).map(|_| ()),
            "record front" => Record::head_len(&bytes).map(|_| ()),
            _ => Marker::decode(&bytes).map(|_| ()),
        };
        assert_eq!(found.is_err_and(|f| f == Flaw::Newer), *flaw == "newer", "{what} {bytes:?}");
        assert!(found.is_err(), "{what} {bytes:?}");
    }
}
