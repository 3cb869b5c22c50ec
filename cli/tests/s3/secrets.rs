//! Signing in, and that nobody is shown how.

use crate::{
    kite, typed,
    world::{Ran, World},
};
use kitestring_adapters::drives::s3::Place;
use kitestring_servers::s3::{KEY, Store, secret};
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
};

fn wrongly(world: &World, args: &[&str]) -> Ran {
    Ran::of(world.command(args).env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", "canary-wrong"))
}

/// Makes sure that a run has said neither a secret nor a signature.
fn silent(ran: Ran) -> Ran {
    for secret in [secret().as_str(), "canary", "X-Amz-Signature"] {
        assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{ran:#?}");
    }
    ran
}

#[test]
fn the_right_keys_sign_in_and_are_written_nowhere() {
    let drive = typed(&Store::SeaweedFs.empty_folder());
    let world = World::new(&["a"]);
    world.write("a/note.md", "x");
    silent(world.kite(&["sync", "a", "--drive", &drive]).expect(1)).says(&["kite connect s3"]);
    silent(wrongly(&world, &["sync", "a", "--drive", &drive, "-v"]).expect(1)).says(&["secret access key", "AWS_SECRET_ACCESS_KEY=SECRET"]);
    silent(kite(&world, &["sync", "a", "--drive", &drive, "-v", "--json"]).expect(0));
    silent(kite(&world, &["status", "a"]).expect(0));
    for name in ["config.json", "state.db", "state.db-wal"] {
        let kept = fs::read(world.at("a/.kite").join(name)).unwrap_or_default();
        assert!(!kept.windows(secret().len()).any(|window| window == secret().as_bytes()), "{name}");
    }
}

#[test]
fn keys_are_kept_for_their_bucket_only() {
    let place = Store::SeaweedFs.empty_folder();
    let drive = typed(&place);
    let world = World::new(&["a"]);
    world.write("a/note.md", "x");
    silent(wrongly(&world, &["connect", "s3", &drive]).expect(1)).says(&["secret access key"]);
    world.kite(&["connect"]).expect(0).says(&["Signed in nowhere"]);
    silent(kite(&world, &["connect", "s3", &drive]).expect(0)).says(&["Signed in to http://127.0.0.1", KEY]);
    silent(world.kite(&["sync", "a", "--drive", &drive, "-v"]).expect(0));
    silent(world.kite(&["connect", "--json"]).expect(0)).says(&["\"s3\"", "http://127.0.0.1", KEY]);
    silent(wrongly(&world, &["sync", "a"]).expect(1)).says(&["secret access key"]);
    let dir = world.at("state/kite/credentials");
    let files: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!((files.len(), fs::metadata(&files[0]).unwrap().mode() & 0o777), (1, 0o600));
    world.write("b/note.md", "x");
    let other = typed(&Place { bucket: "another".to_owned(), ..place });
    silent(world.kite(&["sync", "b", "--drive", &other]).expect(1)).says(&["kite connect s3"]);
    fs::set_permissions(&files[0], fs::Permissions::from_mode(0o644)).unwrap();
    silent(world.kite(&["sync", "a"]).expect(1)).says(&["others than its owner"]);
    silent(world.kite(&["disconnect", "s3", &drive]).expect(0)).says(&["Signed out"]);
    silent(world.kite(&["sync", "a"]).expect(1)).says(&["kite connect s3"]);
    world.kite(&["disconnect", "s3", &drive]).expect(1).says(&["nobody is signed in"]);
}

#[test]
fn half_a_pair_of_keys_is_none() {
    let drive = typed(&Store::SeaweedFs.empty_folder());
    let world = World::new(&["a"]);
    let ran = Ran::of(world.command(&["sync", "a", "--drive", &drive]).env("AWS_SECRET_ACCESS_KEY", "canary"));
    silent(ran.expect(1)).says(&["AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not"]);
}
