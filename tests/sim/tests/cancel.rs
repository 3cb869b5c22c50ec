//! Dropping every public call at each of its awaits, edits from inside callbacks, and edits between any two
//! steps of a sync: nothing is ever lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{Failures, PauseAt, edit_while_paused, id, outcome, sync, synced, well};
use kitestring::{Action, Conflict, Resolution, SyncOptions};
use kitestring_sim::{
    Config, Fault, Run, Started, World,
    case::Tier,
    host::{Manners, Script},
    recovery::{Settle, chosen},
};

/// Makes of each function, which takes a tier, a test for the classic layout and one for each tier of the journal
/// whose listings are not late: what comes late is not there to be disturbed.
macro_rules! on_tiers {
    ($($name:ident)*) => {
        $(mod $name {
            use kitestring_sim::case::Tier;

            #[test]
            fn full() {
                super::$name(Tier::Full);
            }

            #[test]
            fn journal_cas() {
                super::$name(Tier::Cas);
            }

            #[test]
            fn journal_slots() {
                super::$name(Tier::Slots);
            }

            #[test]
            fn journal_listing() {
                super::$name(Tier::Listing);
            }
        })*
    };
}
on_tiers! {
    open_dropped_at_every_await
    queue_change_dropped_at_every_await
    sync_dropped_at_every_await
    reconcile_dropped_at_every_await
    resolve_dropped_at_every_await
    edits_inside_callbacks_are_not_lost
    an_edit_between_any_two_steps_is_not_lost
}

fn yielding(tier: Tier) -> Config {
    tier.of(Config { yields: true, ..Config::default() })
}

/// Drops a call after 0, 1, 2, ... polls until it ends by itself. `prepare` makes the world, `start` the
/// call, `after` what a host does that saw it dropped.
fn drop_everywhere<T>(
    name: &str,
    least_polls: u64,
    prepare: impl Fn() -> World,
    start: impl Fn(&mut World) -> Started<T>,
    after: impl Fn(&mut World),
) {
    let mut failures = Failures::default();
    for settle in [Settle::Local, Settle::Remote] {
        for kill in [false, true] {
            for polls in 0.. {
                let mut world = prepare();
                let started = start(&mut world);
                let run = world.go_on_for(&started, polls);
                let ended = !matches!(run, Run::Paused);
                if ended {
                    assert!(run.is_well(), "{name}: {}", run.word());
                    assert!(polls > least_polls, "{name} has only {polls} awaits");
                } else {
                    world.cancel(&started);
                    if kill {
                        world.kill(0);
                    }
                    after(&mut world);
                }
                failures.add(format!("{name}: dropped after {polls} polls, kill {kill}, {settle:?}"), outcome(&mut world, settle));
                if ended {
                    break;
                }
            }
        }
    }
    failures.check(4);
}

fn open_dropped_at_every_await(tier: Tier) {
    let prepare = || {
        let mut world = synced(yielding(tier));
        world.kill(0);
        world.host(0).change(&id("a"), Action::Put);
        world
    };
    drop_everywhere("open", 2, prepare, |w| w.start_open(0), |_| ());
}

fn queue_change_dropped_at_every_await(tier: Tier) {
    let start = |w: &mut World| {
        let change = w.host(0).change(&id("a"), Action::Put);
        // The host calls again for what did not return; once more for what did is harmless.
        w.owe(0, change.clone());
        w.start_queue(0, change)
    };
    drop_everywhere("queue_change", 1, move || synced(yielding(tier)), start, |_| ());
}

fn sync_dropped_at_every_await(tier: Tier) {
    let prepare = || {
        let mut world = synced(yielding(tier));
        for (seat, document, action) in [(1, "a", Action::Put), (1, "c", Action::Put), (0, "b", Action::Put), (0, "a", Action::Delete)] {
            well(world.change(seat, &id(document), action));
        }
        sync(&mut world, 1);
        world
    };
    drop_everywhere("sync", 20, prepare, |w| w.start_sync(0, SyncOptions::default()), |_| ());
}

fn reconcile_dropped_at_every_await(tier: Tier) {
    let manners = Manners { flag: false, digests: false, ..Manners::default() };
    let prepare = || {
        let mut world = synced(Config { manners, ..yielding(tier) });
        well(world.change(0, &id("b"), Action::Put));
        sync(&mut world, 0);
        world.host(0).change(&id("a"), Action::Put);
        world.host(0).change(&id("b"), Action::Delete);
        world.host(0).change(&id("c"), Action::Put);
        world
    };
    let start = |w: &mut World| w.start_call(0, |c| async move { c.reconcile(SyncOptions::default()).await });
    let again = |w: &mut World| {
        if !w.is_open(0) {
            well(w.open(0));
        }
        let started = start(w);
        well(w.go_on(&started));
    };
    drop_everywhere("reconcile", 3, prepare, start, again);
}

