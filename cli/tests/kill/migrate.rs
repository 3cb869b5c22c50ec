//! Killed while a classic vault goes to the journal layout, and while the other folder follows it: the same command goes on, and no
//! edit is lost, sent or not.

use crate::{
    push::{files, synced},
    strace::{self, Kill},
    world::{Files, Layout, World},
};
use serde_json::Value;

/// The folder that migrates, or the one that follows.
type Command = &'static [&'static str];

const MIGRATE: Command = &["migrate", "a", "--yes"];
const FOLLOW: Command = &["move", "b", "--follow", "--yes"];

/// Two folders of a classic vault, each with an edit, a new file and a deletion that it has not sent.
fn two() -> World {
    let of = |name: &str| (name.to_owned(), name.as_bytes().to_vec());
    let before: Files = ["of a", "of b", "goes in a", "goes in b", "same"].into_iter().map(of).collect();
    let world = synced(&before, Layout::Classic);
    for own in ["a", "b"] {
        world.write(&format!("{own}/of {own}"), format!("edited in {own}"));
        world.write(&format!("{own}/new of {own}"), "new");
        world.remove(&format!("{own}/goes in {own}"));
    }
    world
}

fn layout(world: &World, folder: &str) -> String {
    let config: Value = serde_json::from_slice(&world.everything(folder)[".kite/config.json"]).unwrap();
    config["layout"].as_str().unwrap().to_owned()
}

/// Does what was interrupted, as whoever finds it would.
fn complete(world: &World, command: Command) -> Result<(), String> {
    let folder = if command == MIGRATE { "a" } else { "b" };
    if layout(world, folder) == "classic" {
        world.kite(command)?;
    }
    Ok(())
}

/// A sync of a folder that has come to the new vault; it keeps its own side of what it is asked about.
fn sync(world: &World, folder: &str) -> Result<(), String> {
    if world.kite(&["sync", folder]).is_ok() {
        return Ok(());
    }
    let listed = world.kite(&["conflicts", folder])?;
    for conflict in listed.as_array().unwrap() {
        world.kite(&["resolve", folder, conflict["id"].as_str().unwrap(), "--keep", "local"])?;
    }
    world.kite(&["sync", folder]).map(drop)
}

fn recover(world: &World, command: Command) -> Result<(), String> {
    if command == MIGRATE {
        // The other folder, meanwhile: it syncs as ever, waits, or is told where the vault is.
        let told = world.kite(&["sync", "b"]).err().unwrap_or_default();
        if !["locked", "unavailable", "moved", ""].iter().any(|code| told.is_empty() || told.contains(&format!("\"code\":\"{code}\""))) {
            return Err(told);
        }
    }
    complete(world, MIGRATE)?;
    complete(world, FOLLOW)?;
    for folder in ["a", "b", "a", "b"] {
        sync(world, folder)?;
    }
    let (new, of_a, of_b) = (&b"new"[..], &b"edited in a"[..], &b"edited in b"[..]);
    let expected = files(&[("of a", of_a), ("of b", of_b), ("new of a", new), ("new of b", new), ("same", b"same")]);
    for folder in ["a", "b"] {
        let found = world.files(folder);
        if found != expected {
            return Err(format!("{folder} holds {found:?}"));
        }
    }
    Ok(())
}

/// Kills the command after each of its calls.
fn kill_at_every_call(world: &World, command: Command) {
    world.keep();
    let whole = strace::run(&world.command(command), Kill::Never);
    assert!(whole.status.success(), "without a kill (is ptrace permitted?): {whole:#?}");
    recover(world, command).unwrap_or_else(|what| panic!("not even killed: {what}"));
    let (calls, mut kills) = (whole.calls(), 0);
    assert!(calls > 10, "only {calls} calls were seen: {whole:#?}");
    for n in 1..=calls {
        world.put_back();
        let traced = strace::run(&world.command(command), Kill::After(n));
        kills += usize::from(traced.is_killed());
        assert!(traced.is_killed() || traced.status.success(), "after call {n}: {traced:#?}");
        recover(world, command).unwrap_or_else(|what| panic!("killed after call {n} of {calls}: {what}\n{}", traced.last()));
    }
    assert!(kills + 3 >= calls, "only {kills} of {calls} runs were killed");
}

#[test]
fn a_migration() {
    kill_at_every_call(&two(), MIGRATE);
}

#[test]
fn following_a_migrated_vault() {
    let world = two();
    world.kite(MIGRATE).unwrap();
    world.kite(&["sync", "a"]).unwrap();
    kill_at_every_call(&world, FOLLOW);
}
