//! A drive that goes away and comes back.

use crate::{
    watcher::{Watcher, files, until},
    world::World,
};
use std::fs;

#[test]
fn an_outage_of_the_drive_is_said_once_and_survived() {
    let w = World::new(&["a", "b", "drive"]);
    w.write("a/x", "1");
    let mut a = Watcher::start(&w, "a");
    a.until_idle();
    fs::rename(w.at("drive"), w.at("away")).unwrap();
    let said = a.until_said("waiting");
    assert_eq!(said["error"]["code"].as_str(), Some("unavailable"), "{said}");
    w.write("a/x", "2");
    w.write("a/y", "3");
    let failures = || a.syncs();
    let before = failures();
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(failures(), before, "an edit is no reason to try at once");
    fs::rename(w.at("away"), w.at("drive")).unwrap();
    a.until_said("back");
    w.kite(&["sync", "b", "--drive", "drive"]).expect(0);
    assert_eq!(files(&w, "a"), files(&w, "b"));
    // It is watched again.
    w.write("b/x", "4");
    w.sync("b").expect(0);
    until("a change on the drive", || w.read("a/x") == "4");
    assert_eq!((a.events("waiting").len(), a.events("back").len()), (1, 1));
    assert!(!w.at("away").exists() && a.is_running());
}

#[test]
fn a_drive_that_is_missing_at_the_start_is_waited_for() {
    let w = World::synced(&["a"]);
    fs::rename(w.at("drive"), w.at("away")).unwrap();
    let a = Watcher::spawn(&w, "a", &[]);
    a.until_said("waiting");
    w.write("a/x", "1");
    fs::rename(w.at("away"), w.at("drive")).unwrap();
    a.until_said("back");
    assert_eq!(a.until_said("synced")["pushed"], 1);
}
