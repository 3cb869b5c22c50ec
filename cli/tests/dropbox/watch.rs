//! A watch of a folder in Dropbox is told of changes, and sends nothing while there is none.

use crate::{
    Account,
    watching::{Watch, until},
};
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

#[test]
fn what_another_device_pushes_arrives_by_itself_and_waiting_costs_nothing() {
    let account = Account::new(&["a", "b"]);
    for folder in ["a", "b"] {
        account.world.kite(&["sync", folder, "--drive", "dropbox:/notes"]).expect(0);
    }
    account.requests();
    let _watch = Watch::begin(&mut account.world.command(&["watch", "a"]));
    let mut asked = Vec::new();
    let begun = Instant::now();
    while asked.last().is_none_or(|route| route != "list_folder/longpoll") && begun.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(50));
        asked.extend(account.emulator.requests());
    }
    sleep(Duration::from_secs(3));
    assert_eq!(account.emulator.requests(), Vec::<String>::new(), "after {asked:?} it waits, and asks");
    account.world.write("b/note.md", "x");
    account.world.sync("b").expect(0);
    until("the file is there", || account.world.at("a/note.md").exists());
    assert_eq!(account.world.read("a/note.md"), "x");
}
