//! The port that the host implements: three questions in batches.

use crate::{
    Body, Change, DocId, Document, Entry, Error, ErrorKind, Incoming, Outcome, Result,
    maybe_send::{MaybeSend, MaybeSync},
};
use macro_rules_attribute::apply;

/// The host's documents.
///
/// The core holds no lock while it calls: every method may call back into the client, except `sync`.
/// One call is under way at a time, except that `queue_change` may call `committed` at any time.
#[apply(port!)]
pub trait Application: MaybeSend + MaybeSync {
    /// Gives these documents, in any order; a missing one is left out.
    ///
    /// The core asks for at most 256 at a time, and for about 4 MiB by the sizes it knows.
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>>;

    /// Applies changes, each only if the document's revision is still the expected one.
    ///
    /// Answers once per change, in the same order; what is answered [`Outcome::Applied`] is durable.
    /// There is no await between a comparison and its write.
    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>>;

    /// Lists the documents after `after` in the host's own fixed order; an empty page is the end.
    /// `limit` is a wish.
    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>>;

    /// Says which of these documents do not exist. The default reads them with `get`.
    async fn missing(&self, ids: Vec<DocId>) -> Result<Vec<DocId>> {
        let found = self.get(ids.clone()).await?;
        Ok(ids.into_iter().filter(|id| !found.iter().any(|d| d.id == *id)).collect())
    }

    /// Lists changes whose `changeCommitted` flag is not set, after `after`; an empty page is the end.
    /// A host without such a flag keeps the default: none.
    async fn uncommitted(&self, _after: Option<DocId>, _limit: u32) -> Result<Vec<Change>> {
        Ok(Vec::new())
    }

    /// Sets the `changeCommitted` flag of each document whose current revision is still the one named.
    async fn committed(&self, _changes: Vec<Change>) -> Result<()> {
        Ok(())
    }

    /// Returns the largest body, in bytes, that the host takes and gives whole; none means any size.
    ///
    /// A host that answers `Some` implements `read_part` and `stage_part`; 1 MiB is a good limit.
    fn whole_body_bytes(&self) -> Option<u64> {
        None
    }

    /// Reads `length` bytes at `offset` of a body that `get` answered as [`Body::Parts`]; none if the
    /// document's revision is no longer this one.
    async fn read_part(&self, part: PartRequest) -> Result<Option<Vec<u8>>> {
        Err(no_parts("read_part", &part.id))
    }

    /// Takes a part of a body that a later `apply` names as [`Body::Parts`]. Parts come in order from
    /// offset 0; offset 0 discards what was staged for this document before.
    async fn stage_part(&self, part: StagedPart) -> Result<()> {
        Err(no_parts("stage_part", &part.id))
    }
}

/// A part of a body that the core asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRequest {
    /// Which document.
    pub id: DocId,
    /// The revision that `get` answered.
    pub revision: crate::Revision,
    /// The first byte.
    pub offset: u64,
    /// How many bytes at most.
    pub length: u64,
}

/// A part of a body that the core hands over.
#[derive(Clone, PartialEq, Eq)]
pub struct StagedPart {
    /// Which document.
    pub id: DocId,
    /// The revision under which `apply` will name it.
    pub revision: crate::Revision,
    /// The first byte.
    pub offset: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for StagedPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StagedPart({} at {}, {} bytes)", self.id, self.offset, self.bytes.len())
    }
}

fn no_parts(operation: &'static str, id: &DocId) -> Error {
    let detail = "the host answered a body in parts but does not pass parts: implement read_part and stage_part";
    Error::new(ErrorKind::Application, operation, detail).about(id.as_str())
}

/// The size of one part, in bytes.
pub(crate) const PART_BYTES: u64 = 1 << 20;

/// Reads a whole body, part by part if the host passes it so; none if it changed meanwhile.
pub(crate) async fn read_body(application: &dyn Application, document: &Document) -> Result<Option<Vec<u8>>> {
    let size = match &document.body {
        Body::Whole(bytes) => return Ok(Some(bytes.clone())),
        Body::Parts { size } => *size,
    };
    let mut body = Vec::new();
    while (body.len() as u64) < size {
        let part = PartRequest {
            id: document.id.clone(),
            revision: document.revision.clone(),
            offset: body.len() as u64,
            length: PART_BYTES.min(size - body.len() as u64),
        };
        match application.read_part(part).await? {
            Some(bytes) if !bytes.is_empty() => body.extend_from_slice(&bytes),
            _ => return Ok(None),
        }
    }
    Ok(Some(body))
}

/// Computes a document's digest in bounded memory; none if it changed meanwhile.
pub(crate) async fn digest_of(application: &dyn Application, document: &Document) -> Result<Option<crate::Digest>> {
    let size = match &document.body {
        Body::Whole(bytes) => return Ok(Some(crate::Digest::of(bytes))),
        Body::Parts { size } => *size,
    };
    let mut digest = crate::Digest::builder();
    let mut offset = 0;
    while offset < size {
        let part =
            PartRequest { id: document.id.clone(), revision: document.revision.clone(), offset, length: PART_BYTES.min(size - offset) };
        match application.read_part(part).await? {
            Some(bytes) if !bytes.is_empty() => {
                digest.update(&bytes);
                offset += bytes.len() as u64;
            }
            _ => return Ok(None),
        }
    }
    Ok(Some(digest.finish()))
}

/// Returns the body as `apply` takes it: whole, or staged in parts if it is larger than the host takes.
pub(crate) async fn stage_body(application: &dyn Application, id: &DocId, revision: &crate::Revision, body: Vec<u8>) -> Result<Body> {
    match application.whole_body_bytes() {
        Some(limit) if body.len() as u64 > limit => {}
        _ => return Ok(Body::Whole(body)),
    }
    let mut offset = 0;
    for bytes in body.chunks(PART_BYTES as usize) {
        let part = StagedPart { id: id.clone(), revision: revision.clone(), offset, bytes: bytes.to_vec() };
        offset += bytes.len() as u64;
        application.stage_part(part).await?;
    }
    Ok(Body::Parts { size: offset })
}
