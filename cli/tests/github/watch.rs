//! A watch of a folder in GitHub asks whether the branch has moved, which is free while it has not.

use crate::{
    Account,
    watching::{Watch, until},
};
use std::{thread::sleep, time::Duration};

#[test]
fn what_another_device_pushes_arrives_by_itself_and_waiting_is_free() {
    let account = Account::new(&["a", "b"]);
    for folder in ["a", "b"] {
        account.world.kite(&["sync", folder, "--drive", "github:ann/notes"]).expect(0);
    }
    let _watch = Watch::begin(&mut account.world.command(&["watch", "a", "--interval", "1"]));
    sleep(Duration::from_secs(4));
    account.requests();
    account.emulator.used();
    sleep(Duration::from_secs(3));
    let asked = account.emulator.requests();
    assert!(!asked.is_empty() && asked.iter().all(|kind| kind == "GET git/ref"), "{asked:?}");
    assert!(account.emulator.used() <= 1, "to ask for what has not changed is free");
    account.world.write("b/note.md", "x");
    account.world.sync("b").expect(0);
    until("the file is there", || account.world.at("a/note.md").exists());
    assert_eq!(account.world.read("a/note.md"), "x");
}
