//! Other commands work beside a watch, and conflicts wait without stopping it.

use crate::{
    watcher::{Watcher, until},
    world::World,
};
use std::fs;

#[test]
fn every_command_works_beside_a_watch() {
    let w = World::new(&["a", "b", "drive"]);
    let (mut a, b) = (Watcher::start(&w, "a"), Watcher::start(&w, "b"));
    for n in 0..8 {
        w.write(&format!("a/{n}"), format!("{n}"));
        w.sync("a").expect(0);
        w.kite(&["status", "a"]).expect(0);
        w.write(&format!("b/other {n}"), format!("{n}"));
        w.kite(&["conflicts", "b"]).expect(0);
    }
    until("a is in step", || w.kite(&["status", "a", "--json"]).json()["queued"] == 0);
    assert!(a.is_running());
    drop((a, b));
    for folder in ["a", "b", "a"] {
        assert!(matches!(w.sync(folder).code, Some(0 | 2)));
    }
}

#[test]
fn a_conflict_is_said_once_and_the_rest_goes_on() {
    let w = World::new(&["a", "b", "drive"]);
    w.write("a/text", "1");
    w.kite(&["sync", "a", "--drive", "drive"]).expect(0);
    w.kite(&["sync", "b", "--drive", "drive"]).expect(0);
    w.write("b/text", "from b");
    w.sync("b").expect(0);
    w.write("a/text", "from a");
    let a = Watcher::start(&w, "a");
    let said = a.until_said("conflict");
    assert_eq!((said["id"].as_str(), said["kind"].as_str()), (Some("text"), Some("edit-edit")));
    let b = Watcher::start(&w, "b");
    for n in 0..3 {
        w.write("a/other", format!("{n}"));
        until("the rest goes on", || fs::read(w.at("b/other")).is_ok_and(|found| found == format!("{n}").as_bytes()));
    }
    assert_eq!(a.events("conflict").len(), 1);
    w.kite(&["resolve", "a", "text", "--keep", "local"]).expect(0);
    until("what was chosen arrives", || w.read("b/text") == "from a");
    assert_eq!((a.events("conflict").len(), b.events("conflict").len()), (1, 0));
}

#[test]
fn a_drive_that_came_to_lie_in_a_copied_folder_is_said_once() {
    let w = World::new(&["a", "drive"]);
    // The first push makes the vault; one that is made beside the mark is safe there.
    w.write("a/x", "0");
    let a = Watcher::start(&w, "a");
    a.until_said("synced");
    assert_eq!(a.events("danger").len(), 0);
    fs::create_dir(w.at("drive/.stfolder")).unwrap();
    let before = a.events("synced").len();
    for n in 1..=2 {
        w.write("a/x", format!("{n}"));
        until("the edit is pushed", || a.events("synced").len() == before + n);
    }
    let said = a.until_said("danger");
    assert!(said["message"].as_str().unwrap().contains("kite lower a listing"), "{said}");
    assert_eq!(a.events("danger").len(), 1);
}

#[test]
fn what_is_skipped_is_said_once() {
    let w = World::new(&["a", "drive"]);
    std::os::unix::fs::symlink("nowhere", w.at("a/link")).unwrap();
    let a = Watcher::start(&w, "a");
    assert_eq!(a.until_said("skipped")["id"].as_str(), Some("link"));
    w.write("a/x", "x");
    a.until_said("synced");
    a.until_idle();
    assert_eq!(a.events("skipped").len(), 1);
}
