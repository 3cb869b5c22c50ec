//! A layer that makes any drive as slow as a network.

use kitestring::{
    Drive, DrivePath, Result, Runtime, apply,
    drive::{Capabilities, Changed, Condition, GetOptions, Got, Listing, Version},
    port,
};
use std::{fmt, sync::Arc, time::Duration};

/// Adds a fixed latency to each request of the drive underneath, for benches and demos.
///
/// A `put_many` costs what it costs on a drive without batches: one request per file, at most
/// [`Capabilities::parallel`] at once. Waiting for changes costs nothing extra.
pub struct SlowDrive {
    drive: Arc<dyn Drive>,
    runtime: Arc<dyn Runtime>,
    latency: Duration,
}

impl SlowDrive {
    /// Puts `latency` before each request to `drive`, measured by `runtime`.
    pub fn new(drive: Arc<dyn Drive>, runtime: Arc<dyn Runtime>, latency: Duration) -> Self {
        Self { drive, runtime, latency }
    }

    async fn travel(&self) {
        self.runtime.sleep(self.latency).await;
    }
}

impl fmt::Debug for SlowDrive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlowDrive").field("latency", &self.latency).finish_non_exhaustive()
    }
}

// `put_many` is the port's default on purpose: it sends each file through `put`.
#[apply(port!)]
impl Drive for SlowDrive {
    fn capabilities(&self) -> Capabilities {
        self.drive.capabilities()
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.travel().await;
        self.drive.get(path, options).await
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.travel().await;
        self.drive.put(path, bytes, condition).await
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.travel().await;
        self.drive.delete(path, condition).await
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.travel().await;
        self.drive.list_dir(dir, cursor).await
    }

    async fn changed_since(&self, token: Option<String>) -> Result<Changed> {
        self.travel().await;
        self.drive.changed_since(token).await
    }

    async fn wait_for_change(&self, token: Option<String>, timeout: Duration) -> Result<Changed> {
        self.drive.wait_for_change(token, timeout).await
    }
}
