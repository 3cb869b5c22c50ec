//! Killed while a folder that was copied becomes a device of its own.

use crate::{
    every_call::Scenario,
    push::{after, before, change, sync, synced},
    world::World,
};
use serde_json::{Value, json};
use std::fs;

#[test]
fn a_copy_that_becomes_a_device_of_its_own() {
    let world = synced(&before());
    // What a copy's configuration says is not where it is.
    let path = world.at("b/.kite/config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    config["home"]["inode"] = json!(1);
    fs::write(&path, config.to_string()).unwrap();
    change(&world, "a");
    sync(&world, "a").unwrap();
    // Without the old state, nobody knows any more which of two sides is the older one.
    for changed in ["edited.md", "only/deleted.md", "old name.bin"] {
        world.remove(&format!("b/{changed}"));
    }
    fs::remove_dir(world.at("b/only")).unwrap();
    let again = |world: &World| world.kite(&["sync", "b"]).map(drop);
    let scenario = Scenario { world: &world, command: &["sync", "b"], again: &again, expected: after(), safe: &[], floor: 30 };
    scenario.kill_at_every_call("copy");
}
