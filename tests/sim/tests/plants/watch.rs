//! Ports that misbehave as real ones may, or that watch what no ghost history sees.

use kitestring::{
    Application, Change, DocId, Document, Drive, DrivePath, Entry, Incoming, Outcome, Result, apply,
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    port,
};
use kitestring_sim::config::Wrap;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// What a watcher saw.
pub type Seen = Arc<Mutex<Vec<String>>>;

/// Sees who removes or replaces whose lock.
pub struct LockWatch {
    inner: Arc<dyn Drive>,
    seat: usize,
    /// The lock as this client read it last.
    read: Mutex<Option<Vec<u8>>>,
    seen: Seen,
}

impl LockWatch {
    pub fn around(seen: &Seen) -> Wrap<dyn Drive> {
        let seen = Arc::clone(seen);
        Arc::new(move |seat, inner| Arc::new(Self { inner, seat, read: Mutex::default(), seen: Arc::clone(&seen) }))
    }

    /// The lock that stands there, if it is another's.
    async fn foreign(&self, path: &DrivePath) -> Result<Option<Vec<u8>>> {
        if path.as_str() != "lock.json" {
            return Ok(None);
        }
        let Got::File { bytes, .. } = self.inner.get(path.clone(), GetOptions::default()).await? else { return Ok(None) };
        let ours = format!(r#""device":"c{}""#, self.seat + 1);
        Ok(Some(bytes).filter(|bytes| !String::from_utf8_lossy(bytes).contains(&ours)))
    }

    fn complain(&self, foreign: Option<Vec<u8>>, what: &str) {
        if foreign.is_some() && *self.read.lock().unwrap() != foreign {
            self.seen.lock().unwrap().push(format!("OwnLock: c{} {what} a lock of another that it has not looked at", self.seat + 1));
        }
    }
}

#[apply(port!)]
impl Drive for LockWatch {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        let lock = path.as_str() == "lock.json";
        let got = self.inner.get(path, options).await?;
        if lock {
            *self.read.lock().unwrap() = match &got {
                Got::File { bytes, .. } => Some(bytes.clone()),
                Got::Missing | Got::Unchanged => None,
            };
        }
        Ok(got)
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        let foreign = self.foreign(&path).await?;
        let version = self.inner.put(path, bytes, condition).await?;
        self.complain(foreign, "replaces");
        Ok(version)
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        let foreign = self.foreign(&path).await?;
        self.inner.delete(path, condition).await?;
        self.complain(foreign, "removes");
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

/// A host that cannot read a document at one of its reads, and says so by naming it neither there nor missing.
pub struct ReluctantHost {
    inner: Arc<dyn Application>,
    left: Mutex<u32>,
}

impl ReluctantHost {
    /// The read number `nth` of documents at this seat gives none of them.
    pub fn around(seat: usize, nth: u32) -> Wrap<dyn Application> {
        Arc::new(move |n, inner| if n == seat { Arc::new(Self { inner, left: Mutex::new(nth) }) } else { inner })
    }
}

#[apply(port!)]
impl Application for ReluctantHost {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        let refuses = {
            let mut left = self.left.lock().unwrap();
            let now = *left == 0;
            *left = left.wrapping_sub(1);
            now
        };
        if refuses { Ok(Vec::new()) } else { self.inner.get(ids).await }
    }

    async fn missing(&self, ids: Vec<DocId>) -> Result<Vec<DocId>> {
        self.inner.missing(ids).await
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        self.inner.apply(changes).await
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
