//! A drive at the end of a slow line, and a client that is stopped again and again.

use crate::TestRuntime;
use futures::future::{Either, select};
use kitestring::{
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    *,
};
use std::{
    future::{Future, pending},
    pin::pin,
    sync::{
        Arc,
        atomic::{
            AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
    task::Poll,
};

/// What a request costs beside its bytes, both ways.
const OVERHEAD: u64 = 400;
/// Time passes in steps of so many bytes.
const STEP: u64 = 512;

/// A line that moves so many bytes a second, however many share it, and counts them, also those that never arrived.
pub struct Slow {
    pub drive: Arc<MemoryDrive>,
    pub runtime: Arc<TestRuntime>,
    pub bytes_per_second: u64,
    /// Microseconds that have not made up a millisecond yet.
    micros: AtomicU64,
    pub moved: AtomicU64,
    pub requests: AtomicU64,
    /// When the client is stopped: nothing is answered from then on.
    pub dies_at: AtomicU64,
}

impl Slow {
    pub fn new(drive: &Arc<MemoryDrive>, runtime: &Arc<TestRuntime>, bytes_per_second: u64) -> Arc<Self> {
        Arc::new(Self {
            drive: drive.clone(),
            runtime: runtime.clone(),
            bytes_per_second,
            micros: AtomicU64::new(0),
            moved: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            dies_at: AtomicU64::new(u64::MAX),
        })
    }

    fn is_dead(&self) -> bool {
        self.runtime.ms.load(SeqCst) >= self.dies_at.load(SeqCst)
    }

    async fn travel(&self, bytes: usize) {
        let mut left = bytes as u64;
        while left > 0 {
            if self.is_dead() {
                return pending().await;
            }
            let step = left.min(STEP);
            left -= step;
            self.moved.fetch_add(step, Relaxed);
            let micros =
                self.micros.fetch_add(step * 1_000_000 / self.bytes_per_second, Relaxed) + step * 1_000_000 / self.bytes_per_second;
            self.micros.store(micros % 1000, Relaxed);
            self.runtime.ms.fetch_add(micros / 1000, SeqCst);
            crate::yield_now().await;
        }
    }

    async fn request(&self, bytes: usize) {
        self.requests.fetch_add(1, Relaxed);
        self.travel(OVERHEAD as usize + bytes).await;
    }

    /// Runs until it ends, or until the client has lived so long; none then.
    pub async fn life<T>(&self, ms: u64, work: impl Future<Output = T>) -> Option<T> {
        self.dies_at.store(self.runtime.ms.load(SeqCst).saturating_add(ms), SeqCst);
        let death = futures::future::poll_fn(|cx| {
            if self.is_dead() {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        match select(pin!(work), death).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(_) => None,
        }
    }
}

#[apply(port!)]
impl Drive for Slow {
    fn capabilities(&self) -> Capabilities {
        self.drive.capabilities()
    }
    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.request(0).await;
        let got = self.drive.get(path, options).await?;
        if let Got::File { bytes, .. } = &got {
            self.travel(bytes.len()).await;
        }
        Ok(got)
    }
    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.request(bytes.len()).await;
        self.drive.put(path, bytes, condition).await
    }
    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.request(0).await;
        self.drive.delete(path, condition).await
    }
    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.request(0).await;
        let listing = self.drive.list_dir(dir, cursor).await?;
        self.travel(80 * listing.entries.len()).await;
        Ok(listing)
    }
}
