//! A watch of a sealed vault.

use crate::{
    watcher::{Watcher, until_same},
    world::World,
};
use std::{fs, os::unix::fs::PermissionsExt as _};

#[test]
fn a_watch_opens_the_vault_by_what_is_kept_and_remembers_what_is_not() {
    let w = World::new(&["a", "b", "drive"]);
    w.write("key", "5".repeat(64));
    fs::set_permissions(w.at("key"), fs::Permissions::from_mode(0o600)).unwrap();
    w.write("a/one", "1");
    w.set_up("a", &["--key-file", "key"]).expect(0);
    let (a, b) = (Watcher::start_with(&w, "a", &[]), Watcher::start_with(&w, "b", &["--drive", "drive", "--ask", "--key-file", "key"]));
    until_same(&w, "a", "b");
    w.remove("key");
    for (folder, n) in [("a", 1), ("b", 2), ("a", 3)] {
        w.write(&format!("{folder}/{n}"), n.to_string());
        until_same(&w, "a", "b");
    }
    drop((a, b));
    assert_eq!(fs::read_dir(w.at("state/kite/keys")).unwrap().count(), 1);
}
