//! Killed while a sealed vault is made, and while its key is rotated: nothing is lost, and nothing unsealed is written.

use crate::{
    every_call::Scenario,
    push::{BINARY, before, files, sync, synced, write_all},
    world::{Layout, World},
};

fn is_sealed(world: &World) -> Result<(), String> {
    match world.everything("drive").into_iter().find(|(_, content)| content.windows(6).any(|window| window == b"secret")) {
        Some((path, _)) => Err(format!("drive/{path} is not sealed")),
        None => Ok(()),
    }
}

#[test]
fn the_first_sync_of_a_sealed_vault() {
    let world = World::new(Layout::Sealed);
    let expected = files(&[("one.txt", b"secret one\n"), ("sub/two.md", b"secret two\n"), ("sub/three.bin", BINARY)]);
    write_all(&world, "a", &expected);
    let command = &Layout::Sealed.set_up("a");
    let again = |world: &World| {
        is_sealed(world)?;
        sync(world, "a")
    };
    Scenario { world: &world, command, again: &again, expected, safe: &[], floor: 40 }.kill_at_every_call("first sync");
}

#[test]
fn a_rotation() {
    let world = synced(&before(), Layout::Sealed);
    world.write("a/new.md", "secret\n");
    let mut expected = before();
    expected.insert("new.md".to_owned(), b"secret\n".to_vec());
    let again = |world: &World| {
        is_sealed(world)?;
        world.kite(&["sync", "a"]).map(drop)
    };
    let command = &["key", "rotate", "a"];
    Scenario { world: &world, command, again: &again, expected, safe: &[], floor: 4 }.kill_at_every_call("rotation");
}
