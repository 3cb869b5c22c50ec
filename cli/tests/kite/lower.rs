//! `kite lower`: another way to find what changed, for every folder, while they go on.

use crate::world::World;
use serde_json::json;

fn strategy(w: &World, folder: &str) -> String {
    w.kite(&["status", folder, "--json"]).expect(0).json()["strategy"].as_str().unwrap().to_owned()
}

/// Edits in both folders arrive in the other one.
fn go_on(w: &World, content: &str) {
    w.write("a/of a", content);
    w.write("b/of b", content);
    w.write(&format!("a/new/{content}"), content);
    w.settle("a", "b");
    for (folder, file) in [("b", "of a"), ("a", "of b")] {
        assert_eq!(w.read(&format!("{folder}/{file}")), content);
    }
}

#[test]
fn both_folders_go_on_from_compare_and_swap_to_slots_and_to_listing() {
    let w = World::synced(&["a", "b"]);
    go_on(&w, "1");
    let ran = w.kite(&["lower", "a", "slots"]).expect(0);
    ran.says(&["Lowered the vault from compare-and-swap to slots, for every device"]);
    assert_eq!((strategy(&w, "a"), strategy(&w, "b")), ("slots".into(), "compare-and-swap".into()));
    go_on(&w, "2");
    assert_eq!(strategy(&w, "b"), "slots");
    let lowered = w.kite(&["lower", "b", "listing", "--json"]).expect(0).json();
    assert_eq!(lowered, json!({ "before": "slots", "strategy": "listing" }));
    go_on(&w, "3");
    assert_eq!((strategy(&w, "a"), strategy(&w, "b")), ("listing".into(), "listing".into()));
    // Who comes later has nothing to choose.
    w.write("c/of c", "c");
    w.set_up("c", &[]).expect(0);
    assert_eq!(strategy(&w, "c"), "listing");
    w.settle("c", "a");
}

#[test]
fn what_waits_to_be_pushed_and_a_conflict_outlive_it() {
    for to in ["slots", "listing"] {
        let w = World::synced(&["a", "b"]);
        w.write("a/both", "base");
        w.settle("a", "b");
        w.write("a/both", "from a");
        w.write("b/both", "from b");
        w.write("b/waits", "waits");
        w.sync("a").expect(0);
        w.kite(&["lower", "b", to]).expect(0);
        w.sync("b").expect(2);
        w.kite(&["resolve", "b", "both", "--keep", "both"]).expect(0);
        w.settle("b", "a");
        assert_eq!(
            (w.read("a/both"), w.read("a/both (from drive)"), w.read("a/waits")),
            ("from b".into(), "from a".into(), "waits".into())
        );
    }
}

#[test]
fn it_is_refused_where_it_makes_no_sense() {
    let refused = |w: &World, args: &[&str], words: &[&str]| {
        let ran = w.kite(&[&["lower"], args, &["--json"]].concat()).expect(1).says(words);
        assert_eq!(ran.json()["error"]["code"], "invalid_input");
    };
    let w = World::classic(&["a"]);
    refused(&w, &["a", "listing"], &["the classic layout", "one way only"]);
    refused(&w, &["nowhere", "listing"], &["no such folder"]);
    w.kite(&["lower", "a", "compare-and-swap"]).expect(1).says(&["slots, listing"]);
    w.kite(&["lower", "a"]).expect(1);

    // A vault is made by the first push, and this folder has nothing to push.
    let w = World::synced(&["a"]);
    refused(&w, &["a", "slots"], &["there is no vault on this drive yet"]);
    w.write("a/x", "x");
    refused(&w, &["a", "slots"], &["there is no vault on this drive yet"]);
    w.sync("a").expect(0);

    w.kite(&["lower", "a", "listing"]).expect(0);
    let before = w.everything("drive");
    for to in ["slots", "listing"] {
        refused(&w, &["a", to], &["the vault finds its records by listing", &format!("{to} asks no less")]);
    }
    assert_eq!(w.everything("drive"), before);
    w.sync("a").expect(0);
}

#[test]
fn a_drive_that_is_away_is_named() {
    let w = World::synced(&["a"]);
    w.write("a/x", "x");
    w.sync("a").expect(0);
    std::fs::rename(w.at("drive"), w.at("away")).unwrap();
    let ran = w.kite(&["lower", "a", "slots", "--json"]).expect(1).says(&["is missing"]);
    assert_eq!(ran.json()["error"]["code"], "unavailable");
    std::fs::rename(w.at("away"), w.at("drive")).unwrap();
    assert_eq!(strategy(&w, "a"), "compare-and-swap");
}
