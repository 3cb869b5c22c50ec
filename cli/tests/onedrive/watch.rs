//! A watch of a folder in OneDrive asks once in each interval, and for one file.

use crate::{
    Account,
    watching::{Watch, until},
};
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

const ENOUGH: Duration = Duration::from_secs(20);

fn what_another_device_pushes_arrives(layout: &str) {
    let account = Account::new(&["a", "b"]);
    account.world.write("a/first.md", "1");
    for folder in ["a", "b"] {
        account.kite(&["sync", folder, "--drive", "onedrive:approot", "--layout", layout]).expect(0);
    }
    account.requests();
    let _watch = Watch::begin(&mut account.world.command(&["watch", "a", "--every", "1"]));
    let begun = Instant::now();
    let mut asked = Vec::new();
    while asked != ["GET item"] {
        assert!(begun.elapsed() < ENOUGH, "it does not come to rest: {asked:?}");
        sleep(Duration::from_millis(1000));
        asked = account.requests();
    }
    let begun = Instant::now();
    sleep(Duration::from_secs(5));
    let (asked, seconds) = (account.requests(), begun.elapsed().as_secs());
    assert!(asked.len() >= 3 && asked.len() as u64 <= seconds + 2 && asked.iter().all(|call| call == "GET item"), "{seconds} {asked:?}");
    account.world.write("b/note.md", "x");
    account.world.sync("b").expect(0);
    until("the file is there", || account.world.at("a/note.md").exists());
    assert_eq!(account.world.read("a/note.md"), "x");
}

#[test]
fn what_another_device_pushes_arrives_and_an_interval_costs_one_request() {
    what_another_device_pushes_arrives("journal");
}

#[test]
fn so_it_does_in_the_classic_layout() {
    what_another_device_pushes_arrives("classic");
}
