//! Bodies that pass in parts: edits, limits, and a host that answers with other parts than it was asked for.

use crate::common::{Notes, TestRuntime, drives, id, json};
use futures::executor::block_on;
use kitestring::*;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

const LIMIT: u64 = 1 << 20;

#[derive(Default)]
struct InParts {
    notes: Notes,
    staged: Mutex<BTreeMap<DocId, Vec<u8>>>,
    /// What is appended to each part that is read, or that parts are left empty.
    fault: Mutex<Option<&'static str>>,
    /// After how many parts that are read the document has changed.
    changes_after: Mutex<Option<usize>>,
}

#[apply(port!)]
impl Application for InParts {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        let mut found = self.notes.get(ids).await?;
        for document in found.iter_mut().filter(|d| d.body.size() > LIMIT) {
            document.body = Body::Parts { size: document.body.size() };
        }
        Ok(found)
    }
    async fn apply(&self, mut changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        for change in &mut changes {
            if let Some(Body::Parts { size }) = change.body {
                let body = self.staged.lock().unwrap().remove(&change.id).expect("staged before");
                assert_eq!(body.len() as u64, size);
                change.body = Some(body.into());
            }
        }
        self.notes.apply(changes).await
    }
    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        self.notes.entries(after, limit).await
    }
    fn whole_body_bytes(&self) -> Option<u64> {
        Some(LIMIT)
    }
    async fn read_part(&self, part: PartRequest) -> Result<Option<Vec<u8>>> {
        assert!(part.length > 0, "nothing is asked for");
        if let Some(left) = self.changes_after.lock().unwrap().as_mut() {
            let Some(less) = left.checked_sub(1) else { return Ok(None) };
            *left = less;
        }
        let docs = self.notes.0.lock().unwrap();
        let Some((_, body)) = docs.get(&part.id).filter(|(revision, _)| *revision == part.revision) else { return Ok(None) };
        let bytes = body[part.offset as usize..(part.offset + part.length) as usize].to_vec();
        Ok(Some(match *self.fault.lock().unwrap() {
            Some("nothing") => Vec::new(),
            Some(more) => [&bytes, more.as_bytes()].concat(),
            None => bytes,
        }))
    }
    async fn stage_part(&self, part: StagedPart) -> Result<()> {
        assert!(part.bytes.len() as u64 <= 1 << 20);
        let mut staged = self.staged.lock().unwrap();
        let body = staged.entry(part.id).or_default();
        body.truncate(part.offset as usize);
        assert_eq!(body.len() as u64, part.offset, "parts come in order");
        body.extend(part.bytes);
        Ok(())
    }
}

struct Side(Arc<InParts>, Client);

impl Side {
    async fn new(drive: &Arc<MemoryDrive>, seed: u64) -> Self {
        let runtime = Arc::new(TestRuntime { seed: (seed * 1_000_000).into(), ..TestRuntime::default() });
        Self::with(drive, crate::common::classic_options(runtime)).await
    }
    async fn with(drive: &Arc<MemoryDrive>, options: Options) -> Self {
        let host = Arc::new(InParts::default());
        let client = Client::open(host.clone(), Arc::new(MemoryState::new()), drive.clone(), options).await.unwrap();
        Self(host, client)
    }
    async fn put(&self, name: &str, body: Vec<u8>) {
        let revision = Revision::of(&body);
        self.0.notes.0.lock().unwrap().insert(id(name), (revision.clone(), body));
        self.1.queue_change(Change { id: id(name), revision, action: Action::Put }).await.unwrap();
    }
    async fn sync(&self) -> Report {
        self.1.sync(SyncOptions::default()).await.unwrap()
    }
    fn body(&self, name: &str) -> Vec<u8> {
        self.0.notes.0.lock().unwrap()[&id(name)].1.clone()
    }
}

fn large(letter: &str) -> Vec<u8> {
    json(&letter.repeat(2_500_000))
}

#[test]
fn edits_of_large_bodies_are_recognised_and_no_conflict() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Side::new(&drive, 1).await, Side::new(&drive, 2).await);
            a.put("x", large("a")).await;
            a.sync().await;
            b.sync().await;
            b.put("x", large("b")).await;
            assert_eq!(b.sync().await.pushed, 1);
            let report = a.sync().await;
            assert_eq!((report.pulled, report.conflicts), (1, vec![]));
            assert!(a.body("x") == large("b"));
            assert_eq!(a.1.reconcile(SyncOptions::default()).await.unwrap(), Reconciled::default());
        }
    });
}

/// S93, in the journal: of a push, only what is really in the record is acknowledged.
#[test]
fn what_changes_while_it_is_written_waits_and_the_rest_is_pushed() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let options = |seed: u64| Options::new(Arc::new(TestRuntime { seed: (seed * 1_000_000).into(), ..TestRuntime::default() }));
        let (a, b) = (Side::with(&drive, options(1)).await, Side::with(&drive, options(2)).await);
        a.put("small", json("s")).await;
        a.put("large", large("x")).await;
        // Its digest is taken of three parts, then it is read once more.
        *a.0.changes_after.lock().unwrap() = Some(3);
        let report = a.sync().await;
        assert_eq!(report.pushed, 1);
        assert_eq!(report.skipped.iter().map(|s| s.id.clone()).collect::<Vec<_>>(), [id("large")]);
        assert_eq!(a.1.status().await.unwrap().queued, 1);
        *a.0.changes_after.lock().unwrap() = None;
        a.put("other", json("o")).await;
        assert_eq!(a.sync().await.pushed, 2);
        b.sync().await;
        assert!(b.body("large") == large("x"));
    });
}

#[test]
fn a_body_of_exactly_the_limit_passes_whole() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let (a, b) = (Side::new(&drive, 1).await, Side::new(&drive, 2).await);
        let exactly = json(&"x".repeat(LIMIT as usize - json("").len()));
        assert_eq!(exactly.len() as u64, LIMIT);
        a.put("x", exactly.clone()).await;
        a.sync().await;
        b.put("other", large("b")).await;
        b.0.staged.lock().unwrap().insert(id("x"), b"never asked for".to_vec());
        b.sync().await;
        assert!(b.body("x") == exactly);
        assert_eq!(b.0.staged.lock().unwrap()[&id("x")], b"never asked for");
    });
}

#[test]
fn parts_of_another_length_are_never_stored() {
    block_on(async {
        for fault in ["nothing", "one too many"] {
            let drive = Arc::new(MemoryDrive::new());
            let (a, b) = (Side::new(&drive, 1).await, Side::new(&drive, 2).await);
            a.put("x", large("a")).await;
            *a.0.fault.lock().unwrap() = Some(fault);
            let report = a.sync().await;
            assert_eq!((report.pushed, report.skipped.len()), (0, 1), "{fault}");
            *a.0.fault.lock().unwrap() = None;
            assert_eq!(a.sync().await.pushed, 1);
            b.sync().await;
            assert!(b.body("x") == large("a"));
        }
    });
}
