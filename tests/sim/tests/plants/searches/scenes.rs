//! What goes on when a sync of client 1 is disturbed.

use super::{Act, First, edit};
use crate::common::{sync, synced, well};
use kitestring::{Action, SyncOptions};
use kitestring_sim::{Config, Fault, World};

/// What goes on when a sync of client 1 is disturbed.
pub(super) const SCENES: [Act; 6] =
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
    let subject = announcement(world);
    world.arm(Some(Box::new(First { seat: 0, call: "put", subject, fault: Some(Fault::KillAfter) })));
    world.sync(0, SyncOptions::default());
    world.control.disarm();
    if !world.is_open(0) {
        well(world.open(0));
    }
}

pub(super) fn scene(prepare: fn(&mut World), config: Config) -> World {
    let mut world = synced(config);
    prepare(&mut world);
    world
}

/// What is written last in a push.
fn announcement(world: &World) -> &'static str {
    let files = world.drive.contents();
    let has = |prefix: &str| files.keys().any(|path| path.starts_with(prefix));
    ["meta.json", "head", "h/"].into_iter().find(|prefix| has(prefix)).unwrap_or("j/")
}
