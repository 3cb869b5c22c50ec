//! Counts of the journal layout, for each strategy.

use crate::{
    Result,
    cost::Cost,
    device::Device,
    layout::Measured,
    steps::{EDITED, EDITS},
    table::Row,
    workload::Note,
};
use kitestring::{MemoryDrive, MemoryState, Strategy};
use std::sync::Arc;

/// Every strategy with what one edit may cost: a record and a head in two or three requests; where there is no head,
/// one page of a listing and the record.
pub const STRATEGIES: [(Strategy, u64); 3] = [(Strategy::CompareAndSwap, 3), (Strategy::Slots, 3), (Strategy::Listing, 2)];

/// What an idle sync may cost, and one that finds one edit of another device: the head, and two more.
const IDLE: u64 = 1;
const PULL: u64 = 3;
/// How many bytes a record holds at most, and how many requests a first sync may make beside the records.
const RECORD_BYTES: u64 = 4 << 20;
const BESIDE_RECORDS: u64 = 8;

/// Requests of small syncs, among 250 documents on two devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalSmall {
    /// One edit pushed.
    pub edit: u64,
    /// That edit pulled by the other device.
    pub pull: u64,
    /// Nothing to do: the more expensive of both devices.
    pub idle: u64,
}

/// A first push and a first pull.
#[derive(Debug, Clone, Copy)]
pub struct First {
    /// The push.
    pub push: Cost,
    /// The pull by another device.
    pub pull: Cost,
    /// The bytes of all files on the drive.
    pub stored: u64,
}

struct Two {
    drive: Arc<MemoryDrive>,
    a: Device,
    b: Device,
}

impl Two {
    async fn new(strategy: Strategy) -> Result<Self> {
        let drive = Arc::new(MemoryDrive::new());
        let layout = Measured::Journal(Some(strategy));
        let a = Device::new(layout, Arc::new(MemoryState::default()), drive.clone()).await?;
        let b = Device::new(layout, Arc::new(MemoryState::default()), drive.clone()).await?;
        Ok(Self { drive, a, b })
    }

    /// A pushes and B pulls.
    async fn first(&self, count: u64) -> Result<(Cost, Cost)> {
        self.a.edit(0..count, 0).await?;
        Ok((self.a.sync().await?, self.b.sync().await?))
    }
}

/// Counts small syncs.
///
/// # Errors
/// Those of a sync.
pub async fn journal_small(strategy: Strategy) -> Result<JournalSmall> {
    let two = Two::new(strategy).await?;
    two.first(250).await?;
    two.a.sync().await?;
    two.a.edit(7..8, 1).await?;
    let total = |cost: Cost| cost.requests.total();
    let (edit, pull) = (total(two.a.sync().await?), total(two.b.sync().await?));
    let idle = total(two.a.sync().await?).max(total(two.b.sync().await?));
    Ok(JournalSmall { edit, pull, idle })
}

/// Measures the first push and pull of `count` notes.
///
/// # Errors
/// Those of a sync, and if not every note arrived.
pub async fn first(strategy: Strategy, count: u64) -> Result<First> {
    let two = Two::new(strategy).await?;
    let (push, pull) = two.first(count).await?;
    if two.b.host.len() as u64 != count {
        return Err(format!("{} of {count} documents arrived", two.b.host.len()).into());
    }
    Ok(First { push, pull, stored: two.drive.contents().values().map(|bytes| bytes.len() as u64).sum() })
}

/// Returns how many requests a first sync of this many bytes on the drive may make.
pub fn most_for(stored: u64) -> u64 {
    stored.div_ceil(RECORD_BYTES) + BESIDE_RECORDS
}

/// Returns the size of the notes themselves.
pub fn raw_bytes(count: u64) -> u64 {
    (0..count).map(|i| Note::new(i, 0).document().len() as u64).sum()
}

/// Returns how many records a sync after ten thousand edits of a hundred documents leaves.
///
/// # Errors
/// Those of a sync.
pub async fn records_of_many_edits(strategy: Strategy) -> Result<u64> {
    let two = Two::new(strategy).await?;
    two.first(250).await?;
    let records = || two.drive.contents().keys().filter(|path| path.starts_with("j/")).count() as u64;
    let before = records();
    for round in 1..=EDITS {
        two.a.edit(0..EDITED, round).await?;
    }
    two.a.sync().await?;
    two.b.sync().await?;
    if two.a.host.documents() != two.b.host.documents() {
        return Err("the edits did not arrive".into());
    }
    Ok(records() - before)
}

/// Returns rows for each strategy.
///
/// # Errors
/// Those of a sync.
pub async fn journal_rows() -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (strategy, most) in STRATEGIES {
        let small = journal_small(strategy).await?;
        let what = |of: &str| format!("journal, {strategy}: {of}");
        rows.push(Row::count(what("requests of one edit"), small.edit, most));
        rows.push(Row::count(what("requests of its pull"), small.pull, PULL));
        rows.push(Row::count(what("requests of an idle sync"), small.idle, IDLE));
        let records = records_of_many_edits(strategy).await?;
        rows.push(Row::plain(what("records of 10,000 edits, one sync"), records.to_string()).asserted("1", records == 1));
    }
    Ok(rows)
}
