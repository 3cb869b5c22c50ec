//! What a document was: read back when all is quiet, by a device that was there from the beginning and by a newcomer.
//!
//! `History`: every version that is valid, or was replaced so short a time ago that the history must keep it, is listed;
//! and what is listed becomes the document's content again, as it was written.

use crate::{run::Run, watch::Old, world::World};
use kitestring::{DocId, OldVersion};
use std::collections::BTreeSet;

const DAY: u64 = 24 * 60 * 60;

/// Checks `History`, where the clients keep it for so many days. The hosts that are asked leave the game. Where a device
/// or the drive was put back, or a device copied, nobody can say what was forgotten with it. `seen` says that everybody saw
/// every file; otherwise only what is listed is looked at.
pub fn check(world: &mut World, days: u32, seen: bool) {
    if world.drive.was_turned_back() || world.ghost.may_repeat_all() {
        return;
    }
    let ahead = world.config.ahead.iter().max().copied().unwrap_or_default();
    let oldest = (world.clock.wall() + ahead).as_secs().saturating_sub(u64::from(days) * DAY);
    let Some(wanted) = world.watch.as_ref().map(|watch| watch.since(oldest)) else { return };
    let ids: BTreeSet<DocId> = wanted.iter().map(|old| old.id.clone()).collect();
    for seat in BTreeSet::from([0, world.seats.len() - 1]) {
        if !world.is_open(seat) {
            continue;
        }
        world.host(seat).stand_aside();
        for id in &ids {
            let asked = id.clone();
            let started = world.start_call(seat, |client| async move { client.history(asked).await });
            let listed = match world.go_on(&started) {
                Run::Done(Ok(listed)) => listed,
                run => return world.ghost.violated(format!("History: that of {id} at c{} ends with {}", seat + 1, run.word())),
            };
            let missed = wanted.iter().filter(|old| seen && old.id == *id && !is_listed(old, &listed));
            for Old { revision, .. } in missed {
                world.ghost.violated(format!("History: {id}@{revision} was not replaced long ago, and c{} does not list it", seat + 1));
            }
            listed.iter().filter(|old| !old.deleted).for_each(|old| is_restored(world, seat, old));
        }
    }
}

fn is_listed(old: &Old, listed: &[OldVersion]) -> bool {
    listed.iter().any(|listed| listed.revision == old.revision && listed.deleted == old.deleted)
}

/// Makes a document what it was, and looks at it.
fn is_restored(world: &mut World, seat: usize, old: &OldVersion) {
    let (id, revision) = (old.id.clone(), old.revision.clone());
    let started = world.start_call(seat, |client| async move { client.restore(id, revision).await });
    let run = world.go_on(&started);
    let (id, revision) = (&old.id, &old.revision);
    if !run.is_well() {
        return world.ghost.violated(format!("History: c{} lists {id}@{revision}, and does not get it: {}", seat + 1, run.word()));
    }
    let now = world.host(seat).documents().remove(id);
    let written: Vec<_> = world.ghost.edits_of(id, revision).iter().filter_map(|no| world.ghost.get(*no)?.body).collect();
    if now.is_none_or(|(now, body)| now != *revision || !written.contains(&body)) {
        world.ghost.violated(format!("History: {id}@{revision} comes back to c{} as what it never was", seat + 1));
    }
}
