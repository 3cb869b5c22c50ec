//! First syncs over a slow line that are killed every few seconds: they end, and hardly anything travels twice.

use crate::common::{Device, Notes, TestRuntime, id, key, slow::Slow};
use futures::executor::block_on;
use kitestring::*;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

const BYTES_PER_SECOND: u64 = 256 << 10;
/// So fast that nothing is noticed of it.
const FAST: u64 = 1 << 40;
const FOR_EVER: u64 = u64::MAX / 2;

/// A device whose process is started and killed.
struct Program {
    notes: Arc<Notes>,
    state: Arc<MemoryState>,
    runtime: Arc<TestRuntime>,
    sealed: bool,
}

/// How it went until a sync ended.
struct Lives {
    kills: u64,
    bytes: u64,
    requests: u64,
}

impl std::fmt::Display for Lives {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes and {} requests in {} lives", self.bytes, self.requests, self.kills + 1)
    }
}

impl Program {
    fn new(seed: u64, sealed: bool) -> Self {
        let runtime = Arc::new(TestRuntime { seed: AtomicU64::new(seed * 1_000_000), ..TestRuntime::default() });
        Self { notes: Arc::default(), state: Arc::default(), runtime, sealed }
    }

    fn options(&self) -> Options {
        Options { encryption: self.sealed.then(|| key(7)), ..Options::new(self.runtime.clone()) }
    }

    /// Makes documents that do not compress, and queues them.
    async fn write(&self, documents: usize, bytes: usize) {
        let drive = Arc::new(MemoryDrive::new());
        let device = Device::unwatched(self.notes.clone(), self.state.clone(), drive, self.runtime.clone(), self.options()).await;
        let mut changes = Vec::new();
        for n in 0..documents {
            let mut body = vec![0; bytes];
            self.runtime.random(&mut body).unwrap();
            let (id, revision) = (id(&format!("note-{n}")), Revision::of(&body));
            self.notes.0.lock().unwrap().insert(id.clone(), (revision.clone(), body));
            changes.push(Change { id, revision, action: Action::Put });
        }
        device.client.queue_changes(changes).await.unwrap();
    }

    /// Syncs until one sync ends, killed each time after so many milliseconds.
    async fn lives(&self, drive: &Arc<MemoryDrive>, bytes_per_second: u64, life: u64, at_most: u64) -> Lives {
        let line = Slow::new(drive, &self.runtime, bytes_per_second);
        for kills in 0.. {
            assert!(kills <= at_most, "it has not ended after {at_most} kills and {} bytes", line.moved.load(Relaxed));
            let sync = async {
                let client = Client::open(self.notes.clone(), self.state.clone(), line.clone(), self.options()).await.unwrap();
                client.sync(SyncOptions::default()).await.unwrap()
            };
            if let Some(report) = line.life(life, sync).await {
                assert_eq!(report.skipped, Vec::new());
                return Lives { kills, bytes: line.moved.load(Relaxed), requests: line.requests.load(Relaxed) };
            }
        }
        unreachable!("it ends, or it was killed too often");
    }
}

/// Syncs for the first time with and without kills, and compares how many bytes have travelled.
fn first_sync(seconds: u64, documents: usize, sealed: bool, at_most: f64) {
    block_on(async {
        let bytes = (seconds * 10 * BYTES_PER_SECOND) as usize / documents;
        let (slow, fast) = (Arc::new(MemoryDrive::new()), Arc::new(MemoryDrive::new()));
        let author = Program::new(1, sealed);
        author.write(documents, bytes).await;
        let push = author.lives(&slow, BYTES_PER_SECOND, seconds * 1000, 40).await;
        let calm = Program::new(2, sealed);
        calm.write(documents, bytes).await;
        let whole_push = calm.lives(&fast, FAST, FOR_EVER, 0).await;
        // What was pushed over a fast line has large files.
        let (reader, other) = (Program::new(3, sealed), Program::new(4, sealed));
        let pull = reader.lives(&fast, BYTES_PER_SECOND, seconds * 1000, 40).await;
        let whole_pull = other.lives(&fast, FAST, FOR_EVER, 0).await;
        let late = Program::new(5, sealed);
        let small_files = late.lives(&slow, BYTES_PER_SECOND, seconds * 1000, 40).await;
        println!("{seconds} s: push {push} for {whole_push}; pull {pull} for {whole_pull}; small files {small_files}");
        let docs = |program: &Program| program.notes.0.lock().unwrap().clone();
        assert!(docs(&late) == docs(&author) && docs(&reader) == docs(&calm) && docs(&other) == docs(&calm));
        for (name, killed, whole) in [("push", &push, &whole_push), ("pull", &pull, &whole_pull)] {
            assert!(killed.kills >= 9, "{name}: {killed}");
            let ratio = killed.bytes as f64 / whole.bytes as f64;
            assert!(ratio <= at_most, "{name}: {ratio:.3} times the bytes");
        }
    });
}

#[test]
fn a_first_sync_that_is_killed_every_second_ends() {
    first_sync(1, 10_000, false, 1.1);
}

#[test]
fn a_first_sync_that_is_killed_every_two_seconds_ends() {
    first_sync(2, 10_000, false, 1.1);
}

#[test]
fn a_first_sync_that_is_killed_every_five_seconds_ends() {
    first_sync(5, 1_000, false, 1.1);
}

#[test]
fn a_first_sync_of_a_sealed_vault_that_is_killed_ends() {
    first_sync(1, 1_000, true, 1.1);
}
