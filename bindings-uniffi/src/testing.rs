//! What tests need inside of the library: a drive with a fault, by which they see that a panic is contained, and the same work
//! without another language, to compare times with.

use crate::{Drive, KiteError, contain::contained_async};
use kitestring::{
    Client, DrivePath, MemoryApplication, MemoryDrive, MemoryState, Options, Result, SyncOptions, apply,
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    port,
};
use kitestring_adapters::NativeRuntime;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Queues and pushes so many documents, and says how long that took.
#[uniffi::export]
pub async fn push_in_rust(bodies: Vec<Vec<u8>>) -> Result<Duration, KiteError> {
    contained_async("sync", async {
        let host = Arc::new(MemoryApplication::new());
        let changes = bodies.into_iter().enumerate().map(|(number, body)| host.put(&format!("note-{number:05}"), body));
        let changes = changes.collect::<Result<_>>()?;
        let options = Options::new(Arc::new(NativeRuntime::new()));
        let client = Client::open(host, Arc::new(MemoryState::new()), Arc::new(MemoryDrive::new()), options).await?;
        let begun = Instant::now();
        client.queue_changes(changes).await?;
        client.sync(SyncOptions::default()).await?;
        Ok(begun.elapsed())
    })
    .await
}

#[uniffi::export]
impl Drive {
    /// Makes a drive of which every request panics.
    #[uniffi::constructor]
    pub fn panicking() -> Arc<Self> {
        Self::ready(Arc::new(Panicking))
    }
}

struct Panicking;

#[apply(port!)]
#[allow(clippy::panic, reason = "that is what it is for")]
impl kitestring::Drive for Panicking {
    fn capabilities(&self) -> Capabilities {
        Capabilities::FULL
    }

    async fn get(&self, _path: DrivePath, _options: GetOptions) -> Result<Got> {
        panic!("a planted fault");
    }

    async fn put(&self, _path: DrivePath, _bytes: Vec<u8>, _condition: Condition) -> Result<Version> {
        panic!("a planted fault");
    }

    async fn delete(&self, _path: DrivePath, _condition: Condition) -> Result<()> {
        panic!("a planted fault");
    }

    async fn list_dir(&self, _dir: DrivePath, _cursor: Option<String>) -> Result<Listing> {
        panic!("a planted fault");
    }
}
