//! A21: files that claim or become far more than they are. What they take of memory is counted, in a program of its own, for
//! the allocator is the whole program's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test may panic")]
#![allow(clippy::disallowed_methods, reason = "how long it takes is measured in real time")]

use futures::executor::block_on;
use kitestring::*;
use kitestring_tests::{
    Device, Notes, TestRuntime, drives,
    forged::{Forged, number},
    member::Member,
};
use peak_alloc::PeakAlloc;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

type Files = BTreeMap<String, Vec<u8>>;

const MIB: usize = 1 << 20;
const KEY: [u8; 32] = [1; 32];
/// What anybody can make a device take.
const LITTLE: usize = 32 * MIB;

async fn open(drive: &Arc<MemoryDrive>, seed: u64, notes: Notes, state: MemoryState) -> Device {
    let runtime = Arc::new(TestRuntime { seed: (seed * 1_000_000).into(), ..TestRuntime::default() });
    let options = Options { encryption: Some(Encryption::key(KEY)), ..Options::new(runtime.clone()) };
    Device::unwatched(Arc::new(notes), Arc::new(state), drive.clone(), runtime, options).await
}

/// A vault, and a device that knows it.
struct Vault {
    drive: Arc<MemoryDrive>,
    files: Files,
    member: Member,
    notes: Notes,
    state: MemoryState,
}

impl Vault {
    async fn new(n: usize) -> Self {
        let drive = drives()[n].clone();
        let a = open(&drive, 1, Notes::default(), MemoryState::new()).await;
        a.put("x", "1").await;
        a.sync().await;
        a.put("y", "2").await;
        a.sync().await;
        let (files, notes) = (drive.contents(), Notes(Mutex::new(a.notes.0.lock().unwrap().clone())));
        Self { member: Member::of(&files, KEY), state: a.state.snapshot(), drive, files, notes }
    }

    /// The name of the first file of a folder.
    fn first(&self, folder: &str) -> String {
        self.files.keys().find(|path| path.starts_with(folder)).unwrap().clone()
    }

    /// How much more memory a new device and one that is up to date take at most.
    async fn costs(&self, what: &str, change: impl FnOnce(&mut Files)) -> usize {
        let mut files = self.files.clone();
        change(&mut files);
        self.drive.restore(files);
        let mut most = 0;
        for is_new in [true, false] {
            let notes = Notes(Mutex::new(if is_new { BTreeMap::new() } else { self.notes.0.lock().unwrap().clone() }));
            let state = if is_new { MemoryState::new() } else { self.state.snapshot() };
            let device = open(&self.drive, 7, notes, state).await;
            device.put("mine", "1").await;
            let before = device.docs();
            let (begun, used) = (Instant::now(), HEAP.current_usage());
            HEAP.reset_peak_usage();
            let synced = device.try_sync().await;
            let _ = device.client.compact(SyncOptions::default()).await;
            most = most.max(HEAP.peak_usage().saturating_sub(used));
            // Not how fast it is, which another program's work decides too: what explodes takes hours.
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}: {:?}", begun.elapsed());
            let docs = device.docs();
            assert!(before.iter().all(|(id, body)| docs.get(id) == Some(body)), "{what}: {synced:?}");
            assert!(docs.keys().all(|id| ["x", "y", "mine"].contains(&id.as_str())), "{what}: {:?}", docs.keys());
        }
        println!("{what}: {} KiB", most / 1024);
        most
    }

    /// What somebody with the keys would write, in the place of a new record.
    fn record(&self, forged: &Forged, behind: &[u8]) -> impl FnOnce(&mut Files) {
        let (path, content) = forged.file(&self.member.vault, behind);
        move |files| self.member.write(files, &path, &content)
    }
}

/// A head that names so many writers of whom there is nothing.
fn head(member: &Member, writers: u64) -> Vec<u8> {
    let mut head = [b"kiteh\x01".as_slice(), &member.vault, &[8; 16], &[0, 0, 0], &number(writers)].concat();
    for n in 0..writers {
        head.extend([[0; 6].as_slice(), &n.to_be_bytes(), &[1, 1], &[7; 16]].concat());
    }
    let hash = Digest::of(&head);
    head.extend(&hash.as_bytes()[..16]);
    head
}

fn forged(writer: u8, frame: &[u8], raw: usize) -> Forged {
    let hash = Digest::of(frame).as_bytes()[..16].try_into().unwrap();
    let (size, frames) = (raw as u64, vec![(2, frame.len() as u64, raw as u64)]);
    Forged { writer: [writer; 14], order: 5, id: "bomb", size, digest: [1; 16], frames, hash, parts: Vec::new() }
}

/// A sealed file's beginning that claims so many bytes of text, with this behind it.
fn claims(of: &[u8], text: u64, behind: usize) -> Vec<u8> {
    [&of[..46], &text.to_be_bytes(), &vec![0x5a; behind]].concat()
}

