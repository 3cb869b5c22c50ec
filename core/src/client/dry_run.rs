//! Dry run: the very same sync, over ports that keep every write to themselves.

use crate::{
    Application, DocId, Document, Entry, Incoming, Outcome, PartRequest, Result, StagedPart, State, StateRecord,
    drive::{Capabilities, Condition, Drive, DrivePath, GetOptions, Got, Listing, Version},
};
use macro_rules_attribute::apply;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Larger files are not kept: nothing reads a document back that it has just written.
const KEPT_BYTES: usize = 64 << 10;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The state, with writes in memory above it.
pub(super) struct OverlayState {
    under: Arc<dyn State>,
    writes: Mutex<BTreeMap<String, Option<Vec<u8>>>>,
}

impl OverlayState {
    pub(super) fn new(under: Arc<dyn State>) -> Self {
        Self { under, writes: Mutex::default() }
    }

    /// Returns what was written under `prefix` behind `after` and up to `upto`.
    fn written(&self, prefix: &str, after: Option<&str>, upto: Option<&str>) -> BTreeMap<String, Option<Vec<u8>>> {
        let writes = lock(&self.writes);
        let range = writes.range(prefix.to_owned()..).take_while(|(key, _)| key.starts_with(prefix));
        let wanted = range.filter(|(key, _)| after.is_none_or(|a| key.as_str() > a) && upto.is_none_or(|u| key.as_str() <= u));
        wanted.map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

#[apply(port!)]
impl State for OverlayState {
    async fn read(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>> {
        let under = self.under.read(keys.clone()).await?;
        let writes = lock(&self.writes);
        Ok(keys.iter().zip(under).map(|(key, under)| writes.get(key).cloned().unwrap_or(under)).collect())
    }

    async fn scan(&self, prefix: String, after: Option<String>, limit: u32) -> Result<Vec<StateRecord>> {
        let mut after = after;
        loop {
            let under = self.under.scan(prefix.clone(), after.clone(), limit).await?;
            let full = under.len() >= limit as usize;
            let upto = under.last().filter(|_| full).map(|r| r.key.clone());
            let mut merged: BTreeMap<String, Option<Vec<u8>>> = under.into_iter().map(|r| (r.key, r.value)).collect();
            merged.extend(self.written(&prefix, after.as_deref(), upto.as_deref()));
            let found = merged.into_iter().filter(|(_, value)| value.is_some()).map(|(key, value)| StateRecord { key, value });
            let found: Vec<_> = found.take(limit as usize).collect();
            if !found.is_empty() || upto.is_none() {
                return Ok(found);
            }
            after = upto;
        }
    }

    async fn write(&self, batch: Vec<StateRecord>) -> Result<()> {
        lock(&self.writes).extend(batch.into_iter().map(|r| (r.key, r.value)));
        Ok(())
    }
}

/// A file written in a dry run; none if it was deleted.
type Overlaid = Option<(Vec<u8>, Version)>;

/// The drive, with writes in memory above it.
pub(super) struct OverlayDrive {
    under: Arc<dyn Drive>,
    writes: Mutex<BTreeMap<DrivePath, Overlaid>>,
}

impl OverlayDrive {
    pub(super) fn new(under: Arc<dyn Drive>) -> Self {
        Self { under, writes: Mutex::default() }
    }
}

#[apply(port!)]
impl Drive for OverlayDrive {
    fn capabilities(&self) -> Capabilities {
        self.under.capabilities()
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        let written = lock(&self.writes).get(&path).cloned();
        match written {
            Some(Some((bytes, version))) => Ok(Got::File { bytes, version }),
            Some(None) => Ok(Got::Missing),
            None => self.under.get(path, options).await,
        }
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, _condition: Condition) -> Result<Version> {
        let mut writes = lock(&self.writes);
        let version = Version::new(format!("dry-{}", writes.len()));
        let kept = if bytes.len() > KEPT_BYTES || path.as_str().starts_with("docs/") { Vec::new() } else { bytes };
        writes.insert(path, Some((kept, version.clone())));
        Ok(version)
    }

    async fn delete(&self, path: DrivePath, _condition: Condition) -> Result<()> {
        lock(&self.writes).insert(path, None);
        Ok(())
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.under.list_dir(dir, cursor).await
    }
}

/// The host, whose documents stay as they are.
pub(super) struct Untouched(pub(super) Arc<dyn Application>);

#[apply(port!)]
impl Application for Untouched {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        self.0.get(ids).await
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        Ok(changes.iter().map(|_| Outcome::Applied).collect())
    }

    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        self.0.entries(after, limit).await
    }

    async fn missing(&self, ids: Vec<DocId>) -> Result<Vec<DocId>> {
        self.0.missing(ids).await
    }

    fn whole_body_bytes(&self) -> Option<u64> {
        self.0.whole_body_bytes()
    }

    async fn read_part(&self, part: PartRequest) -> Result<Option<Vec<u8>>> {
        self.0.read_part(part).await
    }

    async fn stage_part(&self, _part: StagedPart) -> Result<()> {
        Ok(())
    }
}
