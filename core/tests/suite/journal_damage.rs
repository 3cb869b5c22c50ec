//! A vault in the journal layout whose files are damaged, one at a time and in every way, met by a device that is up to
//! date, by one that is behind, and by a newcomer. Each has an edit that is not pushed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]
#![allow(clippy::disallowed_methods, reason = "how long damage takes is measured in real time")]

use crate::common::{Device, Notes, TestRuntime, drives, id, json};
use futures::{FutureExt as _, executor::block_on};
use kitestring::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

type Files = BTreeMap<String, Vec<u8>>;
type Docs = BTreeMap<DocId, (Revision, Vec<u8>)>;

/// Far more than any damage may cost.
const LIMIT: Duration = Duration::from_secs(20);

/// Who meets the damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    UpToDate,
    Behind,
    Newcomer,
}

const ROLES: [Role; 3] = [Role::UpToDate, Role::Behind, Role::Newcomer];

/// A device as its backup has it.
#[derive(Default)]
struct Saved(Docs, MemoryState);

impl Saved {
    fn of(device: &Device) -> Self {
        Self(device.notes.0.lock().unwrap().clone(), device.state.snapshot())
    }
}

/// A vault, devices that know it, and all that anybody ever wrote.
struct Fleet {
    drive: Arc<MemoryDrive>,
    files: Files,
    up_to_date: Saved,
    behind: Saved,
    written: BTreeMap<DocId, BTreeSet<Vec<u8>>>,
    deleted: BTreeSet<DocId>,
    docs: BTreeMap<DocId, Vec<u8>>,
}

impl Fleet {
    /// `large` adds a document in parts.
    async fn new(drive: Arc<MemoryDrive>, seed: u64, large: bool) -> Self {
        let mut fleet = Self {
            drive: drive.clone(),
            files: Files::new(),
            up_to_date: Saved::default(),
            behind: Saved::default(),
            written: BTreeMap::new(),
            deleted: BTreeSet::new(),
            docs: BTreeMap::new(),
        };
        let mut devices = Vec::new();
        for n in 0..4 {
            devices.push(Device::journal(&drive, seed + n).await);
        }
        let [a, b, behind, up_to_date] = &devices[..] else { panic!("there are four") };
        for n in 0..6 {
            fleet.put(a, &format!("note {n}"), &format!("first {n}")).await;
        }
        fleet.put(a, "note 3", &format!("of vault {seed}")).await;
        fleet.put(a, &format!("only of {seed}"), "here").await;
        a.sync().await;
        b.sync().await;
        fleet.put(b, "note 1", "second").await;
        fleet.put(b, "of b", "of b").await;
        b.sync().await;
        behind.sync().await;
        fleet.put(behind, "of behind", "of behind").await;
        behind.sync().await;
        fleet.behind = Saved::of(behind);
        a.sync().await;
        if large {
            fleet.put(a, "large", &"large ".repeat(800_000)).await;
            a.sync().await;
        }
        b.sync().await;
        fleet.put(a, "note 2", "of a").await;
        fleet.put(b, "note 2", "of b").await;
        fleet.delete(a, "note 4").await;
        a.sync().await;
        let conflict = b.sync().await.conflicts.remove(0);
        b.client.resolve(conflict, Resolution::KeepLocal).await.unwrap();
        b.sync().await;
        a.sync().await;
        fleet.put(a, "note 0", "last").await;
        fleet.delete(a, "note 5").await;
        a.sync().await;
        up_to_date.sync().await;
        assert_eq!(up_to_date.docs(), a.docs());
        fleet.up_to_date = Saved::of(up_to_date);
        (fleet.docs, fleet.files) = (a.docs(), drive.contents());
        fleet
    }

    async fn put(&mut self, device: &Device, name: &str, text: &str) {
        self.written.entry(id(name)).or_default().insert(json(text));
        device.put(name, text).await;
    }

    async fn delete(&mut self, device: &Device, name: &str) {
        self.deleted.insert(id(name));
        device.delete(name).await;
    }

