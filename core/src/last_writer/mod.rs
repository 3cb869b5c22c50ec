//! The client of db-to-cloud: for hosts that decide about a conflict by its revisions, and keep no more than a queue and a
//! place in the log.
//!
//! [`Client`](crate::Client) remembers what was agreed about each document, and so knows a conflict when it sees one. A host
//! made for db-to-cloud cannot: its state has no room for that, it is asked for a document only when it is pushed, and what
//! it gives then need not be what it was given. So here the host is handed every change of the drive and decides, and of a
//! queued change whose document has a newer revision on the drive nothing is pushed. Files, requests and their order are
//! those of db-to-cloud 0.8.1; `spec/decisions/0011-last-writer.md` says what is done better.
//!
//! A change, an id or a revision is kept as the JSON text that it is, so that nothing is spelled anew.

mod entry;
mod files;
mod lock;
mod memory;
mod pull;
mod push;
#[cfg(test)]
mod tests;

pub use memory::{Memory, Standing};

use crate::{
    Drive, Result, Runtime,
    maybe_send::{MaybeSend, MaybeSync},
};
use entry::Entry;
use files::Meta;
use lock::Lease;
use macro_rules_attribute::apply;
use serde_json::value::RawValue;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What is being done to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is fetched and handed to the host.
    Pull,
    /// It is written to the drive.
    Push,
}

/// What a host made for db-to-cloud provides. Every text is JSON; a change is `{_id, _rev, action}`.
#[apply(port!)]
pub trait LastWriterHost: MaybeSend + MaybeSync {
    /// Gives the document of a change that is pushed; none if it is gone.
    async fn get(&self, change: &str) -> Result<Option<String>>;

    /// Takes a document of the drive.
    async fn put(&self, document: &str) -> Result<()>;

    /// Hears of the deletion that a change tells.
    async fn delete(&self, change: &str) -> Result<()>;

    /// Whether the first revision, which a change may lack, is newer than the second.
    async fn is_newer(&self, revision: Option<&str>, than: &str) -> Result<bool>;

    /// Hears that a change is next, with how many are done of how many.
    async fn observe(&self, step: Step, change: &str, done: usize, total: usize) -> Result<()>;

    /// Is told something about one document that does not stop the rest.
    async fn warn(&self, line: &str) -> Result<()>;

    /// Lists the queue, in order.
    async fn queue(&self) -> Result<Vec<String>>;

    /// Makes durable where this client stands, without the first `done` changes of the queue but with those that `keep`
    /// names.
    async fn remember(&self, standing: &Standing, done: usize, keep: Vec<String>) -> Result<()>;
}

/// One device's instance. One call at a time.
pub struct LastWriter {
    host: Arc<dyn LastWriterHost>,
    drive: Arc<dyn Drive>,
    runtime: Arc<dyn Runtime>,
    session: Mutex<Session>,
}

/// What is gone with the instance.
#[derive(Default)]
struct Session {
    lease: Option<Lease>,
    /// The newest revision that the drive is known to have of a document, by the text of its id.
    seen: BTreeMap<String, Box<RawValue>>,
}

/// One sync under way.
struct Run<'a> {
    client: &'a LastWriter,
    standing: Standing,
    meta: Meta,
    /// Files of the log that were read or written in this sync, under its lock.
    windows: BTreeMap<u64, Vec<Entry>>,
    /// Changes that this client has logged, and that somebody has written over.
    lost: Vec<Entry>,
}

impl LastWriter {
    /// Takes the ports. The drive need honour [`Condition::Absent`](crate::drive::Condition) for `lock.json` only.
    pub fn new(host: Arc<dyn LastWriterHost>, drive: Arc<dyn Drive>, runtime: Arc<dyn Runtime>) -> Self {
        Self { host, drive, runtime, session: Mutex::default() }
    }

    /// Pulls, then pushes the queue. The caller holds the lock.
    ///
    /// # Errors
    /// What host and drive answer; `moved` or `unavailable` if the vault has gone to the journal layout; `corrupt` if the log makes no sense; `locked` if the lock was lost on the way. The queue
    /// keeps what was not pushed, and the next sync goes on.
    ///
    /// # Cancel safety
    /// Dropped anywhere, the next sync goes on as after an error.
    pub async fn sync(&self, standing: Standing) -> Result<()> {
        let meta = self.read_meta().await?;
        let standing = standing.valid();
        let mut run = Run { client: self, standing, meta, windows: BTreeMap::new(), lost: Vec::new() };
        run.recall();
        run.pull().await?;
        run.push().await
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for LastWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LastWriter")
    }
}

impl Run<'_> {
    /// Takes up what was seen of the drive before the program ended.
    fn recall(&self) {
        let mut session = self.client.session();
        for (id, revision) in &self.standing.memory.seen {
            session.seen.entry(id.clone()).or_insert_with(|| revision.clone());
        }
    }

    /// Makes durable where this client stands now.
    async fn remember(&mut self, done: usize, keep: Vec<String>) -> Result<()> {
        let queued = self.client.host.queue().await?;
        self.standing.memory.of = self.standing.last_change;
        self.standing.memory.seen = self.needed(queued.iter().skip(done).chain(&keep));
        self.client.host.remember(&self.standing, done, keep).await
    }

    /// The revisions that a push of these changes is to be compared with. Where a pull is interrupted, the host may queue
    /// again all that it has been given.
    fn needed<'a>(&self, queued: impl Iterator<Item = &'a String>) -> BTreeMap<String, Box<RawValue>> {
        let session = self.client.session();
        if self.standing.memory.place.is_some() {
            return session.seen.clone();
        }
        let mut needed = BTreeMap::new();
        for change in queued.filter_map(|change| Entry::parse(change).ok()) {
            if let Some(revision) = session.seen.get(change.id()) {
                needed.insert(change.id().to_owned(), revision.clone());
            }
        }
        needed
    }

    fn see(&self, id: &str, revision: Option<&RawValue>) {
        if let Some(revision) = revision {
            self.client.session().seen.insert(id.to_owned(), revision.to_owned());
        }
    }
}
