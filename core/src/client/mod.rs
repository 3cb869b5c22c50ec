//! The client: queue, pull, plan, push, conflicts.

mod options;

pub use options::{Allow, Layout, Options, Reconciled, Status, SyncOptions};

use crate::{Application, Change, Conflict, DocId, Drive, Error, Report, Resolution, Result, State, Versions};
use std::sync::Arc;

/// One device's instance. Clones are one client; every method takes `&self`.
#[derive(Clone)]
pub struct Client {
    _inner: Arc<()>,
}

impl Client {
    /// Opens a client: loads its state, settles interrupted applies and re-queues every uncommitted edit.
    pub async fn open(
        _application: Arc<dyn Application>,
        _state: Arc<dyn State>,
        _drive: Arc<dyn Drive>,
        _options: Options,
    ) -> Result<Self> {
        Err(Error::internal("open", "stub"))
    }
    /// Queues one change. Durable on return.
    pub async fn queue_change(&self, _change: Change) -> Result<()> {
        Err(Error::internal("open", "stub"))
    }
    /// Queues changes. Durable on return.
    pub async fn queue_changes(&self, _changes: Vec<Change>) -> Result<()> {
        Err(Error::internal("open", "stub"))
    }
    /// Compares the host with the bases and queues what changed unnoticed.
    pub async fn reconcile(&self, _options: SyncOptions) -> Result<Reconciled> {
        Err(Error::internal("open", "stub"))
    }
    /// Syncs.
    pub async fn sync(&self, _options: SyncOptions) -> Result<Report> {
        Err(Error::internal("open", "stub"))
    }
    /// Lists the conflicts that wait.
    pub async fn conflicts(&self) -> Result<Vec<Conflict>> {
        Err(Error::internal("open", "stub"))
    }
    /// Gives the contents of a conflict.
    pub async fn versions(&self, _id: DocId) -> Result<Versions> {
        Err(Error::internal("open", "stub"))
    }
    /// Settles a conflict as it was shown.
    pub async fn resolve(&self, _seen: Conflict, _resolution: Resolution) -> Result<()> {
        Err(Error::internal("open", "stub"))
    }
    /// Says what the client knows, without a request.
    pub async fn status(&self) -> Result<Status> {
        Err(Error::internal("open", "stub"))
    }
    /// Closes the client; a running sync ends with `cancelled`.
    pub fn close(&self) {}
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}
