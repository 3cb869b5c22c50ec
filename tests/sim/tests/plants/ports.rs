//! Faulty ports.

use kitestring::{
    Application, Change, DocId, Document, Drive, DrivePath, Entry, Incoming, Outcome, Result, State, StateRecord, apply,
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    port,
};
use kitestring_sim::gate::give_way;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// What is wrong with a drive.
#[derive(Debug, Clone, Copy)]
pub enum DriveFault {
    /// A put below this prefix says it succeeded and does nothing.
    LosesPut(&'static str),
    /// A deletion below this prefix says it succeeded and does nothing.
    LosesDelete(&'static str),
    /// This client always gets the first content it saw of this file.
    StaleFor(usize, &'static str),
    /// Files below this prefix are cut in the middle.
    Halves(&'static str),
    /// Nobody ever sees a lock.
    NoLock,
}

pub struct BadDrive {
    inner: Arc<dyn Drive>,
    fault: DriveFault,
    seat: usize,
    first: Mutex<BTreeMap<String, Got>>,
}

impl BadDrive {
    pub fn around(fault: DriveFault, seat: usize, inner: Arc<dyn Drive>) -> Arc<dyn Drive> {
        Arc::new(Self { inner, fault, seat, first: Mutex::default() })
    }
}

#[apply(port!)]
impl Drive for BadDrive {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        match self.fault {
            DriveFault::NoLock if path.as_str() == "lock.json" => Ok(Got::Missing),
            DriveFault::StaleFor(seat, name) if seat == self.seat && path.as_str() == name => {
                let known = self.first.lock().unwrap().get(name).cloned();
                match (known, options.unless) {
                    (Some(Got::File { version, .. }), Some(unless)) if version == unless => Ok(Got::Unchanged),
                    (Some(got), _) => Ok(got),
                    (None, _) => {
                        let got = self.inner.get(path, GetOptions::default()).await?;
                        if matches!(got, Got::File { .. }) {
                            self.first.lock().unwrap().insert(name.to_owned(), got.clone());
                        }
                        Ok(got)
                    }
                }
            }
            _ => self.inner.get(path, options).await,
        }
    }

    async fn put(&self, path: DrivePath, mut bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        match self.fault {
            DriveFault::LosesPut(prefix) if path.as_str().starts_with(prefix) => return Ok(Version::new("v0")),
            DriveFault::NoLock if path.as_str() == "lock.json" => return Ok(Version::new("v0")),
            DriveFault::Halves(prefix) if path.as_str().starts_with(prefix) => bytes.truncate(bytes.len() / 2),
            _ => {}
        }
        self.inner.put(path, bytes, condition).await
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        match self.fault {
            DriveFault::LosesDelete(prefix) if path.as_str().starts_with(prefix) => Ok(()),
            DriveFault::NoLock if path.as_str() == "lock.json" => Ok(()),
            _ => self.inner.delete(path, condition).await,
        }
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.inner.list_dir(dir, cursor).await
    }
}

/// What is wrong with a state.
#[derive(Debug, Clone, Copy)]
pub enum StateFault {
    /// Every third write is acknowledged and forgotten.
    DropsThird,
    /// A batch is written record by record, the last one first, with an await between.
    Tears,
    /// Removals are ignored.
    KeepsRemoved,
}

pub struct BadState {
    inner: Arc<dyn State>,
    fault: StateFault,
    writes: AtomicU64,
}

impl BadState {
    pub fn around(fault: StateFault, inner: Arc<dyn State>) -> Arc<dyn State> {
        Arc::new(Self { inner, fault, writes: AtomicU64::new(0) })
    }
}

#[apply(port!)]
impl State for BadState {
    async fn read(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>> {
        self.inner.read(keys).await
    }

    async fn scan(&self, prefix: String, after: Option<String>, limit: u32) -> Result<Vec<StateRecord>> {
        self.inner.scan(prefix, after, limit).await
    }

    async fn write(&self, mut batch: Vec<StateRecord>) -> Result<()> {
        match self.fault {
            StateFault::DropsThird if self.writes.fetch_add(1, Relaxed) % 3 == 2 => Ok(()),
            StateFault::DropsThird => self.inner.write(batch).await,
            StateFault::KeepsRemoved => {
                batch.retain(|r| r.value.is_some());
                self.inner.write(batch).await
            }
            StateFault::Tears => {
                for record in batch.into_iter().rev() {
                    self.inner.write(vec![record]).await?;
                    give_way().await;
                }
                Ok(())
            }
        }
    }
}

/// What is wrong with a host.
#[derive(Debug, Clone, Copy)]
pub enum HostFault {
    /// It says `Applied` and does nothing.
    AppliesNothing,
    /// It says `Stale` to everything.
    AlwaysStale,
    /// It gives the first content it ever gave, under the current revision.
    OldBodies,
}

pub struct BadHost {
    inner: Arc<dyn Application>,
    fault: HostFault,
    first: Mutex<BTreeMap<DocId, kitestring::Body>>,
}

impl BadHost {
    pub fn around(fault: HostFault, inner: Arc<dyn Application>) -> Arc<dyn Application> {
        Arc::new(Self { inner, fault, first: Mutex::default() })
    }
}

#[apply(port!)]
impl Application for BadHost {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        let mut found = self.inner.get(ids).await?;
        if let HostFault::OldBodies = self.fault {
            let mut first = self.first.lock().unwrap();
            for document in &mut found {
                document.body = first.entry(document.id.clone()).or_insert_with(|| document.body.clone()).clone();
            }
        }
        Ok(found)
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        match self.fault {
            HostFault::AppliesNothing => Ok(changes.iter().map(|_| Outcome::Applied).collect()),
            HostFault::AlwaysStale => Ok(changes.iter().map(|_| Outcome::Stale).collect()),
            HostFault::OldBodies => self.inner.apply(changes).await,
        }
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
