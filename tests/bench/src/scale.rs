//! What must not depend on how many documents there are: memory, and the cost of small syncs and of saving.

use crate::{
    Result, child,
    cost::{Cost, Stopwatch},
    device::{Device, open, state},
    hosts::GeneratingHost,
    layout::Measured,
    memory::Peak,
    table::{Row, time},
};
use kitestring::{Drive, MemoryDrive, SyncOptions};
use kitestring_adapters::drives::fs::FsDrive;
use serde::{Deserialize, Serialize};
use std::{path::Path, sync::Arc, time::Duration};

/// The most heap of a first push or pull, whatever the number of documents.
const MOST_HEAP_KIB: u64 = 200 * 1024;
/// How many times the CPU of a small sync may grow with the number of documents.
const MOST_TIMES: f64 = 2.0;
const MOST_IDLE: Duration = Duration::from_millis(5);
/// What one durable save may cost: 2 s for 10,000.
const MOST_SAVE: Duration = Duration::from_micros(200);
const TURNS: usize = 5;

/// What small syncs cost on a device with many documents.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Small {
    /// One edit, queued and pushed.
    pub edit: Cost,
    /// Nothing to do.
    pub idle: Cost,
}

/// What one number of documents gave.
struct AtSize {
    push: Peak,
    pull: Peak,
    small: Small,
}

/// What the child process does: small syncs of the device whose first push another child made; the best of a few.
///
/// # Errors
/// Those of a sync, and if nothing was pushed.
pub async fn small(layout: Measured, count: u64, place: &Path) -> Result<Small> {
    let drive: Arc<dyn Drive> = Arc::new(FsDrive::create(place.join("drive"))?);
    let host = Arc::new(GeneratingHost::new(count));
    let client = open(layout, host.clone(), state(place, "push")?, drive).await?;
    // The first sync after opening may read what later ones keep; a long-lived application makes it once.
    client.sync(SyncOptions::default()).await?;
    let mut best: Option<Small> = None;
    for _ in 0..TURNS {
        let changes = host.edit_last()?;
        let watch = Stopwatch::start();
        client.queue_changes(changes).await?;
        let report = client.sync(SyncOptions::default()).await?;
        let edit = watch.stop(&report);
        if report.pushed != 1 {
            return Err(format!("{} documents were pushed after one edit", report.pushed).into());
        }
        let watch = Stopwatch::start();
        let idle = watch.stop(&client.sync(SyncOptions::default()).await?);
        let before = best.unwrap_or(Small { edit, idle });
        best = Some(Small { edit: before.edit.better(edit), idle: before.idle.better(idle) });
    }
    best.ok_or_else(|| "no sync took place".into())
}

/// Returns rows about the journal layout with a few documents and with many.
///
/// # Errors
/// If a process fails.
pub fn rows(program: &Path, (few, many): (u64, u64), work: &Path) -> Result<Vec<Row>> {
    let (a, b) = (at_size(program, few, work)?, at_size(program, many, work)?);
    let what = |of: &str| format!("journal, {few} → {many} notes, folder: {of}");
    let heap = |half: &str, a: Peak, b: Peak| {
        let mib = |kib: u64| kib as f64 / 1024.0;
        let target = format!("< {} MiB", MOST_HEAP_KIB / 1024);
        Row::plain(what(&format!("peak heap of a first {half}")), format!("{:.1} → {:.1} MiB", mib(a.heap), mib(b.heap)))
            .rated(format!("resident {:.1} → {:.1} MiB", mib(a.resident), mib(b.resident)))
            .asserted(target, b.heap < MOST_HEAP_KIB)
    };
    let (before, after) = (a.small.edit, b.small.edit);
    let requests = (before.requests.total(), after.requests.total());
    let times = after.cpu.as_secs_f64() / before.cpu.as_secs_f64().max(f64::MIN_POSITIVE);
    Ok(vec![
        heap("push", a.push, b.push),
        heap("pull", a.pull, b.pull),
        Row::plain(what("requests of one edit"), format!("{} → {}", requests.0, requests.1)).asserted("the same", requests.0 == requests.1),
        Row::plain(what("CPU of one edit"), format!("{} → {}", time(before.cpu), time(after.cpu)))
            .rated(format!("{times:.1} ×"))
            .aimed(format!("≤ {MOST_TIMES} ×"), times <= MOST_TIMES),
        Row::within(what("CPU of an idle sync"), b.small.idle.cpu, MOST_IDLE),
    ])
}

fn at_size(program: &Path, count: u64, work: &Path) -> Result<AtSize> {
    let place = tempfile::tempdir_in(work)?;
    let layout = Measured::JOURNAL;
    let push = child::run(program, "push", layout, count, place.path())?;
    let pull = child::run(program, "pull", layout, count, place.path())?;
    Ok(AtSize { push, pull, small: child::run(program, "small", layout, count, place.path())? })
}

/// Saves `count` documents one by one, each durable before the next, with a state in SQLite.
///
/// # Errors
/// Those of the state.
pub async fn saves(count: u64, work: &Path) -> Result<Row> {
    let place = tempfile::tempdir_in(work)?;
    let device = Device::new(Measured::JOURNAL, state(place.path(), "saves")?, Arc::new(MemoryDrive::new())).await?;
    let changes = device.host.edit(0..count, 0)?;
    let watch = Stopwatch::start();
    for change in changes {
        device.client.queue_change(change).await?;
    }
    let cost = watch.time();
    let most = MOST_SAVE * u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Row::within(format!("{count} durable saves: CPU"), cost.cpu, most).rated(format!("{} of time", time(cost.wall))))
}
