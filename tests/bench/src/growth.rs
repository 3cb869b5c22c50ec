//! A vault that is edited for long: what it takes on the drive, what a new device reads, and what putting it in order costs.

use crate::{
    Result, child,
    cost::Cost,
    device::{Device, open, state},
    hosts::{DiscardingHost, GeneratingHost},
    layout::Measured,
    memory::{Peak, resident_kib},
    table::Row,
};
use async_io::block_on;
use kitestring::{Drive, JournalOptions, Layout, MemoryDrive, MemoryState, Strategy, SyncOptions};
use kitestring_adapters::drives::fs::FsDrive;
use std::{path::Path, sync::Arc};

/// How many documents there are, how many of them are edited, and how often.
const NOTES: u64 = 1_000;
const EDITED: u64 = 100;
/// How many edits of each the longest history has: a hundred thousand together.
pub const ROUNDS: u64 = 1_000;
/// What a vault may take beside twice its documents: a head, a marker, and what was written since the last checkpoint.
pub const BESIDE_BYTES: u64 = 256 << 10;
/// How many times a fresh vault it may be beside that.
pub const MOST_SIZE: u64 = 2;
/// How many times the cost of a fresh vault a first pull may have.
pub const MOST_TIMES: f64 = 1.3;
/// The most heap while a vault is put in order.
const MOST_HEAP_KIB: u64 = 200 * 1024;
/// Every so many documents one is edited before the vault is put in order.
const EVERY: u64 = 3;

/// What a vault is after many edits.
#[derive(Debug, Clone, Copy)]
pub struct Grown {
    /// The bytes on the drive at their most, after each sync.
    pub most_bytes: u64,
    /// The bytes on the drive at the end.
    pub bytes: u64,
    /// The bytes of a vault to which the same documents were pushed once.
    pub fresh_bytes: u64,
    /// The first pull of a new device after the last edit, whatever was written since the last checkpoint.
    pub pull: Cost,
    /// The same, right after a checkpoint.
    pub pull_after: Cost,
    /// The first pull from the fresh vault.
    pub fresh_pull: Cost,
    /// The most requests that one of the syncs made.
    pub most_requests: u64,
    /// The mean number of requests of a sync of a hundred edits.
    pub mean_requests: f64,
}

/// Edits a hundred of a thousand notes `rounds` times, with a sync after each round. Nothing that was replaced is kept.
///
/// # Errors
/// Those of a sync, and if not every note arrives.
pub async fn grown(strategy: Strategy, rounds: u64) -> Result<Grown> {
    let drive = Arc::new(MemoryDrive::new());
    let size = |drive: &MemoryDrive| drive.contents().values().map(|bytes| bytes.len() as u64).sum::<u64>();
    let device = |drive: &Arc<MemoryDrive>| {
        let drive = drive.clone();
        async move { Device::with(layout(strategy), Arc::new(MemoryState::default()), drive).await }
    };
    let a = device(&drive).await?;
    a.edit(0..NOTES, 0).await?;
    a.sync().await?;
    let (mut most_bytes, mut most_requests, mut requests) = (0, 0, 0);
    for round in 1..=rounds {
        a.edit(0..EDITED, round).await?;
        let cost = a.sync().await?;
        most_requests = most_requests.max(cost.requests.total());
        requests += cost.requests.total();
        most_bytes = most_bytes.max(size(&drive));
    }
    let pull = device(&drive).await?.sync().await?;
    a.client.compact(SyncOptions::default()).await?;
    let b = device(&drive).await?;
    let pull_after = b.sync().await?;
    let fresh = Arc::new(MemoryDrive::new());
    let c = device(&fresh).await?;
    c.edit(0..EDITED, rounds).await?;
    c.edit(EDITED..NOTES, 0).await?;
    c.sync().await?;
    let d = device(&fresh).await?;
    let fresh_pull = d.sync().await?;
    if b.host.documents() != a.host.documents() || d.host.documents() != a.host.documents() {
        return Err("the edits did not arrive".into());
    }
    let mean_requests = requests as f64 / rounds as f64;
    let (bytes, fresh_bytes) = (size(&drive), size(&fresh));
    Ok(Grown { most_bytes, bytes, fresh_bytes, pull, pull_after, fresh_pull, most_requests, mean_requests })
}

