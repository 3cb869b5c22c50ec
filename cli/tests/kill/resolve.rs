//! Killed while a conflict is settled. Somebody who still sees the conflict settles it again.

use crate::{
    every_call::Scenario,
    push::{files, sync, synced},
    world::{Layout, World},
};
use serde_json::json;

/// Two folders whose `notes.md` was changed in both; `b` has found out.
fn conflict(layout: Layout) -> World {
    let world = synced(&files(&[("notes.md", b"base\n")]), layout);
    world.write("a/notes.md", "from a\n");
    world.write("b/notes.md", "from b\n");
    sync(&world, "a").unwrap();
    assert_eq!(world.command(&["sync", "b"]).output().unwrap().status.code(), Some(2));
    world
}

fn settle(world: &World, keep: &str) -> Result<(), String> {
    if world.kite(&["conflicts", "b"])? == json!([]) {
        return Ok(());
    }
    world.kite(&["resolve", "b", "notes.md", "--keep", keep]).map(drop)
}

fn kill_while_keeping(layout: Layout, keep: &str, expected: &[(&str, &[u8])], floor: usize) {
    let world = conflict(layout);
    let command = &["resolve", "b", "notes.md", "--keep", keep];
    let again = |world: &World| settle(world, keep);
    let safe = &[("b", "from b\n")];
    let name = format!("resolve --keep {keep}");
    Scenario { world: &world, command, again: &again, expected: files(expected), safe, floor }.kill_at_every_call(&name);
}

in_each_layout!(keeping_the_remote_side, keeping_both_sides, keeping_the_local_side);

fn keeping_the_remote_side(layout: Layout) {
    kill_while_keeping(layout, "remote", &[("notes.md", b"from a\n")], 8);
}

fn keeping_both_sides(layout: Layout) {
    kill_while_keeping(layout, "both", &[("notes.md", b"from b\n"), ("notes (from drive).md", b"from a\n")], 8);
}

fn keeping_the_local_side(layout: Layout) {
    kill_while_keeping(layout, "local", &[("notes.md", b"from b\n")], 4);
}
