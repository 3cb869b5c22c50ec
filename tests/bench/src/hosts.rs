//! The hosts that are measured: a map in memory, as the peer has one, and two that hold no document at all.

use crate::workload::Note;
use kitestring::{Action, Application, Body, Change, DocId, Document, Entry, Incoming, Outcome, Result, Revision, apply, port};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// Documents in a map.
#[derive(Debug, Default)]
pub struct MapHost(Mutex<BTreeMap<DocId, (Revision, Vec<u8>)>>);

impl MapHost {
    /// Stores these notes, in version `v`, and returns the changes to queue.
    ///
    /// # Errors
    /// None in practice: every note has a valid id.
    pub fn edit(&self, numbers: std::ops::Range<u64>, v: u64) -> Result<Vec<Change>> {
        let mut map = self.map();
        let mut changes = Vec::new();
        for i in numbers {
            let note = Note::new(i, v);
            let (id, revision) = (DocId::new(note.id.clone())?, Revision::number(note.rev));
            map.insert(id.clone(), (revision.clone(), note.document().into_bytes()));
            changes.push(Change { id, revision, action: Action::Put });
        }
        Ok(changes)
    }

    /// Returns how many documents there are.
    pub fn len(&self) -> usize {
        self.map().len()
    }

    /// Returns whether there is no document.
    pub fn is_empty(&self) -> bool {
        self.map().is_empty()
    }

    /// Returns a copy of all documents.
    pub fn documents(&self) -> BTreeMap<DocId, (Revision, Vec<u8>)> {
        self.map().clone()
    }

    fn map(&self) -> MutexGuard<'_, BTreeMap<DocId, (Revision, Vec<u8>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[apply(port!)]
impl Application for MapHost {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        let map = self.map();
        let found = ids.into_iter().filter_map(|id| {
            let (revision, body) = map.get(&id)?.clone();
            Some(Document { id, revision, body: body.into() })
        });
        Ok(found.collect())
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        let mut map = self.map();
        let mut outcomes = Vec::new();
        for change in changes {
            if map.get(&change.id).map(|(revision, _)| revision) != change.expected.as_ref() {
                outcomes.push(Outcome::Stale);
                continue;
            }
            match change.body {
                Some(Body::Whole(bytes)) => drop(map.insert(change.id, (change.revision, bytes))),
                Some(Body::Parts { .. }) => {}
                None => drop(map.remove(&change.id)),
            }
            outcomes.push(Outcome::Applied);
        }
        Ok(outcomes)
    }

    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        let map = self.map();
        let page = map.iter().filter(|(id, _)| after.as_ref().is_none_or(|a| *id > a)).take(limit as usize);
        Ok(page.map(|(id, (revision, body))| entry(id.clone(), revision.clone(), body.len())).collect())
    }
}

/// Has the first `count` notes, each made when it is asked for. Only the last one is ever edited.
#[derive(Debug)]
pub struct GeneratingHost {
    count: u64,
    last_version: AtomicU64,
    /// Every so many notes one has a newer version; 0: none.
    edited: AtomicU64,
}

impl GeneratingHost {
    /// Has this many notes.
    pub fn new(count: u64) -> Self {
        Self { count, last_version: AtomicU64::new(0), edited: AtomicU64::new(0) }
    }

    /// Returns the changes that queue some of the notes.
    ///
    /// # Errors
    /// None in practice: every note has a valid id.
    pub fn changes(&self, numbers: std::ops::Range<u64>) -> Result<Vec<Change>> {
        numbers.map(|i| Ok(Change { id: numbered(i)?, revision: Revision::number(self.note(i).rev), action: Action::Put })).collect()
    }

    /// Edits the last note and returns the change to queue.
    ///
    /// # Errors
    /// None in practice: every note has a valid id.
    pub fn edit_last(&self) -> Result<Vec<Change>> {
        self.last_version.fetch_add(1, Relaxed);
        self.changes(self.count.saturating_sub(1)..self.count)
    }

    /// Edits every n-th note and returns the changes to queue.
    ///
    /// # Errors
    /// None in practice: every note has a valid id.
    pub fn edit_every(&self, n: u64) -> Result<Vec<Change>> {
        self.edited.store(n, Relaxed);
        let changes: Result<Vec<_>> = (0..self.count).filter(|i| i % n == 0).map(|i| self.changes(i..i + 1)).collect();
        Ok(changes?.concat())
    }

    fn note(&self, i: u64) -> Note {
        let n = self.edited.load(Relaxed);
        let version = if i + 1 == self.count { self.last_version.load(Relaxed) } else { 0 };
        Note::new(i, if n > 0 && i.is_multiple_of(n) { version + 1 } else { version })
    }

    fn document(&self, id: DocId) -> Option<Document> {
        let i: u64 = id.as_str().strip_prefix("note-")?.parse().ok().filter(|i| *i < self.count)?;
        let note = Note { id: id.as_str().to_owned(), ..self.note(i) };
        Some(Document { id, revision: Revision::number(note.rev), body: note.document().into_bytes().into() })
    }
}

/// The id of a generated note holds its number, so that no map from ids to numbers is needed.
fn numbered(i: u64) -> Result<DocId> {
    DocId::new(format!("note-{i:06}"))
}

fn entry(id: DocId, revision: Revision, size: usize) -> Entry {
    Entry { id, revision, digest: None, size: Some(size as u64) }
}

#[apply(port!)]
impl Application for GeneratingHost {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        Ok(ids.into_iter().filter_map(|id| self.document(id)).collect())
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        Ok(changes.iter().map(|_| Outcome::Applied).collect())
    }

    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        let first = after.and_then(|id| id.as_str().strip_prefix("note-")?.parse::<u64>().ok()).map_or(0, |i| i + 1);
        let page = (first..self.count).take(limit as usize);
        page.map(|i| {
            let document = numbered(i).map(|id| self.document(id))?;
            Ok(document.map(|d| entry(d.id, d.revision, d.body.size() as usize)))
        })
        .filter_map(Result::transpose)
        .collect()
    }
}

/// Takes documents and forgets them at once.
#[derive(Debug, Default)]
pub struct DiscardingHost;

#[apply(port!)]
impl Application for DiscardingHost {
    async fn get(&self, _ids: Vec<DocId>) -> Result<Vec<Document>> {
        Ok(Vec::new())
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        Ok(changes.iter().map(|_| Outcome::Applied).collect())
    }

    async fn entries(&self, _after: Option<DocId>, _limit: u32) -> Result<Vec<Entry>> {
        Ok(Vec::new())
    }
}