fn layout(strategy: Strategy) -> Layout {
    Layout::Journal(JournalOptions { strategy: Some(strategy), history_days: 0, ..JournalOptions::default() })
}

/// What the child process does with a vault that another child has pushed: edits a third of it, and puts it in order.
///
/// # Errors
/// Those of a sync, and if there was nothing to do.
async fn compact(count: u64, place: &Path) -> Result<()> {
    let drive: Arc<dyn Drive> = Arc::new(FsDrive::create(place.join("drive"))?);
    let host = Arc::new(GeneratingHost::new(count));
    let client = open(Measured::JOURNAL, host.clone(), state(place, "push")?, drive).await?;
    let changes = host.edit_every(EVERY)?;
    for some in changes.chunks(500) {
        client.queue_changes(some.to_vec()).await?;
    }
    client.sync(SyncOptions::default()).await?;
    if !client.compact(SyncOptions::default()).await? {
        return Err("there was nothing to put in order".into());
    }
    Ok(())
}

/// What the child process prints: its own peak.
///
/// # Errors
/// As [`compact`] and [`pull_all`].
pub fn child(count: u64, place: &Path, heap: impl Fn() -> usize) -> Result<Peak> {
    block_on(compact(count, place))?;
    let heap = heap() as u64 / 1024;
    block_on(pull_all(count, place))?;
    Ok(Peak { heap, resident: resident_kib()? })
}

/// Whether a device that knows nothing gets every note of such a vault.
///
/// # Errors
/// Those of a sync, and if not every note arrives.
async fn pull_all(count: u64, place: &Path) -> Result<()> {
    let drive: Arc<dyn Drive> = Arc::new(FsDrive::create(place.join("drive"))?);
    let client = open(Measured::JOURNAL, Arc::new(DiscardingHost), state(place, "new")?, drive).await?;
    let pulled = client.sync(SyncOptions::default()).await?.pulled;
    if pulled == count { Ok(()) } else { Err(format!("{pulled} of {count} documents arrived").into()) }
}

/// Returns rows about long edited vaults, and about putting one of `count` documents in order.
///
/// # Errors
/// If a process or a sync fails.
pub async fn rows(program: &Path, count: u64, work: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for strategy in Strategy::ALL {
        let grown = grown(strategy, ROUNDS).await?;
        let what = |of: &str| format!("journal, {strategy}, 100,000 edits: {of}");
        let most = MOST_SIZE * grown.fresh_bytes + BESIDE_BYTES;
        let kib = |bytes: u64| format!("{} KiB", bytes / 1024);
        rows.push(
            Row::plain(what("most bytes on the drive"), kib(grown.most_bytes))
                .rated(format!("a fresh vault has {}", kib(grown.fresh_bytes)))
                .asserted(format!("≤ {}", kib(most)), grown.most_bytes <= most),
        );
        let times = |cost: Cost| cost.bytes.received as f64 / grown.fresh_pull.bytes.received as f64;
        rows.push(
            Row::plain(what("first pull after a checkpoint"), format!("{} requests", grown.pull_after.requests.total()))
                .rated(format!(
                    "{:.2} × the bytes, {} requests of a fresh vault",
                    times(grown.pull_after),
                    grown.fresh_pull.requests.total()
                ))
                .asserted(format!("≤ {MOST_TIMES} ×"), times(grown.pull_after) <= MOST_TIMES),
        );
    }
    let place = tempfile::tempdir_in(work)?;
    let _: Peak = child::run(program, "push", Measured::JOURNAL, count, place.path())?;
    let peak: Peak = child::run(program, "compact", Measured::JOURNAL, count, place.path())?;
    let mib = |kib: u64| kib as f64 / 1024.0;
    rows.push(
        Row::plain(format!("journal, {count} notes, folder: peak heap while it is put in order"), format!("{:.1} MiB", mib(peak.heap)))
            .rated(format!("resident {:.1} MiB", mib(peak.resident)))
            .asserted(format!("< {} MiB", MOST_HEAP_KIB / 1024), peak.heap < MOST_HEAP_KIB),
    );
    Ok(rows)
}
