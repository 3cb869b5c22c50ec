//! Syncs disturbed at each of their steps and awaits: by edits, kills and cancels.

use super::{
    Act, Hit, LONG, edit, hit,
    scenes::{SCENES, scene},
    settled,
};
use crate::common::{PauseAt, edit_while_paused, id, sync, well};
use crate::plants::watch::{Manner, OddHost};
use kitestring::{Action, Application as _, SyncOptions};
use kitestring_sim::{Config, Fault, Run, Started, World, faults::At, recovery::Settle};

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

pub(super) fn lingering(config: &dyn Fn() -> Config) -> Config {
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
pub(super) fn edit_beside<T>(world: &mut World, started: &Started<T>, (document, action): (&str, Action)) {
    let change = world.host(0).change(&id(document), action);
    let queued = world.start_queue(0, change);
    world.go_on(started);
    well(world.go_on(&queued));
}

/// Two kills in a row, each at any step of a sync, with an edit in between.
pub fn by_double_kills(config: &dyn Fn() -> Config) -> Hit {
    let scenes: [Act; 2] = [
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
                let violations = settled(&mut world, Settle::Local);
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
const SEQUELS: [Act; 7] = [
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

fn by_stop(scene_of: Act, sequel: Act, kill: bool, config: &dyn Fn() -> Config) -> Hit {
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

pub(super) fn queue_uncommitted(world: &mut World) {
    let host = world.host(0);
    let asked = world.start_call(0, |_| async move { host.uncommitted(None, 100).await });
    let changes = well(world.go_on(&asked));
    changes.into_iter().for_each(|change| well(world.queue(0, change)));
}
