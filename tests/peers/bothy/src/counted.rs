//! A remote that counts what is asked of it, each after a wait.

use async_trait::async_trait;
use bothy::{
    Result,
    remote::{FolderRemote, PutOutcome, RemoteEntry, RemoteStore},
};
use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// A folder that counts.
pub struct Counted {
    folder: FolderRemote,
    wait: Duration,
    requests: AtomicU64,
    up: AtomicU64,
    down: AtomicU64,
}

impl Counted {
    /// Counts what is asked of a folder, and lets each request wait.
    pub fn new(folder: &Path, wait: Duration) -> Result<Self> {
        let none = || AtomicU64::new(0);
        Ok(Self { folder: FolderRemote::new(folder)?, wait, requests: none(), up: none(), down: none() })
    }

    /// Returns requests, and bytes up and down, since the last call.
    pub fn take(&self) -> [u64; 3] {
        [&self.requests, &self.up, &self.down].map(|count| count.swap(0, Relaxed))
    }

    async fn asked(&self) {
        self.requests.fetch_add(1, Relaxed);
        if !self.wait.is_zero() {
            tokio::time::sleep(self.wait).await;
        }
    }
}

#[async_trait]
impl RemoteStore for Counted {
    async fn list(&self, prefix: &str) -> Result<Vec<RemoteEntry>> {
        self.asked().await;
        self.folder.list(prefix).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.asked().await;
        let found = self.folder.get(key).await?;
        self.down.fetch_add(found.as_ref().map_or(0, |bytes| bytes.len() as u64), Relaxed);
        Ok(found)
    }

    async fn put_new(&self, key: &str, data: &[u8], reservation: Option<&str>) -> Result<PutOutcome> {
        self.asked().await;
        self.up.fetch_add(data.len() as u64, Relaxed);
        self.folder.put_new(key, data, reservation).await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.asked().await;
        self.folder.delete(key).await
    }
}
