//! Ports that misbehave as real ones may, or that watch what no ghost history sees.

use kitestring::{
    Application, Change, DocId, Document, Drive, DrivePath, Entry, Incoming, Outcome, Result, apply,
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    port,
};
use kitestring_sim::{config::Wrap, gate::give_way};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

/// What a watcher saw.
pub type Seen = Arc<Mutex<Vec<String>>>;

/// Watches what one client does to files of others, by the rules of the layout: on a drive with conditions nothing is
/// replaced or removed that the client does not know (`Fence`), and no counted change is written over
/// (`I5 AtMostOneCommit`); elsewhere the lock is looked at before the log is
/// written (`OwnLock`).
pub struct Watch {
    inner: Arc<dyn Drive>,
    seat: usize,
    memory: Mutex<Memory>,
    seen: Seen,
}

#[derive(Default)]
struct Memory {
    /// What this client has read or written, by path.
    known: BTreeSet<(String, Vec<u8>)>,
    /// Whether it has found the lock to be its own since it wrote documents.
    looked: bool,
}

impl Watch {
    pub fn around(seen: &Seen) -> Wrap<dyn Drive> {
        let seen = Arc::clone(seen);
        Arc::new(move |seat, inner| Arc::new(Self { inner, seat, memory: Mutex::default(), seen: Arc::clone(&seen) }))
    }

    async fn now(&self, path: &DrivePath) -> Result<Option<Vec<u8>>> {
        let got = self.inner.get(path.clone(), GetOptions::default()).await?;
        Ok(if let Got::File { bytes, .. } = got { Some(bytes) } else { None })
    }

    /// Complains if what was there is not known to this client.
    fn check(&self, path: &DrivePath, before: Option<Vec<u8>>, what: &str) {
        let Some(before) = before.filter(|_| self.inner.capabilities().replace) else { return };
        if !self.memory.lock().unwrap().known.contains(&(path.as_str().to_owned(), before)) {
            let name = if path.as_str() == "lock.json" { "OwnLock" } else { "Fence" };
            self.complain(format!("{name}: c{} {what} {path} without knowing what is there", self.seat + 1));
        }
    }

    /// Complains if a file of the log no longer has the changes that are counted.
    async fn check_log(&self, path: &DrivePath, before: Option<&[u8]>, after: &[u8]) -> Result<()> {
        let Some(index) = path.as_str().strip_prefix("changes/").and_then(|p| p.strip_suffix(".json")?.parse::<usize>().ok()) else {
            return Ok(());
        };
        let entries = |bytes: &[u8]| serde_json::from_slice::<Vec<serde_json::Value>>(bytes).unwrap_or_default();
        let meta = self.now(&DrivePath::new("meta.json")?).await?.unwrap_or_default();
        let meta: serde_json::Value = serde_json::from_slice(&meta).unwrap_or_default();
        let count = usize::try_from(meta["lastChange"].as_u64().unwrap_or(0)).unwrap_or(0);
        let (before, after) = (entries(before.unwrap_or_default()), entries(after));
        let counted = count.saturating_sub(index * 100).min(before.len());
        if self.inner.capabilities().replace && !after.starts_with(&before[..counted]) {
            self.complain(format!("I5 AtMostOneCommit: c{} writes over counted changes in {path}", self.seat + 1));
        }
        Ok(())
    }

    fn complain(&self, what: String) {
        self.seen.lock().unwrap().push(what);
    }

    fn is_ours(&self, lock: &[u8]) -> bool {
        String::from_utf8_lossy(lock).contains(&format!(r#""device":"c{}""#, self.seat + 1))
    }
}

#[apply(port!)]
impl Drive for Watch {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        let got = self.inner.get(path.clone(), options).await?;
        if let Got::File { bytes, .. } = &got {
            let mut memory = self.memory.lock().unwrap();
            memory.looked |= path.as_str() == "lock.json" && self.is_ours(bytes);
            memory.known.insert((path.as_str().to_owned(), bytes.clone()));
        }
        Ok(got)
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        let before = self.now(&path).await?;
        let version = self.inner.put(path.clone(), bytes.clone(), condition).await?;
        self.check_log(&path, before.as_deref(), &bytes).await?;
        self.check(&path, before, "replaces");
        let looked = {
            let mut memory = self.memory.lock().unwrap();
            memory.looked &= !path.as_str().starts_with("docs/");
            memory.known.insert((path.as_str().to_owned(), bytes));
            memory.looked
        };
        if path.as_str().starts_with("changes/") && !looked && !self.inner.capabilities().replace {
            self.complain(format!("OwnLock: c{} writes the log without looking whether the lock is its own", self.seat + 1));
        }
        Ok(version)
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        let before = self.now(&path).await?;
        self.inner.delete(path.clone(), condition).await?;
        self.check(&path, before, "removes");
        Ok(())
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.inner.list_dir(dir, cursor).await
    }
}

/// What a drive does to reads of documents, for one client.
#[derive(Debug, Clone, Copy)]
pub enum Flicker {
    /// It has not heard of the file yet.
    Missing,
    /// An old client is writing the file in place.
    Half,
}

/// A drive that answers some reads of documents badly, and then well.
pub struct FlickeringDrive {
    inner: Arc<dyn Drive>,
    flicker: Flicker,
    /// Good reads to come first, and bad ones behind them.
    left: Mutex<(u32, u32)>,
}

impl FlickeringDrive {
    pub fn around(flicker: Flicker, seat: usize, good: u32, bad: u32) -> Wrap<dyn Drive> {
        Arc::new(move |n, inner| if n == seat { Arc::new(Self { inner, flicker, left: Mutex::new((good, bad)) }) } else { inner })
    }

