//! The host, called with a time limit and with its answers checked.

use crate::{
    Application, Body, Change, Digest, DocId, Document, Entry, Error, ErrorKind, Incoming, Outcome, PartRequest, Result, Revision, Runtime,
    StagedPart,
    runtime::within,
    server::{PART_BYTES, Source},
};
use macro_rules_attribute::apply;
use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

/// At most this many documents are asked for at once,
const MAX_DOCUMENTS: usize = 256;
/// and about this many bytes.
const MAX_BYTES: u64 = 4 << 20;
/// What a document is taken to be as long as its size is unknown.
const UNKNOWN_BYTES: u64 = 32 << 10;

/// What the host has of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Local {
    Present(Present),
    Absent,
    /// It is there and cannot be read now.
    Unreadable,
}

/// A document of the host, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Present {
    pub(super) id: DocId,
    pub(super) revision: Revision,
    pub(super) digest: Digest,
    pub(super) size: u64,
}

/// A document to look at.
#[derive(Debug, Clone)]
pub(super) struct LookAt {
    pub(super) id: DocId,
    /// Its size, as far as it is known.
    pub(super) size: Option<u64>,
    /// Whether the host is thought to have it: if it does not give it then, it is asked whether it is gone.
    pub(super) expected: bool,
}

/// The host behind a time limit.
#[derive(Clone)]
pub(super) struct Host {
    pub(super) application: Arc<dyn Application>,
    pub(super) runtime: Arc<dyn Runtime>,
    pub(super) timeout: Duration,
}

impl Host {
    async fn timed<T>(&self, operation: &'static str, call: impl Future<Output = Result<T>>) -> Result<T> {
        let detail = "the host did not answer in time; a callback must not wait for a sync of its own client";
        within(&*self.runtime, self.timeout, call).await.unwrap_or_else(|| Err(Error::new(ErrorKind::Application, operation, detail)))
    }

    /// Reads documents; a missing one is left out.
    pub(super) async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        self.timed("get", self.application.get(ids)).await
    }

    /// Reads one document.
    pub(super) async fn get_one(&self, id: &DocId) -> Result<Option<Document>> {
        Ok(self.get(vec![id.clone()]).await?.into_iter().find(|d| d.id == *id))
    }

    pub(super) async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        let asked = changes.len();
        let outcomes = self.timed("apply", self.application.apply(changes)).await?;
        if outcomes.len() == asked {
            return Ok(outcomes);
        }
        let detail = format!("the host answered {} outcomes to {asked} changes; it must answer each, in order", outcomes.len());
        Err(Error::new(ErrorKind::Application, "apply", detail))
    }

    pub(super) async fn entries(&self, after: Option<DocId>) -> Result<Vec<Entry>> {
        let page = self.timed("entries", self.application.entries(after.clone(), 1000)).await?;
        went_on("entries", after.as_ref(), page.last().map(|e| &e.id))?;
        Ok(page)
    }

    pub(super) async fn missing(&self, ids: Vec<DocId>) -> Result<Vec<DocId>> {
        self.timed("missing", self.application.missing(ids)).await
    }

    pub(super) async fn uncommitted(&self, after: Option<DocId>) -> Result<Vec<Change>> {
        let page = self.timed("uncommitted", self.application.uncommitted(after.clone(), 1000)).await?;
        went_on("uncommitted", after.as_ref(), page.last().map(|c| &c.id))?;
        Ok(page)
    }

    pub(super) async fn committed(&self, changes: Vec<Change>) -> Result<()> {
        self.timed("committed", self.application.committed(changes)).await
    }

    /// Reads a part of a body that passes in parts; none if the document changed meanwhile.
    pub(super) async fn part(&self, document: &Document, offset: u64, size: u64) -> Result<Option<Vec<u8>>> {
        let length = PART_BYTES.min(size - offset);
        let part = PartRequest { id: document.id.clone(), revision: document.revision.clone(), offset, length };
        let bytes = self.timed("read_part", self.application.read_part(part)).await?;
        // An answer of nothing would be asked for again for ever.
        Ok(bytes.filter(|bytes| !bytes.is_empty() && bytes.len() as u64 <= length))
    }

    /// Returns a whole body; none if the document changed while it was read.
    pub(super) async fn body(&self, document: Document) -> Result<Option<Vec<u8>>> {
        let size = match document.body {
            Body::Whole(bytes) => return Ok(Some(bytes)),
            Body::Parts { size } => size,
        };
        let mut body = Vec::new();
        while (body.len() as u64) < size {
            let Some(part) = self.part(&document, body.len() as u64, size).await? else { return Ok(None) };
            body.extend(part);
        }
        Ok(Some(body))
    }

    /// Returns the digest of a body in bounded memory; none if the document changed while it was read.
    pub(super) async fn digest(&self, document: &Document) -> Result<Option<Digest>> {
        let size = match &document.body {
            Body::Whole(bytes) => return Ok(Some(Digest::of(bytes))),
            Body::Parts { size } => *size,
        };
        let (mut digest, mut offset) = (Digest::builder(), 0);
        while offset < size {
            let Some(part) = self.part(document, offset, size).await? else { return Ok(None) };
            digest.update(&part);
            offset += part.len() as u64;
        }
        Ok(Some(digest.finish()))
    }

    /// Returns a body in the form in which `apply` takes it: whole, or staged in parts if the host wants that.
    pub(super) async fn staged(&self, id: &DocId, revision: &Revision, body: Vec<u8>) -> Result<Body> {
        if self.application.whole_body_bytes().is_none_or(|limit| body.len() as u64 <= limit) {
            return Ok(Body::Whole(body));
        }
        let mut offset = 0;
        for bytes in body.chunks(PART_BYTES as usize) {
            let part = StagedPart { id: id.clone(), revision: revision.clone(), offset, bytes: bytes.to_vec() };
            offset += bytes.len() as u64;
            self.timed("stage_part", self.application.stage_part(part)).await?;
        }
        Ok(Body::Parts { size: offset })
    }

    /// Takes a large content from the drive part by part, in the form in which `apply` takes it, and returns it with its
    /// digest; none if the drive's content changed, or is not what it should be.
    pub(super) async fn staged_parts(
        &self,
        id: &DocId,
        revision: &Revision,
        size: u64,
        source: &dyn Source,
    ) -> Result<Option<(Body, Digest)>> {
        let whole = self.application.whole_body_bytes().is_none_or(|limit| size <= limit);
        let (mut digest, mut offset, mut body) = (Digest::builder(), 0, Vec::new());
        while offset < size {
            // An answer of nothing would be asked for again for ever.
            let Some(bytes) = source.part(offset, PART_BYTES).await?.filter(|bytes| !bytes.is_empty()) else { return Ok(None) };
            digest.update(&bytes);
            let begins = offset;
            offset += bytes.len() as u64;
            if whole {
                body.extend(bytes);
            } else {
                let part = StagedPart { id: id.clone(), revision: revision.clone(), offset: begins, bytes };
                self.timed("stage_part", self.application.stage_part(part)).await?;
            }
        }
        let body = if whole { Body::Whole(body) } else { Body::Parts { size } };
        Ok(Some((body, digest.finish())))
    }

    /// Looks at documents without keeping their content; one answer each, in the same order.
    pub(super) async fn look(&self, wanted: &[LookAt]) -> Result<Vec<Local>> {
        let mut found = BTreeMap::new();
        for batch in batches(wanted, |w| w.size.unwrap_or(UNKNOWN_BYTES)) {
            for document in self.get(batch.iter().map(|w| w.id.clone()).collect()).await? {
                let digest = self.digest(&document).await?;
                let size = document.body.size();
                let Document { id, revision, .. } = document;
                // A document that changes while it is read is as good as unreadable: the next sync finds it settled.
                let local = digest.map_or(Local::Unreadable, |digest| Local::Present(Present { id: id.clone(), revision, digest, size }));
                found.insert(id, local);
            }
        }
        let unseen: Vec<DocId> = wanted.iter().filter(|w| w.expected && !found.contains_key(&w.id)).map(|w| w.id.clone()).collect();
        let missing = if unseen.is_empty() { Vec::new() } else { self.missing(unseen.clone()).await? };
        for id in unseen {
            let local = if missing.contains(&id) { Local::Absent } else { Local::Unreadable };
            found.insert(id, local);
        }
        Ok(wanted.iter().map(|w| found.remove(&w.id).unwrap_or(Local::Absent)).collect())
    }
}

