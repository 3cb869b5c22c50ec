//! Signing in, and that nobody is shown how.

use crate::{
    terminal::on_a_terminal,
    world::{Ran, World},
};
use kitestring_servers::Server;
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
};

const USER: &str = "ann";
const PASSWORD: &str = "canary-pass";

fn signed_in(world: &World, password: &str, args: &[&str]) -> Ran {
    Ran::of(world.command(args).env("KITE_WEBDAV_USER", USER).env("KITE_WEBDAV_PASSWORD", password))
}

/// Makes sure that a run has not said the password, nor its form in a header.
fn silent(ran: Ran) -> Ran {
    for secret in [PASSWORD, "YW5uOmNhbmFyeS1wYXNz"] {
        assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{ran:#?}");
    }
    ran
}

#[test]
fn the_right_ones_sign_in_and_are_written_nowhere() {
    let server = Server::signing_in(USER, PASSWORD);
    let drive = format!("webdav+{}drive", server.address());
    let world = World::new(&["a"]);
    world.write("a/note.md", "x");
    silent(world.kite(&["sync", "a", "--drive", &drive]).expect(1)).says(&["sign in again", "KITE_WEBDAV_USER=NAME"]);
    silent(signed_in(&world, "wrong", &["sync", "a", "--drive", &drive, "-v"]).expect(1)).says(&["sign in again"]);
    silent(signed_in(&world, PASSWORD, &["sync", "a", "--drive", &drive, "-v", "--json"]).expect(0));
    silent(signed_in(&world, PASSWORD, &["status", "a"]).expect(0));
    for name in ["config.json", "state.db", "state.db-wal"] {
        let kept = fs::read(world.at("a/.kite").join(name)).unwrap_or_default();
        let shows = |secret: &str| kept.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!shows(PASSWORD) && !shows("YW5uOmNhbmFyeS1wYXNz"), "{name}");
    }
}

#[test]
fn an_address_with_a_password_is_refused_and_not_repeated() {
    let world = World::new(&["a"]);
    for address in
        ["webdav+https://ann:canary-pass@cloud.example/x", "https://ann:canary-pass@cloud.example/", "webdav+http://canary-pass@127.0.0.1/"]
    {
        silent(world.kite(&["sync", "a", "--drive", address, "--json"]).expect(1));
    }
    world.kite(&["sync", "a", "--drive", "webdav+https://ann:pw@cloud.example/x"]).expect(1).says(&["leave them out"]);
    world.kite(&["sync", "a", "--drive", "webdav+http://cloud.example/x"]).expect(1).says(&["use https"]);
    world.kite(&["sync", "a", "--drive", "https://cloud.example/x"]).expect(1).says(&["webdav+https://"]);
}

#[test]
fn what_was_typed_once_is_kept_for_its_server_only() {
    let server = Server::signing_in(USER, PASSWORD);
    let drive = format!("webdav+{}drive", server.address());
    let world = World::new(&["a"]);
    world.write("a/note.md", "x");
    silent(signed_in(&world, "wrong", &["connect", "webdav", &drive]).expect(1)).says(&["sign in again"]);
    world.kite(&["connect"]).expect(0).says(&["Signed in nowhere"]);
    silent(signed_in(&world, PASSWORD, &["connect", "webdav", &drive]).expect(0)).says(&["Signed in to http://127.0.0.1", "as ann"]);
    silent(world.kite(&["sync", "a", "--drive", &drive, "-v"]).expect(0));
    silent(world.kite(&["connect", "--json"]).expect(0)).says(&["webdav", "http://127.0.0.1", "ann"]);
    silent(signed_in(&world, "wrong", &["sync", "a"]).expect(1)).says(&["sign in again"]);
    let dir = world.at("state/kite/credentials");
    let files: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(fs::metadata(&files[0]).unwrap().mode() & 0o777, 0o600);
    let other = Server::signing_in(USER, PASSWORD);
    let elsewhere = format!("webdav+{}drive", other.address());
    world.write("b/note.md", "x");
    silent(world.kite(&["sync", "b", "--drive", &elsewhere]).expect(1)).says(&["sign in again"]);
    fs::set_permissions(&files[0], fs::Permissions::from_mode(0o644)).unwrap();
    silent(world.kite(&["sync", "a"]).expect(1)).says(&["others than its owner"]);
    silent(world.kite(&["disconnect", "webdav", &drive]).expect(0)).says(&["Signed out"]);
    silent(world.kite(&["sync", "a"]).expect(1)).says(&["sign in again"]);
    world.kite(&["disconnect", "webdav", &drive]).expect(1).says(&["nobody is signed in"]);
}

#[test]
fn a_terminal_is_asked_for_user_and_password() {
    let server = Server::signing_in(USER, PASSWORD);
    let drive = format!("webdav+{}drive", server.address());
    let world = World::new(&["a"]);
    world.write("a/note.md", "x");
    let host = server.address().trim_end_matches('/').to_owned();
    let user = format!("User at {host}");
    let (code, shown) = on_a_terminal(&world, &["connect", "webdav", &drive], &[(&user, USER), ("Password", "canary-wrong")]);
    assert!(code == 1 && !shown.contains("canary") && shown.contains("not accepted"), "{code} {shown}");
    let (code, shown) = on_a_terminal(&world, &["connect", "webdav", &drive], &[(&user, USER), ("Password", PASSWORD)]);
    assert!(code == 0 && !shown.contains("canary") && shown.contains("as ann"), "{code} {shown}");
    silent(world.kite(&["sync", "a", "--drive", &drive]).expect(0));
}
