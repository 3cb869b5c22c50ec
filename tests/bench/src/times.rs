//! Wall times beside the peer's. They are printed, never asserted: a shared machine gives no promise.

use crate::{
    Result,
    cost::Cost,
    layout::Measured,
    pair::{Pair, push_and_pull},
    peer,
    table::Row,
};
use async_io::block_on;
use kitestring::{Drive, MemoryDrive, Requests};
use kitestring_adapters::{drives::fs::FsDrive, layers::SlowDrive, runtime::NativeRuntime};
use std::{path::Path, sync::Arc, time::Duration};

const DELAY: Duration = Duration::from_millis(50);

/// How many times as fast as the peer each layout aims to be, on a folder (push, pull) and at a distance (both).
const TARGETS: [(Measured, (f64, f64), f64); 2] = [(Measured::Classic, (2.0, 3.0), 6.0), (Measured::JOURNAL, (20.0, 20.0), 100.0)];

/// Measures `count` notes on a folder, ours in durable batches, the peer's as it writes them. All take turns, and the
/// better of two times counts. Ours come first, since an `fsync` waits for what the peer has left to be written; nothing
/// is deleted meanwhile, since a file system slows down after mass deletions.
///
/// # Errors
/// Those of a run.
pub fn on_folder(count: u64, work: &Path) -> Result<Vec<Row>> {
    let place = tempfile::tempdir_in(work)?;
    let (mut peer, mut ours): (Option<Pair>, [Option<Pair>; 2]) = (None, [None; 2]);
    for turn in 0..2 {
        let home = |name: &str| {
            let home = place.path().join(format!("{name}{turn}"));
            std::fs::create_dir_all(&home).map(|()| home)
        };
        for (best, (layout, ..)) in ours.iter_mut().zip(TARGETS) {
            let home = home(layout.name())?;
            let drive: Arc<dyn Drive> = Arc::new(FsDrive::create(home.join("drive"))?);
            *best = Some(better(*best, block_on(push_and_pull(layout, count, &home, drive))?));
        }
        peer = Some(better(peer, peer::on_folder(count, &home("peer")?)?));
    }
    let peer = peer.unwrap_or_default();
    let rows = ours.into_iter().zip(TARGETS).flat_map(|(us, (layout, (push, pull), _))| {
        let us = us.unwrap_or_default();
        let what = |verb| format!("{}, {count} notes, folder: first {verb}", layout.name());
        [Row::times(what("push"), us.push.wall, peer.push.wall, push), Row::times(what("pull"), us.pull.wall, peer.pull.wall, pull)]
    });
    Ok(rows.collect())
}

fn better(before: Option<Pair>, now: Pair) -> Pair {
    before.unwrap_or(now).better(now)
}

/// Measures notes at 50 ms a request: `count` of the journal layout, fewer of the others, which make a request for each.
/// The peer's time is scaled by its number of requests, which it makes one after another.
///
/// # Errors
/// Those of a run.
pub fn at_a_distance(count: u64, classic_count: u64, peer_count: u64, work: &Path) -> Result<Vec<Row>> {
    let place = tempfile::tempdir_in(work)?;
    let measured = peer::slowed(peer_count, DELAY, place.path())?;
    let mut rows = Vec::new();
    for ((layout, _, times), count) in TARGETS.into_iter().zip([classic_count, count]) {
        let home = place.path().join(layout.name());
        std::fs::create_dir_all(&home)?;
        let runtime = Arc::new(NativeRuntime::new());
        let drive: Arc<dyn Drive> = Arc::new(SlowDrive::new(Arc::new(MemoryDrive::new()), runtime, DELAY));
        let us = block_on(push_and_pull(layout, count, &home, drive))?;
        let peer = scaled(measured, count, peer_count);
        let how = if count == peer_count { String::new() } else { format!(" (scaled from {peer_count} notes)") };
        for (verb, us, peer) in [("push", us.push, peer.push), ("pull", us.pull, peer.pull)] {
            let (n, m) = (us.requests.total(), peer.requests.total());
            let what = format!("{}, {count} notes, 50 ms a request: first {verb}; {n} requests beside {m}{how}", layout.name());
            rows.push(Row::times(what, us.wall, peer.wall, times));
        }
    }
    Ok(rows)
}

/// The peer makes one request a document, one a window of a hundred changes when it pushes, and a few more.
fn scaled(measured: Pair, count: u64, peer_count: u64) -> Pair {
    let more = count - peer_count.min(count);
    let windows = count.div_ceil(100) - peer_count.div_ceil(100).min(count.div_ceil(100));
    let with = |cost: Cost, puts, gets| {
        let requests = Requests { put: cost.requests.put + puts, get: cost.requests.get + gets, ..cost.requests };
        let wall = cost.wall.mul_f64(requests.total() as f64 / cost.requests.total().max(1) as f64);
        Cost { requests, wall, ..cost }
    };
    Pair { push: with(measured.push, more + windows, 0), pull: with(measured.pull, 0, more) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peer_is_scaled_by_requests_it_really_makes() {
        // Measured: 100 notes take 105 and 104 requests, 10,000 notes 10,104 and 10,004.
        let cost =
            |put, get| Cost { wall: Duration::from_secs(5), requests: Requests { put, get, ..Requests::default() }, ..Cost::default() };
        let scaled = scaled(Pair { push: cost(105, 0), pull: cost(0, 104) }, 10_000, 100);
        assert_eq!((scaled.push.requests.total(), scaled.pull.requests.total()), (10_104, 10_004));
        assert_eq!(scaled.push.wall.as_secs(), 481);
    }
}
