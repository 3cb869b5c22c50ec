//! The client and what it is opened with.

use crate::{
    application::{Application, Host},
    error::KiteError,
    record::{Change, Conflict, Report, Resolution},
};
use kitestring::{MemoryDrive, MemoryState, Options, SyncOptions};
use kitestring_adapters::NativeRuntime;
use std::sync::Arc;

/// Storage that several clients share.
#[derive(uniffi::Object)]
pub struct Drive(Arc<dyn kitestring::Drive>);

#[uniffi::export]
impl Drive {
    /// Makes an empty drive that is gone with the process.
    #[uniffi::constructor]
    pub fn memory() -> Arc<Self> {
        Arc::new(Self(Arc::new(MemoryDrive::new())))
    }
}

/// The client's own memory.
#[derive(uniffi::Object)]
pub struct State(Arc<dyn kitestring::State>);

#[uniffi::export]
impl State {
    /// Makes an empty state that is gone with the process.
    #[uniffi::constructor]
    pub fn memory() -> Arc<Self> {
        Arc::new(Self(Arc::new(MemoryState::new())))
    }
}

/// One device's instance.
#[derive(uniffi::Object)]
pub struct Client(kitestring::Client);

#[uniffi::export]
impl Client {
    /// Opens a client: loads its state and re-queues every uncommitted edit.
    #[uniffi::constructor]
    pub async fn open(application: Arc<dyn Application>, state: Arc<State>, drive: Arc<Drive>) -> Result<Arc<Self>, KiteError> {
        let application = Arc::new(Host::new(application)?);
        let options = Options::new(Arc::new(NativeRuntime::new()));
        let client = kitestring::Client::open(application, state.0.clone(), drive.0.clone(), options).await?;
        Ok(Arc::new(Self(client)))
    }

    /// Queues one change. Durable on return.
    pub async fn queue_change(&self, change: Change) -> Result<(), KiteError> {
        Ok(self.0.queue_change(change.try_into()?).await?)
    }

    /// Syncs.
    pub async fn sync(&self) -> Result<Report, KiteError> {
        Ok(self.0.sync(SyncOptions::default()).await?.into())
    }

    /// Lists the conflicts that wait.
    pub async fn conflicts(&self) -> Result<Vec<Conflict>, KiteError> {
        Ok(self.0.conflicts().await?.into_iter().map(Conflict::from).collect())
    }

    /// Settles a conflict as it was shown.
    pub async fn resolve(&self, seen: Conflict, resolution: Resolution) -> Result<(), KiteError> {
        Ok(self.0.resolve(seen.try_into()?, resolution.into()).await?)
    }

    /// Closes the client; a running sync ends with `cancelled`. (A method named `close` is Kotlin's own.)
    pub fn shutdown(&self) {
        self.0.close();
    }
}
