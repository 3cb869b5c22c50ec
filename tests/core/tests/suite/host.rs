//! What the core asks of its host: parts, callbacks that call back, and contracts that are broken.

use crate::common::{Device, Notes, TestRuntime, drives, id, json};
use futures::executor::block_on;
use kitestring::*;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

/// A host that passes bodies over 10 bytes in parts.
#[derive(Default)]
struct InParts {
    notes: Notes,
    staged: Mutex<BTreeMap<DocId, Vec<u8>>>,
}

#[apply(port!)]
impl Application for InParts {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        let mut found = self.notes.get(ids).await?;
        for document in &mut found {
            if document.body.size() > 10 {
                document.body = Body::Parts { size: document.body.size() };
            }
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
        Some(10)
    }
    async fn read_part(&self, part: PartRequest) -> Result<Option<Vec<u8>>> {
        let docs = self.notes.0.lock().unwrap();
        let found = docs.get(&part.id).filter(|(revision, _)| *revision == part.revision);
        Ok(found.map(|(_, body)| body[part.offset as usize..(part.offset + part.length) as usize].to_vec()))
    }
    async fn stage_part(&self, part: StagedPart) -> Result<()> {
        let mut staged = self.staged.lock().unwrap();
        let body = staged.entry(part.id).or_default();
        body.truncate(part.offset as usize);
        body.extend(part.bytes);
        Ok(())
    }
}

async fn client(host: Arc<dyn Application>, drive: &Arc<MemoryDrive>, seed: u64) -> Client {
    let runtime = Arc::new(TestRuntime { seed: (seed * 1_000_000).into(), ..TestRuntime::default() });
    Client::open(host, Arc::new(MemoryState::new()), drive.clone(), crate::common::classic_options(runtime)).await.unwrap()
}

#[test]
fn large_bodies_pass_in_parts_both_ways() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Arc::new(InParts::default()), Arc::new(InParts::default()));
            let large = json(&"x".repeat(3_000_000));
            a.notes.0.lock().unwrap().insert(id("large"), (Revision::new("1"), large.clone()));
            a.notes.0.lock().unwrap().insert(id("small"), (Revision::new("1"), b"{}".to_vec()));
            client(a, &drive, 1).await.sync(SyncOptions::default()).await.unwrap();
            client(b.clone(), &drive, 2).await.sync(SyncOptions::default()).await.unwrap();
            assert_eq!(b.notes.0.lock().unwrap()[&id("large")].1, large);
            assert_eq!(b.notes.0.lock().unwrap().len(), 2);
        }
    });
}

/// A host that calls its client from inside its callbacks.
#[derive(Default)]
struct Nested {
    notes: Notes,
    client: OnceLock<Client>,
    calls: AtomicUsize,
    syncs: bool,
}

impl Nested {
    async fn edit(&self) -> Result<()> {
        let Some(client) = self.client.get() else { return Ok(()) };
        if self.syncs {
            return client.sync(SyncOptions::default()).await.map(drop);
        }
        if self.calls.fetch_add(1, SeqCst) < 5 {
            let (body, revision) =
                (json(&format!("edit {}", self.calls.load(SeqCst))), Revision::new(format!("e{}", self.calls.load(SeqCst))));
            self.notes.0.lock().unwrap().insert(id("x"), (revision.clone(), body));
            client.queue_change(Change { id: id("x"), revision, action: Action::Put }).await?;
        }
        Ok(())
    }
}

#[apply(port!)]
impl Application for Nested {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        let found = self.notes.get(ids).await;
        self.edit().await?;
        found
    }
    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        self.edit().await?;
        let outcomes = self.notes.apply(changes).await;
        self.edit().await?;
        outcomes
    }
    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        self.notes.entries(after, limit).await
    }
}

#[test]
fn edits_from_inside_callbacks_are_never_lost() {
    block_on(async {
        for drive in drives() {
            let host = Arc::new(Nested::default());
            let nested = client(host.clone(), &drive, 1).await;
            host.client.set(nested.clone()).unwrap();
            let b = Device::new(&drive, 2).await;
            b.put("y", "1").await;
            b.sync().await;
            let change = Change { id: id("x"), revision: Revision::new("1"), action: Action::Put };
            host.notes.0.lock().unwrap().insert(id("x"), (Revision::new("1"), json("first")));
            nested.queue_change(change).await.unwrap();
            for _ in 0..6 {
                nested.sync(SyncOptions::default()).await.unwrap();
            }
            b.sync().await;
            assert_eq!(b.text("x").unwrap().as_bytes(), json("edit 5"));
            assert_eq!(nested.conflicts().await.unwrap(), []);
        }
    });
}

#[test]
fn a_sync_from_inside_a_callback_ends_with_the_time_limit() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let host = Arc::new(Nested { syncs: true, ..Nested::default() });
        let nested = client(host.clone(), &drive, 1).await;
        host.client.set(nested.clone()).unwrap();
        host.notes.0.lock().unwrap().insert(id("x"), (Revision::new("1"), json("first")));
        let error = nested.sync(SyncOptions::default()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Application, "{error}");
    });
}

/// A host that breaks its contract.
struct Broken(&'static str);

#[apply(port!)]
impl Application for Broken {
    async fn get(&self, _ids: Vec<DocId>) -> Result<Vec<Document>> {
        Ok(Vec::new())
    }
    async fn apply(&self, _changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        Ok(Vec::new())
    }
    async fn entries(&self, _after: Option<DocId>, _limit: u32) -> Result<Vec<Entry>> {
        let entry = Entry { id: id("x"), revision: Revision::new("1"), digest: None, size: None };
        if self.0 == "entries" { Ok(vec![entry]) } else { Ok(Vec::new()) }
    }
}

#[test]
fn a_host_that_breaks_its_contract_is_told_so() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let a = Device::new(&drive, 1).await;
        a.put("y", "1").await;
        a.sync().await;
        for fault in ["entries", "apply"] {
            let error = client(Arc::new(Broken(fault)), &drive, 2).await.sync(SyncOptions::default()).await.unwrap_err();
            assert_eq!((error.kind.code(), error.operation()), ("application", fault), "{error}");
        }
    });
}
