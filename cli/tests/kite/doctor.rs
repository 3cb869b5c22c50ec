//! `kite doctor` and `kite break-lock`: care for a vault, by a folder that syncs with it or by its address.

use crate::world::World;
use serde_json::Value;
use std::fs;

fn world() -> World {
    let w = World::synced(&["a", "b"]);
    for n in 0..5 {
        w.write(&format!("a/{n}"), format!("content {n}"));
        w.sync("a").expect(0);
    }
    w.settle("a", "b");
    w
}

/// The first record on the drive.
fn record(w: &World) -> String {
    let mut names: Vec<String> = fs::read_dir(w.at("drive/j")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    format!("drive/j/{}", names[0])
}

fn codes(found: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    found["findings"].as_array().unwrap().iter().map(|f| (text(&f["code"]), text(&f["repair"]))).collect()
}

#[test]
fn a_healthy_vault_is_said_to_be_so_by_folder_and_by_address() {
    let w = world();
    for place in ["a", "drive"] {
        let before = w.everything("drive");
        w.kite(&["doctor", place]).expect(0).says(&["Nothing is wrong", "A new device gets 5 files"]);
        let found = w.kite(&["doctor", place, "--json"]).expect(0).json();
        assert_eq!((&found["layout"], &found["strategy"]), (&"journal".into(), &"compare-and-swap".into()));
        assert_eq!((&found["documents"], &found["worst"], codes(&found).len()), (&5.into(), &Value::Null, 0));
        assert_eq!(w.everything("drive"), before, "a look writes nothing");
    }
    w.kite(&["doctor", "nowhere", "--json"]).expect(1);
    fs::create_dir(w.at("empty")).unwrap();
    assert_eq!(w.kite(&["doctor", "empty", "--json"]).expect(1).json()["error"]["code"], "not_found");
}

#[test]
fn a_lost_record_is_explained_by_address_and_brought_back_by_a_folder() {
    let w = world();
    w.remove(&record(&w));
    let found = w.kite(&["doctor", "drive", "--repair", "--json"]).expect(2).json();
    assert!(codes(&found).contains(&("record_missing".into(), "refused".into())), "{found:#}");
    w.kite(&["doctor", "a"]).expect(2).says(&["record_missing", "can be repaired", "kite doctor a --repair"]);
    let found = w.kite(&["doctor", "a", "--repair", "--json"]).expect(0).json();
    assert!(codes(&found).contains(&("record_missing".into(), "done".into())), "{found:#}");
    assert_eq!(found["documents"], 5);
    w.set_up("c", &[]);
    fs::create_dir_all(w.at("c")).unwrap();
    w.set_up("c", &[]).expect(0);
    assert_eq!(w.files("c"), w.files("a"));
    w.settle("a", "b");
}

#[test]
fn a_lost_marker_and_a_lost_head_are_put_back_by_the_address_alone() {
    let w = world();
    w.remove("drive/head");
    w.remove("drive/vault");
    // The marker alone is proved by the head, and the head by the records; without either the folder remembers.
    let found = w.kite(&["doctor", "a", "--repair", "--json"]).expect(0).json();
    assert!(codes(&found).contains(&("marker_missing".into(), "done".into())), "{found:#}");
    w.remove("drive/head");
    let found = w.kite(&["doctor", "drive", "--repair", "--json"]).expect(0).json();
    assert_eq!(codes(&found)[0], ("head_missing".into(), "done".into()), "{found:#}");
    w.settle("a", "b");
}

#[test]
fn a_sealed_vault_is_opened_for_it_or_shown_from_outside() {
    let mut w = World::new(&["a"]);
    w.set("KITE_PASSPHRASE", "horse battery");
    w.write("a/x", "x");
    w.set_up("a", &["--encrypt"]).expect(0);
    let found = w.kite(&["doctor", "drive", "--json"]).expect(0).json();
    assert_eq!((&found["sealed"], &found["documents"]), (&true.into(), &1.into()));
    w.set("KITE_PASSPHRASE", "");
    let mut blind = w.command(&["doctor", "drive", "--json"]);
    blind.env_remove("KITE_PASSPHRASE");
    let found = crate::world::Ran::of(&mut blind).expect(2).json();
    assert_eq!(codes(&found), [("key_needed".into(), "refused".into())]);
    let mut kept = w.command(&["doctor", "a", "--json"]);
    kept.env_remove("KITE_PASSPHRASE");
    assert_eq!(crate::world::Ran::of(&mut kept).expect(0).json()["documents"], 1);
}

#[test]
fn a_lock_is_shown_and_broken_if_somebody_says_so() {
    let w = World::classic(&["a"]);
    w.write("a/x", "x");
    w.sync("a").expect(0);
    w.kite(&["break-lock", "drive"]).expect(0).says(&["No lock"]);
    w.write("drive/lock.json", r#"{"expire":32503680000000,"owner":"aa","device":"old phone"}"#);
    w.kite(&["break-lock", "a"]).expect(1).says(&["old phone", "nobody is here to ask"]);
    assert!(w.at("drive/lock.json").exists());
    let found = w.kite(&["doctor", "a", "--json"]).expect(0).json();
    assert_eq!(found["lock"]["device"], "old phone");
    let broken = w.kite(&["break-lock", "drive", "--yes", "--json"]).expect(0).json();
    assert_eq!((&broken["broken"]["path"], &broken["broken"]["ours"]), (&"lock.json".into(), &false.into()));
    assert!(!w.at("drive/lock.json").exists());
    assert_eq!(w.kite(&["break-lock", "a", "--yes", "--json"]).expect(0).json()["broken"], Value::Null);
}
