//! A host that remembers what it was asked, and that can hide, refuse and report documents as a test says.

use super::{Notes, TestRuntime, id};
use kitestring::*;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard},
};

#[derive(Default)]
pub struct Watched {
    pub notes: Notes,
    /// Documents that are there and cannot be read.
    pub unreadable: Mutex<BTreeSet<DocId>>,
    /// Documents that are refused as long as another exists.
    pub in_the_way: Mutex<Vec<(DocId, Option<DocId>)>>,
    /// Documents that are listed and gone.
    pub listed: Mutex<Vec<Entry>>,
    /// Changes whose flag is not set.
    pub uncommitted: Mutex<Vec<Change>>,
    pub committed: Mutex<Vec<Change>>,
    /// Each call: what, and which documents.
    pub calls: Mutex<Vec<(&'static str, Vec<DocId>)>>,
}

impl Watched {
    pub fn write(&self, name: &str, body: Vec<u8>) {
        self.notes.0.lock().unwrap().insert(id(name), (Revision::of(&body), body));
    }

    pub fn remove(&self, name: &str) {
        self.notes.0.lock().unwrap().remove(&id(name));
    }

    pub fn body(&self, name: &str) -> Option<Vec<u8>> {
        self.notes.0.lock().unwrap().get(&id(name)).map(|d| d.1.clone())
    }

    /// Takes the calls so far of one kind.
    pub fn asked(&self, what: &str) -> Vec<Vec<DocId>> {
        self.calls.lock().unwrap().iter().filter(|(call, _)| *call == what).map(|(_, ids)| ids.clone()).collect()
    }

    pub fn forget_calls(&self) {
        self.calls.lock().unwrap().clear();
    }

    fn call(&self, what: &'static str, ids: impl Iterator<Item = DocId>) {
        self.calls.lock().unwrap().push((what, ids.collect()));
    }

    fn hidden(&self) -> MutexGuard<'_, BTreeSet<DocId>> {
        self.unreadable.lock().unwrap()
    }
}

#[apply(port!)]
impl Application for Watched {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        self.call("get", ids.iter().cloned());
        let readable = ids.into_iter().filter(|id| !self.hidden().contains(id)).collect();
        self.notes.get(readable).await
    }
    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        self.call("apply", changes.iter().map(|c| c.id.clone()));
        let mut outcomes = Vec::new();
        for change in changes {
            let refused =
                self.in_the_way.lock().unwrap().iter().any(|(id, other)| {
                    *id == change.id && other.as_ref().is_none_or(|other| self.notes.0.lock().unwrap().contains_key(other))
                });
            if refused {
                outcomes.push(Outcome::Rejected("there is no room".to_owned()));
            } else {
                outcomes.extend(self.notes.apply(vec![change]).await?);
            }
        }
        Ok(outcomes)
    }
    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        let mut page = self.notes.entries(after.clone(), limit).await?;
        let listed = self.listed.lock().unwrap().clone();
        page.extend(listed.into_iter().filter(|e| after.as_ref().is_none_or(|a| e.id > *a)));
        page.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(page)
    }
    async fn missing(&self, ids: Vec<DocId>) -> Result<Vec<DocId>> {
        self.call("missing", ids.iter().cloned());
        let docs = self.notes.0.lock().unwrap();
        Ok(ids.into_iter().filter(|id| !docs.contains_key(id)).collect())
    }
    async fn uncommitted(&self, after: Option<DocId>, _limit: u32) -> Result<Vec<Change>> {
        let all = self.uncommitted.lock().unwrap();
        Ok(all.iter().filter(|c| after.as_ref().is_none_or(|a| c.id > *a)).cloned().collect())
    }
    async fn committed(&self, changes: Vec<Change>) -> Result<()> {
        self.committed.lock().unwrap().extend(changes);
        Ok(())
    }
}

/// Opens a client of this host with a fresh state.
pub async fn client(host: &Arc<Watched>, drive: Arc<dyn Drive>, seed: u64) -> (Client, Arc<TestRuntime>) {
    let runtime = Arc::new(TestRuntime { seed: (seed * 1_000_000).into(), ..TestRuntime::default() });
    let options = Options { device: Some("watched".to_owned()), ..super::classic_options(runtime.clone()) };
    (Client::open(host.clone(), Arc::new(MemoryState::new()), drive, options).await.unwrap(), runtime)
}

pub fn written(name: &str) -> Change {
    Change { id: id(name), revision: Revision::new("written"), action: Action::Put }
}

pub fn deleted(name: &str) -> Change {
    Change { id: id(name), revision: Revision::new("gone"), action: Action::Delete }
}
