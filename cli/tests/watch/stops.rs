//! What stops a watch by itself: it says why and what to do, and does no harm.

use crate::{
    watcher::{Watcher, files, until},
    world::World,
};
use std::{fs, path::Path};

fn with_files(count: usize) -> World {
    let w = World::new(&["a", "drive"]);
    for n in 0..count {
        w.write(&format!("a/{}/{n}", n % 3), format!("{n}"));
    }
    w
}

/// Removes everything of a drive but its lock.
fn empty(drive: &Path) {
    for entry in fs::read_dir(drive).unwrap().flatten().filter(|entry| entry.file_name() != ".kite.lock") {
        let removed = if entry.path().is_dir() { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
        removed.unwrap();
    }
}

#[track_caller]
fn ends_with(a: &mut Watcher, words: &[&str]) {
    let (code, said) = a.end();
    assert_eq!(code, Some(1), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is missing in {said}");
    }
}

#[test]
fn a_folder_that_is_deleted_stops_it_and_deletes_nothing_on_the_drive() {
    let w = with_files(10);
    let mut a = Watcher::start(&w, "a");
    a.until_idle();
    let drive = files(&w, "drive");
    fs::remove_dir_all(w.at("a")).unwrap();
    ends_with(&mut a, &["the folder is gone", "\"code\":\"not_found\""]);
    assert_eq!(files(&w, "drive"), drive);
    assert!(!w.at("a").exists());
}

#[test]
fn an_empty_folder_in_its_place_as_after_an_unmount_stops_it() {
    let w = with_files(10);
    let mut a = Watcher::start_with(&w, "a", &["--drive", "drive", "--every", "1"]);
    a.until_idle();
    let drive = files(&w, "drive");
    fs::rename(w.at("a"), w.at("away")).unwrap();
    fs::create_dir(w.at("a")).unwrap();
    ends_with(&mut a, &["another stands in its place"]);
    assert_eq!((files(&w, "drive"), files(&w, "a").len()), (drive, 0));
    fs::remove_dir(w.at("a")).unwrap();
    fs::rename(w.at("away"), w.at("a")).unwrap();
    w.sync("a").expect(0);
}

#[test]
fn guards_stop_it_and_name_the_flag() {
    let w = with_files(60);
    let mut a = Watcher::start(&w, "a");
    a.until_idle();
    let drive = files(&w, "drive");
    for folder in ["a/0", "a/1"] {
        fs::rename(w.at(folder), w.at(&folder.replace('/', "-"))).unwrap();
    }
    ends_with(&mut a, &["--yes mass-delete", "\"code\":\"mass_delete\""]);
    assert_eq!(files(&w, "drive").len(), drive.len());
    for folder in ["a/0", "a/1"] {
        fs::rename(w.at(&folder.replace('/', "-")), w.at(folder)).unwrap();
    }
    let mut a = Watcher::start(&w, "a");
    a.until_idle();
    empty(&w.at("drive"));
    ends_with(&mut a, &["--yes vault-changed", "\"code\":\"vault_changed\""]);
    assert_eq!(files(&w, "a").len(), 60);
}

#[test]
fn a_folder_that_is_unlinked_stops_it() {
    let w = with_files(3);
    let mut a = Watcher::start(&w, "a");
    a.until_idle();
    w.kite(&["unlink", "a", "--yes"]).expect(0);
    w.write("a/new", "new");
    ends_with(&mut a, &["not set up"]);
    assert!(!w.at("a/.kite").exists());
}

#[test]
fn a_wrong_call_is_said_at_once() {
    let w = World::new(&["a"]);
    w.kite(&["watch", "a"]).expect(1).says(&["not set up"]);
    w.kite(&["watch", "none", "--drive", "drive"]).expect(1).says(&["no such folder"]);
    w.kite(&["watch", "a", "--drive", "drive", "--every", "0"]).expect(1).says(&["--every"]);
    w.kite(&["watch", "a", "--drive", "no/drive"]).expect(1).says(&["is its disk mounted"]);
    until("nothing was made", || !w.at("a/.kite").exists());
}
