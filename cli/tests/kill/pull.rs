//! Killed while a folder is pulled.

use crate::{
    every_call::Scenario,
    push::{BINARY, after, before, change, files, sync, synced, write_all},
    world::{Layout, World},
};

in_each_layout!(a_pull_beside_an_edit_of_its_own, the_first_pull_into_a_new_folder, a_pull_that_the_drive_has_overtaken);

fn a_pull_beside_an_edit_of_its_own(layout: Layout) {
    let world = synced(&before(), layout);
    change(&world, "a");
    sync(&world, "a").unwrap();
    world.write("b/still.txt", "edited in b\n");
    let mut expected = after();
    expected.insert("still.txt".to_owned(), b"edited in b\n".to_vec());
    let again = |world: &World| world.kite(&["sync", "b"]).map(drop);
    let safe = &[("b", "old\n"), ("b", "goes\n"), ("b", "edited in b\n")];
    Scenario { world: &world, command: &["sync", "b"], again: &again, expected, safe, floor: 35 }.kill_at_every_call("pull");
}

fn the_first_pull_into_a_new_folder(layout: Layout) {
    let world = World::new(layout);
    let mut expected = files(&[("one.txt", b"one\n"), ("sub/two.md", b"two\n"), ("sub/three.bin", BINARY), ("both.txt", b"same\n")]);
    // Large enough to come in parts.
    expected.insert("sub/large".to_owned(), vec![b'x'; (1 << 20) + 4096]);
    write_all(&world, "a", &expected);
    sync(&world, "a").unwrap();
    world.write("b/both.txt", "same\n");
    let again = |world: &World| sync(world, "b");
    let command = &layout.set_up("b");
    Scenario { world: &world, command, again: &again, expected, safe: &[], floor: 30 }.kill_at_every_call("first pull");
}

fn a_pull_that_the_drive_has_overtaken(layout: Layout) {
    let world = synced(&before(), layout);
    change(&world, "a");
    sync(&world, "a").unwrap();
    let mut expected = after();
    expected.insert("edited.md".to_owned(), b"newer\n".to_vec());
    expected.remove("deep/new name.bin");
    // What the killed pull has put into `b` is no edit of `b`'s, though the drive has gone on since.
    let again = |world: &World| {
        world.write("a/edited.md", "newer\n");
        world.remove("a/deep/new name.bin");
        sync(world, "a")?;
        world.kite(&["sync", "b"]).map(drop)
    };
    let command = &["sync", "b"];
    Scenario { world: &world, command, again: &again, expected, safe: &[("b", "old\n")], floor: 20 }.kill_at_every_call("overtaken pull");
}
