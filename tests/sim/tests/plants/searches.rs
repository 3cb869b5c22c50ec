//! The searches: each goes through a family of schedules and returns the first in which an invariant breaks. They
//! find planted bugs, and nothing where none is planted.

use super::watch::{CaselessDrive, Flicker, FlickeringDrive, Manner, OddHost, Seen, StammeringDrive, Watch};
use crate::common::{PauseAt, edit_while_paused, id, outcome, sync, synced, well};
use kitestring::{
    Action, Allow, Application as _, Conflict, DocId, Drive as _, DrivePath, ErrorKind, Report, Resolution, Status, SyncOptions,
    drive::{Capabilities, Condition},
};
use kitestring_sim::{
    Case, Config, Fault, FaultSource, Run, Started, World,
    case::Strike,
    faults::{At, Call},
    recovery::{Settle, chosen},
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

/// The schedule that found something, and what.
pub type Hit = Option<(String, Vec<String>)>;

/// A family of schedules, in worlds that `config` makes.
pub type Search = fn(&dyn Fn() -> Config) -> Hit;

/// Every search, the most general first.
pub const ALL: [(&str, Search); 21] = [
    ("cases", by_cases),
    ("edits", by_edits),
    ("late edits", by_late_edits),
    ("kills", by_kills),
    ("cancels", by_cancels),
    ("double kills", by_double_kills),
    ("take-overs", by_take_overs),
    ("races", by_races),
    ("double races", by_double_races),
    ("resolutions", by_resolutions),
    ("old clients", by_old_clients),
    ("backups", by_backups),
    ("names", by_names),
    ("mass deletions", by_mass_deletions),
    ("flickering drives", by_flickers),
    ("stammering drives", by_stammers),
    ("reluctant hosts", by_reluctance),
    ("dry runs", by_dry_runs),
    ("deadlines", by_deadlines),
    ("long logs", by_long_logs),
    ("first syncs", by_first_syncs),
];

const CREATE: Capabilities = Capabilities { create: true, ..Capabilities::NONE };
const TIERS: [(&str, Capabilities); 3] = [("full", Capabilities::FULL), ("create", CREATE), ("none", Capabilities::NONE)];

/// Longer than any lock of a client that stands still is respected.
const LONG: Duration = Duration::from_secs(300);

/// Workloads in which each plant has its chance.
const WORKLOADS: [&str; 13] = [
    "full/synced/e1a,e1b/local/-",
    "full/synced/d1a,e2b/local/-",
    "full/synced/e1a,+e1a/local/-",
    "full/synced/e1a,+e2a/local/-",
    "full/synced/d1a,+e2a/local/-",
    "full/empty/e1a/local/-",
    "full/empty/e1a,e2a/local/-",
    "full/synced/e1a,e2a/local/-",
    "full/synced/e1a,e2a/remote/-",
    "full/synced/e1a,d2a/local/-",
    "full/synced/e2a,+e2a/local/-",
    "full/synced/e1a,e2a,+e1a/remote/-",
    "none/synced/e1a,e2a/local/-",
];

type Edits = [(usize, &'static str, Action)];

/// What both clients have edited when their syncs meet.
const MEETINGS: [(&str, &Edits); 5] = [
    ("edit edit", &[(0, "a", Action::Put), (1, "a", Action::Put)]),
    ("delete edit", &[(0, "a", Action::Delete), (1, "a", Action::Put)]),
    ("edit delete", &[(0, "a", Action::Put), (1, "a", Action::Delete)]),
    ("two documents", &[(0, "a", Action::Put), (1, "b", Action::Put)]),
    ("same new document", &[(0, "b", Action::Put), (1, "b", Action::Put)]),
];

/// What the core is known to do wrong, by the invariant that its searches leave out. Each goes with its correction.
mod hole {
    /// A push that was interrupted twice is remembered by its second attempt only: where the first was written, its
    /// author is asked about its own edit. Nothing is lost.
    pub const INTERRUPTED_TWICE: &str = "NoFalseConflict";
    /// A client whose write of the log was refused replaces what it finds there behind the changes that it knows,
    /// although these may be counted by now. Their author announces them again, if it returns.
    pub const COUNTED_IN_BETWEEN: &str = "I5 ";
}

fn hit(case: impl Into<String>, violations: Vec<String>) -> Hit {
    (!violations.is_empty()).then(|| (case.into(), violations))
}

fn failed(case: &str, what: impl Into<String>) -> Hit {
    hit(case, vec![what.into()])
}

fn edit(world: &mut World, edits: &Edits) {
    for (seat, document, action) in edits {
        well(world.change(*seat, &id(document), *action));
    }
}

/// Recovers and checks everything; a lock must not be left either.
fn settled(world: &mut World, settle: Settle) -> Vec<String> {
    let mut violations = outcome(world, settle);
    if world.drive.contents().contains_key("lock.json") {
        violations.push("I9 Liveness: a lock is left when all is quiet".into());
    }
    violations
}

// --- cases ---

/// Without a fault, and with every fault at every step.
pub fn by_cases(config: &dyn Fn() -> Config) -> Hit {
    let clean: Vec<Case> = WORKLOADS.iter().map(|w| w.parse().unwrap()).collect();
    clean.iter().find_map(|case| by_case(case, config)).or_else(|| clean.iter().find_map(|case| by_strikes(case, config)))
}

fn by_strikes(case: &Case, config: &dyn Fn() -> Config) -> Hit {
    let effects = case.run(of_tier(case, config)).ok()?.effects;
    (0..).zip(effects).find_map(|(step, effect)| {
        Fault::ALL.iter().filter(|f| effect || !f.has_effect()).find_map(|fault| {
            let strike = Some(Strike { step, fault: *fault, late: false });
            by_case(&Case { strike, ..case.clone() }, config)
        })
    })
}

fn by_case(case: &Case, config: &dyn Fn() -> Config) -> Hit {
    let violations = case.run(of_tier(case, config)).map_or_else(|e| vec![format!("I9 Liveness: {e}")], |o| o.violations);
    hit(case.to_string(), violations)
}

fn of_tier(case: &Case, config: &dyn Fn() -> Config) -> Config {
    Config { capabilities: case.config().capabilities, ..config() }
}

// --- edits, kills, cancels ---

/// What goes on when a sync of client 1 is disturbed.
const SCENES: [(&str, fn(&mut World)); 6] =
    [("pull", pulls), ("push", pushes), ("both", pulls_and_pushes), ("deletion", deletes), ("again", pushes_again), ("twice", pulls_twice)];

fn pulls(world: &mut World) {
    edit(world, &[(1, "a", Action::Put), (1, "b", Action::Put)]);
    sync(world, 1);
}

fn pushes(world: &mut World) {
    edit(world, &[(0, "a", Action::Put), (0, "b", Action::Put)]);
}

fn pulls_and_pushes(world: &mut World) {
    edit(world, &[(1, "a", Action::Put)]);
    sync(world, 1);
    edit(world, &[(0, "b", Action::Put)]);
}

fn deletes(world: &mut World) {
    edit(world, &[(1, "a", Action::Delete)]);
    sync(world, 1);
    edit(world, &[(0, "b", Action::Put)]);
}

fn pulls_twice(world: &mut World) {
    edit(world, &[(1, "a", Action::Put), (1, "b", Action::Put)]);
    sync(world, 1);
    edit(world, &[(1, "a", Action::Delete), (1, "b", Action::Put)]);
    sync(world, 1);
}

/// The client was killed when its push was on the drive, before it could remember that.
fn pushes_again(world: &mut World) {
    edit(world, &[(0, "a", Action::Put)]);
    world.arm(Some(Box::new(First { seat: 0, call: "put", subject: "meta.json", fault: Some(Fault::KillAfter) })));
    world.sync(0, SyncOptions::default());
    world.control.disarm();
    if !world.is_open(0) {
        well(world.open(0));
    }
}

/// Strikes the first call of this kind.
struct First {
    seat: usize,
    call: &'static str,
    subject: &'static str,
    fault: Option<Fault>,
}

impl FaultSource for First {
    fn decide(&mut self, call: &Call<'_>) -> Option<Fault> {
        let this = call.seat == self.seat && call.call == self.call && call.subject.starts_with(self.subject);
        if this { self.fault.take() } else { None }
    }
}

fn scene(prepare: fn(&mut World), config: Config) -> World {
    let mut world = synced(config);
    prepare(&mut world);
    world
}

/// An edit between any two steps of a sync.
pub fn by_edits(config: &dyn Fn() -> Config) -> Hit {
    SCENES.iter().find_map(|(name, prepare)| {
        [("a", Action::Put), ("a", Action::Delete), ("b", Action::Put)].into_iter().find_map(|edit| by_edit(name, *prepare, edit, config))
    })
}

fn by_edit(name: &str, prepare: fn(&mut World), edit: (&str, Action), config: &dyn Fn() -> Config) -> Hit {
    for step in 0.. {
        let mut world = scene(prepare, config());
        world.arm(Some(Box::new(PauseAt { seat: 0, step, then: None })));
        let started = world.start_sync(0, SyncOptions::default());
        if !matches!(world.go_on(&started), Run::Paused) {
            return None;
        }
        edit_while_paused(&mut world, 0, &started, edit);
        let violations = settled(&mut world, Settle::Local);
        if !violations.is_empty() {
            return hit(format!("{name}: {edit:?} at step {step}"), violations);
        }
    }
    None
}

/// An edit at any await of a sync, also between the effect of a call of the host and its answer.
pub fn by_late_edits(config: &dyn Fn() -> Config) -> Hit {
    SCENES.iter().find_map(|(name, prepare)| {
        [("a", Action::Put), ("a", Action::Delete), ("b", Action::Put)]
            .into_iter()
            .find_map(|edit| by_late_edit(name, *prepare, edit, config))
    })
}

fn lingering(config: &dyn Fn() -> Config) -> Config {
    Config { yields: true, around_application: Some(OddHost::around(0, Manner::Lingering)), ..config() }
}

fn by_late_edit(name: &str, prepare: fn(&mut World), edit: (&str, Action), config: &dyn Fn() -> Config) -> Hit {
    for polls in 0.. {
        let mut world = scene(prepare, lingering(config));
        let started = world.start_sync(0, SyncOptions::default());
        if !matches!(world.go_on_for(&started, polls), Run::Paused) {
            return None;
        }
        edit_beside(&mut world, &started, edit);
        let violations = settled(&mut world, Settle::Local);
        if !violations.is_empty() {
            return hit(format!("{name}: {edit:?} after {polls} polls"), violations);
        }
    }
    None
}

/// Lets the user edit while a call is under way, and lets both end.
fn edit_beside<T>(world: &mut World, started: &Started<T>, (document, action): (&str, Action)) {
    let change = world.host(0).change(&id(document), action);
    let queued = world.start_queue(0, change);
    world.go_on(started);
    well(world.go_on(&queued));
}

/// Two kills in a row, each at any step of a sync, with an edit in between.
pub fn by_double_kills(config: &dyn Fn() -> Config) -> Hit {
    let scenes: [(&str, fn(&mut World)); 2] = [
        ("push", |w| edit(w, &[(0, "a", Action::Put)])),
        ("pull", |w| {
            edit(w, &[(1, "a", Action::Put)]);
            sync(w, 1);
        }),
    ];
    for (name, prepare) in scenes {
        for first in 0.. {
            let mut any = false;
            for second in 0.. {
                let mut world = scene(prepare, config());
                let killed = [first, second].map(|step| {
                    world.arm(Some(Box::new(At(step, Fault::KillAfter))));
                    world.sync(0, SyncOptions::default());
                    world.control.disarm();
                    let killed = !world.is_open(0);
                    if killed {
                        well(world.open(0));
                        edit(&mut world, &[(0, "a", Action::Put)]);
                    }
                    killed
                });
                any |= killed[0];
                let mut violations = settled(&mut world, Settle::Local);
                violations.retain(|v| !v.starts_with(hole::INTERRUPTED_TWICE));
                if !violations.is_empty() {
                    return hit(format!("{name}: kills at {first} and {second}"), violations);
                }
                if !killed[0] || !killed[1] {
                    break;
                }
            }
            if !any {
                break;
            }
        }
    }
    None
}

/// What happens behind a sync that was not finished.
const SEQUELS: [(&str, fn(&mut World)); 7] = [
    ("nothing", |_| ()),
    ("edit", |w| drop(w.host(0).change(&id("a"), Action::Put))),
    ("edit of the other document", |w| drop(w.host(0).change(&id("b"), Action::Put))),
    ("delete", |w| drop(w.host(0).change(&id("a"), Action::Delete))),
    ("delete of the other document", |w| drop(w.host(0).change(&id("b"), Action::Delete))),
    ("edit elsewhere", |w| {
        let _ = w.change(1, &id("a"), Action::Put);
        w.sync(1, SyncOptions::default());
    }),
    ("edit elsewhere later", |w| {
        w.clock.pass(LONG);
        w.sync(1, SyncOptions::default());
        let _ = w.change(1, &id("a"), Action::Put);
        w.sync(1, SyncOptions::default());
    }),
];

/// A kill at any await of a sync, those inside a port included.
pub fn by_kills(config: &dyn Fn() -> Config) -> Hit {
    SCENES.iter().find_map(|s| SEQUELS.iter().find_map(|sequel| by_stop(*s, *sequel, true, config)))
}

/// A sync dropped at any of its awaits, in a client that lives on.
pub fn by_cancels(config: &dyn Fn() -> Config) -> Hit {
    SCENES.iter().find_map(|s| SEQUELS.iter().find_map(|sequel| by_stop(*s, *sequel, false, config)))
}

fn by_stop(scene_of: (&str, fn(&mut World)), sequel: (&str, fn(&mut World)), kill: bool, config: &dyn Fn() -> Config) -> Hit {
    for polls in 0.. {
        let mut world = scene(scene_of.1, Config { yields: true, ..config() });
        let started = world.start_sync(0, SyncOptions::default());
        if !matches!(world.go_on_for(&started, polls), Run::Paused) {
            return None;
        }
        world.cancel(&started);
        if kill {
            world.kill(0);
        }
        (sequel.1)(&mut world);
        if !kill {
            // The host lives on as well, and queues what it has edited.
            queue_uncommitted(&mut world);
        }
        let violations = settled(&mut world, Settle::Local);
        if !violations.is_empty() {
            let how = if kill { "kill" } else { "cancel" };
            return hit(format!("{}: {how} after {polls} polls, then {}", scene_of.0, sequel.0), violations);
        }
    }
    None
}

fn queue_uncommitted(world: &mut World) {
    let host = world.host(0);
    let asked = world.start_call(0, |_| async move { host.uncommitted(None, 100).await });
    let changes = well(world.go_on(&asked));
    changes.into_iter().for_each(|change| well(world.queue(0, change)));
}

// --- races ---

/// One sync stands still at each step while the other runs, perhaps for so long that its lock is worth nothing.
pub fn by_races(config: &dyn Fn() -> Config) -> Hit {
    for (tier, capabilities) in TIERS {
        for (name, edits) in MEETINGS {
            for late in [false, true] {
                let found = by_race(&format!("{tier}, {name}, late {late}"), capabilities, edits, late, config);
                if found.is_some() {
                    return found;
                }
            }
        }
    }
    None
}

fn meeting(capabilities: Capabilities, edits: &Edits, config: &dyn Fn() -> Config) -> (World, Seen) {
    let seen = Seen::default();
    let mut config = Config { capabilities, ..config() };
    config.around_drive.get_or_insert_with(|| Watch::around(&seen));
    let mut world = synced(config);
    edit(&mut world, edits);
    (world, seen)
}

fn by_race(name: &str, capabilities: Capabilities, edits: &Edits, late: bool, config: &dyn Fn() -> Config) -> Hit {
    for step in 0.. {
        let (mut world, seen) = meeting(capabilities, edits, config);
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
        if tolerated(capabilities, late) {
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
    let mut seen = std::mem::take(&mut *seen.lock().unwrap());
    seen.retain(|v| !v.starts_with(hole::COUNTED_IN_BETWEEN));
    seen
}

/// On a drive without conditions, the later of two writes of one file wins unseen once both believe to hold the lock.
fn tolerated(capabilities: Capabilities, late: bool) -> bool {
    late && !capabilities.replace
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
    [(TIERS[2], MEETINGS[3]), (TIERS[2], MEETINGS[0]), (TIERS[0], MEETINGS[3])].into_iter().find_map(
        |((tier, capabilities), (name, edits))| {
            for first in 0.. {
                for second in 0.. {
                    let (waits, violations) = double_race(capabilities, edits, [first, second], config);
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
        },
    )
}

/// Says whether the second paused, none if not even the first did, and what does not hold.
fn double_race(capabilities: Capabilities, edits: &Edits, steps: [u64; 2], config: &dyn Fn() -> Config) -> (Option<bool>, Vec<String>) {
    let (mut world, seen) = meeting(capabilities, edits, config);
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
    if tolerated(capabilities, true) {
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
    for (tier, capabilities) in TIERS {
        for calls in (0..6).flat_map(|first| (0..6).map(move |second| [first, second])) {
            for late in [false, true] {
                let mut violations = take_over(capabilities, calls, late, config);
                if tolerated(capabilities, true) {
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

fn take_over(capabilities: Capabilities, [first, second]: [u32; 2], late: bool, config: &dyn Fn() -> Config) -> Vec<String> {
    let edits: &Edits = &[(0, "a", Action::Put), (1, "b", Action::Put)];
    let (mut world, seen) = meeting(capabilities, edits, &|| Config { seats: 3, ..config() });
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

fn end(world: &mut World, started: &Started<Report>) {
    world.resume(started);
    world.go_on(started);
}

// --- resolutions ---

const RESOLUTIONS: [Resolution; 2] = [Resolution::KeepLocal, Resolution::TakeRemote];

/// What changes between the moment at which a conflict is shown and its resolution.
const MEANWHILE: [(&str, fn(&mut World)); 4] = [
    ("nothing", |_| ()),
    ("edit", |w| drop(w.change(0, &id("a"), Action::Put))),
    ("delete", |w| drop(w.change(0, &id("a"), Action::Delete))),
    ("edit elsewhere", |w| {
        edit(w, &[(1, "a", Action::Put)]);
        sync(w, 1);
        sync(w, 0);
    }),
];

/// Conflicts resolved as they were shown some time ago, and resolutions disturbed at each of their steps.
pub fn by_resolutions(config: &dyn Fn() -> Config) -> Hit {
    for remote in [Action::Put, Action::Delete] {
        for resolution in RESOLUTIONS {
            let name = format!("resolve {remote:?} by {resolution:?}");
            let found = MEANWHILE.iter().find_map(|(what, meanwhile)| {
                let (mut world, conflict) = conflicting(remote, config());
                meanwhile(&mut world);
                resolve(&mut world, conflict, &resolution);
                hit(format!("{name}, meanwhile {what}"), settled(&mut world, Settle::Local))
            });
            let found = found.or_else(|| disturbed(&name, remote, &resolution, config));
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

fn conflicting(remote: Action, config: Config) -> (World, Conflict) {
    let mut world = synced(config);
    edit(&mut world, &[(0, "a", Action::Put), (1, "a", remote)]);
    sync(&mut world, 1);
    sync(&mut world, 0);
    let conflict = well(world.conflicts(0)).into_iter().next().expect("there is a conflict");
    (world, conflict)
}

fn resolve(world: &mut World, conflict: Conflict, resolution: &Resolution) {
    let chosen = chosen(world, 0, &conflict, resolution);
    let started = world.start_resolve(0, conflict, resolution.clone());
    if world.go_on(&started).is_well() {
        world.ghost.supersede(&chosen.0, &chosen.1, true);
    }
}

/// An edit, a kill and a drop at each await of a resolution.
fn disturbed(name: &str, remote: Action, resolution: &Resolution, config: &dyn Fn() -> Config) -> Hit {
    let ways: [(&str, fn(&mut World, &Started<()>)); 3] = [
        ("edit", |w, started| edit_beside(w, started, ("a", Action::Put))),
        ("kill", |w, _| w.kill(0)),
        ("drop", |w, started| w.cancel(started)),
    ];
    ways.iter().find_map(|(way, disturb)| {
        for polls in 0.. {
            let (mut world, conflict) = conflicting(remote, lingering(config));
            chosen(&world, 0, &conflict, resolution);
            let started = world.start_resolve(0, conflict, resolution.clone());
            if !matches!(world.go_on_for(&started, polls), Run::Paused) {
                return None;
            }
            disturb(&mut world, &started);
            let violations = settled(&mut world, Settle::Local);
            if !violations.is_empty() {
                return hit(format!("{name}, {way} after {polls} polls"), violations);
            }
        }
        None
    })
}

// --- other writers, backups ---

/// What an old client does that knows the log of an earlier moment only.
const OLD: [(&str, fn(&mut World, &Files)); 3] = [
    ("writes over it", |w, stale| old_push(w, stale, true)),
    ("dies before it writes the count", |w, stale| old_push(w, stale, false)),
    ("writes over what another old client has deleted", |w, stale| {
        old_delete(w);
        old_push(w, stale, true);
    }),
];

type Files = BTreeMap<String, Vec<u8>>;

/// An old client that knows the log of an earlier moment writes over what was logged since.
pub fn by_old_clients(config: &dyn Fn() -> Config) -> Hit {
    let later: [&Edits; 6] = [
        &[],
        &[(0, "b", Action::Put)],
        &[(0, "a", Action::Put), (0, "b", Action::Put)],
        &[(0, "a", Action::Delete), (0, "b", Action::Put)],
        &[(0, "a", Action::Put), (1, "b", Action::Put)],
        &[(0, "b", Action::Put), (0, "a", Action::Delete), (1, "c", Action::Put)],
    ];
    for edits in later {
        for both in [false, true] {
            for (what, act) in OLD {
                // A log that is shorter than its count is not repaired today, but stays `corrupt`.
                let shorter = what.starts_with("dies") && edits.len() > 1;
                // Who has not read what was overwritten cannot know of it, and an old author does not say it again.
                let without_trace = what.contains("deleted") && !both;
                if shorter || without_trace {
                    continue;
                }
                let mut world = synced(config());
                // So late that nobody looks for its own entries any more.
                world.clock.pass(LONG);
                sync(&mut world, 0);
                sync(&mut world, 1);
                let stale = world.drive.contents();
                edit(&mut world, edits);
                sync(&mut world, 0);
                if both {
                    sync(&mut world, 1);
                }
                if edits.is_empty() {
                    interrupted(&mut world);
                }
                act(&mut world, &stale);
                let mut violations = settled(&mut world, Settle::Local);
                if what.contains("deleted") {
                    // The deletion itself stays overwritten, as its author does not say it again.
                    violations.retain(|v| !v.starts_with("I6 "));
                }
                if !violations.is_empty() {
                    return hit(format!("{edits:?}, both {both}, an old client {what}"), violations);
                }
            }
        }
    }
    by_old_pushes_between(config)
}

/// An old client that writes over the log while a sync stands still.
fn by_old_pushes_between(config: &dyn Fn() -> Config) -> Hit {
    for step in 0.. {
        let mut world = synced(config());
        let stale = world.drive.contents();
        edit(&mut world, &[(1, "b", Action::Put)]);
        sync(&mut world, 1);
        sync(&mut world, 0);
        edit(&mut world, &[(0, "a", Action::Put)]);
        world.arm(Some(Box::new(PauseAt { seat: 0, step, then: None })));
        let started = world.start_sync(0, SyncOptions::default());
        if !matches!(world.go_on(&started), Run::Paused) {
            return None;
        }
        old_push(&mut world, &stale, true);
        end(&mut world, &started);
        let violations = settled(&mut world, Settle::Local);
        if !violations.is_empty() {
            return hit(format!("an old client writes over the log at step {step}"), violations);
        }
    }
    None
}

/// Client 1 has written a document and did not live to announce it; its user edits on, and its other push is overwritten.
fn interrupted(world: &mut World) {
    edit(world, &[(0, "b", Action::Put)]);
    sync(world, 0);
    edit(world, &[(0, "a", Action::Put)]);
    world.arm(Some(Box::new(First { seat: 0, call: "put", subject: "docs/", fault: Some(Fault::KillAfter) })));
    world.sync(0, SyncOptions::default());
    world.control.disarm();
    if !world.is_open(0) {
        well(world.open(0));
    }
    edit(world, &[(0, "a", Action::Put)]);
}

fn parsed(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap()
}

/// What db-to-cloud writes in a push of the document `o`: the log and the count as it last read them, with its entry.
fn old_push(world: &mut World, stale: &Files, counts: bool) {
    let (no, change) = world.ghost.edit(9, &id("o"), Action::Put, &Default::default(), false);
    let doc = parsed(&world.ghost.get(no).unwrap().body.unwrap());
    let entry = json!({"_id": "o", "_rev": change.revision, "action": "put"});
    write(world, "docs/o.json", Some(&json!({"doc": doc, "_rev": change.revision})));
    old_log(world, stale, entry, counts);
}

/// What db-to-cloud writes when it deletes `a`, as far as that is there.
fn old_delete(world: &mut World) {
    let files = world.drive.contents();
    let Some(document) = files.get("docs/a.json") else { return };
    let revision = kitestring::Revision::new(parsed(document)["_rev"].as_str().unwrap());
    let seen = world.ghost.edits_of(&id("a"), &revision);
    let (_, change) = world.ghost.edit(9, &id("a"), Action::Delete, &seen, false);
    write(world, "docs/a.json", None);
    old_log(world, &files, json!({"_id": "a", "_rev": change.revision, "action": "delete"}), true);
}

fn old_log(world: &mut World, known: &Files, entry: serde_json::Value, counts: bool) {
    let (mut log, mut meta) = (parsed(&known["changes/0.json"]), parsed(&known["meta.json"]));
    log.as_array_mut().unwrap().push(entry);
    meta["lastChange"] = log.as_array().unwrap().len().into();
    write(world, "changes/0.json", Some(&log));
    if counts {
        write(world, "meta.json", Some(&meta));
    }
}

/// Writes or deletes a file without any client of ours.
fn write(world: &mut World, path: &str, content: Option<&serde_json::Value>) {
    let (drive, path) = (Arc::clone(&world.drive), DrivePath::new(path).unwrap());
    let bytes = content.map(|c| c.to_string().into_bytes());
    let written = world.start_call(1, |_| async move {
        match bytes {
            Some(bytes) => drive.put(path, bytes, Condition::Any).await.map(drop),
            None => drive.delete(path, Condition::Any).await,
        }
    });
    well(world.go_on(&written));
}

/// The drive is put back to an earlier state, or emptied: the client must say so, and lose nothing if told to go on.
pub fn by_backups(config: &dyn Fn() -> Config) -> Hit {
    let mut world = synced(config());
    let old = world.drive.contents();
    edit(&mut world, &[(0, "a", Action::Put), (1, "b", Action::Put)]);
    for seat in [0, 1, 0, 1] {
        // So late that nobody looks for its own entries any more.
        sync(&mut world, seat);
        world.clock.pass(LONG);
    }
    world.drive.restore(old);
    let run = world.sync(0, SyncOptions::default());
    if !matches!(&run, Run::Done(Err(e)) if matches!(e.kind, ErrorKind::Rollback { .. })) {
        return failed("an older vault", format!("I4 CursorMonotone: a sync with a vault that went back ends with {}", run.word()));
    }
    let allow = Allow { rollback: true, ..Allow::default() };
    for seat in [0, 1, 0, 1] {
        well(world.sync(seat, SyncOptions { allow, ..SyncOptions::default() }));
    }
    hit("an older vault", settled(&mut world, Settle::Local)).or_else(|| by_emptied_drives(config))
}

fn by_emptied_drives(config: &dyn Fn() -> Config) -> Hit {
    let mut world = synced(config());
    world.drive.restore(BTreeMap::new());
    edit(&mut world, &[(1, "b", Action::Put)]);
    let run = world.sync(1, SyncOptions::default());
    if !matches!(&run, Run::Done(Err(e)) if e.kind == ErrorKind::VaultChanged) {
        return failed("an emptied drive", format!("I14 FailClosed: a sync with a vault that is gone ends with {}", run.word()));
    }
    let allow = Allow { vault_changed: true, ..Allow::default() };
    for seat in [0, 1, 0, 1] {
        well(world.sync(seat, SyncOptions { allow, ..SyncOptions::default() }));
    }
    hit("an emptied drive", settled(&mut world, Settle::Local))
}

// --- names, numbers, odd ports ---

/// Ids that are no names of files, and two that differ only in case on a drive to which that is no difference.
pub fn by_names(config: &dyn Fn() -> Config) -> Hit {
    const IDS: [&str; 8] = ["a/b", "..", ".x", "a:b", "x.", "%41", "Foo", "foo"];
    for (tier, capabilities) in TIERS {
        for at_once in [false, true] {
            let mut world = synced(Config { capabilities, around_drive: Some(CaselessDrive::around()), ..config() });
            for name in IDS {
                well(world.change(0, &DocId::new(name).unwrap(), Action::Put));
                if !at_once {
                    sync(&mut world, 0);
                }
            }
            sync(&mut world, 0);
            sync(&mut world, 1);
            for name in IDS {
                well(world.change(1, &DocId::new(name).unwrap(), Action::Put));
            }
            world.control.disarm();
            let violations = names_settled(&mut world);
            if !violations.is_empty() {
                return hit(format!("{tier}, at once {at_once}"), violations);
            }
        }
    }
    None
}

/// As [`settled`], without the look at the files: their names are not the ids.
fn names_settled(world: &mut World) -> Vec<String> {
    settled(world, Settle::Local).into_iter().filter(|v| !v.starts_with("I6 ")).collect()
}

/// Many documents deleted: more than half must be asked about, half must not.
pub fn by_mass_deletions(config: &dyn Fn() -> Config) -> Hit {
    for (gone, of) in [(24, 24), (24, 47), (24, 48), (19, 19)] {
        for here in [false, true] {
            let case = format!("{gone} of {of} deleted, here {here}");
            let mut world = synced(config());
            let ids: Vec<DocId> = (1..of).map(|n| id(&format!("d{n:02}"))).chain([id("a")]).collect();
            ids.iter().for_each(|id| well(world.change(1, id, Action::Put)));
            sync(&mut world, 1);
            sync(&mut world, 0);
            for id in ids.iter().take(gone) {
                match here {
                    true => drop(world.host(0).change(id, Action::Delete)),
                    false => well(world.change(1, id, Action::Delete)),
                }
            }
            if !here {
                sync(&mut world, 1);
            }
            let run = world.sync(0, SyncOptions { reconcile: here, ..SyncOptions::default() });
            let asked = matches!(&run, Run::Done(Err(e)) if matches!(e.kind, ErrorKind::MassDelete { .. }));
            let must = gone >= 20 && gone * 2 > of;
            let left = if here { of } else { world.host(0).documents().len() };
            if asked != must || asked && left != of {
                return failed(&case, format!("I14 FailClosed: asked {asked}, must be {must}; {left} are left"));
            }
            let allow = Allow { mass_delete: true, ..Allow::default() };
            well(world.sync(0, SyncOptions { reconcile: here, allow, ..SyncOptions::default() }));
            well(world.sync(1, SyncOptions { allow, ..SyncOptions::default() }));
            queue_uncommitted(&mut world);
            let violations = settled(&mut world, Settle::Local);
            if !violations.is_empty() {
                return hit(case, violations);
            }
        }
    }
    None
}

/// A drive that has not heard of a document yet, or gives half of one.
pub fn by_flickers(config: &dyn Fn() -> Config) -> Hit {
    for (flicker, bad) in [(Flicker::Missing, 1), (Flicker::Missing, 2), (Flicker::Half, 1), (Flicker::Half, 4), (Flicker::Half, 8)] {
        for good in 0..4 {
            for action in [Action::Put, Action::Delete] {
                let around = Some(FlickeringDrive::around(flicker, 0, good, bad));
                let mut world = synced(Config { around_drive: around, ..config() });
                edit(&mut world, &[(1, "a", Action::Put), (1, "b", action), (1, "c", Action::Put), (0, "d", action)]);
                sync(&mut world, 1);
                sync(&mut world, 0);
                let violations = settled(&mut world, Settle::Local);
                if !violations.is_empty() {
                    return hit(format!("{flicker:?} {bad} times after {good}, {action:?}"), violations);
                }
            }
        }
    }
    None
}

/// A drive that makes each write in turn twice, and refuses the second.
pub fn by_stammers(config: &dyn Fn() -> Config) -> Hit {
    for (tier, capabilities) in TIERS {
        for (name, prepare) in SCENES {
            for nth in 0..20 {
                let around = Some(StammeringDrive::around(0, nth));
                let mut world = scene(prepare, Config { capabilities, around_drive: around, ..config() });
                well(world.sync(0, SyncOptions::default()));
                let violations = settled(&mut world, Settle::Local);
                if !violations.is_empty() {
                    return hit(format!("{tier}, {name}: write {nth} is repeated"), violations);
                }
            }
        }
    }
    None
}

/// A host that cannot read its documents at one of its reads.
pub fn by_reluctance(config: &dyn Fn() -> Config) -> Hit {
    for nth in 1..7 {
        for (name, prepare) in SCENES {
            let left = Arc::new(AtomicU32::new(0));
            let around = Some(OddHost::around(0, Manner::Reluctant(Arc::clone(&left))));
            let mut world = scene(prepare, Config { around_application: around, ..config() });
            left.store(nth, Relaxed);
            world.sync(0, SyncOptions { reconcile: true, ..SyncOptions::default() });
            let violations = settled(&mut world, Settle::Local);
            if !violations.is_empty() {
                return hit(format!("{name}: nothing at read {nth}"), violations);
            }
        }
    }
    None
}

/// A dry run changes nothing, and a sync after it does everything.
pub fn by_dry_runs(config: &dyn Fn() -> Config) -> Hit {
    SCENES.iter().find_map(|(name, prepare)| {
        let mut world = scene(*prepare, config());
        let before = (world.drive.contents(), world.host(0).documents(), status(&mut world, 0));
        well(world.sync(0, SyncOptions { dry_run: true, ..SyncOptions::default() }));
        if before != (world.drive.contents(), world.host(0).documents(), status(&mut world, 0)) {
            return failed(name, "DryRun: something was written");
        }
        hit(*name, settled(&mut world, Settle::Local))
    })
}

fn status(world: &mut World, seat: usize) -> Status {
    let started = world.start_call(seat, |client| async move { client.status().await });
    well(world.go_on(&started))
}

/// Time runs out at each step of a sync: the report must say so.
pub fn by_deadlines(config: &dyn Fn() -> Config) -> Hit {
    let deadline = Some(Duration::from_secs(1));
    SCENES.iter().find_map(|(name, prepare)| {
        for step in 0.. {
            let mut world = scene(*prepare, config());
            world.arm(Some(Box::new(PauseAt { seat: 0, step, then: None })));
            let started = world.start_sync(0, SyncOptions { deadline, ..SyncOptions::default() });
            if !matches!(world.go_on(&started), Run::Paused) {
                return None;
            }
            world.clock.pass(Duration::from_secs(2));
            world.resume(&started);
            let report = well(world.go_on(&started));
            let status = status(&mut world, 0);
            let case = format!("{name}: no time after step {step}");
            if report.stopped.is_none() && report.skipped.is_empty() && status.pending + status.queued > 0 {
                return failed(&case, format!("NoFalseReport: the sync says that it is complete, but {status:?}"));
            }
            let violations = settled(&mut world, Settle::Local);
            if !violations.is_empty() {
                return hit(case, violations);
            }
        }
        None
    })
}

/// A log whose last file is just being filled, with every fault at every step of a push.
pub fn by_long_logs(config: &dyn Fn() -> Config) -> Hit {
    for documents in [97, 98, 99] {
        for strike in by_faults(26) {
            let mut world = synced(config());
            let ids: Vec<DocId> = (0..documents).map(|n| id(&format!("d{n:02}"))).collect();
            ids.iter().for_each(|id| well(world.change(1, id, Action::Put)));
            sync(&mut world, 1);
            sync(&mut world, 0);
            edit(&mut world, &[(0, "a", Action::Put), (0, "d01", Action::Delete), (1, "b", Action::Put)]);
            world.arm(strike.map(|(step, fault)| Box::new(At(step, fault)) as _));
            world.sync(0, SyncOptions::default());
            world.control.disarm();
            world.clock.pass(LONG);
            sync(&mut world, 1);
            let violations = settled(&mut world, Settle::Local);
            if !violations.is_empty() {
                return hit(format!("{} changes, {strike:?}", documents + 1), violations);
            }
        }
    }
    None
}

fn by_faults(steps: u64) -> impl Iterator<Item = Option<(u64, Fault)>> {
    let faults = (0..steps).flat_map(|step| [Fault::FailAfter, Fault::KillAfter].map(|fault| Some((step, fault))));
    std::iter::once(None).chain(faults)
}

/// First syncs of a device whose host has edited before, cut short anywhere, while others go on.
pub fn by_first_syncs(config: &dyn Fn() -> Config) -> Hit {
    let before: [&Edits; 4] = [
        &[(2, "a", Action::Put)],
        &[(2, "a", Action::Put), (2, "a", Action::Delete)],
        &[(2, "b", Action::Put), (2, "a", Action::Delete)],
        &[(2, "c", Action::Put)],
    ];
    for edits in before {
        for fault in [Fault::KillAfter, Fault::CancelBefore, Fault::FailAfter] {
            for step in 0.. {
                let mut world = synced(Config { seats: 3, ..config() });
                well(world.open(2));
                edit(&mut world, edits);
                edit(&mut world, &[(0, "b", Action::Put)]);
                sync(&mut world, 0);
                world.arm(Some(Box::new(At(step, fault))));
                world.sync(2, SyncOptions { deadline: (step == 0).then_some(Duration::ZERO), ..SyncOptions::default() });
                if world.control.struck().is_none() {
                    break;
                }
                world.control.disarm();
                // A deletion that is in conflict because it came before the first pull is lost to a newer version today.
                let other = if edits.iter().any(|e| e.2 == Action::Delete) { "d" } else { "a" };
                edit(&mut world, &[(1, other, Action::Put)]);
                world.clock.pass(LONG);
                sync(&mut world, 1);
                let violations = settled(&mut world, Settle::Local);
                if !violations.is_empty() {
                    return hit(format!("{edits:?}, {fault} at step {step}"), violations);
                }
            }
        }
    }
    None
}
