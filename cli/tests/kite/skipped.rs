//! What is no document, or cannot be read, is named and left where it is.

use crate::world::{Ran, World};
use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    process::Command,
};

#[test]
fn what_is_no_file_is_named_and_the_rest_goes_on() {
    let w = World::synced(&["a", "b"]);
    w.write("a/file", "1");
    symlink("file", w.at("a/link")).unwrap();
    assert!(Command::new("mkfifo").arg(w.at("a/pipe")).status().unwrap().success());
    let ran = w.sync("a").expect(3).says(&["link", "symbolic link", "pipe", "FIFO"]);
    assert!(ran.out.contains("2 files were skipped"), "{ran:?}");
    let report = w.kite(&["sync", "a", "--json"]).expect(3).json();
    assert_eq!(report["skipped"][0]["id"], "link");
    assert!(report["skipped"][1]["why"].is_string());
    w.sync("b").expect(0);
    assert_eq!(w.files("b").into_keys().collect::<Vec<_>>(), ["file"]);
}

#[test]
fn a_synced_file_that_became_something_else_is_not_deleted_elsewhere() {
    let w = World::synced(&["a", "b"]);
    w.write("a/x", "1");
    w.write("a/dir/y", "2");
    w.settle("a", "b");
    w.remove("a/x");
    assert!(Command::new("mkfifo").arg(w.at("a/x")).status().unwrap().success());
    fs::rename(w.at("a/dir"), w.at("elsewhere")).unwrap();
    symlink("../elsewhere", w.at("a/dir")).unwrap();
    w.sync("a").expect(3).says(&["dir", "x"]);
    w.sync("b").expect(0);
    assert_eq!((w.read("b/x"), w.read("b/dir/y")), ("1".into(), "2".into()));
    // An edit from the other side finds no file to replace, and follows no link.
    w.write("b/x", "11");
    w.write("b/dir/y", "22");
    w.sync("b").expect(0);
    w.sync("a").expect(3);
    assert_eq!(w.read("elsewhere/y"), "2");
}

#[test]
fn conflicts_win_over_skipped_files() {
    let w = World::synced(&["a", "b"]);
    w.write("a/x", "1");
    w.write("b/x", "2");
    symlink("x", w.at("b/link")).unwrap();
    w.sync("a").expect(0);
    w.sync("b").expect(2).says(&["link", "x"]);
}

#[test]
fn a_file_without_permission_is_neither_pushed_nor_deleted() {
    let w = World::synced(&["a", "b"]);
    w.write("a/secret", "1");
    w.write("a/dir/inside", "2");
    w.settle("a", "b");
    w.write("a/fresh", "3");
    for (path, mode) in [("a/secret", 0o000), ("a/fresh", 0o000), ("a/dir", 0o000)] {
        fs::set_permissions(w.at(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    as_somebody(&w, &["sync", "a"]).expect(3).says(&["secret", "fresh", "dir", "permission denied"]);
    fs::set_permissions(w.at("a/dir"), fs::Permissions::from_mode(0o755)).unwrap();
    w.sync("b").expect(0);
    assert_eq!((w.read("b/secret"), w.read("b/dir/inside"), w.at("b/fresh").exists()), ("1".into(), "2".into(), false));
    for path in ["a/secret", "a/fresh"] {
        fs::set_permissions(w.at(path), fs::Permissions::from_mode(0o644)).unwrap();
    }
    as_somebody(&w, &["sync", "a"]).expect(0).says(&["pushed"]);
    w.sync("b").expect(0);
    assert_eq!(w.read("b/fresh"), "3");
}

/// Runs the command as a user whom permissions bind: the superuser reads everything.
fn as_somebody(w: &World, args: &[&str]) -> Ran {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout != b"0\n" {
        return w.kite(args);
    }
    let root = w.at("");
    assert!(Command::new("chown").args(["-R", "65534:65534"]).arg(&root).status().unwrap().success());
    // The build directory may be closed to others.
    let binary = w.at("kite-binary");
    fs::copy(env!("CARGO_BIN_EXE_kite"), &binary).unwrap();
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(binary).args(args).current_dir(root);
    Ran::of(&mut command)
}