    async fn open(&self, role: Role, seed: u64) -> Device {
        let empty = Saved::default();
        let Saved(docs, state) = match role {
            Role::UpToDate => &self.up_to_date,
            Role::Behind => &self.behind,
            Role::Newcomer => &empty,
        };
        let runtime = Arc::new(TestRuntime { seed: (seed * 1_000_000).into(), ..TestRuntime::default() });
        let (notes, state) = (Arc::new(Notes(Mutex::new(docs.clone()))), Arc::new(state.snapshot()));
        let layout = Layout::Journal(JournalOptions::default());
        Device::open_as(notes, state, self.drive.clone(), runtime, layout).await
    }

    /// Opens a device that has edits to push.
    async fn wake(&self, role: Role) -> Device {
        let device = self.open(role, 77).await;
        device.put("mine", "not pushed yet").await;
        if role == Role::UpToDate {
            device.put("note 1", "edited here").await;
            device.delete("note 3").await;
        }
        device
    }

    /// What everybody has in the end.
    fn expected(&self, role: Role) -> BTreeMap<DocId, Vec<u8>> {
        let mut docs = self.docs.clone();
        docs.insert(id("mine"), json("not pushed yet"));
        if role == Role::UpToDate {
            docs.insert(id("note 1"), json("edited here"));
            docs.remove(&id("note 3"));
        }
        docs
    }

    /// One device meets a file that is damaged; later the file is put back.
    async fn meet(&self, role: Role, path: &str, damage: &str, damaged: Option<Vec<u8>>) -> Met {
        let case = format!("{role:?} meets {path}, {damage}, on {:?}", self.drive.capabilities());
        let mut files = self.files.clone();
        let damaged_to = damaged.clone();
        match damaged {
            Some(bytes) => drop(files.insert(path.to_owned(), bytes)),
            None => drop(files.remove(path)),
        }
        self.drive.restore(files);
        let begun = Instant::now();
        let device = self.wake(role).await;
        let before = device.docs();
        let first = device.try_sync().await;
        let met = match &first {
            Ok(report) if report.skipped.is_empty() => Met::Nothing,
            Ok(_) => Met::Skipped,
            Err(e) => {
                assert!(is_about_the_drive(e), "{case}: {e:?}");
                assert!(!e.detail().is_empty(), "{case}");
                Met::Refused
            }
        };
        self.check(&case, role, &before, &device);
        // A second attempt finds nothing worse.
        if let Err(e) = device.try_sync().await {
            assert!(is_about_the_drive(&e), "{case}, once more: {e:?}");
        }
        self.check(&case, role, &before, &device);
        let mut files = self.drive.contents();
        match kind(path) {
            // A number that was taken anew meanwhile is another head.
            "h" if files.get(path).is_some_and(|now| damaged_to.as_ref() != Some(now)) => {}
            _ => drop(files.insert(path.to_owned(), self.files[path].clone())),
        }
        self.drive.restore(files);
        if kind(path) == "h" {
            // What a numbered head no longer names, another device announces again when it sees the next one.
            let witness = self.open(Role::UpToDate, 88).await;
            witness.put("seen", "seen").await;
            for device in [&witness, &device, &witness] {
                device.try_sync().await.unwrap_or_else(|e| panic!("{case}, put back: {e:?}"));
            }
        }
        self.converges(&case, role, &device, path).await;
        assert!(begun.elapsed() < LIMIT, "{case}: it takes too long");
        met
    }

    /// What the host has is what it had, or what somebody wrote.
    fn check(&self, case: &str, role: Role, before: &BTreeMap<DocId, Vec<u8>>, device: &Device) {
        let now = device.docs();
        if role == Role::UpToDate {
            assert!(now == *before, "{case}: documents have changed");
        }
        for (id, body) in &now {
            let true_content = before.get(id) == Some(body) || self.written.get(id).is_some_and(|all| all.contains(body));
            assert!(true_content, "{case}: nobody wrote this {id}");
        }
        for id in before.keys().filter(|id| !now.contains_key(id)) {
            assert!(self.deleted.contains(id), "{case}: nobody deleted {id}");
        }
    }

