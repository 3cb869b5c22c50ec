//! Which layout a folder gets, and that no vault is put beside one of the other layout.

use crate::world::{CLASSIC, Ran, World};
use serde_json::{Value, json};

const JOURNAL: &[&str] = &["--layout", "journal"];

fn config(w: &World, folder: &str) -> Value {
    serde_json::from_str(&w.read(&format!("{folder}/.kite/config.json"))).unwrap()
}

/// Checks that a set-up was refused before anything was made.
#[track_caller]
fn refused(w: &World, ran: Ran, words: &[&str]) {
    let ran = ran.expect(1);
    assert_eq!(ran.json()["error"]["code"], "invalid_input");
    ran.says(words);
    assert!(!w.at("b/.kite").exists());
}

#[test]
fn a_new_folder_has_the_journal_layout_unless_asked_otherwise() {
    for (options, layout, strategy) in [
        (&[][..], "journal", json!("compare-and-swap")),
        (JOURNAL, "journal", json!("compare-and-swap")),
        (CLASSIC, "classic", json!(null)),
    ] {
        let w = World::new(&["a"]);
        w.write("a/x", "x");
        w.set_up("a", options).expect(0);
        assert_eq!(config(&w, "a")["layout"], layout);
        assert_eq!(w.at("drive/vault").is_file(), layout == "journal");
        let status = w.kite(&["status", "a", "--json"]).expect(0).json();
        assert_eq!((&status["layout"], &status["strategy"]), (&layout.into(), &strategy));
        let ran = w.kite(&["status", "a"]).expect(0).says(&[&format!("layout     {layout}")]);
        assert_eq!(ran.out.contains("strategy   compare-and-swap"), layout == "journal", "{ran:?}");
        w.kite(&["sync", "a", "-v"]).expect(0).says(&[&format!("layout {layout}")]);
    }
}

#[test]
fn a_folder_keeps_its_layout() {
    let w = World::classic(&["a"]);
    w.sync("a").expect(0);
    w.set_up("a", &[]).expect(0);
    w.set_up("a", CLASSIC).expect(0);
    for options in [&["sync", "a", "--json"][..], &["sync", "a", "--json", "--drive", "drive"]] {
        let ran = w.kite(&[options, JOURNAL].concat()).expect(1);
        assert_eq!(ran.json()["error"]["code"], "invalid_input");
        ran.says(&["the classic layout", "leave --layout out", "kite unlink a"]);
    }
    let w = World::synced(&["a"]);
    w.set_up("a", CLASSIC).expect(1).says(&["the journal layout", "leave --layout out"]);
}

#[test]
fn a_configuration_without_a_layout_is_classic() {
    let w = World::classic(&["a"]);
    let mut old = config(&w, "a");
    old.as_object_mut().unwrap().remove("layout");
    w.write("a/.kite/config.json", old.to_string());
    w.write("a/x", "x");
    w.sync("a").expect(0);
    assert!(w.at("drive/docs/x.json").is_file());
    w.kite(&["status", "a"]).expect(0).says(&["layout     classic"]);
}

#[test]
fn a_classic_vault_is_joined_only_by_name() {
    let w = World::classic(&["a"]);
    w.write("a/x", "x");
    w.sync("a").expect(0);
    std::fs::create_dir(w.at("b")).unwrap();
    for options in [&["--json"][..], &["--json", "--dry-run"]] {
        refused(&w, w.set_up("b", options), &["a vault of the classic layout", "--layout classic"]);
    }
    refused(&w, w.set_up("b", &[&["--json"], JOURNAL].concat()), &["a vault of the classic layout", "--layout classic"]);
    refused(&w, w.kite(&["watch", "b", "--drive", "drive", "--json"]), &["--layout classic"]);
    assert!(!w.at("drive/vault").exists());
    w.set_up("b", CLASSIC).expect(0);
    assert_eq!(w.read("b/x"), "x");
    // The marker alone is a vault too.
    std::fs::create_dir(w.at("c")).unwrap();
    w.write("half/kitestring.json", "{}");
    w.kite(&["sync", "c", "--drive", "half"]).expect(1).says(&["--layout classic"]);
}

#[test]
fn a_journal_vault_is_not_joined_as_a_classic_one() {
    let w = World::synced(&["a"]);
    w.write("a/x", "x");
    w.sync("a").expect(0);
    std::fs::create_dir(w.at("b")).unwrap();
    refused(&w, w.set_up("b", &[&["--json"], CLASSIC].concat()), &["a vault of the journal layout", "--layout journal"]);
    w.set_up("b", &[]).expect(0);
}

#[test]
fn collections_of_one_drive_may_have_different_layouts() {
    let w = World::new(&["a", "b", "c"]);
    w.write("a/x", "x");
    w.set_up("a", &[&["--collection", "old"], CLASSIC].concat()).expect(0);
    w.set_up("b", &["--collection", "new"]).expect(0);
    w.set_up("c", &["--collection", "old"]).expect(1).says(&["--layout classic"]);
}

#[test]
fn a_drive_that_holds_the_other_layout_by_now_is_left_alone() {
    let w = World::synced(&["a"]);
    w.write("a/x", "x");
    std::fs::rename(w.at("drive"), w.at("away")).unwrap();
    w.write("b/y", "y");
    w.set_up("b", CLASSIC).expect(0);
    let before = w.everything("drive");
    w.sync("a").expect(1).says(&["set up for a vault of the journal layout", "kite unlink a", "--layout classic"]);
    assert_eq!(w.everything("drive"), before);
}

#[test]
fn a_choice_that_never_reached_its_drive_is_replaced() {
    let w = World::new(&["a"]);
    w.write("a/x", "1");
    let config_of_a =
        format!(r#"{{"format":1,"drive":"file://{}","layout":"classic","device":"d","drive_is_new":true}}"#, w.at("drive").display());
    w.write("a/.kite/config.json", config_of_a);
    w.kite(&[&["sync", "a"], JOURNAL].concat()).expect(0).says(&["pushed"]);
    assert_eq!(config(&w, "a")["layout"], "journal");
}
