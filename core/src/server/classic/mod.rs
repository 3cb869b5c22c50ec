//! The classic layout: the files of db-to-cloud 0.8, byte for byte where its clients look.
//!
//! `meta.json {lastChange}` counts all changes ever logged, `changes/N.json` holds a hundred of them each,
//! `docs/<stem>.json {doc,_rev}` a document, `lock.json {expire}` the lock. A push writes documents, then the
//! log, then the count. What this adds is invisible to old clients: an owner in the lock, conditions where
//! the drive has them, a marker with the vault's id, and a memory of what was logged, so that what an old
//! client overwrites is found and announced again. `spec/classic.md` says what holds beside old clients.

pub(crate) mod closed;
mod docs;
pub(crate) mod doctor;
mod files;
mod format;
mod head;
mod lock;
mod log;
mod own;
mod wire;

pub use format::{Decode, Decoded, Encode, Encoded, Format, JsonFormat};

use super::{Announced, Changes, Fetched, Metadata, Outgoing, Placed, Server, Wanted, Written};
use crate::{Allow, Drive, Log, Result, Runtime, State, StateRecord};
use head::Session;
use macro_rules_attribute::apply;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What a host chooses for the classic layout.
#[derive(Clone)]
pub struct ClassicOptions {
    /// How bodies become JSON documents.
    pub format: Arc<dyn Format>,
    /// Whether ids and revisions of new documents are spelled as JSON numbers where their text is one.
    pub numbers: bool,
}

impl Default for ClassicOptions {
    fn default() -> Self {
        Self { format: Arc::new(JsonFormat), numbers: false }
    }
}

impl fmt::Debug for ClassicOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClassicOptions").field("numbers", &self.numbers).finish_non_exhaustive()
    }
}

/// The server that a drive in the classic layout provides to one client, for the time of one sync.
pub(crate) struct Classic {
    pub(crate) drive: Arc<dyn Drive>,
    pub(crate) state: Arc<dyn State>,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) options: ClassicOptions,
    /// The client's random id: the owner of its locks.
    pub(crate) client: String,
    /// The device's name for people.
    pub(crate) device: Option<String>,
    pub(crate) allow: Allow,
    pub(crate) log: Log,
    /// Whether a vault that was closed is read to its end, rather than refused.
    pub(crate) follows: bool,
    pub(crate) session: Mutex<Session>,
}

impl Classic {
    /// Looks at the session; never held across an await.
    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[apply(port!)]
impl Server for Classic {
    async fn lock(&self, wait: Duration) -> Result<()> {
        self.acquire(wait).await
    }

    async fn unlock(&self) -> Result<()> {
        self.release().await
    }

    async fn keep_lock(&self) -> Result<()> {
        self.keep().await
    }

    async fn get(&self, wanted: Vec<Wanted>) -> Result<Vec<Fetched>> {
        self.fetch(wanted).await
    }

    async fn put(&self, documents: Vec<Outgoing>) -> Result<Vec<Placed>> {
        self.place(documents).await
    }

    async fn metadata_read(&self) -> Result<Metadata> {
        self.release_left().await?;
        self.read_head().await
    }

    async fn metadata_write(&self) -> Result<Written> {
        self.write_head().await
    }

    async fn changes_read(&self) -> Result<Changes> {
        self.read_changes().await
    }

    async fn changes_write(&self, changes: Vec<Announced>, push: String, _intents: Option<StateRecord>) -> Result<Written> {
        self.write_changes(changes, push).await
    }

    fn same_content(&self, a: &[u8], b: &[u8]) -> bool {
        let json = |bytes| serde_json::from_slice::<serde_json::Value>(bytes);
        a == b || matches!((json(a), json(b)), (Ok(a), Ok(b)) if a == b)
    }
}

/// Returns the id of the vault that this client has joined, without asking the drive.
pub(crate) async fn known_vault(state: &dyn State) -> Result<Option<String>> {
    Ok(head::stored_position(state).await?.and_then(|position| position.vault))
}
