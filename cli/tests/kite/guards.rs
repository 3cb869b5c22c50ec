//! What looks like an accident is asked about first.

use crate::world::World;
use std::{fs, process::Command};

fn copy(from: &std::path::Path, to: &std::path::Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

fn thirty_files() -> World {
    let w = World::synced(&["a", "b"]);
    for n in 0..30 {
        w.write(&format!("a/{n:02}"), format!("{n}"));
    }
    w.settle("a", "b");
    w
}

#[test]
fn mass_deletion_is_asked_about_on_both_ways() {
    let w = thirty_files();
    for n in 0..20 {
        w.remove(&format!("a/{n:02}"));
    }
    let words = "20 of 30 files are gone from this folder; nothing is deleted on the drive until you say so";
    let ran = w.kite(&["sync", "a", "--json"]).expect(1).says(&[words, "kite sync a --yes mass-delete"]);
    let error = &ran.json()["error"];
    assert_eq!((&error["code"], &error["deletes"], &error["of"]), (&"mass_delete".into(), &20.into(), &30.into()));
    w.sync("b").expect(0);
    assert_eq!(w.files("b").len(), 30);
    w.kite(&["sync", "a", "--yes", "mass-delete"]).expect(0).says(&["deleted", "20 files"]);
    w.sync("b")
        .expect(1)
        .says(&["20 of 30 files were deleted on the drive; nothing is deleted here until you say so", "kite sync b --yes mass-delete"]);
    assert_eq!(w.files("b").len(), 30);
    w.kite(&["sync", "b", "--yes", "mass-delete"]).expect(0);
    assert_eq!(w.files("b").len(), 10);
}

#[test]
fn what_a_sync_would_stop_at_is_in_the_status_and_hinders_nothing_else() {
    let w = thirty_files();
    let warned = |code: &str, words: &[&str]| {
        w.kite(&["status", "a"]).expect(0).says(&["files      30"]).says(words);
        assert_eq!(w.kite(&["status", "a", "--json"]).expect(0).json()["warning"]["code"], code);
        w.kite(&["conflicts", "a"]).expect(0).says(&["No conflicts"]);
        w.kite(&["unlink", "a", "--yes"]).expect(1).says(words[..1].as_ref()).says(&["kite unlink a --force"]);
    };
    assert!(w.kite(&["status", "a", "--json"]).expect(0).json()["warning"].is_null());
    for n in 0..30 {
        w.write(&format!("a/{n:02}"), format!("new {n}"));
    }
    w.sync("a").expect(0);
    for n in 0..30 {
        w.write(&format!("a/{n:02}"), format!("{n}"));
    }
    warned("host_older", &["30 of 30 files that changed here", "kite sync a --yes host-older"]);
    for n in 0..20 {
        w.remove(&format!("a/{n:02}"));
    }
    warned("mass_delete", &["20 of 30 files are gone from this folder", "kite sync a --yes mass-delete"]);
}

#[test]
fn a_missing_drive_is_never_made_anew() {
    let w = thirty_files();
    fs::rename(w.at("drive"), w.at("unplugged")).unwrap();
    let ran = w.kite(&["sync", "a", "--json"]).expect(1).says(&["missing", "mounted", "`kite unlink a`"]);
    assert_eq!(ran.json()["error"]["code"], "unavailable");
    w.kite(&["sync", "a", "--drive", "drive"]).expect(1);
    assert!(!w.at("drive").exists());
    w.kite(&["status", "a"]).expect(0).says(&["30"]);
    w.kite(&["conflicts", "a"]).expect(0);
    fs::rename(w.at("unplugged"), w.at("drive")).unwrap();
    w.sync("a").expect(0);
}

#[test]
fn an_emptied_or_lost_folder_is_not_pushed() {
    let w = thirty_files();
    fs::rename(w.at("a"), w.at("elsewhere")).unwrap();
    w.sync("a").expect(1).says(&["no such folder"]);
    fs::create_dir(w.at("a")).unwrap();
    w.sync("a").expect(1).says(&["not set up"]);
    w.sync("b").expect(0);
    assert_eq!(w.files("b").len(), 30);
}

#[test]
fn a_lost_state_is_not_taken_for_a_first_sync() {
    let w = thirty_files();
    w.remove("a/00");
    w.remove("a/.kite/state.db");
    w.sync("a").expect(1).says(&["state is missing", "kite unlink"]);
    assert!(!w.at("a/.kite/state.db").exists() && !w.at("a/00").exists());
}

#[test]
fn another_dataset_on_the_drive_is_asked_about() {
    let w = thirty_files();
    fs::create_dir(w.at("c")).unwrap();
    fs::rename(w.at("drive"), w.at("old")).unwrap();
    w.write("c/other", "c");
    w.kite(&["sync", "c", "--drive", "drive"]).expect(0);
    let ran =
        w.kite(&["sync", "a", "--json"]).expect(1).says(&["another dataset", "nothing was changed", "kite sync a --yes vault-changed"]);
    assert_eq!(ran.json()["error"]["code"], "vault_changed");
    assert_eq!(w.files("a").len(), 30);
    w.kite(&["sync", "a", "--yes", "vault-changed"]).expect(0);
    assert_eq!(w.files("a").len(), 31);
    w.settle("a", "c");
}

#[test]
fn a_drive_that_is_older_than_it_was_is_asked_about() {
    let w = thirty_files();
    copy(&w.at("drive"), &w.at("backup"));
    for n in 0..5 {
        w.write(&format!("a/{n:02}"), "new");
        w.sync("a").expect(0);
    }
    fs::remove_dir_all(w.at("drive")).unwrap();
    fs::rename(w.at("backup"), w.at("drive")).unwrap();
    let ran = w.kite(&["sync", "a", "--json"]).expect(1).says(&["older", "kite sync a --yes rollback"]);
    assert_eq!(ran.json()["error"]["code"], "rollback");
    assert_eq!(w.read("a/00"), "new");
    w.kite(&["sync", "a", "--yes", "rollback"]).expect(0);
    w.settle("a", "b");
    assert_eq!(w.read("b/00"), "new");
}
