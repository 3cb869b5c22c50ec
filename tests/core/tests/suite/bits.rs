//! A1 and A2 without a gap: every bit of every file of a small sealed vault is flipped, every file is cut at every length and
//! extended by 1 to 64 bytes. A new device and one that is up to date read it.

use crate::common::{Device, Notes, TestRuntime, drives, id, json};
use futures::executor::block_on;
use kitestring::*;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

type Files = BTreeMap<String, Vec<u8>>;
type Docs = BTreeMap<DocId, Vec<u8>>;

fn options(runtime: &Arc<TestRuntime>) -> Options {
    Options { encryption: Some(Encryption::key([1; 32])), ..Options::new(runtime.clone()) }
}

async fn open(drive: &Arc<MemoryDrive>, seed: u64, notes: Notes, state: MemoryState) -> Device {
    let runtime = Arc::new(TestRuntime { seed: (seed * 1_000_000).into(), ..TestRuntime::default() });
    let options = options(&runtime);
    Device::unwatched(Arc::new(notes), Arc::new(state), drive.clone(), runtime, options).await
}

/// A small vault, and a device that knows all of it.
struct Vault {
    drive: Arc<MemoryDrive>,
    files: Files,
    docs: Docs,
    notes: Notes,
    state: MemoryState,
    cases: u64,
}

impl Vault {
    /// A vault with a checkpoint, records beyond it and a deletion; or with a document in parts.
    async fn new(drive: Arc<MemoryDrive>, in_parts: bool) -> Self {
        let (a, b) =
            (open(&drive, 1, Notes::default(), MemoryState::new()).await, open(&drive, 2, Notes::default(), MemoryState::new()).await);
        a.put("one", "first").await;
        a.put("two", "first").await;
        a.sync().await;
        a.put("two", "again").await;
        a.sync().await;
        if in_parts {
            a.put("large", &"x".repeat(4 << 20)).await;
            a.sync().await;
        } else {
            assert!(a.client.compact(SyncOptions::default()).await.unwrap());
        }
        b.sync().await;
        b.put("one", "second").await;
        b.delete("two").await;
        b.sync().await;
        a.sync().await;
        a.put("three", "last").await;
        a.sync().await;
        let (files, docs, state) = (drive.contents(), a.docs(), a.state.snapshot());
        let notes = Notes(Mutex::new(a.notes.0.lock().unwrap().clone()));
        Self { drive, files, docs, notes, state, cases: 0 }
    }

    async fn newcomer(&self) -> Device {
        open(&self.drive, 9, Notes::default(), MemoryState::new()).await
    }

    async fn up_to_date(&self) -> Device {
        let notes = self.notes.0.lock().unwrap().clone();
        open(&self.drive, 8, Notes(Mutex::new(notes)), self.state.snapshot()).await
    }

    fn show(&self, path: &str, bytes: Option<Vec<u8>>) {
        let mut files = self.files.clone();
        files.extend(bytes.map(|bytes| (path.to_owned(), bytes)));
        self.drive.restore(files);
    }

    /// A new device meets a file that is not what was written. It has true contents, and of the others' files all.
    async fn meets_newcomer(&mut self, path: &str, what: &str, bytes: Vec<u8>, is_put_back: bool) {
        self.cases += 1;
        self.show(path, Some(bytes));
        let device = self.newcomer().await;
        self.sync(&device, path, what).await;
        let docs = device.docs();
        assert!(docs.iter().all(|(id, body)| self.is_true(id, body)), "{path}, {what}: nobody wrote this");
        if is_put_back {
            self.show(path, None);
            device.sync().await;
            assert!(device.docs() == self.docs, "{path}, {what}, put back: {:?}", device.docs().keys());
        }
    }

    /// The present version, or one before it, whose successor is not there.
    fn is_true(&self, id: &DocId, body: &[u8]) -> bool {
        self.docs.get(id).is_some_and(|present| present == body) || [json("first"), json("again")].iter().any(|before| before == body)
    }

