//! Dry run: the very same sync, over ports that keep every write to themselves.

use crate::{
    Application, DocId, Document, Entry, Incoming, Outcome, PartRequest, Result, StagedPart, State, StateRecord,
    drive::{Capabilities, Condition, Drive, DrivePath, GetOptions, Got, Listing, Version},
    gather::Gather as _,
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
            let mut merged: BTreeMap<String, Option<Vec<u8>>> = under.into_iter().map(|r| (r.key, r.value)).gather();
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
        let content = ["docs/", "j/", "p/"].iter().any(|folder| path.as_str().starts_with(folder));
        let kept = if bytes.len() > KEPT_BYTES || content { Vec::new() } else { bytes };
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::{Body, ErrorKind, MemoryDrive, MemoryState, Revision, error::Error};
    use futures::executor::block_on;

    async fn overlay(under: &[&str], set: &[&str], removed: &[&str]) -> OverlayState {
        let state = MemoryState::new();
        state.write(under.iter().map(|key| StateRecord::set(*key, "old")).collect()).await.unwrap();
        let overlay = OverlayState::new(Arc::new(state));
        overlay.write(set.iter().map(|key| StateRecord::set(*key, "new")).collect()).await.unwrap();
        overlay.write(removed.iter().map(|key| StateRecord::remove(*key)).collect()).await.unwrap();
        overlay
    }

    /// Lists everything in pages, each record as its key and `*` if it is new.
    async fn listed(state: &OverlayState, prefix: &str, limit: u32) -> Vec<String> {
        let (mut all, mut after) = (Vec::new(), None);
        for _ in 0..20 {
            let page = state.scan(prefix.to_owned(), after, limit).await.unwrap();
            let Some(last) = page.last() else { return all };
            assert!(page.len() <= limit as usize);
            after = Some(last.key.clone());
            all.extend(page.into_iter().map(|r| if r.value.as_deref() == Some(b"new") { format!("{}*", r.key) } else { r.key }));
        }
        panic!("the listing has no end: {all:?}");
    }

    #[test]
    fn a_state_with_writes_above_it_lists_as_one() {
        block_on(async {
            for limit in [1, 2, 3, 100] {
                let state = overlay(&["p/a", "p/b", "p/c", "p/d", "q/x"], &["p/aa", "p/c", "p/e", "p/f", "q/y"], &["p/b", "p/x"]).await;
                assert_eq!(listed(&state, "p/", limit).await, ["p/a", "p/aa*", "p/c*", "p/d", "p/e*", "p/f*"], "pages of {limit}");
                let state = overlay(&["p/a", "p/b", "p/c", "p/d", "p/e"], &[], &["p/a", "p/b", "p/c"]).await;
                assert_eq!(listed(&state, "p/", limit).await, ["p/d", "p/e"], "pages of {limit}, the first of them all removed");
            }
        });
    }

    #[test]
    fn a_drive_with_writes_above_it_gives_them_back_and_keeps_no_large_file() {
        block_on(async {
            let under = Arc::new(MemoryDrive::new());
            let drive = OverlayDrive::new(under.clone());
            let path = |path: &str| DrivePath::new(path).unwrap();
            let read = async |name: &str| match drive.get(path(name), GetOptions::default()).await.unwrap() {
                Got::File { bytes, .. } => Some(bytes.len()),
                _ => None,
            };
            for (name, size, kept) in
                [("meta.json", 10, 10), ("changes/0.json", KEPT_BYTES, KEPT_BYTES), ("large", KEPT_BYTES + 1, 0), ("docs/x.json", 10, 0)]
            {
                drive.put(path(name), vec![b'x'; size], Condition::Any).await.unwrap();
                assert_eq!(read(name).await, Some(kept), "{name}");
            }
            under.put(path("old"), b"old".to_vec(), Condition::Any).await.unwrap();
            assert_eq!(read("old").await, Some(3));
            drive.delete(path("old"), Condition::Any).await.unwrap();
            assert_eq!(read("old").await, None);
            assert!(matches!(under.get(path("old"), GetOptions::default()).await.unwrap(), Got::File { .. }));
            assert!(matches!(under.get(path("meta.json"), GetOptions::default()).await.unwrap(), Got::Missing));
        });
    }

    /// A host that answers questions, and fails when it is told to write.
    struct ReadOnly;

    fn entry() -> Entry {
        Entry { id: DocId::new("x").unwrap(), revision: Revision::new("1"), digest: None, size: Some(7) }
    }

    fn refused<T>() -> Result<T> {
        Err(Error::new(ErrorKind::Application, "write", "a dry run writes nothing"))
    }

    #[apply(port!)]
    impl Application for ReadOnly {
        async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
            Ok(ids.into_iter().map(|id| Document { id, revision: Revision::new("1"), body: Body::Parts { size: 7 } }).collect())
        }
        async fn apply(&self, _changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
            refused()
        }
        async fn entries(&self, _after: Option<DocId>, _limit: u32) -> Result<Vec<Entry>> {
            Ok(vec![entry()])
        }
        async fn missing(&self, ids: Vec<DocId>) -> Result<Vec<DocId>> {
            Ok(ids)
        }
        fn whole_body_bytes(&self) -> Option<u64> {
            Some(5)
        }
        async fn read_part(&self, _part: PartRequest) -> Result<Option<Vec<u8>>> {
            Ok(Some(b"content".to_vec()))
        }
        async fn stage_part(&self, _part: StagedPart) -> Result<()> {
            refused()
        }
    }

    #[test]
    fn the_host_is_asked_and_never_told_to_write() {
        block_on(async {
            let host = Untouched(Arc::new(ReadOnly));
            let Entry { id, revision, .. } = entry();
            assert_eq!(host.get(vec![id.clone()]).await.unwrap().len(), 1);
            assert_eq!(host.entries(None, 10).await.unwrap(), [entry()]);
            assert_eq!(host.missing(vec![id.clone()]).await.unwrap(), std::slice::from_ref(&id));
            assert_eq!(host.whole_body_bytes(), Some(5));
            let part = PartRequest { id: id.clone(), revision: revision.clone(), offset: 0, length: 7 };
            assert_eq!(host.read_part(part).await.unwrap(), Some(b"content".to_vec()));
            host.stage_part(StagedPart { id: id.clone(), revision: revision.clone(), offset: 0, bytes: vec![1] }).await.unwrap();
            let incoming = Incoming { id, revision, body: None, expected: None };
            assert_eq!(host.apply(vec![incoming]).await.unwrap(), [Outcome::Applied]);
        });
    }
}
