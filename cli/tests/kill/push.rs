//! Killed while a folder is pushed.

use crate::{
    every_call::Scenario,
    world::{Files, Layout, World},
};

pub const BINARY: &[u8] = b"\x00\xff\xfe\r\n\x80binary\x00";

pub fn files(all: &[(&str, &[u8])]) -> Files {
    all.iter().map(|(path, content)| ((*path).to_owned(), content.to_vec())).collect()
}

pub fn write_all(world: &World, folder: &str, all: &Files) {
    for (path, content) in all {
        world.write(&format!("{folder}/{path}"), content);
    }
}

/// Syncs a folder, setting it up if need be; it must succeed.
pub fn sync(world: &World, folder: &str) -> Result<(), String> {
    world.kite(&world.layout.set_up(folder)).map(drop)
}

/// Both folders hold these files and have synced.
pub fn synced(all: &Files, layout: Layout) -> World {
    let world = World::new(layout);
    write_all(&world, "a", all);
    for folder in ["a", "b", "a"] {
        sync(&world, folder).unwrap();
    }
    world
}

/// What both folders hold before the changes.
pub fn before() -> Files {
    files(&[("edited.md", b"old\n"), ("only/deleted.md", b"goes\n"), ("old name.bin", BINARY), ("still.txt", b"stays\n")])
}

/// What both folders hold after them.
pub fn after() -> Files {
    files(&[("edited.md", b"new\n"), ("deep/er/new.md", b"comes\n"), ("deep/new name.bin", BINARY), ("still.txt", b"stays\n")])
}

/// An edit, a new file, a deletion that empties a directory, and a rename.
pub fn change(world: &World, folder: &str) {
    let at = |path: &str| format!("{folder}/{path}");
    world.write(&at("edited.md"), "new\n");
    world.write(&at("deep/er/new.md"), "comes\n");
    world.remove(&at("only/deleted.md"));
    std::fs::remove_dir(world.at(&at("only"))).unwrap();
    world.rename(&at("old name.bin"), &at("deep/new name.bin"));
}

in_each_layout!(
    the_first_sync_to_a_new_drive,
    a_push_of_an_edit_a_new_file_a_deletion_and_a_rename,
    a_push_after_which_a_file_is_edited_once_more
);

fn the_first_sync_to_a_new_drive(layout: Layout) {
    let world = World::new(layout);
    let expected = files(&[("one.txt", b"one\n"), ("sub/two.md", b"two\n"), ("sub/three.bin", BINARY)]);
    write_all(&world, "a", &expected);
    let command = &layout.set_up("a");
    let again = |world: &World| sync(world, "a");
    Scenario { world: &world, command, again: &again, expected, safe: &[], floor: 40 }.kill_at_every_call("first sync");
}

fn a_push_of_an_edit_a_new_file_a_deletion_and_a_rename(layout: Layout) {
    let world = synced(&before(), layout);
    change(&world, "a");
    let again = |world: &World| world.kite(&["sync", "a"]).map(drop);
    let command = &["sync", "a"];
    Scenario { world: &world, command, again: &again, expected: after(), safe: &[], floor: 25 }.kill_at_every_call("push");
}

fn a_push_after_which_a_file_is_edited_once_more(layout: Layout) {
    let world = synced(&before(), layout);
    change(&world, "a");
    let mut expected = after();
    expected.insert("edited.md".to_owned(), b"newer\n".to_vec());
    expected.insert("deep/er/new.md".to_owned(), b"longer than before\n".to_vec());
    // Whatever of the first edits has arrived on the drive, it is no stranger's.
    let again = |world: &World| {
        world.write("a/edited.md", "newer\n");
        world.write("a/deep/er/new.md", "longer than before\n");
        world.kite(&["sync", "a"]).map(drop)
    };
    let command = &["sync", "a"];
    Scenario { world: &world, command, again: &again, expected, safe: &[], floor: 25 }.kill_at_every_call("edited push");
}
