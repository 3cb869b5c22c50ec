//! Unlinking forgets; it touches no file.

use crate::world::World;
use std::fs;

#[test]
fn everything_stays_and_a_new_set_up_is_possible() {
    let w = World::synced(&["a", "b"]);
    w.write("a/x", "1");
    w.settle("a", "b");
    let (folder, drive) = (w.files("a"), w.everything("drive"));
    w.kite(&["unlink", "a"]).expect(1).says(&["--yes"]);
    w.kite(&["unlink", "a", "--yes"]).expect(0).says(&["Unlinked"]);
    assert!(!w.at("a/.kite").exists());
    assert_eq!((w.files("a"), w.everything("drive")), (folder, drive));
    w.sync("a").expect(1).says(&["not set up"]);
    w.kite(&["unlink", "a", "--yes"]).expect(1).says(&["not set up"]);
    w.kite(&["sync", "a", "--drive", "other"]).expect(0);
    assert_eq!(w.files("a").len(), 1);
}

#[test]
fn what_waits_is_not_forgotten_without_force() {
    let w = World::synced(&["a"]);
    w.write("a/x", "1");
    w.kite(&["unlink", "a", "--yes"]).expect(1).says(&["1 edit", "--force"]);
    assert!(w.at("a/.kite/config.json").exists());
    w.kite(&["unlink", "a", "--yes", "--force"]).expect(0);
    assert_eq!(w.read("a/x"), "1");
}

#[test]
fn the_trash_outlives_the_link_and_a_missing_drive_does_not_prevent_it() {
    let w = World::synced(&["a", "b"]);
    w.write("a/x", "1");
    w.settle("a", "b");
    w.remove("a/x");
    w.settle("a", "b");
    fs::remove_dir_all(w.at("drive")).unwrap();
    w.kite(&["unlink", "b", "--yes"]).expect(0);
    let kept = w.everything("b/.kite").into_iter().any(|(path, (content, _))| path.starts_with("trash/") && content == b"1");
    assert!(kept && !w.at("b/.kite/state.db").exists() && !w.at("b/.kite/config.json").exists());
}