/// A world in which client 1 has a conflict over `a`.
fn conflicting(tier: Tier, remote: Action) -> (World, Conflict) {
    let mut world = synced(yielding(tier));
    well(world.change(0, &id("a"), Action::Put));
    well(world.change(1, &id("a"), remote));
    sync(&mut world, 1);
    sync(&mut world, 0);
    let conflicts = well(world.conflicts(0));
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    (world, conflicts.into_iter().next().unwrap())
}

fn resolve_dropped_at_every_await(tier: Tier) {
    for remote in [Action::Put, Action::Delete] {
        for resolution in [Resolution::KeepLocal, Resolution::TakeRemote] {
            let start = |w: &mut World| {
                let conflict = well(w.conflicts(0)).into_iter().next().unwrap();
                chosen(w, 0, &conflict, &resolution);
                w.start_resolve(0, conflict, resolution.clone())
            };
            drop_everywhere(&format!("resolve {remote:?} {resolution:?}"), 2, || conflicting(tier, remote).0, start, |_| ());
        }
    }
}

fn edits_inside_callbacks_are_not_lost(tier: Tier) {
    let mut failures = Failures::default();
    let mut played = 0;
    for call in ["get", "apply", "committed"] {
        for skip in 0..4 {
            for (document, action) in [("a", Action::Put), ("a", Action::Delete), ("b", Action::Put), ("c", Action::Delete)] {
                for settle in [Settle::Local, Settle::Remote] {
                    let mut world = synced(tier.of(Config::default()));
                    well(world.change(1, &id("a"), Action::Put));
                    well(world.change(1, &id("c"), Action::Put));
                    sync(&mut world, 1);
                    world.host(0).script(Script { call, skip, id: id(document), action });
                    well(world.change(0, &id("b"), Action::Put));
                    sync(&mut world, 0);
                    played += world.host(0).played();
                    failures.add(format!("{action:?} {document} inside {call} {skip}, {settle:?}"), outcome(&mut world, settle));
                }
            }
        }
    }
    assert!(played > 20, "only {played} scripted edits were made");
    failures.check(90);
}

/// Pauses the sync of client 1 at each step in turn, lets `edit` happen, and goes on; then, if asked, the
/// process is killed at each later step.
fn edit_between_steps(name: &str, tier: Tier, prepare: fn(Tier) -> World, kill: bool, failures: &mut Failures) {
    for (document, action) in [("a", Action::Put), ("a", Action::Delete), ("b", Action::Put), ("c", Action::Put)] {
        for settle in [Settle::Local, Settle::Remote] {
            let mut step = 0;
            while let Some(()) = edit_at(name, &|| prepare(tier), (document, action), settle, step, kill, failures) {
                step += 1;
            }
            assert!(step > 5, "{name} has only {step} steps");
        }
    }
}

fn edit_at(
    name: &str,
    prepare: &dyn Fn() -> World,
    (document, action): (&str, Action),
    settle: Settle,
    step: u64,
    kill: bool,
    failures: &mut Failures,
) -> Option<()> {
    for after in 0.. {
        let mut world = prepare();
        let then = kill.then_some((after, Fault::KillAfter));
        world.arm(Some(Box::new(PauseAt { seat: 0, step, then })));
        let started = world.start_sync(0, SyncOptions::default());
        if !matches!(world.go_on(&started), Run::Paused) {
            return None;
        }
        let killed = match edit_while_paused(&mut world, 0, &started, (document, action)) {
            Run::Killed(_) => true,
            run => {
                well(run);
                false
            }
        };
        failures.add(
            format!("{name}: {action:?} {document} at step {step}, kill {kill} after {after}, {settle:?}"),
            outcome(&mut world, settle),
        );
        if !killed {
            break;
        }
    }
    Some(())
}

fn before_push(tier: Tier) -> World {
    let mut world = synced(tier.of(Config::default()));
    well(world.change(0, &id("a"), Action::Put));
    well(world.change(0, &id("b"), Action::Put));
    world
}

fn before_pull(tier: Tier) -> World {
    let mut world = synced(tier.of(Config::default()));
    well(world.change(1, &id("a"), Action::Put));
    well(world.change(1, &id("b"), Action::Put));
    sync(&mut world, 1);
    world
}

fn before_deletion(tier: Tier) -> World {
    let mut world = synced(tier.of(Config::default()));
    well(world.change(1, &id("a"), Action::Delete));
    sync(&mut world, 1);
    well(world.change(0, &id("b"), Action::Put));
    world
}

fn an_edit_between_any_two_steps_is_not_lost(tier: Tier) {
    let mut failures = Failures::default();
    for kill in [false, true] {
        edit_between_steps("push", tier, before_push, kill, &mut failures);
        edit_between_steps("pull", tier, before_pull, kill, &mut failures);
        edit_between_steps("deletion", tier, before_deletion, kill, &mut failures);
    }
    failures.check(300);
}
