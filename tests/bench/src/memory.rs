//! Peak memory of a first push and a first pull, each in a process of its own.

use crate::{
    Result, child,
    device::{open, state},
    hosts::{DiscardingHost, GeneratingHost},
    layout::Measured,
    table::Row,
};
use async_io::block_on;
use kitestring::{Drive, SyncOptions};
use kitestring_adapters::drives::fs::FsDrive;
use serde::{Deserialize, Serialize};
use std::{path::Path, sync::Arc};

/// By how much the resident peak may grow from the smaller dataset to the larger: room for batches, none for documents.
const MOST_GROWTH_KIB: u64 = 24 * 1024;

/// How many changes are queued at once.
const BATCH: u64 = 500;

/// Which half a child process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Half {
    /// The first push.
    Push,
    /// The first pull.
    Pull,
}

impl Half {
    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Pull => "pull",
        }
    }
}

/// The most memory that one process had, in KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peak {
    /// What Rust code had allocated at once: exact, and the same on every machine. SQLite's own cache is not in it.
    pub heap: u64,
    /// What the system had given: with SQLite, stacks, and what the allocator of the C library kept for its threads.
    pub resident: u64,
}

/// The peaks of both halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peaks {
    /// Of the first push.
    pub push: Peak,
    /// Of the first pull.
    pub pull: Peak,
}

/// Runs `program` twice on `count` documents and returns the peaks of both processes.
///
/// # Errors
/// If a process fails.
pub fn peaks(program: &Path, layout: Measured, count: u64, work: &Path) -> Result<Peaks> {
    let place = tempfile::tempdir_in(work)?;
    let peak = |half: Half| child::run(program, half.name(), layout, count, place.path());
    Ok(Peaks { push: peak(Half::Push)?, pull: peak(Half::Pull)? })
}

/// What the child process does: one half; it returns its own peak, whose `heap` is what `heap` says, in bytes.
///
/// # Errors
/// Those of a sync, and if not every document travelled.
pub fn child(layout: Measured, half: Half, count: u64, place: &Path, heap: impl Fn() -> usize) -> Result<Peak> {
    let travelled = block_on(travel(layout, half, count, place))?;
    if travelled != count {
        return Err(format!("{travelled} of {count} documents travelled").into());
    }
    Ok(Peak { heap: heap() as u64 / 1024, resident: resident_kib()? })
}

async fn travel(layout: Measured, half: Half, count: u64, place: &Path) -> Result<u64> {
    let drive: Arc<dyn Drive> = Arc::new(FsDrive::create(place.join("drive"))?);
    let state = state(place, half.name())?;
    if half == Half::Pull {
        return Ok(open(layout, Arc::new(DiscardingHost), state, drive).await?.sync(SyncOptions::default()).await?.pulled);
    }
    let host = Arc::new(GeneratingHost::new(count));
    let client = open(layout, host.clone(), state, drive).await?;
    for first in (0..count).step_by(BATCH as usize) {
        client.queue_changes(host.changes(first..(first + BATCH).min(count))?).await?;
    }
    Ok(client.sync(SyncOptions::default()).await?.pushed)
}

/// Reads the peak of this process's resident memory, as Linux counts it.
///
/// # Errors
/// On a system that is not Linux.
pub fn resident_kib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).ok_or("this system tells no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Returns a row for each half, about the growth from one number of documents to another.
///
/// # Errors
/// If a process fails.
pub fn growth(program: &Path, layout: Measured, (small, large): (u64, u64), work: &Path) -> Result<Vec<Row>> {
    let (a, b) = (peaks(program, layout, small, work)?, peaks(program, layout, large, work)?);
    let row = |half: Half, a: Peak, b: Peak| {
        let mib = |kib: u64| kib as f64 / 1024.0;
        let grown = b.resident.saturating_sub(a.resident);
        let what = format!("{}, {small} → {large} notes: peak memory of a first {}", layout.name(), half.name());
        Row::plain(what, format!("{:.1} → {:.1} MiB", mib(a.resident), mib(b.resident)))
            .rated(format!("+{:.1} MiB", mib(grown)))
            .asserted(format!("growth < {} MiB", MOST_GROWTH_KIB / 1024), grown < MOST_GROWTH_KIB)
    };
    Ok(vec![row(Half::Push, a.push, b.push), row(Half::Pull, a.pull, b.pull)])
}
