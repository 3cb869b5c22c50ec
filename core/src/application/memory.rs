//! A host in memory, for tests and first steps.

use super::Application;
use crate::{Action, Body, Change, DocId, Document, Entry, Incoming, Outcome, Result, Revision};
use macro_rules_attribute::apply;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// An [`Application`] whose documents are gone with the process. Revisions are derived from the content.
#[derive(Debug, Default)]
pub struct MemoryApplication(Mutex<BTreeMap<DocId, (Revision, Vec<u8>)>>);

impl MemoryApplication {
    /// Makes an empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a document, and returns the change for [`crate::Client::queue_change`].
    ///
    /// # Errors
    /// `invalid_input` if `id` is empty or longer than 1024 bytes.
    pub fn put(&self, id: &str, body: impl Into<Vec<u8>>) -> Result<Change> {
        let (id, body) = (DocId::new(id)?, body.into());
        let revision = Revision::of(&body);
        self.documents().insert(id.clone(), (revision.clone(), body));
        Ok(Change { id, revision, action: Action::Put })
    }

    /// Deletes a document, and returns the change for [`crate::Client::queue_change`].
    ///
    /// # Errors
    /// `invalid_input` if `id` is empty or longer than 1024 bytes.
    pub fn delete(&self, id: &str) -> Result<Change> {
        let id = DocId::new(id)?;
        self.documents().remove(&id);
        Ok(Change { revision: Revision::of(id.as_str().as_bytes()), id, action: Action::Delete })
    }

    /// Returns a document's content.
    pub fn body(&self, id: &str) -> Option<Vec<u8>> {
        let id = DocId::new(id).ok()?;
        self.documents().get(&id).map(|(_, body)| body.clone())
    }

    fn documents(&self) -> MutexGuard<'_, BTreeMap<DocId, (Revision, Vec<u8>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[apply(port!)]
impl Application for MemoryApplication {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        let documents = self.documents();
        let found = |id| documents.get(&id).cloned().map(|(revision, body)| Document { id, revision, body: body.into() });
        Ok(ids.into_iter().filter_map(found).collect())
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        let mut documents = self.documents();
        let one = |change: Incoming| {
            if documents.get(&change.id).map(|(revision, _)| revision) != change.expected.as_ref() {
                return Outcome::Stale;
            }
            match change.body {
                Some(Body::Whole(body)) => documents.insert(change.id, (change.revision, body)),
                Some(Body::Parts { .. }) => return Outcome::Rejected("this host takes bodies whole".to_owned()),
                None => documents.remove(&change.id),
            };
            Outcome::Applied
        };
        Ok(changes.into_iter().map(one).collect())
    }

    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        let documents = self.documents();
        let rest = documents.iter().filter(|(id, _)| after.as_ref().is_none_or(|after| *id > after));
        let entry = |(id, (revision, body)): (&DocId, &(Revision, Vec<u8>))| Entry {
            id: id.clone(),
            revision: revision.clone(),
            digest: None,
            size: Some(body.len() as u64),
        };
        Ok(rest.take(limit as usize).map(entry).collect())
    }
}
