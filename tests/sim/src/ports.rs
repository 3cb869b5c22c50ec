//! The three ports behind their gates.

use crate::gate::Port;
use kitestring::{
    Application, Change, DocId, Document, Drive, DrivePath, Entry, Incoming, Outcome, Result, State, StateRecord, apply,
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    port,
};
use std::{future::Future, sync::Arc};

pub(crate) struct GatedDrive {
    pub inner: Arc<dyn Drive>,
    pub port: Port,
}

#[apply(port!)]
impl Drive for GatedDrive {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.port.pass("get", path.to_string(), self.inner.get(path, options)).await
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.port.pass("put", path.to_string(), self.inner.put(path, bytes, condition)).await
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.port.pass("delete", path.to_string(), self.inner.delete(path, condition)).await
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.port.pass("list", dir.to_string(), self.inner.list_dir(dir, cursor)).await
    }
}

pub(crate) struct GatedState {
    pub inner: Arc<dyn State>,
    pub port: Port,
}

#[apply(port!)]
impl State for GatedState {
    async fn read(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>> {
        self.port.pass("read", keys.join(" "), self.inner.read(keys)).await
    }

    async fn scan(&self, prefix: String, after: Option<String>, limit: u32) -> Result<Vec<StateRecord>> {
        self.port.pass("scan", prefix.clone(), self.inner.scan(prefix, after, limit)).await
    }

    async fn write(&self, batch: Vec<StateRecord>) -> Result<()> {
        let word = |r: &StateRecord| format!("{}{}", if r.value.is_some() { "+" } else { "-" }, r.key);
        let keys = batch.iter().map(word).collect::<Vec<_>>().join(" ");
        self.port.pass("write", keys, self.inner.write(batch)).await
    }
}

pub(crate) struct GatedApplication {
    pub inner: Arc<dyn Application>,
    pub port: Port,
}

impl GatedApplication {
    async fn pass<T>(&self, call: &'static str, ids: String, effect: impl Future<Output = Result<T>>) -> Result<T> {
        self.port.pass(call, ids, effect).await
    }
}

#[apply(port!)]
impl Application for GatedApplication {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        self.pass("get", join(&ids), self.inner.get(ids)).await
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        let word = |c: &Incoming| format!("{}@{}{}", c.id, c.revision, if c.body.is_some() { "" } else { "-" });
        let words = changes.iter().map(word).collect::<Vec<_>>().join(" ");
        self.pass("apply", words, self.inner.apply(changes)).await
    }

    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        let words = after.as_ref().map(DocId::to_string).unwrap_or_default();
        self.pass("entries", words, self.inner.entries(after, limit)).await
    }

    async fn uncommitted(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Change>> {
        let words = after.as_ref().map(DocId::to_string).unwrap_or_default();
        self.pass("uncommitted", words, self.inner.uncommitted(after, limit)).await
    }

    async fn committed(&self, changes: Vec<Change>) -> Result<()> {
        let words = changes.iter().map(|c| format!("{}@{}", c.id, c.revision)).collect::<Vec<_>>().join(" ");
        self.pass("committed", words, self.inner.committed(changes)).await
    }
}

fn join(ids: &[DocId]) -> String {
    ids.iter().map(DocId::as_str).collect::<Vec<_>>().join(" ")
}
