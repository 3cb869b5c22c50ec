//! How many requests a sync costs, and how many files it leaves: numbers that are the same on every machine.

mod journal;

pub use journal::{First, JournalSmall, STRATEGIES, first, journal_rows, journal_small, most_for, raw_bytes, records_of_many_edits};

use crate::{Result, device::Device, layout::Measured, table::Row};
use kitestring::{MemoryDrive, MemoryState, drive::Capabilities};
use std::sync::Arc;

/// What a drive can do, by name, with the number of requests that one edit may cost in the classic layout.
pub const TIERS: [(&str, Capabilities, u64); 3] = [
    ("compare-and-swap", Capabilities::FULL, 7),
    ("create-only", Capabilities { replace: false, ..Capabilities::FULL }, 9),
    ("no conditions", Capabilities::NONE, 10),
];

/// Requests of two small syncs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassicSmall {
    /// One edit, among 250 documents, with a log whose last window is not full.
    pub edit: u64,
    /// Nothing to do.
    pub idle: u64,
}

/// Counts on a drive in memory.
///
/// # Errors
/// Those of a sync.
pub async fn classic_small(capabilities: Capabilities) -> Result<ClassicSmall> {
    let device = Device::new(Measured::Classic, Arc::new(MemoryState::default()), Arc::new(MemoryDrive::with(capabilities))).await?;
    device.edit(0..250, 0).await?;
    device.sync().await?;
    device.sync().await?;
    device.edit(7..8, 1).await?;
    Ok(ClassicSmall { edit: device.sync().await?.requests.total(), idle: device.sync().await?.requests.total() })
}

/// Returns two rows for each tier.
///
/// # Errors
/// Those of a sync.
pub async fn classic_rows() -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, capabilities, most) in TIERS {
        let counts = classic_small(capabilities).await?;
        rows.push(Row::count(format!("classic, {name}: requests of one edit"), counts.edit, most));
        rows.push(Row::count(format!("classic, {name}: requests of an idle sync"), counts.idle, 1));
    }
    Ok(rows)
}
