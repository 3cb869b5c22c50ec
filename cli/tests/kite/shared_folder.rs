//! A drive's folder that another program copies between machines.

use crate::world::{CLASSIC, World};
use serde_json::Value;

const NOTICED: &str = "the drive's folder is copied between machines by Syncthing: the vault finds its records by listing";
const DANGER: &str = "but its vault relies on compare-and-swap, which does not hold there: run `kite lower a listing`";

/// Two folders, and above the drive's a mark of Syncthing.
fn world() -> World {
    let w = World::new(&["a", "b", "sync/drive", "sync/.stfolder"]);
    w.write("a/x", "x");
    w
}

fn strategy(w: &World, folder: &str) -> Value {
    w.kite(&["status", folder, "--json"]).expect(0).json()["strategy"].clone()
}

#[test]
fn it_is_noticed_at_set_up_and_said_once() {
    let w = world();
    let said = |args: &[&str]| w.kite(args).expect(0).err;
    assert!(said(&["sync", "a", "--drive", "sync/drive", "--dry-run"]).contains(NOTICED));
    let err = said(&["sync", "a", "--drive", "sync/drive"]);
    assert_eq!(err.lines().filter(|line| line.contains("copied between machines")).count(), 1, "{err}");
    assert!(err.contains(NOTICED), "{err}");
    assert_eq!(strategy(&w, "a"), "listing");
    assert_eq!(said(&["sync", "a"]), "");
    // The vault is there, and whoever joins it has nothing to choose.
    assert_eq!(said(&["sync", "b", "--drive", "sync/drive"]), "");
    assert_eq!((strategy(&w, "b"), w.read("b/x")), ("listing".into(), "x".into()));
}

#[test]
fn it_is_said_by_a_flag_where_nothing_shows_it() {
    let w = World::new(&["a", "b"]);
    w.write("a/x", "x");
    let ran = w.set_up("a", &["--shared-folder"]).expect(0);
    assert!(ran.err.is_empty(), "{ran:?}");
    assert_eq!(strategy(&w, "a"), "listing");
    w.sync("a").expect(0);
    w.kite(&["status", "a"]).expect(0).says(&["strategy   listing"]);
    w.set_up("a", &["--shared-folder"]).expect(0);
}

#[test]
fn the_flag_outlives_a_set_up_that_did_not_reach_the_drive() {
    let w = World::new(&["a"]);
    let config = format!(
        r#"{{"format":1,"drive":"file://{}","layout":"journal","shared_folder":true,"device":"d","drive_is_new":true}}"#,
        w.at("drive").display()
    );
    w.write("a/.kite/config.json", config);
    w.write("a/x", "x");
    w.sync("a").expect(0);
    assert_eq!(strategy(&w, "a"), "listing");
}

#[test]
fn a_vault_that_came_to_lie_in_such_a_folder_is_warned_about_at_each_sync() {
    let w = World::synced(&["a"]);
    w.write("a/x", "x");
    w.sync("a").expect(0);
    std::fs::create_dir(w.at("drive/.stfolder")).unwrap();
    for _ in 0..2 {
        let ran = w.sync("a").expect(0).says(&["by Syncthing", DANGER]);
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    }
    w.kite(&["sync", "a", "--json"]).expect(0).json();
    std::fs::remove_dir(w.at("drive/.stfolder")).unwrap();
    assert_eq!(w.sync("a").expect(0).err, "");
    // Somebody who joins is told too, by the mark or by the flag.
    std::fs::create_dir(w.at("b")).unwrap();
    w.set_up("b", &["--shared-folder"]).expect(0).says(&["by another program", "kite lower b listing"]);
}

#[test]
fn the_classic_layout_is_not_safe_there() {
    let w = world();
    let set_up = &[&["sync", "a", "--drive", "sync/drive"], CLASSIC].concat();
    for args in [set_up, &vec!["sync", "a"]] {
        let ran = w.kite(args).expect(0).says(&["by Syncthing, where the classic layout is not safe"]);
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    }
}
