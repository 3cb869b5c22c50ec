//! Conflicts resolved late, and resolutions disturbed.

use super::{
    Act, Hit,
    disturbances::{edit_beside, lingering},
    edit, hit, settled,
};
use crate::common::{id, sync, synced, well};
use kitestring::{Action, Conflict, Resolution};
use kitestring_sim::{
    Config, Run, Started, World,
    recovery::{Settle, chosen},
};

const RESOLUTIONS: [Resolution; 2] = [Resolution::KeepLocal, Resolution::TakeRemote];

/// What changes between the moment at which a conflict is shown and its resolution.
const MEANWHILE: [Act; 4] = [
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

type Disturb = fn(&mut World, &Started<()>);

/// An edit, a kill and a drop at each await of a resolution.
fn disturbed(name: &str, remote: Action, resolution: &Resolution, config: &dyn Fn() -> Config) -> Hit {
    let ways: [(&str, Disturb); 3] = [
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
