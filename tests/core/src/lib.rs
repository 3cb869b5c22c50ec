//! What the tests of the core share: a host with its documents in memory, and time that only moves when somebody sleeps.
//!
//! The tests are in `tests/suite`. They are a package of their own so that they are built without the optimisation that the
//! core has in them.
#![allow(
    dead_code,
    missing_docs,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::wildcard_imports,
    reason = "each test uses a part of it"
)]

pub mod canary;
pub mod faulty;
pub mod forged;
pub mod member;
pub mod old_client;
pub mod recording;
pub mod slow;
pub mod watched;

use canary::{Canary, Kind, mind};

use kitestring::{drive::Capabilities, *};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

pub fn id(text: &str) -> DocId {
    DocId::new(text).unwrap()
}

pub fn json(text: &str) -> Vec<u8> {
    format!("{{\"text\":\"{text}\"}}").into_bytes()
}

/// A key of this byte, for a sealed vault.
pub fn key(byte: u8) -> Encryption {
    mind(Kind::Secret, &[byte; 32]);
    Encryption::key([byte; 32])
}

/// A passphrase that is called so, and costs as little as is allowed. It is long enough to be found wherever it would be.
pub fn cheap(word: &str) -> Encryption {
    let passphrase = format!("{word}, battery, staple");
    mind(Kind::Secret, passphrase.as_bytes());
    Encryption::passphrase(&passphrase).unwrap().with_cost(PassphraseCost::LEAST).unwrap()
}

/// Time that moves when somebody sleeps; random bytes made of a counter.
#[derive(Default)]
pub struct TestRuntime {
    pub ms: AtomicU64,
    pub seed: AtomicU64,
    /// Whether the bytes are those with which the golden vault was once written: many short ids are the same then.
    pub golden: bool,
    /// What was asked for as 32 bytes: keys, and salts of sealed files.
    pub drawn: Mutex<Vec<[u8; 32]>>,
}

#[apply(port!)]
impl Runtime for TestRuntime {
    fn now(&self) -> Duration {
        Duration::from_millis(self.ms.load(SeqCst))
    }
    fn wall(&self) -> Duration {
        Duration::from_millis(1_700_000_000_000 + self.ms.load(SeqCst))
    }
    async fn sleep(&self, duration: Duration) {
        // A limit on a call must not pass before the call has had its chance.
        for _ in 0..1000 {
            yield_now().await;
        }
        self.ms.fetch_add(duration.as_millis() as u64, SeqCst);
    }
    fn random(&self, bytes: &mut [u8]) -> Result<()> {
        for byte in &mut *bytes {
            let n = self.seed.fetch_add(1, SeqCst).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            if self.golden {
                *byte = (n >> 32) as u8;
                continue;
            }
            let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            *byte = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB).to_be_bytes()[0];
        }
        self.drawn.lock().unwrap().extend(<[u8; 32]>::try_from(&*bytes));
        Ok(())
    }
}

async fn yield_now() {
    let mut done = false;
    futures::future::poll_fn(|cx| {
        if std::mem::replace(&mut done, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await
}

/// A host that keeps its documents in memory.
#[derive(Default)]
pub struct Notes(pub Mutex<BTreeMap<DocId, (Revision, Vec<u8>)>>);

#[apply(port!)]
impl Application for Notes {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        let docs = self.0.lock().unwrap();
        let found =
            ids.into_iter().filter_map(|id| docs.get(&id).cloned().map(|(revision, body)| Document { id, revision, body: body.into() }));
        Ok(found.collect())
    }
    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        let mut docs = self.0.lock().unwrap();
        let one = |c: Incoming| {
            if docs.get(&c.id).map(|d| &d.0) != c.expected.as_ref() {
                return Outcome::Stale;
            }
            match c.body {
                Some(Body::Whole(body)) => docs.insert(c.id, (c.revision, body)),
                Some(Body::Parts { .. }) => return Outcome::Rejected("parts".into()),
                None => docs.remove(&c.id),
            };
            Outcome::Applied
        };
        Ok(changes.into_iter().map(one).collect())
    }
    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        let docs = self.0.lock().unwrap();
        let rest = docs.iter().filter(|(id, _)| after.as_ref().is_none_or(|a| *id > a));
        Ok(rest
            .take(limit as usize)
            .map(|(id, d)| Entry { id: id.clone(), revision: d.0.clone(), digest: None, size: Some(d.1.len() as u64) })
            .collect())
    }
}

/// The options of a client of the classic layout.
pub fn classic_options(runtime: Arc<dyn Runtime>) -> Options {
    Options { layout: Layout::Classic(Default::default()), ..Options::new(runtime) }
}

/// One device: host, state and client on a shared drive.
pub struct Device {
    pub notes: Arc<Notes>,
    pub state: Arc<MemoryState>,
    pub runtime: Arc<TestRuntime>,
    pub client: Client,
    /// Watches what a sealed device lets out.
    pub canary: Option<Canary>,
}

impl Device {
    pub async fn new(drive: &Arc<MemoryDrive>, seed: u64) -> Self {
        let runtime = Arc::new(TestRuntime { seed: AtomicU64::new(seed * 1_000_000), ..TestRuntime::default() });
        Self::open(Arc::default(), Arc::default(), drive.clone(), runtime).await
    }

    pub async fn open(notes: Arc<Notes>, state: Arc<MemoryState>, drive: Arc<dyn Drive>, runtime: Arc<TestRuntime>) -> Self {
        Self::open_as(notes, state, drive, runtime, Layout::Classic(Default::default())).await
    }

