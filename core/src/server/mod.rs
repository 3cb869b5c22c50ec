//! The port for one shared dataset: the seven operations of the sync specification, in the form that every
//! layout, and later a live server, can provide. Nothing here assumes that a server is made of files.
//!
//! A push calls `put`, `changes_write`, `metadata_write`, in this order; a pull calls `metadata_read`,
//! `changes_read`, `get`. What a server must remember durably it returns as state records; the client
//! writes them in the same batch as its own conclusions, so both always agree.
//!
//! Servers differ in what an interrupted push means. Where documents are written before they are announced, it is made
//! again, and the client remembers what it may have left. A server that writes all of a push in one step
//! ([`Server::finishes`]) finishes it instead, and says so through [`Server::acknowledged`].

pub mod classic;
pub mod journal;

use crate::{
    Action, Digest, DocId, Result, Revision, StateRecord,
    document::Short,
    maybe_send::{MaybeSend, MaybeSync},
};
use macro_rules_attribute::apply;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// The size of one part of a content that comes in parts, in bytes.
pub(crate) const PART_BYTES: u64 = 1 << 20;

/// What a server knows of one version of a document: opaque to the client, which keeps it with the base.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tag(pub String);

/// The head of the dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// Whether there are changes that this client has not read.
    pub news: bool,
    /// The user has agreed to join another vault: what was agreed with the old one no longer holds.
    pub new_vault: bool,
}

/// A page of changes.
#[derive(Debug, Default)]
pub struct Changes {
    /// What changed; of several changes to one document the last counts.
    pub changes: Vec<RemoteChange>,
    /// The server lost its place: every document that this client has a base of must be looked at again.
    pub look_at_all: bool,
    /// The drive is older than this client, and the user has agreed to push this client's documents again: where
    /// they differ from the drive's, they stay.
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

/// One shared dataset.
#[apply(port!)]
pub trait Server: MaybeSend + MaybeSync {
    /// Lock: asks for the right to write, waiting up to `wait` for another's lock.
    ///
    /// # Errors
    /// `locked` with the owner and the end, if another client holds it.
    async fn lock(&self, wait: Duration) -> Result<()>;

    /// Unlock: gives the right back. Only ever releases this client's own lock.
    async fn unlock(&self) -> Result<()>;

    /// Renews the lock for as long as it is polled; ends with an error when the lock is lost.
    async fn keep_lock(&self) -> Result<()>;

    /// Get: fetches documents, one answer per entry in the same order.
    async fn get(&self, wanted: Vec<Wanted>) -> Result<Vec<Fetched>>;

    /// Put: writes documents, one answer per entry in the same order. They are not announced yet.
    async fn put(&self, documents: Vec<Outgoing>) -> Result<Vec<Placed>>;

    /// MetadataRead: reads the head.
    ///
    /// # Errors
    /// `vault_changed` and `rollback` as the client's guards.
    async fn metadata_read(&self) -> Result<Metadata>;

    /// MetadataWrite: makes what `changes_write` wrote visible.
    async fn metadata_write(&self) -> Result<Written>;

    /// ChangesRead: reads the next page of changes.
    async fn changes_read(&self) -> Result<Changes>;

    /// ChangesWrite: writes changes behind those that are already there. `push` names this very push: whoever reads
    /// it in the log again knows that it took place.
    async fn changes_write(&self, changes: Vec<Announced>, push: String) -> Result<Written>;

    /// Whether two different bodies say the same, in this layout.
    fn same_content(&self, a: &[u8], b: &[u8]) -> bool {
        a == b
    }

    /// Whether an interrupted push is finished by [`Server::take_up`], rather than made again by the client.
    fn finishes(&self) -> bool {
        false
    }

    /// Finishes what interrupted pushes have begun, before anything is read.
    async fn take_up(&self) -> Result<()> {
        Ok(())
    }

    /// Tells what has become agreed by pushes that are finished, until there is none: each answer is to be written down
    /// before the next is asked for.
    async fn acknowledged(&self) -> Result<Option<Acknowledged>> {
        Ok(None)
    }

    /// Loads the contents of versions that were listed, one answer each in the same order.
    async fn load(&self, wanted: Vec<(DocId, Tag)>) -> Result<Vec<Loaded>> {
        Ok(wanted.iter().map(|_| Loaded::Unreadable("this server lists no documents".to_owned())).collect())
    }

    /// Says of each document, with what was agreed of it, whether a version that this client wrote stands beside the
    /// present one: it lost against an edit that was made at the same time, and its author has not been asked.
    async fn unsettled(&self, documents: Vec<(DocId, Option<Tag>)>) -> Result<Vec<bool>> {
        Ok(vec![false; documents.len()])
    }

    /// Lists versions that lost and that nobody has settled, whoever made them.
    async fn left(&self) -> Result<Vec<LeftVersion>> {
        Ok(Vec::new())
    }

    /// Hears that documents of which something was unsettled are settled. What it answers belongs into the batch that
    /// says so.
    async fn settled(&self, _documents: Vec<Settled>) -> Result<Vec<StateRecord>> {
        Ok(Vec::new())
    }

    /// Returns the tag of a base from which the next version replaces both: what was agreed before, and what was seen
    /// now.
    fn on_top(&self, _base: Option<&Tag>, seen: &Tag) -> Tag {
        seen.clone()
    }
}

impl std::fmt::Debug for RemoteDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RemoteDocument({:?} at {:?}, {} bytes)", self.id, self.revision, self.body.len())
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Content({} bytes)", self.size())
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

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outgoing({:?} at {:?}, {:?} bytes)", self.id, self.revision, self.body.as_ref().map(|(body, _)| body.size()))
    }
}