/// A body that the host gives in parts.
pub(super) struct HostSource {
    pub(super) host: Host,
    pub(super) document: Document,
}

#[apply(port!)]
impl Source for HostSource {
    async fn part(&self, offset: u64, length: u64) -> Result<Option<Vec<u8>>> {
        let end = self.document.body.size().min(offset.saturating_add(length));
        self.host.part(&self.document, offset, end).await
    }
}

/// Refuses a page that ends where it should have begun: a host that ignores `after` would never end.
fn went_on(operation: &'static str, after: Option<&DocId>, last: Option<&DocId>) -> Result<()> {
    if after.is_none() || after != last {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Application,
        operation,
        "the host gave the same page again; it must go on behind `after` and end with an empty page",
    ))
}

/// Cuts a list into batches that are small enough to hold in memory.
pub(super) fn batches<T>(items: &[T], size: impl Fn(&T) -> u64) -> Vec<&[T]> {
    batches_of(MAX_BYTES, items, size)
}

/// The same with at most so many bytes, if that is less.
pub(super) fn batches_of<T>(most: u64, items: &[T], size: impl Fn(&T) -> u64) -> Vec<&[T]> {
    let most = most.min(MAX_BYTES);
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (n, item) in items.iter().enumerate() {
        let more = size(item);
        if n > start && (n - start >= MAX_DOCUMENTS || bytes + more > most) {
            batches.extend(items.get(start..n));
            (start, bytes) = (n, 0);
        }
        bytes += more;
    }
    batches.extend(items.get(start..).filter(|rest| !rest.is_empty()));
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_bounded_by_count_and_by_bytes() {
        let sizes = |sizes: &[u64]| batches(sizes, |s| *s).iter().map(|b| b.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&[]), Vec::<usize>::new());
        assert_eq!(sizes(&[1; 600]), [256, 256, 88]);
        assert_eq!(sizes(&[3 << 20, 2 << 20, 9 << 20, 1, 1]), [1, 1, 1, 2]);
        assert_eq!(sizes(&[9 << 20, 1]), [1, 1], "no batch is empty");
        assert_eq!(sizes(&[2 << 20, 2 << 20, 1]), [2, 1], "exactly as much as fits");
        assert_eq!(sizes(&[3000, 3000]), [2]);
    }
}
