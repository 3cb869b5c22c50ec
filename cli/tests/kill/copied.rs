//! Killed while a folder that was copied becomes a device of its own.

use crate::{
    every_call::Scenario,
    push::{after, before, change, sync, synced},
    world::{Layout, World},
};
use serde_json::{Value, json};
use std::fs;

/// `b` says that it is a copy, and `a` has gone on.
fn world(layout: Layout) -> World {
    let world = synced(&before(), layout);
    let path = world.at("b/.kite/config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    config["home"]["inode"] = json!(1);
    fs::write(&path, config.to_string()).unwrap();
    change(&world, "a");
    sync(&world, "a").unwrap();
    world
}

fn kill(world: &World, name: &str) {
    let again = |world: &World| world.kite(&["sync", "b"]).map(drop);
    let scenario = Scenario { world, command: &["sync", "b"], again: &again, expected: after(), safe: &[], floor: 30 };
    scenario.kill_at_every_call(name);
}

in_each_layout!(an_exact_copy, a_copy_whose_files_are_not_those_of_its_last_sync);

fn an_exact_copy(layout: Layout) {
    kill(&world(layout), "exact copy");
}

fn a_copy_whose_files_are_not_those_of_its_last_sync(layout: Layout) {
    let world = world(layout);
    for changed in ["edited.md", "only/deleted.md", "old name.bin"] {
        world.remove(&format!("b/{changed}"));
    }
    fs::remove_dir(world.at("b/only")).unwrap();
    kill(&world, "copy");
}
