//! Drives and hosts that are odd as real ones may be.

use super::{
    Hit, edit, hit,
    scenes::{SCENES, scene},
    settled, tiers,
};
use crate::common::{sync, synced, well};
use crate::plants::watch::{CaselessDrive, Flicker, FlickeringDrive, Manner, OddHost, StammeringDrive};
use kitestring::{Action, DocId, SyncOptions};
use kitestring_sim::{Config, World, recovery::Settle};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

/// Ids that are no names of files, and two that differ only in case on a drive to which that is no difference.
pub fn by_names(config: &dyn Fn() -> Config) -> Hit {
    const IDS: [&str; 8] = ["a/b", "..", ".x", "a:b", "x.", "%41", "Foo", "foo"];
    for tier in tiers(config) {
        for at_once in [false, true] {
            let mut world = synced(tier.of(Config { around_drive: Some(CaselessDrive::around()), ..config() }));
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
    for tier in tiers(config) {
        for (name, prepare) in SCENES {
            for nth in 0..20 {
                let around = Some(StammeringDrive::around(0, nth));
                let mut world = scene(prepare, tier.of(Config { around_drive: around, ..config() }));
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
