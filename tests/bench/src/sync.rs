//! One first push and one first pull of ours, timed.

use crate::{Result, hosts::MapHost};
use kitestring::{Application, Client, Drive, Options, State, SyncOptions};
use kitestring_adapters::{runtime::NativeRuntime, state::sqlite::SqliteState};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// How long a push and a pull of the same documents took, and how many requests they made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pair {
    /// The first push, queueing included.
    pub push: Duration,
    /// The first pull, by another client.
    pub pull: Duration,
    /// Requests of the push.
    pub push_requests: u64,
    /// Requests of the pull.
    pub pull_requests: u64,
}

/// Opens a client with the classic layout.
///
/// # Errors
/// Those of [`Client::open`].
pub async fn open(application: Arc<dyn Application>, state: Arc<dyn State>, drive: Arc<dyn Drive>) -> Result<Client> {
    Ok(Client::open(application, state, drive, Options::new(Arc::new(NativeRuntime::new()))).await?)
}

/// Pushes `count` notes from one client, then pulls them with another. `homes` keeps their states.
///
/// # Errors
/// Those of a sync, and if not every document travelled.
pub async fn push_and_pull(count: u64, homes: &Path, drive: Arc<dyn Drive>) -> Result<Pair> {
    let writer = Arc::new(MapHost::default());
    let client = open(writer.clone(), state(homes, "push")?, drive.clone()).await?;
    let changes = writer.edit(0..count, 0)?;
    let start = Instant::now();
    client.queue_changes(changes).await?;
    let pushed = client.sync(SyncOptions::default()).await?;
    let push = start.elapsed();

    let reader = Arc::new(MapHost::default());
    let client = open(reader.clone(), state(homes, "pull")?, drive).await?;
    let start = Instant::now();
    let pulled = client.sync(SyncOptions::default()).await?;
    let pull = start.elapsed();
    if pushed.pushed != count || reader.len() as u64 != count {
        return Err(format!("{} of {count} documents were pushed and {} pulled", pushed.pushed, reader.len()).into());
    }
    Ok(Pair { push, pull, push_requests: pushed.requests.total(), pull_requests: pulled.requests.total() })
}

/// Opens a state of its own below `homes`.
///
/// # Errors
/// Those of [`SqliteState::open`].
pub fn state(homes: &Path, name: &str) -> Result<Arc<dyn State>> {
    Ok(Arc::new(SqliteState::open(homes.join(format!("{name}.sqlite")))?))
}
