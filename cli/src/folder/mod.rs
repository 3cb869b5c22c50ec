//! A folder as the host's documents: a document is a file, its id the path with `/`, its revision the hash of
//! its content. This is what an application hands to the client; everything else in kite is around it.

mod batch;
mod cache;
mod durable;
mod foreign;
mod gone;
mod ignored;
mod large;
mod names;
mod notes;
mod paths;
mod place;
mod read;
mod restore;
mod scan;
mod stage;
mod stamp;
mod swap;
#[cfg(test)]
mod tests;
mod trash;
mod tree;
mod write;

pub(crate) use names::Names;
pub(crate) use paths::OWN;
pub(crate) use restore::Restored;
pub(crate) use stage::TMP;
pub(crate) use trash::{Expired, Item, TRASH, Trash, utc_stamp, utc_text};
pub(crate) use tree::{Tree, Usage};

use blocking::unblock;
use cache::ScanCache;
use kitestring::{
    Application, Body, DocId, Document, Entry, Error, ErrorKind, Incoming, Outcome, PartRequest, Result, Revision, StagedPart, State,
    apply, port,
};
use scan::Found;
use stamp::Hashed;
use std::{io, sync::Arc};
use tree::Opened;

/// The largest file, in bytes, that is passed in one piece.
const WHOLE_BYTES: u64 = 1 << 20;

/// The documents of a folder.
pub(crate) struct Folder {
    tree: Arc<Tree>,
    cache: ScanCache,
}

impl Folder {
    /// Serves the files of `tree`, remembering digests in `state`. With `checksum`, every file is read whatever
    /// its size and times say.
    pub(crate) fn new(tree: Arc<Tree>, state: Arc<dyn State>, checksum: bool) -> Self {
        Self { tree, cache: ScanCache::new(state, checksum) }
    }

    /// Turns a page of the walk into entries. Files that cannot be read are left out, and the page may end early
    /// so that no single call takes long.
    async fn entries_of(&self, found: Vec<Found>) -> Result<Vec<Entry>> {
        let known = self.cache.digests(&found).await?;
        let tree = self.tree.clone();
        let (hashed, fresh) = unblock(move || tree.hash_all(found, known)).await;
        self.cache.learn(fresh).await?;
        Ok(hashed.into_iter().map(entry).collect())
    }

    /// Returns a document whose content the core asks for in parts.
    async fn large(&self, found: Found) -> Result<Option<Document>> {
        let (id, size) = (found.id.clone(), found.stamp.size);
        let known = self.cache.digests(std::slice::from_ref(&found)).await?;
        let tree = self.tree.clone();
        let (hashed, fresh) = unblock(move || tree.hash_all(vec![found], known)).await;
        self.cache.learn(fresh).await?;
        let Some((_, hashed)) = hashed.into_iter().next() else { return Ok(None) };
        let revision = Revision::from(hashed.digest);
        self.tree.remember(&id, &revision, hashed.stamp);
        Ok((hashed.stamp.size == size).then_some(Document { id, revision, body: Body::Parts { size } }))
    }
}

#[apply(port!)]
impl Application for Folder {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        let tree = self.tree.clone();
        let opened = unblock(move || tree.open_all(&ids, WHOLE_BYTES)).await;
        let mut documents = Vec::with_capacity(opened.len());
        for one in opened {
            match one {
                Opened::Whole(document) => documents.push(document),
                Opened::Large(found) => documents.extend(self.large(found).await?),
            }
        }
        Ok(documents)
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        let tree = self.tree.clone();
        let (outcomes, written) = unblock(move || {
            let outcomes = tree.apply(&changes)?;
            let written = tree.written(&changes, &outcomes);
            Ok((outcomes, written))
        })
        .await
        .map_err(|e| write_error(&e))?;
        self.cache.learn(written).await?;
        Ok(outcomes)
    }

    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        let mut after = after;
        loop {
            let (tree, from) = (self.tree.clone(), after.clone());
            let found = unblock(move || tree.page(from, limit)).await.map_err(|e| lost(&self.tree, &e))?;
            let Some(last) = found.last().map(|f| f.id.clone()) else { return Ok(Vec::new()) };
            let entries = self.entries_of(found).await?;
            if !entries.is_empty() {
                return Ok(entries);
            }
            // Nothing of this page could be read; an empty answer would say that the folder ends here.
            after = Some(last);
        }
    }

    async fn missing(&self, ids: Vec<DocId>) -> Result<Vec<DocId>> {
        let tree = self.tree.clone();
        let (mut missing, twins) = unblock(move || tree.missing(ids)).await.map_err(|e| lost(&self.tree, &e))?;
        self.cache.forget(&missing).await?;
        for (id, twin) in twins {
            // The name alone was changed: what was synced is the other one now. Else nobody can know.
            if self.cache.was_renamed(&id, twin.stamp).await? {
                missing.push(id);
            } else {
                self.tree.notes.add(id.as_str(), twin.why());
            }
        }
        Ok(missing)
    }

    fn whole_body_bytes(&self) -> Option<u64> {
        Some(WHOLE_BYTES)
    }

    async fn read_part(&self, part: PartRequest) -> Result<Option<Vec<u8>>> {
        let tree = self.tree.clone();
        Ok(unblock(move || tree.read_part(&part)).await)
    }

    async fn stage_part(&self, part: StagedPart) -> Result<()> {
        let tree = self.tree.clone();
        unblock(move || tree.stage_part(&part)).await.map_err(|e| write_error(&e))
    }
}

fn entry((id, hashed): (DocId, Hashed)) -> Entry {
    Entry { id, revision: Revision::from(hashed.digest), digest: Some(hashed.digest), size: Some(hashed.stamp.size) }
}

fn write_error(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Error::new(ErrorKind::QuotaExceeded, "write", "no space is left in the folder")
        }
        _ => Error::new(ErrorKind::Application, "write", format!("the folder cannot be written: {}", place::plain(error))),
    }
}

fn lost(tree: &Tree, error: &io::Error) -> Error {
    Error::new(ErrorKind::Application, "scan", place::plain(error)).about(tree.path().display().to_string())
}
