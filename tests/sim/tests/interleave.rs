//! Two syncs at once: one client stands still at each of its steps while the other syncs from start to end,
//! or up to a step of its own; also for longer than a lease, so that its lock is no longer worth anything.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{Failures, LATE, id, outcome, synced, well};
use kitestring::{Action, ErrorKind, Report, SyncOptions};
use kitestring_sim::{Config, Fault, FaultSource, Run, Started, World, case::Tier, faults::Call, recovery::Settle};

type Edits = [(usize, &'static str, Action)];

const WORKLOADS: [(&str, &Edits); 5] = [
    ("edit edit", &[(0, "a", Action::Put), (1, "a", Action::Put)]),
    ("delete edit", &[(0, "a", Action::Delete), (1, "a", Action::Put)]),
    ("edit delete", &[(0, "a", Action::Put), (1, "a", Action::Delete)]),
    ("two documents", &[(0, "a", Action::Put), (1, "b", Action::Put)]),
    ("same new document", &[(0, "b", Action::Put), (1, "b", Action::Put)]),
];

fn prepare(tier: Tier, edits: &Edits) -> World {
    let mut world = synced(tier.of(Config { keep_lines: std::env::var("KITE_SIM_TRACE").is_ok(), ..Config::default() }));
    for (seat, document, action) in edits {
        well(world.change(*seat, &id(document), *action));
    }
    world
}

/// The other may be kept out by the lock, or be told that it lost the race too often; nothing else.
///
/// A host that stands still for longer than its time limit is an error of its own.
fn may(run: Run<Report>, case: &str) -> Vec<String> {
    match run {
        Run::Done(Err(e)) if e.detail().starts_with("the host did not answer in time") => vec![],
        Run::Done(Ok(_)) => vec![],
        Run::Done(Err(e)) if matches!(e.kind, ErrorKind::Locked { .. } | ErrorKind::Condition) => vec![],
        run => vec![format!("{case}: {}", run.word())],
    }
}

#[test]
fn a_client_that_stands_still_loses_nothing() {
    stand_still(&Tier::CLASSIC, Fault::Pause, 500);
}

#[test]
fn a_client_that_stands_still_loses_nothing_in_the_journal() {
    stand_still(&Tier::JOURNAL, Fault::Pause, 300);
}

/// The drive looks at the condition of a write, and writes when the other has written: what the head forgets so is
/// announced again.
#[test]
fn a_condition_that_is_looked_at_too_early_loses_nothing_in_the_journal() {
    stand_still(&[Tier::Cas], Fault::Racy, 40);
}

/// One sync is struck at each of its steps by a fault that makes it stand still, and the other syncs from start to end.
fn stand_still(tiers: &[Tier], fault: Fault, floor: u64) {
    let mut failures = Failures::default();
    for tier in tiers.iter().copied() {
        for (name, edits) in WORKLOADS {
            for late in [false, true] {
                for settle in [Settle::Local, Settle::Remote] {
                    for step in 0.. {
                        let case = format!("{tier}, {name}, step {step}, late {late}, {settle:?}");
                        let mut world = prepare(tier, edits);
                        world.arm(Some(Box::new(Nth { left: step, fault })));
                        let first = world.start_sync(0, SyncOptions::default());
                        let stands = matches!(world.go_on(&first), Run::Paused);
                        if world.control.struck().is_none() {
                            break;
                        }
                        if !stands {
                            continue;
                        }
                        if late {
                            world.clock.pass(LATE);
                        }
                        let mut bad = may(world.sync(1, SyncOptions::default()), "the other");
                        world.resume(&first);
                        bad.extend(may(world.go_on(&first), "the first"));
                        bad.extend(outcome(&mut world, settle));
                        show(&world, &case, &bad);
                        failures.add(case, bad);
                    }
                }
            }
        }
    }
    failures.check(floor);
}

/// Strikes the first client at its nth call that the fault can hit.
struct Nth {
    left: u64,
    fault: Fault,
}

impl FaultSource for Nth {
    fn decide(&mut self, call: &Call<'_>) -> Option<Fault> {
        if call.seat != 0 || !self.fault.can_hit(call) {
            return None;
        }
        let now = self.left == 0;
        self.left = self.left.wrapping_sub(1);
        now.then_some(self.fault)
    }
}

/// Pauses each seat at a step of its own.
struct Both([Option<u64>; 2]);

impl FaultSource for Both {
    fn decide(&mut self, call: &Call<'_>) -> Option<Fault> {
        let left = self.0.get_mut(call.seat)?;
        let now = *left == Some(0);
        *left = left.and_then(|n| n.checked_sub(1));
        now.then_some(Fault::Pause)
    }
}

fn finish_sync(world: &mut World, started: &Started<Report>, name: &str) -> Vec<String> {
    world.resume(started);
    let run = world.go_on(started);
    may(run, name)
}

#[test]
fn two_that_stand_still_lose_nothing() {
    two_stand_still(&Tier::CLASSIC, 1000);
}

#[test]
fn two_that_stand_still_lose_nothing_in_the_journal() {
    // Numbered heads take the same steps as one head, and what is listed late is not there to be met.
    two_stand_still(&[Tier::Cas, Tier::Listing], 500);
}

fn two_stand_still(tiers: &[Tier], floor: u64) {
    let mut failures = Failures::default();
    for tier in tiers.iter().copied() {
        for (name, edits) in WORKLOADS {
            for first_step in 0.. {
                let mut any = false;
                for second_step in 0.. {
                    let case = format!("{tier}, {name}, first at {first_step}, second at {second_step}");
                    let mut world = prepare(tier, edits);
                    world.arm(Some(Box::new(Both([Some(first_step), Some(second_step)]))));
                    let first = world.start_sync(0, SyncOptions::default());
                    if !matches!(world.go_on(&first), Run::Paused) {
                        break;
                    }
                    any = true;
                    world.clock.pass(LATE);
                    let second = world.start_sync(1, SyncOptions::default());
                    let waits = matches!(world.go_on(&second), Run::Paused);
                    let mut bad = finish_sync(&mut world, &first, "the first");
                    if waits {
                        bad.extend(finish_sync(&mut world, &second, "the second"));
                    }
                    bad.extend(outcome(&mut world, Settle::Local));
                    if tier == Tier::None {
                        // Both may hold the lock on a drive that honours no condition, and then the later of two writes
                        // of one file wins unseen. All must still agree in the end.
                        bad.retain(|violation| !violation.starts_with("I1 "));
                    }
                    show(&world, &case, &bad);
                    failures.add(case, bad);
                    if !waits {
                        break;
                    }
                }
                if !any {
                    break;
                }
            }
        }
    }
    failures.check(floor);
}

/// With `KITE_SIM_TRACE` set, prints the trace of the first failing case that its value is part of.
fn show(world: &World, case: &str, bad: &[String]) {
    if let Ok(wanted) = std::env::var("KITE_SIM_TRACE")
        && case.contains(&wanted)
        && !bad.is_empty()
    {
        world.control.trace().lines().iter().for_each(|line| println!("{line}"));
        panic!("{case}: {bad:#?}");
    }
}
