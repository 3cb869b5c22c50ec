//! A `.kite` that was copied with its folder must not act as the device that it was copied from.

use crate::world::World;
use serde_json::Value;
use std::{fs, process::Command};

fn copy(w: &World, from: &str, to: &str) {
    assert!(Command::new("cp").arg("-a").args([w.at(from), w.at(to)]).status().unwrap().success());
}

fn client(w: &World, folder: &str) -> Value {
    w.kite(&["status", folder, "--json"]).expect(0).json()["client"].clone()
}

fn world() -> World {
    let w = World::synced(&["a", "b"]);
    for n in 0..30 {
        w.write(&format!("a/{n:02}"), format!("{n}"));
    }
    w.settle("a", "b");
    w
}

#[test]
fn a_copy_becomes_a_device_of_its_own_without_a_transfer() {
    let w = world();
    copy(&w, "a", "c");
    let before = w.everything("c");
    for args in [&["status", "c"][..], &["conflicts", "c"], &["resolve", "c", "00", "--keep", "local"], &["unlink", "c", "--yes"]] {
        w.kite(args).expect(1).says(&["is a copy of", "kite sync c"]);
    }
    w.kite(&["sync", "c", "--dry-run", "--json"]).expect(0);
    assert_eq!(w.everything("c").into_keys().collect::<Vec<_>>(), before.into_keys().collect::<Vec<_>>());
    let ran = w.kite(&["sync", "c", "--json"]).expect(0).says(&["is a copy of", "a device of its own"]);
    let report = ran.json();
    assert_eq!((&report["pushed"], &report["pulled"], &report["deleted"]), (&0.into(), &0.into(), &0.into()), "{report}");
    assert_eq!(report["copied_from"], w.at("a").canonicalize().unwrap().display().to_string());
    assert_ne!(client(&w, "a"), client(&w, "c"));
    assert_eq!(w.sync_json("c")["copied_from"], Value::Null);
    w.write("c/new", "from c");
    w.settle("c", "a");
}

#[test]
fn an_exact_copy_goes_on_from_its_last_sync() {
    let w = world();
    copy(&w, "a", "c");
    w.write("a/00", "newer");
    w.remove("a/01");
    w.sync("a").expect(0);
    let before = w.everything("c");
    let said = w.kite(&["sync", "c", "--dry-run", "--json"]).expect(0).json();
    assert!(w.everything("c") == before);
    let ran = w.kite(&["sync", "c", "--json"]).expect(0).says(&["it goes on from its last sync"]);
    for report in [said, ran.json()] {
        assert_eq!((&report["pulled"], &report["deleted"], &report["pushed"]), (&1.into(), &1.into(), &0.into()), "{report}");
    }
    assert_ne!(client(&w, "a"), client(&w, "c"));
    w.settle("c", "a");
    assert!(!w.at("c/01").exists() && w.read("c/00") == "newer");
}

#[test]
fn what_was_edited_or_deleted_since_is_not_decided_by_an_old_state() {
    let w = world();
    copy(&w, "a", "backup");
    w.write("a/00", "newer");
    w.sync("a").expect(0);
    // A backup that is older than the drive, and of which a part is missing.
    w.remove("backup/01");
    w.write("backup/02", "edited in the backup");
    let said = w.kite(&["sync", "backup", "--dry-run", "--json"]).expect(2).json();
    let ran = w.kite(&["sync", "backup", "--json"]).expect(2).says(&["every file is compared afresh"]).json();
    for field in ["pushed", "pulled", "deleted", "conflicts"] {
        assert_eq!(said[field], ran[field], "{field}");
    }
    w.sync("backup").expect(2).says(&["00", "02"]);
    assert_eq!((w.read("backup/01"), w.read("backup/00"), w.read("backup/02")), ("1".into(), "0".into(), "edited in the backup".into()));
    w.sync("a").expect(0);
    assert_eq!((w.read("a/00"), w.read("a/01"), w.read("a/02")), ("newer".into(), "1".into(), "2".into()));
}

#[test]
fn a_backup_brought_back_to_its_place_is_a_copy_too() {
    let w = world();
    let before = client(&w, "a");
    copy(&w, "a", "backup");
    fs::remove_dir_all(w.at("a")).unwrap();
    copy(&w, "backup", "a");
    w.sync("a").expect(0).says(&["a device of its own"]);
    assert_ne!(client(&w, "a"), before);
    w.settle("a", "b");
}

#[test]
fn a_renamed_folder_is_what_it_was() {
    let w = world();
    let before = client(&w, "a");
    fs::rename(w.at("a"), w.at("moved")).unwrap();
    w.remove("moved/00");
    let ran = w.sync("moved").expect(0).says(&["deleted"]);
    assert!(!ran.err.contains("copy"), "{ran:?}");
    assert_eq!(client(&w, "moved"), before);
}

#[test]
fn a_folder_that_an_earlier_kite_set_up_finds_its_home_without_a_word() {
    let w = world();
    let before = client(&w, "a");
    let mut config: Value = serde_json::from_str(&w.read("a/.kite/config.json")).unwrap();
    config.as_object_mut().unwrap().remove("home");
    w.write("a/.kite/config.json", config.to_string());
    let ran = w.sync("a").expect(0);
    assert!(ran.err.is_empty(), "{ran:?}");
    assert_eq!(client(&w, "a"), before);
    assert!(w.read("a/.kite/config.json").contains("\"inode\""));
}
