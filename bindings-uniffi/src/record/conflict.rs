//! Conflicts as they are shown, and how they are settled.

use super::{
    document::{Body, Document, digest_of},
    text,
};
use kitestring::{DocId, Error, Revision};

mirror! {
    /// What each side did since they last agreed.
    ConflictKind {
        /// Both sides edited the document, differently.
        EditEdit,
        /// Edited here, deleted on the drive.
        EditDelete,
        /// Deleted here, edited on the drive.
        DeleteEdit,
        /// Both sides had the document, with different content, before they ever met.
        Adopt
    }
}

/// One side of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Side {
    /// The revision on this side.
    pub revision: String,
    /// The SHA-256 of the body on this side, in hexadecimal.
    pub digest: String,
}

impl From<kitestring::Side> for Side {
    fn from(side: kitestring::Side) -> Self {
        Self { revision: text(&side.revision), digest: side.digest.to_string() }
    }
}

impl TryFrom<Side> for kitestring::Side {
    type Error = Error;
    fn try_from(side: Side) -> Result<Self, Error> {
        Ok(Self { revision: Revision::new(side.revision), digest: digest_of(side.digest)? })
    }
}

/// A conflict as it was shown.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Conflict {
    /// Which document.
    pub id: String,
    /// What each side did.
    pub kind: ConflictKind,
    /// What both sides last agreed on.
    pub base: Option<Side>,
    /// The host's document; none if it is deleted here.
    pub local: Option<Side>,
    /// The drive's document; none if it is deleted there.
    pub remote: Option<Side>,
}

impl From<kitestring::Conflict> for Conflict {
    fn from(conflict: kitestring::Conflict) -> Self {
        Self {
            id: conflict.id.as_str().to_owned(),
            kind: conflict.kind.into(),
            base: conflict.base.map(Side::from),
            local: conflict.local.map(Side::from),
            remote: conflict.remote.map(Side::from),
        }
    }
}

impl TryFrom<Conflict> for kitestring::Conflict {
    type Error = Error;
    fn try_from(conflict: Conflict) -> Result<Self, Error> {
        let side = |side: Option<Side>| side.map(kitestring::Side::try_from).transpose();
        let Conflict { id, kind, base, local, remote } = conflict;
        Ok(Self { id: DocId::new(id)?, kind: kind.into(), base: side(base)?, local: side(local)?, remote: side(remote)? })
    }
}

/// The contents of a conflict.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Versions {
    /// What both sides last agreed on, where the history still keeps it.
    pub base: Option<Document>,
    /// The host's document.
    pub local: Option<Document>,
    /// The drive's document.
    pub remote: Option<Document>,
}

impl From<kitestring::Versions> for Versions {
    fn from(versions: kitestring::Versions) -> Self {
        let kitestring::Versions { base, local, remote } = versions;
        Self { base: base.map(Document::from), local: local.map(Document::from), remote: remote.map(Document::from) }
    }
}

/// How to settle a conflict.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Resolution {
    /// Keep the host's side; it is pushed by the next sync.
    KeepLocal,
    /// Take the drive's side; it is applied to the host now.
    TakeRemote,
    /// Store this content in the host now and push it by the next sync.
    Merged {
        /// The revision to store.
        revision: String,
        /// The merged content.
        body: Body,
    },
}

impl From<Resolution> for kitestring::Resolution {
    fn from(resolution: Resolution) -> Self {
        match resolution {
            Resolution::KeepLocal => Self::KeepLocal,
            Resolution::TakeRemote => Self::TakeRemote,
            Resolution::Merged { revision, body } => Self::Merged { revision: Revision::new(revision), body: body.into() },
        }
    }
}
