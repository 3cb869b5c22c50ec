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

#[cfg(feature = "classic")]
pub mod classic;
pub mod journal;
mod pulled;
mod pushed;

pub use pulled::{
    Changes, Fetched, LeftVersion, Listed, Loaded, Metadata, News, OldVersion, RemoteChange, RemoteDocument, Source, Unsettled, Wanted,
};
pub use pushed::{Acknowledged, Announced, Attempt, Content, Outgoing, Placed, Settled, Tidied, Written};

use crate::{
    Digest, DocId, Result, StateRecord,
    maybe_send::{MaybeSend, MaybeSync},
};
use macro_rules_attribute::apply;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// The size of one part of a content that comes in parts, in bytes.
pub(crate) const PART_BYTES: u64 = 1 << 20;

/// What a server knows of one version of a document: opaque to the client, which keeps it with the base. Shared, since
/// all documents of one record have the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tag(pub Arc<str>);

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

    /// About how many bytes of documents are written together: what an interruption may lose.
    async fn room(&self) -> Result<u64> {
        Ok(u64::MAX)
    }

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
    /// it in the log again knows that it took place. `intents`, which only a server that [finishes](Server::finishes) is
    /// given, is to be durable before anything can make the push visible.
    async fn changes_write(&self, changes: Vec<Announced>, push: String, intents: Option<StateRecord>) -> Result<Written>;

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

    /// Says of each document, with what was agreed of it, how the present version stands to what is here.
    async fn unsettled(&self, documents: Vec<(DocId, Option<Tag>)>) -> Result<Vec<Unsettled>> {
        Ok(vec![Unsettled::default(); documents.len()])
    }

    /// Lists what a document was and is, as far as that is kept, the newest first.
    async fn history(&self, _id: &DocId) -> Result<Vec<OldVersion>> {
        Ok(Vec::new())
    }

    /// Loads a version that `history` has listed.
    async fn load_old(&self, _id: &DocId, _tag: &Tag) -> Result<Loaded> {
        Ok(Loaded::Unreadable("this layout keeps no history".to_owned()))
    }

    /// Loads a version of a document by its content's digest; none if it is not kept.
    async fn load_by_digest(&self, _id: &DocId, _digest: Digest) -> Result<Option<Loaded>> {
        Ok(None)
    }

    /// Puts the storage in order, one piece of work at a time, if that is worth it; `now` if it is asked for. Whatever is
    /// left undone stays harmless.
    async fn tidy(&self, _now: bool) -> Result<Tidied> {
        Ok(Tidied::Nothing)
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