fn drive_without_keys() {
    block_on(async {
        for n in 0..3 {
            let vault = Vault::new(n).await;
            let mut little = Vec::new();
            let record = vault.first("j/");
            for (what, text, behind) in [("2^40 bytes", 1 << 40, 100), ("2^64 bytes", u64::MAX, 100), ("64 MiB", 64 << 20, 64 * MIB)] {
                for path in ["head", "lease", vault.files.keys().find(|path| path.starts_with("h/")).map_or("head", String::as_str)] {
                    let sealed = vault.files[&record].clone();
                    little.push(
                        vault
                            .costs(&format!("{path} claims {what}"), |files| {
                                drop(files.insert(path.to_owned(), claims(&sealed, text, behind)))
                            })
                            .await,
                    );
                }
            }
            for text in [1 << 40, u64::MAX, 64 << 20] {
                little.push(
                    vault
                        .costs("a record claims more than it has", |files| {
                            let claims = claims(&files[&record], text, 100);
                            files.insert(record.clone(), claims);
                        })
                        .await,
                );
            }
            for (path, byte) in [
                ("vault".to_owned(), b'['),
                (vault.first("v/"), b'['),
                (vault.first("k/"), 0xff),
                ("k/ffffffff-ffffffff-ffffffffffffffff".to_owned(), 0),
            ] {
                little
                    .push(vault.costs(&format!("64 MiB of {path}"), |files| drop(files.insert(path.clone(), vec![byte; 64 * MIB]))).await);
            }
            for deep in [100_usize, 60_000] {
                let nested = format!(r#"{{"kitestring":"journal","format":1,"more":{}{}}}"#, "[".repeat(deep / 2), "]".repeat(deep / 2));
                little.push(vault.costs("JSON in JSON", |files| drop(files.insert("vault".to_owned(), nested.into_bytes()))).await);
            }
            little.push(
                vault
                    .costs("20,000 names", |files| {
                        for n in 0..20_000 {
                            files.insert(format!("j/{n:078x}"), vec![0]);
                            files.insert(format!("k/{n:08x}-00000001-0000000000000000"), vec![0; 100]);
                        }
                    })
                    .await,
            );
            let large = |of: &[u8]| claims(of, (100 * MIB - 54 - 1600 * 16) as u64, 100 * MIB - 54);
            little.push(
                vault
                    .costs("records of 100 MiB", |files| {
                        let all: Vec<String> = files.keys().filter(|path| path.starts_with("j/")).cloned().collect();
                        all.iter().for_each(|path| drop(files.insert(path.clone(), large(&files[path]))));
                    })
                    .await,
            );
            assert!(little.iter().all(|bytes| *bytes < LITTLE), "{little:?}");
        }
    });
}

fn member_with_keys() {
    block_on(async {
        let vault = Vault::new(2).await;
        let zeros = |mib: usize| zstd::bulk::compress(&vec![0; mib * MIB], 3).unwrap();
        let (most, above) = (zeros(8), zeros(64));
        let bombs = |writers: std::ops::Range<u8>| {
            let records: Vec<_> = writers.map(|writer| forged(writer, &most, 8 * MIB).file(&vault.member.vault, &most)).collect();
            let member = &vault.member;
            move |files: &mut Files| records.iter().for_each(|(path, content)| member.write(files, path, content))
        };
        let mut little = vec![
            vault.costs("8 MiB of zeros", bombs(2..3)).await,
            vault.costs("forty times 8 MiB of zeros", bombs(2..42)).await,
            vault.costs("64 MiB of zeros", vault.record(&forged(2, &above, 64 * MIB), &above)).await,
            vault.costs("zeros that become more than they say", vault.record(&forged(3, &most, MIB), &most)).await,
            vault.costs("a frame that is not there", vault.record(&forged(5, &most, 8 * MIB), &[])).await,
        ];
        for (raw, what) in [(u64::MAX, "an index of 2^64 bytes"), (16 << 20, "an index of 16 MiB of zeros")] {
            let zeros = zeros(16);
            let index = [b"kitej\x01\x02", number(raw).as_slice(), &number(zeros.len() as u64), &zeros].concat();
            let (path, content) = forged(6, &zeros, 1).named(index, &[]);
            little.push(vault.costs(what, |files| vault.member.write(files, &path, &content)).await);
        }
        for (folder, n) in [("head", 0), ("h/0000000000ff", 1)] {
            let vault = Vault::new(n).await;
            for writers in [100_000, 100_001, 1_000_000] {
                let head = head(&vault.member, writers);
                let what = format!("a head of {writers} writers");
                little.push(vault.costs(&what, |files| vault.member.write(files, folder, &head)).await);
            }
        }
        assert!(little.iter().all(|bytes| *bytes < LITTLE), "{little:?}");
    });
}

/// One test, so that nothing else allocates meanwhile.
#[test]
fn a21_what_is_claimed_is_not_taken() {
    drive_without_keys();
    member_with_keys();
}
