//! How many requests a small sync costs.

use crate::{Result, hosts::MapHost, sync::open, table::Row};
use kitestring::{MemoryDrive, MemoryState, SyncOptions, drive::Capabilities};
use std::sync::Arc;

/// What a drive can do, by name, with the number of requests that one edit may cost.
pub const TIERS: [(&str, Capabilities, u64); 3] = [
    ("compare-and-swap", Capabilities::FULL, 7),
    ("create-only", Capabilities { replace: false, ..Capabilities::FULL }, 9),
    ("no conditions", Capabilities::NONE, 9),
];

/// Requests of two small syncs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// One edit, among 250 documents, with a log whose last window is not full.
    pub edit: u64,
    /// Nothing to do.
    pub idle: u64,
}

/// Counts on a drive in memory.
///
/// # Errors
/// Those of a sync.
pub async fn count(capabilities: Capabilities) -> Result<Counts> {
    let host = Arc::new(MapHost::default());
    let drive = Arc::new(MemoryDrive::with(capabilities));
    let client = open(host.clone(), Arc::new(MemoryState::default()), drive).await?;
    client.queue_changes(host.edit(0..250, 0)?).await?;
    client.sync(SyncOptions::default()).await?;
    client.sync(SyncOptions::default()).await?;
    client.queue_changes(host.edit(7..8, 1)?).await?;
    let edit = client.sync(SyncOptions::default()).await?.requests.total();
    let idle = client.sync(SyncOptions::default()).await?.requests.total();
    Ok(Counts { edit, idle })
}

/// Returns a row for each tier.
///
/// # Errors
/// Those of a sync.
pub async fn rows() -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, capabilities, most) in TIERS {
        let counts = count(capabilities).await?;
        rows.push(Row::count(format!("requests of one edit, {name}"), counts.edit, most));
        rows.push(Row::count(format!("requests of an idle sync, {name}"), counts.idle, 1));
    }
    Ok(rows)
}
