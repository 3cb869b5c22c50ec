//! Killed while the trash gives something back, or loses what is too old.

use crate::{
    every_call::Scenario,
    push::{files, sync, synced},
    world::{Layout, World},
};
use std::fs;

/// `b` has pulled an edit of `notes.md` and the deletion of `sub/gone.md`.
fn world() -> World {
    let world = synced(&files(&[("notes.md", b"old\n"), ("sub/gone.md", b"gone\n"), ("still.txt", b"stays\n")]), Layout::Classic);
    world.write("a/notes.md", "new\n");
    fs::remove_dir_all(world.at("a/sub")).unwrap();
    sync(&world, "a").unwrap();
    sync(&world, "b").unwrap();
    world
}

fn restore(path: &'static str, expected: &[(&str, &[u8])], floor: usize) {
    let world = world();
    let again = move |world: &World| {
        let back = fs::read(world.at("b").join(path)).is_ok_and(|content| content != b"new\n");
        if back { Ok(()) } else { world.kite(&["trash", "restore", "b", path]).map(drop) }
    };
    let command = &["trash", "restore", "b", path];
    let safe = &[("b", "old\n"), ("b", "gone\n"), ("b", "new\n")];
    Scenario { world: &world, command, again: &again, expected: files(expected), safe, floor }.kill_at_every_call("restore");
}

#[test]
fn a_file_that_comes_back_in_the_place_of_another() {
    restore("notes.md", &[("notes.md", b"old\n"), ("still.txt", b"stays\n")], 8);
}

#[test]
fn a_file_that_comes_back_to_where_nothing_is() {
    restore("sub/gone.md", &[("notes.md", b"new\n"), ("sub/gone.md", b"gone\n"), ("still.txt", b"stays\n")], 6);
}

#[test]
fn a_sync_that_clears_what_is_too_old() {
    let world = world();
    for n in 0..3 {
        world.write(&format!("b/.kite/trash/2001-02-03T04-05-06Z-deleted/dir/{n}"), "too old\n");
    }
    let again = |world: &World| {
        sync(world, "b")?;
        let left = world.everything("b/.kite/trash").into_keys().filter(|path| path.starts_with("2001")).count();
        if left == 0 { Ok(()) } else { Err(format!("{left} files of the trash are still there")) }
    };
    let expected = files(&[("notes.md", b"new\n"), ("still.txt", b"stays\n")]);
    let safe = &[("b", "old\n"), ("b", "gone\n")];
    Scenario { world: &world, command: &["sync", "b"], again: &again, expected, safe, floor: 5 }.kill_at_every_call("expiry");
}
