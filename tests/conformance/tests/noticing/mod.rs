//! A drive that tells what changed, because no other one here does yet.

use kitestring::{
    Drive, DrivePath, MemoryDrive, Result, apply,
    drive::{Capabilities, Changed, Condition, GetOptions, Got, Listing, Version},
    port,
};
use std::{
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    time::{Duration, Instant},
};

/// A memory drive that counts its changes.
#[derive(Debug, Default)]
pub(crate) struct Noticing {
    drive: MemoryDrive,
    changes: AtomicU64,
}

#[apply(port!)]
impl Drive for Noticing {
    fn capabilities(&self) -> Capabilities {
        self.drive.capabilities()
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.drive.get(path, options).await
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        let written = self.drive.put(path, bytes, condition).await;
        self.changes.fetch_add(1, SeqCst);
        written
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        let deleted = self.drive.delete(path, condition).await;
        self.changes.fetch_add(1, SeqCst);
        deleted
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.drive.list_dir(dir, cursor).await
    }

    async fn changed_since(&self, token: Option<String>) -> Result<Changed> {
        let now = self.changes.load(SeqCst).to_string();
        Ok(if token.as_ref() == Some(&now) { Changed::No } else { Changed::Yes(now) })
    }

    async fn wait_for_change(&self, token: Option<String>, timeout: Duration) -> Result<Changed> {
        let begun = Instant::now();
        loop {
            match self.changed_since(token.clone()).await? {
                Changed::No if begun.elapsed() < timeout => async_io::Timer::after(Duration::from_millis(2)).await,
                told => return Ok(told),
            };
        }
    }
}
