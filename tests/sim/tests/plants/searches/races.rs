//! Two syncs at once, and locks that change hands.

use super::{Edits, First, Hit, LONG, edit, end, hit, settled, tiers};
use crate::common::{PauseAt, synced, well};
use crate::plants::watch::{Seen, Watch};
use kitestring::{Action, SyncOptions};
use kitestring_sim::{Config, Fault, FaultSource, Run, World, case::Tier, faults::Call, recovery::Settle};
use std::collections::BTreeMap;

/// What both clients have edited when their syncs meet.
const MEETINGS: [(&str, &Edits); 5] = [
    ("edit edit", &[(0, "a", Action::Put), (1, "a", Action::Put)]),
    ("delete edit", &[(0, "a", Action::Delete), (1, "a", Action::Put)]),
    ("edit delete", &[(0, "a", Action::Put), (1, "a", Action::Delete)]),
    ("two documents", &[(0, "a", Action::Put), (1, "b", Action::Put)]),
    ("same new document", &[(0, "b", Action::Put), (1, "b", Action::Put)]),
];

/// One sync stands still at each step while the other runs, perhaps for so long that its lock is worth nothing.
pub fn by_races(config: &dyn Fn() -> Config) -> Hit {
    by_races_on("", config)
}

/// As [`by_races`], on the tiers whose name begins so.
pub fn by_races_on(tier: &str, config: &dyn Fn() -> Config) -> Hit {
    for tier in tiers(config).into_iter().filter(|t| t.name().starts_with(tier)) {
        for (name, edits) in MEETINGS {
            for late in [false, true] {
                let found = by_race(&format!("{tier}, {name}, late {late}"), tier, edits, late, config);
                if found.is_some() {
                    return found;
                }
            }
        }
    }
    None
}

fn meeting(tier: Tier, edits: &Edits, config: &dyn Fn() -> Config) -> (World, Seen) {
    let seen = Seen::default();
    let mut config = tier.of(config());
    config.around_drive.get_or_insert_with(|| Watch::around(&seen));
    let mut world = synced(config);
    edit(&mut world, edits);
    (world, seen)
}

fn by_race(name: &str, tier: Tier, edits: &Edits, late: bool, config: &dyn Fn() -> Config) -> Hit {
    for step in 0.. {
        let (mut world, seen) = meeting(tier, edits, config);
        world.arm(Some(Box::new(PauseAt { seat: 0, step, then: None })));
        let started = world.start_sync(0, SyncOptions::default());
        if !matches!(world.go_on(&started), Run::Paused) {
            return None;
        }
        if late {
            world.clock.pass(LONG);
        }
        world.sync(1, SyncOptions::default());
        world.resume(&started);
        world.go_on(&started);
        let mut violations = settled(&mut world, Settle::Local);
        violations.append(&mut take(&seen));
        if tolerated(tier, late) {
            violations.retain(|v| !v.starts_with("I1 "));
        }
        if !violations.is_empty() {
            return hit(format!("{name}, step {step}"), violations);
        }
    }
    None
}

/// What was seen beside the ghost history.
fn take(seen: &Seen) -> Vec<String> {
    std::mem::take(&mut *seen.lock().unwrap())
}

/// In the classic layout on a drive without conditions, the later of two writes of one file wins unseen once both believe to hold the lock.
fn tolerated(tier: Tier, late: bool) -> bool {
    late && !tier.is_journal() && !tier.capabilities().replace
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

/// Both stand still: the second while the first does, and longer.
pub fn by_double_races(config: &dyn Fn() -> Config) -> Hit {
    let tiers = tiers(config);
    [(tiers[2], MEETINGS[3]), (tiers[2], MEETINGS[0]), (tiers[0], MEETINGS[3])].into_iter().find_map(|(tier, (name, edits))| {
        for first in 0.. {
            for second in 0.. {
                let (waits, violations) = double_race(tier, edits, [first, second], config);
                if !violations.is_empty() {
                    return hit(format!("{tier}, {name}, first at {first}, second at {second}"), violations);
                }
                match waits {
                    None => return None,
                    Some(true) => {}
                    Some(false) => break,
                }
            }
        }
        None
    })
}

/// Says whether the second paused, none if not even the first did, and what does not hold.
fn double_race(tier: Tier, edits: &Edits, steps: [u64; 2], config: &dyn Fn() -> Config) -> (Option<bool>, Vec<String>) {
    let (mut world, seen) = meeting(tier, edits, config);
    world.arm(Some(Box::new(Both(steps.map(Some)))));
    let first = world.start_sync(0, SyncOptions::default());
    if !matches!(world.go_on(&first), Run::Paused) {
        return (None, vec![]);
    }
    world.clock.pass(LONG);
    let second = world.start_sync(1, SyncOptions::default());
    let waits = matches!(world.go_on(&second), Run::Paused);
    end(&mut world, &first);
    if waits {
        end(&mut world, &second);
    }
    let mut violations = settled(&mut world, Settle::Local);
    violations.append(&mut take(&seen));
    if tolerated(tier, true) {
        violations.retain(|v| !v.starts_with("I1 "));
    }
    (Some(waits), violations)
}

/// Pauses these seats at their nth call about the lock.
struct AtLock(BTreeMap<usize, u32>);

impl FaultSource for AtLock {
    fn decide(&mut self, call: &Call<'_>) -> Option<Fault> {
        let left = self.0.get_mut(&call.seat).filter(|_| call.subject.starts_with("lock.json"))?;
        let now = *left == 0;
        *left = left.wrapping_sub(1);
        now.then_some(Fault::Pause)
    }
}

/// A client dies with the lock, and two others take it over at the same time, or one after the other.
pub fn by_take_overs(config: &dyn Fn() -> Config) -> Hit {
    for tier in tiers(config) {
        for calls in (0..6).flat_map(|first| (0..6).map(move |second| [first, second])) {
            for late in [false, true] {
                let mut violations = take_over(tier, calls, late, config);
                if tolerated(tier, true) {
                    violations.retain(|v| !v.starts_with("I1 "));
                }
                if !violations.is_empty() {
                    return hit(format!("{tier}, at their lock calls {calls:?}, late {late}"), violations);
                }
            }
        }
    }
    None
}

fn take_over(tier: Tier, [first, second]: [u32; 2], late: bool, config: &dyn Fn() -> Config) -> Vec<String> {
    let edits: &Edits = &[(0, "a", Action::Put), (1, "b", Action::Put)];
    let (mut world, seen) = meeting(tier, edits, &|| Config { seats: 3, ..config() });
    well(world.open(2));
    edit(&mut world, &[(2, "c", Action::Put)]);
    world.arm(Some(Box::new(First { seat: 0, call: "put", subject: "changes/", fault: Some(Fault::KillBefore) })));
    world.sync(0, SyncOptions::default());
    world.clock.pass(LONG);
    world.arm(Some(Box::new(AtLock([(1, first), (2, second)].into()))));
    let calls = [1, 2].map(|seat| {
        let started = world.start_sync(seat, SyncOptions::default());
        world.go_on(&started);
        if late {
            world.clock.pass(LONG);
        }
        started
    });
    calls.iter().for_each(|started| end(&mut world, started));
    let mut violations = settled(&mut world, Settle::Local);
    violations.append(&mut take(&seen));
    violations
}
