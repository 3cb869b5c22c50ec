//! One first push and one first pull of ours.

use crate::{
    Result,
    cost::{Cost, Stopwatch},
    device::{Device, state},
    layout::Measured,
};
use kitestring::{Drive, SyncOptions};
use std::{path::Path, sync::Arc};

/// What a push and a pull of the same documents cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pair {
    /// The first push, queueing included.
    pub push: Cost,
    /// The first pull, by another client.
    pub pull: Cost,
}

impl Pair {
    /// Returns the lower times of two runs.
    #[must_use]
    pub fn better(self, later: Self) -> Self {
        Self { push: self.push.better(later.push), pull: self.pull.better(later.pull) }
    }
}

/// Pushes `count` notes from one client, then pulls them with another. `homes` keeps their states.
///
/// # Errors
/// Those of a sync, and if not every document travelled.
pub async fn push_and_pull(layout: Measured, count: u64, homes: &Path, drive: Arc<dyn Drive>) -> Result<Pair> {
    let writer = Device::new(layout, state(homes, "push")?, drive.clone()).await?;
    let changes = writer.host.edit(0..count, 0)?;
    let watch = Stopwatch::start();
    writer.client.queue_changes(changes).await?;
    let push = watch.stop(&writer.client.sync(SyncOptions::default()).await?);

    let reader = Device::new(layout, state(homes, "pull")?, drive).await?;
    let pull = reader.sync().await?;
    if reader.host.len() as u64 != count {
        return Err(format!("{} of {count} documents arrived", reader.host.len()).into());
    }
    Ok(Pair { push, pull })
}
