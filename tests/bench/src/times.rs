//! Wall times beside the peer's. They are printed, never asserted: a shared machine gives no promise.

use crate::{
    Result, peer,
    sync::{Pair, push_and_pull},
    table::Row,
};
use async_io::block_on;
use kitestring::{Drive, MemoryDrive};
use kitestring_adapters::{drives::fs::FsDrive, layers::SlowDrive, runtime::NativeRuntime};
use std::{path::Path, sync::Arc, time::Duration};

const DELAY: Duration = Duration::from_millis(50);

/// Measures `count` notes on a folder, ours in durable batches, the peer's as it writes them. Both take turns, and the
/// better of two times counts; nothing is deleted meanwhile, since a file system slows down after mass deletions.
///
/// # Errors
/// Those of either run.
pub fn on_folder(count: u64, work: &Path) -> Result<Vec<Row>> {
    let place = tempfile::tempdir_in(work)?;
    let (mut us, mut peer): (Option<Pair>, Option<Pair>) = (None, None);
    for turn in 0..2 {
        let (ours, theirs) = (place.path().join(format!("ours{turn}")), place.path().join(format!("theirs{turn}")));
        std::fs::create_dir_all(&ours)?;
        std::fs::create_dir_all(&theirs)?;
        let drive: Arc<dyn Drive> = Arc::new(FsDrive::create(ours.join("drive"))?);
        us = Some(better(us, block_on(push_and_pull(count, &ours, drive))?));
        peer = Some(better(peer, peer::on_folder(count, &theirs)?));
    }
    let (us, peer) = (us.unwrap_or_default(), peer.unwrap_or_default());
    let what = |verb| format!("first {verb}, {count} notes, folder");
    Ok(vec![Row::times(what("push"), us.push, peer.push, 2.0), Row::times(what("pull"), us.pull, peer.pull, 3.0)])
}

fn better(before: Option<Pair>, now: Pair) -> Pair {
    let before = before.unwrap_or(now);
    Pair { push: before.push.min(now.push), pull: before.pull.min(now.pull), ..now }
}

/// Measures `count` notes at 50 ms a request. The peer runs with `peer_count` notes; its time is scaled by its
/// number of requests, which it makes one after another.
///
/// # Errors
/// Those of either run.
pub fn at_a_distance(count: u64, peer_count: u64, work: &Path) -> Result<Vec<Row>> {
    let (ours, theirs) = (tempfile::tempdir_in(work)?, tempfile::tempdir_in(work)?);
    let runtime = Arc::new(NativeRuntime::new());
    let drive: Arc<dyn Drive> = Arc::new(SlowDrive::new(Arc::new(MemoryDrive::new()), runtime, DELAY));
    let us = block_on(push_and_pull(count, ours.path(), drive))?;
    let measured = peer::slowed(peer_count, DELAY, theirs.path())?;
    let peer = scaled(measured, count, peer_count);
    let how = if count == peer_count { "" } else { " (peer scaled from fewer)" };
    let what = |verb, n, m| format!("first {verb}, {count} notes, 50 ms a request; {n} requests beside {m}{how}");
    let push = what("push", us.push_requests, peer.push_requests);
    let pull = what("pull", us.pull_requests, peer.pull_requests);
    Ok(vec![Row::times(push, us.push, peer.push, 6.0), Row::times(pull, us.pull, peer.pull, 6.0)])
}

/// The peer makes one request a document, one a window of a hundred changes when it pushes, and a few more.
fn scaled(measured: Pair, count: u64, peer_count: u64) -> Pair {
    let more = count - peer_count.min(count);
    let windows = count.div_ceil(100) - peer_count.div_ceil(100).min(count.div_ceil(100));
    let push_requests = measured.push_requests + more + windows;
    let pull_requests = measured.pull_requests + more;
    Pair {
        push: measured.push.mul_f64(push_requests as f64 / measured.push_requests as f64),
        pull: measured.pull.mul_f64(pull_requests as f64 / measured.pull_requests as f64),
        push_requests,
        pull_requests,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peer_is_scaled_by_requests_it_really_makes() {
        // Measured: 100 notes take 105 and 104 requests, 10,000 notes 10,104 and 10,004.
        let time = Duration::from_secs(5);
        let hundred = Pair { push: time, pull: time, push_requests: 105, pull_requests: 104 };
        let scaled = scaled(hundred, 10_000, 100);
        assert_eq!((scaled.push_requests, scaled.pull_requests), (10_104, 10_004));
        assert_eq!(scaled.push.as_secs(), 481);
    }
}
