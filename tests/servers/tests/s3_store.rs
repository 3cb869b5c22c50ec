//! The S3 drive on real stores: how many requests it takes, what is told of wrong keys, places and clocks, and what is left
//! of large files.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use async_io::block_on;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use kitestring::{
    Client, Drive as _, DrivePath, ErrorKind, MemoryApplication, MemoryState, Options, Result, Runtime, SyncOptions, apply,
    drive::{Condition, GetOptions, Got, PutFile},
    port,
};
use kitestring_adapters::{
    NativeRuntime, S3,
    drives::s3::{Keys, Place},
    http::{Http, NativeHttp, Request, Response, Secret},
};
use kitestring_servers::s3::{Store, keys, open, open_over, rclone_copy, rclone_remote};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

/// Counts requests.
struct Counting(NativeHttp, AtomicU64);

impl Counting {
    fn new() -> Arc<Self> {
        Arc::new(Self(NativeHttp::new().unwrap(), AtomicU64::new(0)))
    }

    fn take(&self) -> u64 {
        self.1.swap(0, SeqCst)
    }
}

#[apply(port!)]
impl Http for Counting {
    async fn send(&self, request: Request) -> Result<Response> {
        self.1.fetch_add(1, SeqCst);
        self.0.send(request).await
    }
}

struct Device {
    http: Arc<Counting>,
    application: Arc<MemoryApplication>,
    client: Client,
}

impl Device {
    async fn new(place: &Place) -> Self {
        let (http, application) = (Counting::new(), Arc::new(MemoryApplication::new()));
        let drive = Arc::new(open_over(http.clone(), Arc::new(NativeRuntime::new()), place).unwrap());
        let options = Options::new(Arc::new(NativeRuntime::new()));
        let client = Client::open(application.clone(), Arc::new(MemoryState::new()), drive, options).await.unwrap();
        Self { http, application, client }
    }

    async fn edit(&self, id: &str, text: &str) {
        self.client.queue_change(self.application.put(id, text).unwrap()).await.unwrap();
    }

    /// Returns how many requests a sync takes.
    async fn sync(&self) -> u64 {
        self.http.take();
        self.client.sync(SyncOptions::default()).await.unwrap();
        self.http.take()
    }
}

async fn counts(store: Store) -> [u64; 4] {
    let place = store.empty_folder();
    let (one, two) = (Device::new(&place).await, Device::new(&place).await);
    for n in 0..10_000 {
        one.edit(&format!("note {n}"), &format!("{{\"text\":\"This is note number {n}.\"}}")).await;
    }
    let (push, pull) = (one.sync().await, two.sync().await);
    two.edit("note 7", "{\"text\":\"edited\"}").await;
    let (edit, idle) = (two.sync().await, two.sync().await);
    one.sync().await;
    assert!(one.application.body("note 7").is_some_and(|body| body == b"{\"text\":\"edited\"}"));
    [push, pull, edit, idle]
}

#[test]
fn ten_thousand_documents_take_few_requests() {
    for store in Store::ALL {
        let [push, pull, edit, idle] = block_on(counts(store));
        println!("{store:?}: push {push}, pull {pull}, edit {edit}, idle {idle}");
        assert!(push <= 25 && pull <= 25 && edit <= 3 && idle == 1, "{store:?}: push {push}, pull {pull}, edit {edit}, idle {idle}");
    }
}

fn path(text: &str) -> DrivePath {
    DrivePath::new(text).unwrap()
}

fn refused(place: &Place, keys: Keys) -> (ErrorKind, String) {
    let drive = S3::new(Counting::new(), Arc::new(NativeRuntime::new()), place, keys).unwrap();
    let error = block_on(drive.put(path("f"), vec![1], Condition::Any)).unwrap_err();
    (error.kind.clone(), error.to_string())
}

#[test]
fn wrong_keys_are_unauthorized() {
    let place = Store::SeaweedFs.empty_folder();
    let (kind, told) = refused(&place, Keys { secret: Secret::new("canary"), ..keys() });
    assert!(kind == ErrorKind::Unauthorized && told.contains("secret access key"), "{told}");
    assert!(!told.contains("canary"), "{told}");
    let (kind, told) = refused(&place, Keys { id: "nobody".to_owned(), ..keys() });
    assert!(kind == ErrorKind::Unauthorized && told.contains("does not know this access key"), "{told}");
}

#[test]
fn a_bucket_that_is_not_there_is_told() {
    for store in [Store::SeaweedFs, Store::Moto, Store::Rclone] {
        let place = Place { bucket: "no-such-bucket".to_owned(), ..store.empty_folder() };
        let drive = open(&place).unwrap();
        assert!(!block_on(drive.has_root()).unwrap(), "{store:?}");
        assert_eq!(block_on(drive.make_root()).unwrap_err().kind, ErrorKind::NotFound);
        assert_eq!(block_on(drive.get(path("f"), GetOptions::default())).unwrap_err().kind, ErrorKind::Unavailable, "{store:?}");
        assert_eq!(block_on(drive.list_dir(DrivePath::root(), None)).unwrap_err().kind, ErrorKind::Unavailable, "{store:?}");
    }
}

