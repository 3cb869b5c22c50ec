//! What a server answers to a pull: changes, documents, contents.

use super::Tag;
use crate::{
    Digest, DocId, Result, Revision, StateRecord,
    document::Short,
    maybe_send::{MaybeSend, MaybeSync},
};
use macro_rules_attribute::apply;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The head of the dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// Whether there are changes that this client has not read.
    pub news: bool,
    /// The user has agreed to join another vault: what was agreed with the old one no longer holds.
    pub new_vault: bool,
    /// The vault was met for the first time, or this device has written to it what this client does not remember: what was
    /// pulled before says nothing of what the vault has.
    pub first: bool,
}

/// How the present version of a document stands to what is here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unsettled {
    /// It was made without knowing one that is part of what is here, and that is no longer valid: one of this client that
    /// lost against an edit that was made at the same time, or one that a vault which was put back has forgotten. Nobody
    /// has decided about it.
    pub lost: bool,
    /// This client did not know it when it agreed to go on with an older vault: it was made since.
    pub newer: bool,
}

/// A page of changes.
#[derive(Debug, Default)]
pub struct Changes {
    /// What changed; of several changes to one document the last counts.
    pub changes: Vec<RemoteChange>,
    /// The server lost its place: every document that this client has a base of must be looked at again.
    pub look_at_all: bool,
    /// The drive is older than this client, and the user has agreed to push this client's documents again: where
    /// they differ from the drive's, they stay, unless the drive's were made since (`Unsettled::newer`).
    pub keep_local: bool,
    /// Documents that this client pushed and that are no longer announced: announce them again.
    pub lost: Vec<DocId>,
    /// The contents of these documents are at hand now, and later only for another request: work them off before the
    /// next page.
    pub at_hand: bool,
    /// Files that made no sense, or could not be had, each with the reason in one sentence. They are tried again.
    pub unreadable: Vec<(String, String)>,
    /// To be written together with what the client concludes from this page.
    pub remember: Vec<StateRecord>,
    /// Whether more pages follow.
    pub more: bool,
}

/// One document that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteChange {
    /// Which document.
    pub id: DocId,
    /// What to do about it.
    pub news: News,
    /// The push that announced it, as that client named it.
    pub push: Option<String>,
}

/// What a log says of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum News {
    /// It was written: fetch it. If it is gone, somebody has deleted it without a word.
    Put {
        /// Where the server found it, for its own use.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
    },
    /// It was deleted.
    Delete {
        /// The revision of the deletion.
        revision: Revision,
        /// Where the server found it, for its own use.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
    },
    /// It may have been written or deleted: fetch it. A missing one was deleted.
    Look {
        /// Where the server found it, for its own use.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
    },
}

/// A document to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which document.
    pub id: DocId,
    /// What the log said.
    pub news: News,
    /// What the client has of it.
    pub base: Option<Tag>,
}

/// A document as the server has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// It is there.
    Present(RemoteDocument),
    /// It is there, and what is known of it may do: [`Server::load`] has the content.
    Listed(Listed),
    /// It still is what the base says.
    Unchanged,
    /// It is not there.
    Gone,
    /// It is there but makes no sense, or cannot be had now; the reason in one sentence.
    Unreadable(String),
}

/// A document on the server. Its `Debug` shows no content.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteDocument {
    /// The id, in the spelling of the server.
    pub id: DocId,
    /// Its revision.
    pub revision: Revision,
    /// Its content.
    pub body: Vec<u8>,
    /// The server's own knowledge of this version.
    pub tag: Tag,
}

/// A document on the server, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The id, in the spelling of the server.
    pub id: DocId,
    /// Its revision.
    pub revision: Revision,
    /// The first half of the digest of its content.
    pub short: Short,
    /// The size of its content in bytes.
    pub size: u64,
    /// The server's own knowledge of this version.
    pub tag: Tag,
}

/// The content of a version that was listed.
#[derive(Clone)]
pub enum Loaded {
    /// All of it, with its digest.
    Whole(Vec<u8>, Digest),
    /// It is large: it comes in parts, from the server.
    Parts(Arc<dyn Source>),
    /// It cannot be had now, or is not what was listed; the reason in one sentence.
    Unreadable(String),
}

/// A large content, read part by part.
#[apply(port!)]
pub trait Source: MaybeSend + MaybeSync {
    /// Reads up to `length` bytes at `offset`, which only ever goes on from the last part, or begins again at 0. None:
    /// the content has changed since, or is not what it should be.
    async fn part(&self, offset: u64, length: u64) -> Result<Option<Vec<u8>>>;
}

/// A version of a document that lost against one that was made at the same time, and that nobody has settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftVersion {
    /// Which document.
    pub id: DocId,
    /// The revision of the version that lost.
    pub revision: Revision,
    /// The revision of the version that is valid; none if there is none.
    pub valid: Option<Revision>,
    /// Whether it is a deletion.
    pub deleted: bool,
    /// The size of its content in bytes.
    pub size: u64,
    /// The device that made it, by its random id.
    pub device: String,
    /// The server's own knowledge of it.
    pub tag: Tag,
}

/// A version that a document has, or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldVersion {
    /// Which document.
    pub id: DocId,
    /// The revision of this version.
    pub revision: Revision,
    /// When it was pushed, in seconds since the Unix epoch by the clock of its device; none if that is not known.
    pub written_s: Option<u64>,
    /// When it was replaced, by the clock of the device that did; none if it is valid.
    pub replaced_s: Option<u64>,
    /// Whether it is a deletion.
    pub deleted: bool,
    /// The size of its content in bytes.
    pub size: u64,
    /// The device that made it, by its random id.
    pub device: String,
    /// The server's own knowledge of it.
    pub tag: Tag,
}

impl std::fmt::Debug for RemoteDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RemoteDocument({:?} at {:?}, {} bytes)", self.id, self.revision, self.body.len())
    }
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(bytes, _) => write!(f, "Whole({} bytes)", bytes.len()),
            Self::Parts(_) => f.write_str("Parts"),
            Self::Unreadable(why) => write!(f, "Unreadable({why})"),
        }
    }
}
