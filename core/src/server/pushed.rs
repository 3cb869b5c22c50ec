//! What a server is given in a push, and what it answers.

use super::{PART_BYTES, Source, Tag};
use crate::{Action, Digest, DocId, Result, Revision, StateRecord};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The content of a document to write.
#[derive(Clone)]
pub enum Content {
    /// All of it.
    Whole(Vec<u8>),
    /// It is large: it is read in parts while it is written.
    Parts {
        /// Its size in bytes.
        size: u64,
        /// Where the parts come from.
        source: Arc<dyn Source>,
    },
}

impl Content {
    /// Returns the size in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Whole(bytes) => bytes.len() as u64,
            Self::Parts { size, .. } => *size,
        }
    }

    /// Reads all of it into memory; none if it changed meanwhile.
    ///
    /// # Errors
    /// Those of the source.
    pub async fn whole(self) -> Result<Option<Vec<u8>>> {
        let (size, source) = match self {
            Self::Whole(bytes) => return Ok(Some(bytes)),
            Self::Parts { size, source } => (size, source),
        };
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < size {
            let part = source.part(bytes.len() as u64, PART_BYTES).await?;
            let Some(part) = part.filter(|part| !part.is_empty()) else { return Ok(None) };
            bytes.extend(part);
        }
        Ok(Some(bytes))
    }
}

/// A document to write. Its `Debug` shows no content.
#[derive(Clone)]
pub struct Outgoing {
    /// Which document.
    pub id: DocId,
    /// Its revision in the host.
    pub revision: Revision,
    /// Its content and the digest that it has; none means delete.
    pub body: Option<(Content, Digest)>,
    /// The version it replaces; none if the client knows of none.
    pub base: Option<Tag>,
    /// What earlier, interrupted pushes of this client may have left there.
    pub attempted: Vec<Attempt>,
}

/// The content that a push meant to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Attempt {
    /// A body with this digest.
    Put(Digest),
    /// A deletion.
    Delete,
}

/// The answer to one [`Outgoing`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// It is there, and durable.
    Done(Tag),
    /// Another version than the base is there: look at the document again.
    Moved,
    /// It cannot be stored here; the reason in one sentence.
    Refused(String),
}

/// A change to announce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Which document.
    pub id: DocId,
    /// What was done.
    pub action: Action,
    /// The tag that `put` answered.
    pub tag: Tag,
}

/// The answer to a write of the log or the metadata.
#[derive(Debug, PartialEq, Eq)]
pub enum Written {
    /// It is written; these records belong into the batch that acknowledges the push.
    Done(Vec<StateRecord>),
    /// It is kept, to be written together with what comes next. Whoever has nothing more writes the metadata.
    Later,
    /// Another client wrote meanwhile: pull, plan and push again.
    Moved,
}

/// What has become agreed by pushes that are finished.
#[derive(Debug)]
pub struct Acknowledged {
    /// The names of these pushes.
    pub pushes: Vec<String>,
    /// The tag of every version that they wrote.
    pub tag: Tag,
    /// To be written together with what the client concludes.
    pub remember: Vec<StateRecord>,
    /// Documents whose contents the drive has lost while the push was interrupted: they are to be pushed once more.
    pub absent: Vec<DocId>,
}

/// A document that the client has settled.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Which document.
    pub id: DocId,
    /// The tag of what was agreed before.
    pub before: Option<Tag>,
    /// The drive's version.
    pub now: Option<Tag>,
    /// Whether both sides have the drive's version now; otherwise the host's side is to replace it.
    pub took: bool,
}

/// What was done to put the storage in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tidied {
    /// There is nothing to do, or somebody else does it.
    Nothing,
    /// Some: there is more to do.
    Some {
        /// How many documents are done.
        done: u64,
        /// Of how many.
        total: u64,
    },
    /// All of it is done.
    Done,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Content({} bytes)", self.size())
    }
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outgoing({:?} at {:?}, {:?} bytes)", self.id, self.revision, self.body.as_ref().map(|(body, _)| body.size()))
    }
}
