//! A watch of a folder in GitHub asks whether the branch has moved, which is free while it has not.

use crate::{
    Account,
    watching::{Watch, until},
};
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

const ENOUGH: Duration = Duration::from_secs(30);

#[test]
fn what_another_device_pushes_arrives_by_itself_and_waiting_is_free() {
    let account = Account::new(&["a", "b"]);
    for folder in ["a", "b"] {
        account.world.kite(&["sync", folder, "--drive", "github:ann/notes"]).expect(0);
    }
    account.requests();
    let _watch = Watch::begin(&mut account.world.command(&["watch", "a", "--every", "1"]));
    let begun = Instant::now();
    // The first answers of the watch and of its sync count.
    let mut rested = 0;
    while rested < 3 {
        assert!(begun.elapsed() < ENOUGH, "it does not come to rest");
        sleep(Duration::from_millis(1000));
        rested = if account.emulator.requests() == ["GET git/ref"] { rested + 1 } else { 0 };
    }
    account.emulator.used();
    sleep(Duration::from_secs(5));
    let asked = account.emulator.requests();
    assert!((3..=6).contains(&asked.len()) && asked.iter().all(|kind| kind == "GET git/ref"), "{asked:?}");
    assert_eq!(account.emulator.used(), 0, "to ask for what has not changed is free");
    account.world.write("b/note.md", "x");
    account.world.sync("b").expect(0);
    until("the file is there", || account.world.at("a/note.md").exists());
    assert_eq!(account.world.read("a/note.md"), "x");
}
