//! What one call promises: guards, dry runs, deadlines; and what comes first and last.

use super::{
    Edits, Hit, LONG,
    disturbances::queue_uncommitted,
    edit, failed, hit,
    scenes::{SCENES, scene},
    settled,
};
use crate::common::{PauseAt, id, sync, synced, well};
use kitestring::{Action, Allow, DocId, ErrorKind, Status, SyncOptions};
use kitestring_sim::{Config, Fault, Run, World, faults::At, recovery::Settle};
use std::time::Duration;

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

/// Whether a sync writes the document `a` that its host has deleted before the first pull.
fn is_brought_back(world: &mut World, seat: usize) -> bool {
    if !world.is_open(seat) {
        well(world.open(seat));
    }
    sync(world, seat);
    world.host(seat).documents().contains_key(&id("a"))
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
                edit(&mut world, &[(1, "a", Action::Put)]);
                world.clock.pass(LONG);
                sync(&mut world, 1);
                if edits.iter().any(|e| e.2 == Action::Delete) && is_brought_back(&mut world, 2) {
                    return failed(&format!("{edits:?}, {fault} at step {step}"), "I1 NoLostUpdate: nobody was asked about a deletion");
                }
                let violations = settled(&mut world, Settle::Local);
                if !violations.is_empty() {
                    return hit(format!("{edits:?}, {fault} at step {step}"), violations);
                }
            }
        }
    }
    None
}