    pub async fn open_as(
        notes: Arc<Notes>,
        state: Arc<MemoryState>,
        drive: Arc<dyn Drive>,
        runtime: Arc<TestRuntime>,
        layout: Layout,
    ) -> Self {
        let options = Options { layout, ..Options::new(runtime.clone()) };
        Self::with(notes, state, drive, runtime, options).await
    }

    /// A device as a host with these options opens it. What it lets out is watched, if its vault is sealed.
    pub async fn with(
        notes: Arc<Notes>,
        state: Arc<MemoryState>,
        drive: Arc<dyn Drive>,
        runtime: Arc<TestRuntime>,
        options: Options,
    ) -> Self {
        if options.encryption.is_none() {
            return Self::unwatched(notes, state, drive, runtime, options).await;
        }
        let canary = Canary::new(&notes, &state, &runtime, drive);
        let options = Options { log: canary.log(), ..options };
        let device = Self::unwatched(notes, state, canary.drive(), runtime, options).await;
        Self { canary: Some(canary), ..device }
    }

    /// The same, where watching would take too long or too much memory.
    pub async fn unwatched(
        notes: Arc<Notes>,
        state: Arc<MemoryState>,
        drive: Arc<dyn Drive>,
        runtime: Arc<TestRuntime>,
        options: Options,
    ) -> Self {
        let client = Client::open(notes.clone(), state.clone(), drive, options).await.unwrap();
        Self { notes, state, runtime, client, canary: None }
    }

    /// A new device of a sealed vault.
    pub async fn sealed(drive: &Arc<MemoryDrive>, seed: u64, encryption: Encryption) -> Self {
        let runtime = Arc::new(TestRuntime { seed: AtomicU64::new(seed * 1_000_000), ..TestRuntime::default() });
        let options = Options { encryption: Some(encryption), ..Options::new(runtime.clone()) };
        Self::with(Arc::default(), Arc::default(), drive.clone(), runtime, options).await
    }

    /// A device of a vault in the journal layout.
    pub async fn journal(drive: &Arc<MemoryDrive>, seed: u64) -> Self {
        Self::of(drive, seed, journal).await
    }

    /// A device of a vault in this layout.
    pub async fn of(drive: &Arc<MemoryDrive>, seed: u64, layout: fn() -> Layout) -> Self {
        let runtime = Arc::new(TestRuntime { seed: AtomicU64::new(seed * 1_000_000), ..TestRuntime::default() });
        Self::open_as(Arc::default(), Arc::default(), drive.clone(), runtime, layout()).await
    }

    /// The same device after its process died: only host and state are left.
    pub async fn restarted(self, drive: Arc<dyn Drive>) -> Self {
        let Self { notes, state, runtime, client, .. } = self;
        drop(client);
        Self::open(notes, state, drive, runtime).await
    }

    /// Lets it remember that its line is fast: it makes no small record, and no small read, to find out.
    pub async fn on_a_fast_line(self) -> Self {
        let pace = StateRecord::set("server/pace".to_owned(), br#"{"rate":{"up":1073741824,"down":1073741824}}"#.to_vec());
        self.state.write(vec![pace]).await.unwrap();
        self
    }

    pub async fn try_sync(&self) -> Result<Report> {
        self.sync_as(SyncOptions::default()).await
    }

    /// Syncs with these options.
    pub async fn sync_as(&self, options: SyncOptions) -> Result<Report> {
        let result = self.client.sync(options).await;
        self.told(result)
    }

    /// Hands the result of a call on to whoever watches what is said.
    pub fn told<T: std::fmt::Debug>(&self, result: Result<T>) -> Result<T> {
        if let Some(canary) = &self.canary {
            canary.hear(&result);
            canary.learn(self.client.vault_key());
        }
        result
    }

    pub fn later(&self, seconds: u64) {
        self.runtime.ms.fetch_add(seconds * 1000, SeqCst);
    }

    pub async fn put(&self, name: &str, text: &str) {
        let (id, body) = (id(name), json(text));
        let revision = Revision::of(&body);
        if self.canary.is_some() {
            mind(Kind::Id, name.as_bytes());
            mind(Kind::Content, &body);
        }
        self.notes.0.lock().unwrap().insert(id.clone(), (revision.clone(), body));
        self.client.queue_change(Change { id, revision, action: Action::Put }).await.unwrap();
    }

    pub async fn delete(&self, name: &str) {
        self.notes.0.lock().unwrap().remove(&id(name));
        let change = Change { id: id(name), revision: Revision::new("gone"), action: Action::Delete };
        self.client.queue_change(change).await.unwrap();
    }

    pub async fn sync(&self) -> Report {
        self.try_sync().await.unwrap()
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.notes.0.lock().unwrap().get(&id(name)).map(|d| String::from_utf8(d.1.clone()).unwrap())
    }

    pub fn docs(&self) -> BTreeMap<DocId, Vec<u8>> {
        self.notes.0.lock().unwrap().iter().map(|(id, d)| (id.clone(), d.1.clone())).collect()
    }
}

/// Every kind of drive: with conditions, with create only, with none.
pub fn drives() -> [Arc<MemoryDrive>; 3] {
    let create_only = Capabilities { create: true, ..Capabilities::NONE };
    [Capabilities::FULL, create_only, Capabilities::NONE].map(|c| Arc::new(MemoryDrive::with(c)))
}

fn journal() -> Layout {
    Layout::Journal(JournalOptions::default())
}

fn classic() -> Layout {
    Layout::Classic(Default::default())
}

/// Every kind of drive, once for each layout.
pub fn in_both_layouts() -> impl Iterator<Item = (Arc<MemoryDrive>, fn() -> Layout)> {
    [journal as fn() -> Layout, classic].into_iter().flat_map(|layout| drives().map(|drive| (drive, layout)))
}
