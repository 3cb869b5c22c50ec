//! Conflicts: both sides changed. They are durable, shown to the host, and settled by it alone.

use crate::{Body, Digest, DocId, Document, Revision};
use serde::{Deserialize, Serialize};

/// What each side did since they last agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConflictKind {
    /// Both sides edited the document, differently.
    EditEdit,
    /// Edited here, deleted on the drive.
    EditDelete,
    /// Deleted here, edited on the drive.
    DeleteEdit,
    /// Both sides had the document, with different content, before they ever met.
    Adopt,
}

impl ConflictKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::EditEdit, Self::EditDelete, Self::DeleteEdit, Self::Adopt];

    /// Returns the stable name: `edit-edit`, `edit-delete`, `delete-edit` or `adopt`.
    pub fn code(self) -> &'static str {
        match self {
            Self::EditEdit => "edit-edit",
            Self::EditDelete => "edit-delete",
            Self::DeleteEdit => "delete-edit",
            Self::Adopt => "adopt",
        }
    }
}

/// One side of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// The revision on this side.
    pub revision: Revision,
    /// The SHA-256 of the body on this side.
    pub digest: Digest,
}

/// A conflict as it was shown: `resolve` takes it back and refuses if either side has moved since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// Which document.
    pub id: DocId,
    /// What each side did.
    pub kind: ConflictKind,
    /// What both sides last agreed on; none if it did not exist or they never agreed.
    pub base: Option<Side>,
    /// The host's document; none if it is deleted here.
    pub local: Option<Side>,
    /// The drive's document; none if it is deleted there.
    pub remote: Option<Side>,
}

/// The contents of a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// What both sides last agreed on, where the history still keeps it. The classic layout keeps none.
    pub base: Option<Document>,
    /// The host's document.
    pub local: Option<Document>,
    /// The drive's document.
    pub remote: Option<Document>,
}

/// How to settle a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// Keep the host's side; it is pushed by the next sync.
    KeepLocal,
    /// Take the drive's side; it is applied to the host now.
    TakeRemote,
    /// Store this content in the host now and push it by the next sync.
    Merged {
        /// The revision to store.
        revision: Revision,
        /// The merged content.
        body: Body,
    },
}
