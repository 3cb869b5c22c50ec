//! A layer that counts requests and bytes, and knows what the drive was found to be able to do.

use super::{Capabilities, Changed, Condition, Drive, DrivePath, GetOptions, Got, Listing, PutFile, Version};
use crate::{Bytes, Requests, Result};
use macro_rules_attribute::apply;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// Counts what passes through to the drive underneath.
pub(crate) struct Meter {
    drive: Arc<dyn Drive>,
    /// What the drive can do, as far as that was found out.
    capabilities: Capabilities,
    get: AtomicU64,
    put: AtomicU64,
    delete: AtomicU64,
    list: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

impl Meter {
    pub(crate) fn new(drive: Arc<dyn Drive>, capabilities: Capabilities) -> Self {
        let zero = || AtomicU64::new(0);
        Self { drive, capabilities, get: zero(), put: zero(), delete: zero(), list: zero(), sent: zero(), received: zero() }
    }

    /// Returns what was counted since the last call, and begins anew.
    pub(crate) fn take(&self) -> (Requests, Bytes) {
        let take = |counter: &AtomicU64| counter.swap(0, Relaxed);
        let requests = Requests { get: take(&self.get), put: take(&self.put), delete: take(&self.delete), list: take(&self.list) };
        (requests, Bytes { sent: take(&self.sent), received: take(&self.received) })
    }
}

#[apply(port!)]
impl Drive for Meter {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.get.fetch_add(1, Relaxed);
        let got = self.drive.get(path, options).await?;
        if let Got::File { bytes, .. } = &got {
            self.received.fetch_add(bytes.len() as u64, Relaxed);
        }
        Ok(got)
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.put.fetch_add(1, Relaxed);
        self.sent.fetch_add(bytes.len() as u64, Relaxed);
        self.drive.put(path, bytes, condition).await
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.delete.fetch_add(1, Relaxed);
        self.drive.delete(path, condition).await
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.list.fetch_add(1, Relaxed);
        self.drive.list_dir(dir, cursor).await
    }

    async fn put_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        self.put.fetch_add(files.len() as u64, Relaxed);
        self.sent.fetch_add(files.iter().map(|f| f.bytes.len() as u64).sum(), Relaxed);
        self.drive.put_many(files).await
    }

    async fn changed_since(&self, token: Option<String>) -> Result<Changed> {
        self.get.fetch_add(1, Relaxed);
        self.drive.changed_since(token).await
    }

    async fn wait_for_change(&self, token: Option<String>, timeout: Duration) -> Result<Changed> {
        self.drive.wait_for_change(token, timeout).await
    }
}