    async fn converges(&self, case: &str, role: Role, device: &Device, path: &str) {
        let mut expected = self.expected(role);
        if kind(path) == "h" {
            expected.insert(id("seen"), json("seen"));
        }
        for round in 0..3 {
            let report = device.try_sync().await.unwrap_or_else(|e| panic!("{case}, put back, sync {round}: {e:?}"));
            if round > 0 {
                assert!(report.skipped.is_empty() && report.conflicts.is_empty(), "{case}, put back: {report:?}");
            }
        }
        assert!(device.docs() == expected, "{case}, put back: {:?}", names(&device.docs()));
        let fresh = Device::journal(&self.drive, 99).await;
        let report = fresh.try_sync().await.unwrap_or_else(|e| panic!("{case}, put back, a newcomer: {e:?}"));
        assert!(report.skipped.is_empty(), "{case}, put back, a newcomer: {report:?}");
        assert!(fresh.docs() == expected, "{case}, put back, a newcomer: {:?}", names(&fresh.docs()));
    }
}

/// What a sync came to.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Met {
    Nothing,
    Skipped,
    Refused,
}

fn names(docs: &BTreeMap<DocId, Vec<u8>>) -> Vec<(&str, String)> {
    docs.iter().map(|(id, body)| (id.as_str(), String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned())).collect()
}

/// Whether a sync may end so because of what is on the drive. The others would be faults of the library or the host.
fn is_about_the_drive(error: &Error) -> bool {
    matches!(
        error.kind,
        ErrorKind::Corrupt
            | ErrorKind::VaultChanged
            | ErrorKind::Rollback { .. }
            | ErrorKind::NeedsNewerVersion
            | ErrorKind::Unsupported
            | ErrorKind::Unavailable
    )
}

/// Which kind of file this is.
fn kind(path: &str) -> &str {
    path.split_once('/').map_or(path, |(folder, _)| folder)
}

/// Numbers below `len`: all of them with a step of 1, and in any case the first and the last ones.
fn sample(len: usize, step: usize) -> impl Iterator<Item = usize> {
    let first = if step > 100 { 1 } else { 8 };
    (0..len).filter(move |n| n % step == len % step || *n < first || n + 2 > len)
}