/// The clock of another day.
struct Yesterday(NativeRuntime);

#[apply(port!)]
impl Runtime for Yesterday {
    fn now(&self) -> Duration {
        self.0.now()
    }
    fn wall(&self) -> Duration {
        self.0.wall() - Duration::from_secs(24 * 60 * 60)
    }
    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration).await;
    }
    fn random(&self, bytes: &mut [u8]) -> Result<()> {
        self.0.random(bytes)
    }
}

#[test]
fn a_clock_of_another_day_is_corrected() {
    let (http, place) = (Counting::new(), Store::SeaweedFs.empty_folder());
    let drive = open_over(http.clone(), Arc::new(Yesterday(NativeRuntime::new())), &place).unwrap();
    block_on(drive.put(path("f"), vec![1], Condition::Absent)).unwrap();
    assert_eq!(http.take(), 2, "the first one was for another day");
    block_on(drive.put(path("g"), vec![1], Condition::Absent)).unwrap();
    assert_eq!(http.take(), 1);
}

#[test]
fn a_large_file_goes_in_parts_and_comes_back() {
    for store in [Store::SeaweedFs, Store::Moto] {
        let (http, place) = (Counting::new(), store.empty_folder());
        let drive = open_over(http.clone(), Arc::new(NativeRuntime::new()), &place).unwrap();
        let bytes: Vec<u8> = (0..(64 << 20) + 12_345_u32).map(|n| (n % 251) as u8 ^ (n >> 16) as u8).collect();
        let version = block_on(drive.put(path("large"), bytes.clone(), Condition::Any)).unwrap();
        assert_eq!(http.take(), 8, "{store:?}: a look for what others have left, a beginning, five parts and an end");
        let got = block_on(drive.get(path("large"), GetOptions::default())).unwrap();
        assert!(got == Got::File { bytes, version: version.clone() }, "{store:?}: another file came back");
        let replaced = block_on(drive.put(path("large"), vec![1], Condition::Matches(version))).unwrap();
        let again = GetOptions { unless: Some(replaced), ..GetOptions::default() };
        assert_eq!(block_on(drive.get(path("large"), again)).unwrap(), Got::Unchanged);
    }
}

/// The size of a pack, as the journal writes them, and how many are sent.
const PACK_BYTES: usize = 4 << 20;
const PACKS: u64 = 16;
const MEASURED: usize = 2;

/// Beside `rclone copy` of the same packs, each the best of two, in turns. What is measured is printed: it depends on who
/// else uses the machine, so that only what no such reason explains is a failure.
#[test]
fn packs_go_as_fast_as_by_rclone() {
    let (place, home) = (Store::SeaweedFs.empty_folder(), tempfile::tempdir().unwrap());
    let packs: Vec<Vec<u8>> = (0..PACKS).map(noise).collect();
    let (up, down) = (home.path().join("up"), home.path().join("down"));
    std::fs::create_dir(&up).unwrap();
    packs.iter().enumerate().for_each(|(n, pack)| std::fs::write(up.join(format!("pack-{n}")), pack).unwrap());
    let drive = open(&Place { folder: "ours".to_owned(), ..place.clone() }).unwrap();
    let (mut ours, mut theirs) = ([Duration::MAX; 2], [Duration::MAX; 2]);
    for round in 0..MEASURED {
        let name = |n: usize| path(&format!("{round}/pack-{n}"));
        let file = |(n, bytes): (usize, &Vec<u8>)| PutFile { path: name(n), bytes: bytes.clone(), condition: Condition::Any };
        let files: Vec<PutFile> = packs.iter().enumerate().map(file).collect();
        let began = Instant::now();
        assert!(block_on(drive.put_many(files)).iter().all(Result::is_ok));
        ours[0] = ours[0].min(began.elapsed());
        let began = Instant::now();
        let reads = (0..packs.len()).map(|n| drive.get(name(n), GetOptions::default()));
        let got: Vec<Got> = block_on(stream::iter(reads).buffered(8).try_collect()).unwrap();
        ours[1] = ours[1].min(began.elapsed());
        assert!(got.iter().zip(&packs).all(|(got, pack)| matches!(got, Got::File { bytes, .. } if bytes == pack)));
        let remote = Place { folder: format!("theirs/{round}"), ..place.clone() };
        theirs[0] = theirs[0].min(rclone_copy(&up.to_string_lossy(), &rclone_remote(&remote)));
        theirs[1] = theirs[1].min(rclone_copy(&rclone_remote(&remote), &down.join(round.to_string()).to_string_lossy()));
    }
    let megabytes = |time: Duration| (PACKS as usize * PACK_BYTES) as f64 / 1e6 / time.as_secs_f64();
    for (what, ours, theirs) in [("up", ours[0], theirs[0]), ("down", ours[1], theirs[1])] {
        println!("{what}: {:.0} MB/s, rclone copy {:.0} MB/s", megabytes(ours), megabytes(theirs));
        assert!(ours < theirs * 3, "{what}: {ours:?} and {theirs:?}");
    }
}

/// Bytes that nobody can compress.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..PACK_BYTES / 8).flat_map(|_| next().to_le_bytes()).collect()
}
