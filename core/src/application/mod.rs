//! The port that the host implements: three questions in batches.

mod memory;

pub use memory::MemoryApplication;

use crate::{
    Change, DocId, Document, Entry, Error, ErrorKind, Incoming, Outcome, Result,
    maybe_send::{MaybeSend, MaybeSync},
};
use macro_rules_attribute::apply;

/// The host's documents.
///
/// The core holds no lock while it calls, so every method may call back into the client, except for what takes
/// turns with a sync: `sync`, `reconcile` and `resolve`. A sync makes one call at a time; `queue_change`, `conflicts`
/// and `versions` may call beside it.
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

    /// Reads `length` bytes at `offset` of a body that `get` answered as [`crate::Body::Parts`]; none if the
    /// document's revision is no longer this one.
    async fn read_part(&self, part: PartRequest) -> Result<Option<Vec<u8>>> {
        Err(no_parts("read_part", &part.id))
    }

    /// Takes a part of a body that a later `apply` names as [`crate::Body::Parts`]. Parts come in order from
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
