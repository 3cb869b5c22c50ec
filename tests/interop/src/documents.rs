//! The host's documents: a map in memory, loaded from a JSON file and written back to it, whole, before a call returns.

use kitestring::{Application, Body, Change, DocId, Document, Entry, Error, ErrorKind, Incoming, Outcome, Result, Revision, apply, port};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// One document: its JSON text is kept as it came.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stored {
    /// The id, in the spelling of the host.
    pub id: DocId,
    /// The revision.
    pub rev: Revision,
    /// The JSON text.
    pub doc: Box<RawValue>,
}

/// What every document of this host starts with.
#[derive(Debug, Deserialize)]
struct Heading {
    #[serde(rename = "_id")]
    id: DocId,
    #[serde(rename = "_rev")]
    rev: Revision,
}

/// A map of JSON documents, mirrored in one file.
#[derive(Debug)]
pub struct Documents {
    file: PathBuf,
    map: Mutex<BTreeMap<DocId, Stored>>,
}

impl Documents {
    /// Loads the documents of `file`; a missing file holds none.
    ///
    /// # Errors
    /// `application` if the file cannot be read or makes no sense.
    pub fn open(file: PathBuf) -> Result<Self> {
        let stored: Vec<Stored> = match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| failure("open", &e.to_string()))?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(failure("open", &e.to_string())),
        };
        let map = stored.into_iter().map(|s| (s.id.clone(), s)).collect();
        Ok(Self { file, map: Mutex::new(map) })
    }

    /// Stores documents that a person edited, and returns the changes to queue.
    ///
    /// # Errors
    /// `invalid_input` for a document without `_id` and `_rev`; `application` if the file cannot be written.
    pub fn put(&self, documents: Vec<Box<RawValue>>) -> Result<Vec<Change>> {
        let mut map = self.map();
        let mut changes = Vec::new();
        for doc in documents {
            let stored = stored(doc)?;
            changes.push(Change { id: stored.id.clone(), revision: stored.rev.clone(), action: kitestring::Action::Put });
            insert(&mut map, stored);
        }
        self.save(&map)?;
        Ok(changes)
    }

    /// Removes a document.
    ///
    /// # Errors
    /// `application` if the file cannot be written.
    pub fn remove(&self, id: &DocId) -> Result<()> {
        let mut map = self.map();
        map.remove(id);
        self.save(&map)
    }

    /// Returns every document's text.
    pub fn dump(&self) -> Vec<Box<RawValue>> {
        self.map().values().map(|s| s.doc.clone()).collect()
    }

    fn map(&self) -> MutexGuard<'_, BTreeMap<DocId, Stored>> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self, map: &BTreeMap<DocId, Stored>) -> Result<()> {
        let stored: Vec<_> = map.values().collect();
        let bytes = serde_json::to_vec(&stored).map_err(|e| failure("save", &e.to_string()))?;
        replace(&self.file, &bytes).map_err(|e| failure("save", &e.to_string()))
    }
}

#[apply(port!)]
impl Application for Documents {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        let map = self.map();
        let found = ids.iter().filter_map(|id| map.get(id));
        Ok(found
            .map(|s| Document { id: s.id.clone(), revision: s.rev.clone(), body: Body::Whole(s.doc.get().as_bytes().to_vec()) })
            .collect())
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        let mut map = self.map();
        let outcomes = changes.into_iter().map(|change| apply_one(&mut map, change)).collect();
        self.save(&map)?;
        Ok(outcomes)
    }

    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        let map = self.map();
        let page = map.values().filter(|s| after.as_ref().is_none_or(|a| s.id > *a)).take(limit as usize);
        Ok(page.map(|s| Entry { id: s.id.clone(), revision: s.rev.clone(), digest: None, size: Some(s.doc.get().len() as u64) }).collect())
    }
}

fn apply_one(map: &mut BTreeMap<DocId, Stored>, change: Incoming) -> Outcome {
    if map.get(&change.id).map(|s| &s.rev) != change.expected.as_ref() {
        return Outcome::Stale;
    }
    let Some(body) = change.body else {
        map.remove(&change.id);
        return Outcome::Applied;
    };
    let Body::Whole(bytes) = body else { return Outcome::Rejected("this host takes whole bodies".to_owned()) };
    match serde_json::from_slice(&bytes) {
        Ok(doc) => {
            insert(map, Stored { id: change.id, rev: change.revision, doc });
            Outcome::Applied
        }
        Err(e) => Outcome::Rejected(format!("this is no JSON: {e}")),
    }
}

/// Inserts with the new spelling of the id: a map keeps the key it already has.
fn insert(map: &mut BTreeMap<DocId, Stored>, stored: Stored) {
    map.remove(&stored.id);
    map.insert(stored.id.clone(), stored);
}

/// Reads the heading of a document.
///
/// # Errors
/// `invalid_input` if it has no `_id` or no `_rev`.
pub fn stored(doc: Box<RawValue>) -> Result<Stored> {
    let heading: Heading = serde_json::from_str(doc.get())
        .map_err(|e| Error::new(ErrorKind::InvalidInput, "put", format!("a document has `_id` and `_rev`: {e}")))?;
    Ok(Stored { id: heading.id, rev: heading.rev, doc })
}

fn failure(operation: &'static str, detail: &str) -> Error {
    Error::new(ErrorKind::Application, operation, detail)
}

/// Replaces a file so that a kill leaves the old content or the new.
fn replace(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let staged = file.with_extension("new");
    let mut handle = File::create(&staged)?;
    handle.write_all(bytes)?;
    handle.sync_all()?;
    fs::rename(staged, file)
}
