//! Signing in, and that nobody is shown how.

use crate::world::{Ran, World};
use kitestring_servers::Server;
use std::fs;

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