    fn strikes(&self) -> bool {
        let mut left = self.left.lock().unwrap();
        match *left {
            (0, 0) => false,
            (0, bad) => {
                *left = (0, bad - 1);
                true
            }
            (good, bad) => {
                *left = (good - 1, bad);
                false
            }
        }
    }
}

#[apply(port!)]
impl Drive for FlickeringDrive {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        let strikes = path.as_str().starts_with("docs/") && self.strikes();
        let got = self.inner.get(path, options).await?;
        Ok(match (got, self.flicker) {
            (Got::File { .. }, Flicker::Missing) if strikes => Got::Missing,
            (Got::File { mut bytes, version }, Flicker::Half) if strikes => {
                bytes.truncate(bytes.len() / 2);
                Got::File { bytes, version }
            }
            (got, _) => got,
        })
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.inner.put(path, bytes, condition).await
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.inner.delete(path, condition).await
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.inner.list_dir(dir, cursor).await
    }
}

/// A drive below which something repeats a write whose answer it has lost, and gives the answer to the repetition.
pub struct StammeringDrive {
    inner: Arc<dyn Drive>,
    left: AtomicU32,
}

impl StammeringDrive {
    /// The write or deletion number `nth` at this seat is repeated.
    pub fn around(seat: usize, nth: u32) -> Wrap<dyn Drive> {
        Arc::new(move |n, inner| if n == seat { Arc::new(Self { inner, left: AtomicU32::new(nth) }) } else { inner })
    }

    fn repeats(&self) -> bool {
        self.left.fetch_sub(1, Relaxed) == 0
    }
}

#[apply(port!)]
impl Drive for StammeringDrive {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.inner.get(path, options).await
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        if self.repeats() {
            let _ = self.inner.put(path.clone(), bytes.clone(), condition.clone()).await;
        }
        self.inner.put(path, bytes, condition).await
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        if self.repeats() {
            let _ = self.inner.delete(path.clone(), condition.clone()).await;
        }
        self.inner.delete(path, condition).await
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.inner.list_dir(dir, cursor).await
    }
}

/// A drive to which names that differ only in case are one file, as many folders are.
pub struct CaselessDrive {
    inner: Arc<dyn Drive>,
    names: Arc<Mutex<BTreeMap<String, DrivePath>>>,
}

impl CaselessDrive {
    pub fn around() -> Wrap<dyn Drive> {
        let names: Arc<Mutex<BTreeMap<String, DrivePath>>> = Arc::default();
        Arc::new(move |_, inner| Arc::new(Self { inner, names: Arc::clone(&names) }))
    }

    fn name(&self, path: DrivePath) -> DrivePath {
        self.names.lock().unwrap().get(&path.as_str().to_lowercase()).cloned().unwrap_or(path)
    }
}

#[apply(port!)]
impl Drive for CaselessDrive {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.inner.get(self.name(path), options).await
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        let path = self.name(path);
        let version = self.inner.put(path.clone(), bytes, condition).await?;
        self.names.lock().unwrap().insert(path.as_str().to_lowercase(), path);
        Ok(version)
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        let path = self.name(path);
        self.inner.delete(path.clone(), condition).await?;
        self.names.lock().unwrap().remove(&path.as_str().to_lowercase());
        Ok(())
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.inner.list_dir(dir, cursor).await
    }
}

/// A host that cannot read its documents at one of its reads, and that takes its time after each call.
pub struct OddHost {
    inner: Arc<dyn Application>,
    manner: Manner,
}

/// What is odd about a host.
#[derive(Clone)]
pub enum Manner {
    /// So many reads of documents are good, and the next gives none of them: neither there nor missing. Counted down
    /// once it is set; 0 means never.
    Reluctant(Arc<AtomicU32>),
    /// It gives way behind the effect of each call, before the client learns of it.
    Lingering,
}

impl OddHost {
    pub fn around(seat: usize, manner: Manner) -> Wrap<dyn Application> {
        Arc::new(move |n, inner| if n == seat { Arc::new(Self { inner, manner: manner.clone() }) } else { inner })
    }

    fn refuses(&self) -> bool {
        let Manner::Reluctant(left) = &self.manner else { return false };
        let before = left.fetch_update(Relaxed, Relaxed, |n| Some(n.saturating_sub(1)));
        before == Ok(1)
    }

    async fn linger(&self) {
        if let Manner::Lingering = self.manner {
            give_way().await;
        }
    }
}

#[apply(port!)]
impl Application for OddHost {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        if self.refuses() {
            return Ok(Vec::new());
        }
        let documents = self.inner.get(ids).await?;
        self.linger().await;
        Ok(documents)
    }

    async fn missing(&self, ids: Vec<DocId>) -> Result<Vec<DocId>> {
        self.inner.missing(ids).await
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        let outcomes = self.inner.apply(changes).await?;
        self.linger().await;
        Ok(outcomes)
    }

    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        self.inner.entries(after, limit).await
    }

    async fn uncommitted(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Change>> {
        self.inner.uncommitted(after, limit).await
    }

    async fn committed(&self, changes: Vec<Change>) -> Result<()> {
        self.inner.committed(changes).await
    }
}