    /// A device that is up to date, with an edit that is not pushed yet, meets it.
    async fn meets_up_to_date(&mut self, path: &str, what: &str, bytes: Vec<u8>) {
        self.cases += 1;
        self.show(path, Some(bytes));
        let device = self.up_to_date().await;
        device.put("mine", "of mine").await;
        let mut docs = self.docs.clone();
        docs.insert(id("mine"), json("of mine"));
        self.sync(&device, path, what).await;
        assert!(device.docs() == docs, "{path}, {what}: documents have changed");
    }

    async fn sync(&self, device: &Device, path: &str, what: &str) {
        if let Err(e) = device.try_sync().await {
            let known = [
                ErrorKind::Corrupt,
                ErrorKind::VaultChanged,
                ErrorKind::NeedsNewerVersion,
                ErrorKind::Unsupported,
                ErrorKind::Unavailable,
                ErrorKind::WrongKey,
                ErrorKind::InvalidInput,
            ];
            assert!(known.contains(&e.kind) || matches!(e.kind, ErrorKind::Rollback { .. }), "{path}, {what}: {e:?}");
        }
    }
}

/// Everything that may become of a file: a bit, its end.
fn damages(bytes: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> + '_ {
    let flipped = (0..bytes.len() * 8).map(move |bit| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        (format!("bit {bit}"), bytes)
    });
    let cut = (0..bytes.len()).map(move |len| (format!("cut at {len}"), bytes[..len].to_vec()));
    let extended = (1..=64).map(move |more| (format!("{more} more"), [bytes, &vec![more as u8; more]].concat()));
    flipped.chain(cut).chain(extended)
}

/// Meets every damage of these files.
async fn meet_all(vault: &mut Vault, is_wanted: impl Fn(&str) -> bool) -> u64 {
    for (path, bytes) in vault.files.clone().into_iter().filter(|(path, _)| is_wanted(path)) {
        for (n, (what, damaged)) in damages(&bytes).enumerate() {
            vault.meets_newcomer(&path, &what, damaged.clone(), n % 8 == 0).await;
            vault.meets_up_to_date(&path, &what, damaged).await;
        }
    }
    println!("{} files, {} cases", vault.files.len(), vault.cases);
    vault.cases
}

#[test]
fn a1_a2_every_bit_and_every_length_of_every_file() {
    block_on(async {
        let mut vault = Vault::new(drives()[0].clone(), false).await;
        for kind in ["vault", "v/", "k/", "head", "j/", "c/"] {
            assert!(vault.files.keys().any(|path| path.starts_with(kind)), "{kind}");
        }
        assert!(meet_all(&mut vault, |_| true).await > 30_000);
    });
}

/// What is special where heads are numbered.
#[test]
fn a1_a2_every_bit_and_every_length_of_numbered_heads() {
    block_on(async {
        let mut vault = Vault::new(drives()[1].clone(), false).await;
        assert!(meet_all(&mut vault, |path| path.starts_with("h/")).await > 10_000);
    });
}

/// What is special where nothing but a listing tells of records.
#[test]
fn a1_a2_every_bit_and_every_length_of_listed_records() {
    block_on(async {
        let mut vault = Vault::new(drives()[2].clone(), false).await;
        assert!(meet_all(&mut vault, |path| path.starts_with("j/")).await > 10_000);
    });
}

#[test]
fn a1_a2_every_bit_and_every_length_of_parts() {
    block_on(async {
        let mut vault = Vault::new(drives()[0].clone(), true).await;
        let parts: Files = vault.files.clone().into_iter().filter(|(path, _)| path.starts_with("p/")).collect();
        assert!(!parts.is_empty());
        for (path, bytes) in parts {
            for (n, (what, damaged)) in damages(&bytes).enumerate() {
                vault.meets_newcomer(&path, &what, damaged, n % 200 == 0).await;
            }
        }
        println!("{} cases", vault.cases);
        assert!(vault.cases > 1000);
    });
}
