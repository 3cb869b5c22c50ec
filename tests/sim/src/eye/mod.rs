//! What the simulator reads on the drive without the core: an independent eye, one for each layout.

pub mod checkpoint;
pub mod classic;
pub mod journal;

use crate::world::World;
use futures::FutureExt as _;
use kitestring::{DocId, Requests, Result, State as _};

/// Checks `I6 CommitReachable`: what is announced is there. No live client may be pushing.
///
/// The classic layout writes documents before the log, so an interrupted push may have deleted a file that the log still
/// calls present. A document that somebody deleted is therefore checked only `strictly`: when everything is quiet. Of the
/// journal, all records must be announced by then.
pub fn check_reachable(world: &World, when: &str, strictly: bool) {
    if world.config.is_journal() {
        let bad = journal::unreachable(&world.drive, strictly && !world.ghost.may_repeat_all());
        if !bad.is_empty() {
            world.ghost.violated(format!("I6 CommitReachable: {when}, {}", bad.join("; ")));
        }
        return;
    }
    match classic::dangling(&world.drive.contents()) {
        Ok(ids) => {
            let ids = ids.into_iter().filter(|id| !classic::id_of(id).and_then(|id| world.ghost.doubts(&id)).is_some_and(|d| d.diverges));
            let bad: Vec<_> = ids.filter(|id| strictly || !was_deleted(world, id)).collect();
            if !bad.is_empty() {
                world.ghost.violated(format!("I6 CommitReachable: {when}, the log says that {bad:?} exist, but their files are missing"));
            }
        }
        Err(what) => world.ghost.violated(format!("I6 CommitReachable: {when}, {what}")),
    }
}

/// Whether a device's state has a record of this kind about a document.
pub fn state_has(world: &World, seat: usize, prefix: &str, id: &DocId) -> bool {
    let records = world.seats.get(seat).map(|seat| seat.memory.scan(prefix.to_owned(), None, 1000).now_or_never());
    let records = records.flatten().and_then(Result::ok).unwrap_or_default();
    let of_id = |value: &[u8]| {
        let record = serde_json::from_slice::<serde_json::Value>(value).ok();
        record.and_then(|record| DocId::new(record.get("id")?.as_str()?).ok()).as_ref() == Some(id)
    };
    records.iter().any(|record| record.value.as_deref().is_some_and(of_id))
}

fn was_deleted(world: &World, id: &str) -> bool {
    classic::id_of(id).is_some_and(|id| !world.ghost.deletions(&id).is_empty())
}

/// Whether a decision about a conflict is in view of everybody else who is asked about it. Where nothing but a listing tells of
/// records, two versions may stand side by side on the drive: somebody else is asked before the decision is pushed, or about
/// a version that it only leaves behind.
pub fn decisions_are_seen(world: &World) -> bool {
    !world.config.is_journal() || !journal::has_no_head(&world.drive)
}

/// Whether a sync that found nothing to do has made no more requests than it may.
pub fn is_idle(world: &World, requests: Requests) -> bool {
    if world.config.is_journal() {
        return journal::is_idle(world, requests);
    }
    // A document that the log names and that is not there is looked for every time.
    let looked_for = requests.total() - requests.total().min(1);
    (requests.total() == 1 || looked_for > 0 && world.ghost.any_diverges()) && requests.put + requests.delete == 0
}
