//! Compactions when all is quiet: they must end well, change nothing for anybody, and leave nothing behind.

use crate::{eye::journal, run::Run, world::World};
use kitestring::{Allow, ErrorKind, SyncOptions};
use std::time::Duration;

/// Longer than a lease that was left behind keeps others out.
const LEFT: Duration = Duration::from_secs(11 * 60);

/// Compacts three times, by different devices, and looks at what is left.
pub fn check(world: &mut World, allow: Allow) {
    let mut parent = None;
    for nth in 0..3 {
        parent = journal::announced(&world.drive);
        compact(world, nth % world.seats.len(), allow);
    }
    let Some(parent) = parent else {
        return;
    };
    if !world.drive.was_turned_back() {
        let left = journal::superfluous(&world.drive, &parent);
        if !left.is_empty() {
            world.ghost.violated(format!("I12 GCSafe: after quiet compactions, {}", left.join("; ")));
        }
    }
}

fn compact(world: &mut World, seat: usize, allow: Allow) {
    for _ in 0..3 {
        let options = SyncOptions { allow, ..SyncOptions::default() };
        let started = world.start_compact(seat, options);
        match world.go_on(&started) {
            Run::Done(Ok(true)) => return,
            Run::Done(Err(e)) if matches!(e.kind, ErrorKind::Locked { .. }) => world.clock.pass(LEFT),
            // Nobody has written anything: there is no vault.
            Run::Done(Ok(false)) if journal::is_empty(&world.drive) => return,
            // A state that names files which the drive had before it was put back: others can.
            Run::Done(Ok(false)) if world.drive.was_turned_back() => return,
            run => {
                let word = if matches!(run, Run::Done(Ok(false))) { "nothing done".to_owned() } else { run.word() };
                return world.ghost.violated(format!("I9 Liveness: a quiet compaction of c{} ends with {word}", seat + 1));
            }
        }
    }
    world.ghost.violated(format!("I9 Liveness: c{} is kept from compacting for ever", seat + 1));
}