/// Bytes that nobody wrote.
fn garbage(len: usize) -> Vec<u8> {
    (0..len).map(|n| ((n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 29) as u8).collect()
}

/// All that may have become of a file.
fn damages(files: &Files, path: &str, other: &Files, step: usize) -> Vec<(String, Option<Vec<u8>>)> {
    let bytes = &files[path];
    let mut all = vec![("deleted".to_owned(), None), ("1 MiB of garbage".to_owned(), Some(garbage(1 << 20)))];
    all.push(("garbage in its length".to_owned(), Some(garbage(bytes.len()))));
    all.push(("with more behind it".to_owned(), Some([bytes.as_slice(), b"more"].concat())));
    all.extend(sample(bytes.len(), step).map(|len| (format!("cut to {len} bytes"), Some(bytes[..len].to_vec()))));
    for at in sample(bytes.len(), step) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        all.push((format!("byte {at} flipped"), Some(flipped)));
    }
    let of_others = other.iter().filter(|(found, _)| kind(found) == kind(path)).take(2);
    all.extend(of_others.map(|(found, bytes)| (format!("replaced by another vault's {found}"), Some(bytes.clone()))));
    let own = files.iter().filter(|(found, _)| *found != path).filter(|(found, _)| step == 1 || kind(found) == kind(path)).take(8);
    all.extend(own.map(|(found, bytes)| (format!("replaced by {found}"), Some(bytes.clone()))));
    if bytes.starts_with(b"kite") {
        let mut newer = bytes.clone();
        newer[5] += 1;
        all.push(("of a newer version".to_owned(), Some(newer)));
        let claims = [&bytes[..6], &[1, 0xff, 0xff, 0xff, 0x1f, 9], garbage(9).as_slice()].concat();
        all.push(("claiming more than it has".to_owned(), Some(claims)));
    } else if bytes.starts_with(b"{") {
        let newer = String::from_utf8(bytes.clone()).unwrap().replace(r#""format":1"#, r#""format":2"#);
        all.push(("of a newer version".to_owned(), Some(newer.into_bytes())));
    }
    all
}

/// Meets every damage of every file of a kind that is wanted; returns how many cases there were.
async fn meet_all(fleet: &Fleet, other: &Files, step: impl Fn(&str) -> usize) -> BTreeMap<Met, usize> {
    let (mut count, mut failed) = (BTreeMap::new(), Vec::new());
    for path in fleet.files.keys() {
        let step = step(path);
        if step == 0 {
            continue;
        }
        for (damage, damaged) in damages(&fleet.files, path, other, step) {
            for role in ROLES {
                let case = AssertUnwindSafe(fleet.meet(role, path, &damage, damaged.clone()));
                match case.catch_unwind().await {
                    Ok(met) => *count.entry(met).or_default() += 1,
                    Err(_) => failed.push(format!("{role:?} meets {path}, {damage}")),
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} cases fail: {failed:#?}", failed.len());
    count
}

fn every_file_is_damaged(n: usize) {
    block_on(async {
        let drive = drives()[n].clone();
        let begun = Instant::now();
        let other = Fleet::new(Arc::new(MemoryDrive::with(drive.capabilities())), 50, false).await.files;
        let fleet = Fleet::new(drive, 1, false).await;
        let last = fleet.files.keys().rfind(|path| kind(path) == "h").cloned();
        // What everybody reads, byte for byte; of the others a sample, on each drive another one.
        let step = |path: &str| match kind(path) {
            "vault" | "head" => 1,
            "h" if last.as_deref() == Some(path) => 1,
            _ => 17 + 2 * n,
        };
        let count = meet_all(&fleet, &other, step).await;
        println!("{count:?} in {:?}", begun.elapsed());
        assert_eq!(count.len(), 3, "all outcomes were met");
    });
}

#[test]
fn every_file_is_damaged_in_every_way_with_compare_and_swap() {
    every_file_is_damaged(0);
}

#[test]
fn every_file_is_damaged_in_every_way_with_slots() {
    every_file_is_damaged(1);
}

#[test]
fn every_file_is_damaged_in_every_way_with_listing() {
    every_file_is_damaged(2);
}

#[test]
fn parts_of_a_large_document_are_damaged_in_every_way() {
    block_on(async {
        let drive = drives()[0].clone();
        let begun = Instant::now();
        let other = Fleet::new(drives()[0].clone(), 50, true).await.files;
        let fleet = Fleet::new(drive, 1, true).await;
        let count = meet_all(&fleet, &other, |path| if kind(path) == "p" { 211 } else { 0 }).await;
        println!("{count:?} in {:?}", begun.elapsed());
        assert!(count[&Met::Skipped] > 30, "{count:?}");
    });
}

/// What a whole vault is told when another's files come to lie in its folder.
#[test]
fn records_of_another_vault_in_the_folder_are_reported_at_most() {
    block_on(async {
        for (n, drive) in drives().into_iter().enumerate() {
            let other = Fleet::new(drives()[n].clone(), 50, false).await.files;
            let fleet = Fleet::new(drive, 1, false).await;
            for role in ROLES {
                let mut files = fleet.files.clone();
                files.extend(other.clone().into_iter().filter(|(path, _)| matches!(kind(path), "j" | "p")));
                fleet.drive.restore(files);
                let device = fleet.wake(role).await;
                for _ in 0..2 {
                    let report = device.sync().await;
                    // Where a listing finds records, the user is told of each; a head names none of them.
                    let strangers = if n == 2 { other.keys().filter(|path| kind(path) == "j").count() } else { 0 };
                    assert_eq!(report.skipped.len(), strangers, "{report:?}");
                    for skipped in &report.skipped {
                        assert_eq!(skipped.why, "it belongs to another vault");
                        assert!(other.contains_key(skipped.id.as_str()), "{skipped:?}");
                    }
                }
                assert!(device.docs() == fleet.expected(role), "{:?}", names(&device.docs()));
                let mut files = fleet.drive.contents();
                files.retain(|path, _| fleet.files.contains_key(path) || !other.contains_key(path));
                fleet.drive.restore(files);
                fleet.converges("strangers are gone", role, &device, "j").await;
            }
        }
    });
}

#[test]
fn another_vault_in_the_place_of_ours_is_asked_about() {
    block_on(async {
        for (n, drive) in drives().into_iter().enumerate() {
            let other = Fleet::new(drives()[n].clone(), 50, false).await;
            // A numbered head is known by its number: as many pushes in both could not be told apart before the next one.
            let more = other.wake(Role::UpToDate).await;
            more.sync().await;
            let other = other.drive.contents();
            let fleet = Fleet::new(drive, 1, false).await;
            for role in [Role::UpToDate, Role::Behind] {
                fleet.drive.restore(other.clone());
                let device = fleet.wake(role).await;
                let before = device.docs();
                for _ in 0..2 {
                    let error = device.try_sync().await.unwrap_err();
                    assert_eq!(error.kind, ErrorKind::VaultChanged, "{error}");
                }
                assert!(device.docs() == before && fleet.drive.contents() == other, "nothing changes before the user agrees");
                fleet.drive.restore(fleet.files.clone());
                fleet.converges("ours is back", role, &device, "j").await;
            }
        }
    });
}

/// A folder that was copied over ours: all ids in `v/` are one vault's, so both are one from then on. Nothing of either
/// is lost, and where they differ the other version is kept for whoever takes it up.
#[test]
fn a_vault_copied_over_another_one_makes_one_of_both() {
    block_on(async {
        // Heads of one number replace each other there: what is announced of which vault is as good as chance.
        for (n, drive) in drives().into_iter().enumerate().filter(|(n, _)| *n != 1) {
            let other = Fleet::new(drives()[n].clone(), 50, false).await;
            let fleet = Fleet::new(drive, 1, false).await;
            for role in ROLES {
                let mut files = fleet.files.clone();
                files.extend(other.files.clone());
                fleet.drive.restore(files);
                let (device, witness) = (fleet.wake(role).await, fleet.open(Role::UpToDate, 88).await);
                for device in [&witness, &device, &witness] {
                    assert_eq!(device.sync().await.skipped, []);
                }
                let fresh = Device::journal(&fleet.drive, 99).await;
                fresh.sync().await;
                for device in [&device, &witness, &fresh] {
                    let has = |name: &str| device.text(name).is_some();
                    assert!(has("only of 1") && has("only of 50") && has("mine"), "{role:?}: {:?}", names(&device.docs()));
                    if role != Role::UpToDate {
                        let left = device.client.left_versions().await.unwrap();
                        assert!(left.iter().any(|version| version.id == id("note 3")), "{role:?}: {left:?}");
                    }
                    for (id, body) in device.docs() {
                        let ours = [json("not pushed yet"), json("edited here")].contains(&body);
                        let written = [&fleet, &other].iter().any(|f| f.written.get(&id).is_some_and(|all| all.contains(&body)));
                        assert!(ours || written, "nobody wrote this {id}");
                    }
                }
            }
        }
    });
}

/// Names that look like ours in another spelling are foreign: a listing that shows them stops nobody.
#[test]
fn names_in_another_spelling_are_ignored() {
    block_on(async {
        for drive in drives() {
            let fleet = Fleet::new(drive, 1, false).await;
            for role in ROLES {
                let mut files = fleet.files.clone();
                for name in ["h/00000000000A", "h/+00000000001", "h/1", "h/fffffffffffff", "j/x", "j/0000000001-", "p/x", "v/x", "head2"] {
                    files.insert(name.to_owned(), garbage(100));
                }
                let record = fleet.files.keys().find(|path| kind(path) == "j").unwrap();
                files.insert(format!("j/{}", record[2..].to_uppercase()), garbage(100));
                files.insert(format!("{record} (conflicted copy)"), garbage(100));
                fleet.drive.restore(files);
                let device = fleet.wake(role).await;
                assert_eq!(device.sync().await.skipped, []);
                fleet.converges(&format!("{role:?}, foreign names"), role, &device, "j").await;
            }
        }
    });
}

/// A record that one could write, with whatever it claims of its contents.
struct Forged {
    writer: [u8; 14],
    order: u64,
    id: &'static str,
    size: u64,
    digest: [u8; 16],
    frames: Vec<(u8, u64, u64)>,
    parts: Vec<(u64, u8, u64, u64, [u8; 16])>,
}

impl Forged {
    fn index(&self, vault: &[u8]) -> Vec<u8> {
        let mut index = [vault, &self.writer].concat();
        index.extend([number(1), number(self.order), number(0), number(self.frames.len() as u64)].concat());
        for (codec, stored, raw) in &self.frames {
            index.extend([vec![*codec], number(*stored), number(*raw), vec![7; 16]].concat());
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

    fn file(&self, vault: &[u8], behind: &[u8]) -> (String, Vec<u8>) {
        let index = self.index(vault);
        let len = number(index.len() as u64);
        self.named([b"kitej\x01\0", len.as_slice(), &len, &index].concat(), behind)
    }

    /// The file of a head part.
    fn named(&self, head: Vec<u8>, behind: &[u8]) -> (String, Vec<u8>) {
        let hash = hex(&Digest::of(&head).as_bytes()[..8]);
        (format!("j/{:010x}-{}-000001-{hash}", self.order, hex(&self.writer)), [&head, behind].concat())
    }
}

fn number(mut n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n > 0x7f {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Files whose names and hashes are right, that claim or become far more than they are: they are reported, and everything
/// else arrives.
#[test]
fn a_bomb_stops_nobody() {
    const MIB: u64 = 1 << 20;
    block_on(async {
        let fleet = Fleet::new(drives()[2].clone(), 1, false).await;
        let marker: serde_json::Value = serde_json::from_slice(&fleet.files["vault"]).unwrap();
        let digits = marker["vault"].as_str().unwrap();
        let vault: Vec<u8> = (0..16).map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap()).collect();
        let zeros = miniz_oxide::deflate::compress_to_vec(&vec![0; 64 << 20], 6);
        let stored = zeros.len() as u64;
        let plain = |writer: u8| Forged {
            writer: [writer; 14],
            order: 5,
            id: "bomb",
            size: 64 * MIB,
            digest: [1; 16],
            frames: vec![(1, stored, 64 * MIB)],
            parts: Vec::new(),
        };
        let part = |no| (no, 1, stored, 64 * MIB, Digest::of(&zeros).as_bytes()[..16].try_into().unwrap());
        let front = |raw: u64| [b"kitej\x01\x01", number(raw).as_slice(), &number(stored), &zeros].concat();
        let far = Forged { order: (1 << 40) - 1, size: 0, frames: Vec::new(), ..plain(9) };
        let cases = [
            ("an index of 64 MiB of zeros", vec![plain(1).named(front(64 * MIB), b"")]),
            ("an index that becomes more than it says", vec![plain(2).named(front(stored + 1), b"")]),
            ("an index of more than is allowed", vec![plain(3).named(front(u64::MAX), b"")]),
            ("a frame of 64 MiB of zeros", vec![plain(4).file(&vault, &zeros)]),
            ("a frame that is not there", vec![plain(5).file(&vault, b"")]),
            ("a frame that becomes more than it says", {
                vec![Forged { size: MIB, frames: vec![(1, stored, MIB)], ..plain(6) }.file(&vault, &zeros)]
            }),
            ("parts that are not there", vec![Forged { frames: Vec::new(), parts: vec![part(1)], ..plain(7) }.file(&vault, b"")]),
            ("a body of 64 GiB whose parts are one file each", {
                let parts = (0..1024).map(|no| (no, 0, 64 * MIB, 64 * MIB, [7; 16])).collect();
                vec![Forged { size: 65536 * MIB, frames: Vec::new(), parts, ..plain(8) }.file(&vault, b"")]
            }),
            ("an order that is absurd", vec![far.file(&vault, b"")]),
        ];
        for (what, bombs) in cases {
            for role in ROLES {
                let begun = Instant::now();
                let mut files = fleet.files.clone();
                files.extend(bombs.clone());
                fleet.drive.restore(files);
                let device = fleet.wake(role).await;
                let report = device.try_sync().await.unwrap_or_else(|e| panic!("{role:?} meets {what}: {e:?}"));
                assert_eq!(report.skipped.len(), 1, "{role:?} meets {what}: {report:?}");
                assert!(begun.elapsed() < LIMIT, "{role:?} meets {what}: {:?}", begun.elapsed());
                assert!(device.docs() == fleet.expected(role), "{role:?} meets {what}");
            }
        }
    });
}
