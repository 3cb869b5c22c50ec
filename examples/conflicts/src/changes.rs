//! Documents of a CRDT: each change is a document of its own, named by its hash, and never changes. So there is nothing to
//! conflict, and the CRDT does the merging.
//!
//! The host's database is the set of changes; the document as people see it is made from them. A change may arrive before one
//! that it depends on: Automerge keeps it until then.

use automerge::{AutoCommit, Change as Edit, ObjType, ROOT, ReadDoc, transaction::Transactable};
use kitestring::{
    Action, Application, Body, Change, Client, DocId, Document, Entry, Error, ErrorKind, Incoming, MemoryDrive, MemoryState, Options,
    Outcome, Result, Revision, SyncOptions,
};
use kitestring_adapters::NativeRuntime;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A list that several people write.
#[derive(Default)]
struct List(Mutex<BTreeMap<DocId, Vec<u8>>>);

impl List {
    /// Adds an item, and returns the changes for [`Client::queue_changes`].
    fn add(&self, item: &str) -> Result<Vec<Change>> {
        let mut list = self.open()?;
        let before = list.get_heads();
        let items = match list.get(ROOT, "items").map_err(broken)? {
            Some((_, items)) => items,
            None => list.put_object(ROOT, "items", ObjType::List).map_err(broken)?,
        };
        let end = list.length(&items);
        list.insert(&items, end, item).map_err(broken)?;
        let made = list.get_changes(&before);
        made.into_iter().map(|edit| self.keep(edit.raw_bytes().to_vec(), &edit.hash().to_string())).collect()
    }

    fn keep(&self, bytes: Vec<u8>, hash: &str) -> Result<Change> {
        let id = DocId::new(format!("list/{hash}"))?;
        self.changes().insert(id.clone(), bytes);
        Ok(Change { id, revision: Revision::new("1"), action: Action::Put })
    }

    fn items(&self) -> Result<Vec<String>> {
        let list = self.open()?;
        let Some((_, items)) = list.get(ROOT, "items").map_err(broken)? else { return Ok(Vec::new()) };
        Ok(list.values(&items).filter_map(|(value, _)| value.into_string().ok()).collect())
    }

    /// Makes the document of all changes.
    fn open(&self) -> Result<AutoCommit> {
        let mut list = AutoCommit::new();
        let edits: std::result::Result<Vec<Edit>, _> = self.changes().values().map(|bytes| Edit::from_bytes(bytes.clone())).collect();
        list.apply_changes(edits.map_err(broken)?).map_err(broken)?;
        Ok(list)
    }

    fn changes(&self) -> MutexGuard<'_, BTreeMap<DocId, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn broken(e: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Application, "apply", format!("the list cannot be read: {e}"))
}

#[macro_rules_attribute::apply(kitestring::port!)]
impl Application for List {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        let changes = self.changes();
        let found = |id: DocId| changes.get(&id).map(|bytes| Document { id, revision: Revision::new("1"), body: bytes.clone().into() });
        Ok(ids.into_iter().filter_map(found).collect())
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        let mut kept = self.changes();
        let one = |change: Incoming| match change.body {
            // What is no change of a list is told to the user, and hurts nothing.
            Some(Body::Whole(bytes)) => match Edit::from_bytes(bytes.clone()) {
                Ok(_) => {
                    kept.insert(change.id, bytes);
                    Outcome::Applied
                }
                Err(e) => Outcome::Rejected(e.to_string()),
            },
            Some(Body::Parts { .. }) => Outcome::Rejected("a change is never that large".to_owned()),
            None => Outcome::Rejected("changes are never deleted".to_owned()),
        };
        Ok(changes.into_iter().map(one).collect())
    }

    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        let changes = self.changes();
        let rest = changes.iter().filter(|(id, _)| after.as_ref().is_none_or(|after| *id > after));
        let entry = |(id, bytes): (&DocId, &Vec<u8>)| Entry {
            id: id.clone(),
            revision: Revision::new("1"),
            digest: None,
            size: Some(bytes.len() as u64),
        };
        Ok(rest.take(limit as usize).map(entry).collect())
    }
}

async fn device(list: &Arc<List>, drive: &Arc<MemoryDrive>) -> Result<Client> {
    let options = Options::new(Arc::new(NativeRuntime::new()));
    Client::open(list.clone(), Arc::new(MemoryState::new()), drive.clone(), options).await
}

/// Shows it.
pub(crate) async fn show() -> Result<String> {
    let drive = Arc::new(MemoryDrive::new());
    let lists = [Arc::new(List::default()), Arc::new(List::default())];
    let [laptop, phone] = &lists;
    let (at_laptop, at_phone) = (device(laptop, &drive).await?, device(phone, &drive).await?);
    at_laptop.queue_changes(laptop.add("milk")?).await?;
    at_laptop.sync(SyncOptions::default()).await?;
    at_phone.sync(SyncOptions::default()).await?;
    // Both add something before they meet again.
    at_laptop.queue_changes(laptop.add("eggs")?).await?;
    at_phone.queue_changes(phone.add("bread")?).await?;
    for client in [&at_laptop, &at_phone, &at_laptop] {
        client.sync(SyncOptions::default()).await?;
    }
    let (ours, theirs) = (laptop.items()?, phone.items()?);
    let mut sorted = ours.clone();
    sorted.sort();
    let conflicts = at_laptop.conflicts().await?.len() + at_phone.conflicts().await?.len();
    Ok(format!("{} on both: {}; conflicts: {conflicts}", sorted.join(", "), ours == theirs))
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    #[test]
    fn what_both_added_is_there_in_one_order() {
        assert_eq!(block_on(super::show()).unwrap(), "bread, eggs, milk on both: true; conflicts: 0");
    }
}
