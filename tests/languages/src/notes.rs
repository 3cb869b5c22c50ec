//! The notes: a JSON file, replaced as a whole by each change.

use kitestring::{
    Action, Application, Body, Change, Digest, DocId, Document, Entry, Error, ErrorKind, Incoming, Outcome, Result, Revision, apply, port,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs, process,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::{SystemTime, UNIX_EPOCH},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Row {
    revision: String,
    /// None in a note that was deleted, until that is committed.
    text: Option<String>,
    committed: bool,
}

type Table = BTreeMap<String, Row>;

/// The notes, and how many calls from now on the process ends; negative for never.
pub(crate) struct Notes {
    path: String,
    table: Mutex<Table>,
    calls: AtomicI64,
}

impl Notes {
    pub(crate) fn open(path: &str) -> Result<Self> {
        let table = match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(failed)?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Table::new(),
            Err(e) => return Err(failed(e)),
        };
        Ok(Self { path: path.to_owned(), table: Mutex::new(table), calls: AtomicI64::new(-1) })
    }

    /// Writes or deletes a note, as its user does.
    pub(crate) fn write(&self, id: &str, text: Option<&str>) -> Result<Change> {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let revision = format!("r-{time}-{}", process::id());
        let row = Row { revision: revision.clone(), text: text.map(str::to_owned), committed: false };
        self.change(|table| drop(table.insert(id.to_owned(), row)))?;
        let action = if text.is_some() { Action::Put } else { Action::Delete };
        Ok(Change { id: DocId::new(id)?, revision: Revision::new(revision), action })
    }

    pub(crate) fn end_at(&self, calls: i64) {
        self.calls.store(calls, Relaxed);
    }

    pub(crate) fn shown(&self) -> Vec<(String, String)> {
        self.table().iter().filter_map(|(id, row)| Some((id.clone(), row.text.clone()?))).collect()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Table) -> T) -> Result<T> {
        let mut table = self.table();
        let answer = change(&mut table);
        let beside = format!("{}.new", self.path);
        fs::write(&beside, serde_json::to_vec(&*table).map_err(failed)?).map_err(failed)?;
        fs::rename(beside, &self.path).map_err(failed)?;
        Ok(answer)
    }

    fn called(&self) {
        if self.calls.fetch_sub(1, Relaxed) == 1 {
            process::exit(9);
        }
    }
}

pub(crate) fn text(body: &Body) -> Result<&str> {
    match body {
        Body::Whole(bytes) => std::str::from_utf8(bytes).map_err(failed),
        Body::Parts { .. } => Err(failed("a note is never so large")),
    }
}

pub(crate) fn revision_of(text: &str) -> Revision {
    Revision::new(format!("m-{}", Digest::of(text.as_bytes()).to_string().get(..16).unwrap_or_default()))
}

fn failed(why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Application, "notes", why.to_string())
}

fn apply_one(table: &mut Table, change: Incoming) -> Result<Outcome> {
    let found = table.get(change.id.as_str()).filter(|row| row.text.is_some());
    if found.map(|row| row.revision.as_str()) != change.expected.as_ref().map(Revision::as_str) {
        return Ok(Outcome::Stale);
    }
    match &change.body {
        None => drop(table.remove(change.id.as_str())),
        Some(body) => {
            let row = Row { revision: change.revision.as_str().to_owned(), text: Some(text(body)?.to_owned()), committed: true };
            table.insert(change.id.as_str().to_owned(), row);
        }
    }
    Ok(Outcome::Applied)
}

#[apply(port!)]
impl Application for Notes {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        self.called();
        let table = self.table();
        let found = |id: DocId| {
            let row = table.get(id.as_str())?;
            Some(Document { id, revision: Revision::new(row.revision.clone()), body: Body::Whole(row.text.clone()?.into_bytes()) })
        };
        Ok(ids.into_iter().filter_map(found).collect())
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        self.called();
        self.change(|table| changes.into_iter().map(|change| apply_one(table, change)).collect())?
    }

    async fn entries(&self, after: Option<DocId>, _limit: u32) -> Result<Vec<Entry>> {
        self.called();
        let table = self.table();
        let later = table.iter().filter(|(id, row)| row.text.is_some() && after.as_ref().is_none_or(|a| id.as_str() > a.as_str()));
        later
            .map(|(id, row)| {
                Ok(Entry { id: DocId::new(id.as_str())?, revision: Revision::new(row.revision.clone()), digest: None, size: None })
            })
            .collect()
    }

    async fn uncommitted(&self, after: Option<DocId>, _limit: u32) -> Result<Vec<Change>> {
        let table = self.table();
        let later = table.iter().filter(|(id, row)| !row.committed && after.as_ref().is_none_or(|a| id.as_str() > a.as_str()));
        let change = |(id, row): (&String, &Row)| {
            let action = if row.text.is_some() { Action::Put } else { Action::Delete };
            Ok(Change { id: DocId::new(id.as_str())?, revision: Revision::new(row.revision.clone()), action })
        };
        later.map(change).collect()
    }

    async fn committed(&self, changes: Vec<Change>) -> Result<()> {
        self.change(|table| {
            for change in changes {
                let Some(row) = table.get_mut(change.id.as_str()).filter(|row| row.revision == change.revision.as_str()) else { continue };
                row.committed = true;
                if row.text.is_none() {
                    table.remove(change.id.as_str());
                }
            }
        })
    }
}
