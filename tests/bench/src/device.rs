//! A host with its client.

use crate::{Result, cost::Cost, cost::Stopwatch, hosts::MapHost, layout::Measured};
use kitestring::{Application, Client, Drive, Layout, Options, Resolution, State, SyncOptions};
use kitestring_adapters::{runtime::NativeRuntime, state::sqlite::SqliteState};
use std::{path::Path, sync::Arc};

/// A device that has its documents in a map.
#[derive(Debug)]
pub struct Device {
    /// Its documents.
    pub host: Arc<MapHost>,
    /// Its client.
    pub client: Client,
}

impl Device {
    /// Makes a device without documents.
    ///
    /// # Errors
    /// Those of [`Client::open`].
    pub async fn new(layout: Measured, state: Arc<dyn State>, drive: Arc<dyn Drive>) -> Result<Self> {
        Self::with(layout.layout(), state, drive).await
    }

    /// Makes a device without documents, with a layout and its options.
    ///
    /// # Errors
    /// Those of [`Client::open`].
    pub async fn with(layout: Layout, state: Arc<dyn State>, drive: Arc<dyn Drive>) -> Result<Self> {
        let host = Arc::new(MapHost::default());
        Ok(Self { client: open_with(layout, host.clone(), state, drive).await?, host })
    }

    /// Sets notes to version `v` and queues that, without a sync.
    ///
    /// # Errors
    /// Those of the state.
    pub async fn edit(&self, numbers: std::ops::Range<u64>, v: u64) -> Result<()> {
        Ok(self.client.queue_changes(self.host.edit(numbers, v)?).await?)
    }

    /// Syncs.
    ///
    /// # Errors
    /// Those of a sync.
    pub async fn sync(&self) -> Result<Cost> {
        let watch = Stopwatch::start();
        let report = self.client.sync(SyncOptions::default()).await?;
        Ok(watch.stop(&report))
    }

    /// Keeps this device's side of every conflict and returns how many there were.
    ///
    /// # Errors
    /// Those of the client.
    pub async fn keep_local(&self) -> Result<usize> {
        let conflicts = self.client.conflicts().await?;
        let count = conflicts.len();
        for conflict in conflicts {
            self.client.resolve(conflict, Resolution::KeepLocal).await?;
        }
        Ok(count)
    }
}

/// Opens a client with a layout.
///
/// # Errors
/// Those of [`Client::open`].
pub async fn open(layout: Measured, application: Arc<dyn Application>, state: Arc<dyn State>, drive: Arc<dyn Drive>) -> Result<Client> {
    open_with(layout.layout(), application, state, drive).await
}

async fn open_with(layout: Layout, application: Arc<dyn Application>, state: Arc<dyn State>, drive: Arc<dyn Drive>) -> Result<Client> {
    let options = Options { layout, ..Options::new(Arc::new(NativeRuntime::new())) };
    Ok(Client::open(application, state, drive, options).await?)
}

/// Opens a state of its own below `homes`.
///
/// # Errors
/// Those of [`SqliteState::open`].
pub fn state(homes: &Path, name: &str) -> Result<Arc<dyn State>> {
    Ok(Arc::new(SqliteState::open(homes.join(format!("{name}.sqlite")))?))
}
