//! `kite migrate`: a classic vault goes to the journal layout, and the folders follow it.

use crate::world::{CLASSIC, Ran, World};
use std::{collections::BTreeMap, time::SystemTime};

/// What lies on the drive besides the new vault.
fn old_files(w: &World) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
    let mut files = w.everything("drive");
    files.retain(|path, _| !path.starts_with("kitestring/") && !path.ends_with('/'));
    files
}

fn code(ran: Ran) -> String {
    ran.expect(1).json()["error"]["code"].as_str().unwrap().to_owned()
}

/// Two folders of a classic vault; each has an edit, a new file and a deletion that it has not sent.
fn two() -> World {
    let w = World::classic(&["a", "b"]);
    for name in ["a/of a", "a/of b", "a/goes in a", "a/goes in b", "a/same"] {
        w.write(name, name);
    }
    w.sync("a").expect(0);
    w.sync("b").expect(0);
    for (own, name) in [("a", "of a"), ("b", "of b")] {
        w.write(&format!("{own}/{name}"), "edited");
        w.write(&format!("{own}/new {name}"), "new");
        w.remove(&format!("{own}/goes in {own}"));
    }
    w
}

/// Settles what a newcomer is asked about by keeping its own side.
fn keep_all(w: &World, folder: &str) {
    for conflict in w.kite(&["conflicts", folder, "--json"]).json().as_array().unwrap() {
        w.kite(&["resolve", folder, conflict["id"].as_str().unwrap(), "--keep", "local"]).expect(0);
    }
}

#[test]
fn a_vault_migrates_and_the_other_folder_follows_with_its_edits() {
    let w = two();
    let before = w.everything("drive");
    // Nobody is there to ask.
    w.kite(&["migrate", "a"]).expect(1).says(&["--yes"]);
    assert_eq!(w.everything("drive"), before);

    let migrated = w.kite(&["migrate", "a", "--yes", "--json"]).expect(0).json();
    let address = format!("file://{}?collection=kitestring", w.at("drive").display());
    assert_eq!((&migrated["migrated"], &migrated["documents"]), (&address.as_str().into(), &5.into()));
    let closed = old_files(&w);
    w.write("a/later", "from a");
    w.sync("a").expect(0);
    let status = w.kite(&["status", "a", "--json"]).json();
    assert_eq!((&status["layout"], &status["collection"]), (&"journal".into(), &"kitestring".into()));

    let told = w.kite(&["sync", "b", "--json"]).expect(1).says(&["was moved to", "kite move b --follow"]).json();
    assert_eq!((&told["error"]["code"], &told["error"]["to"]), (&"moved".into(), &address.as_str().into()));
    w.kite(&["watch", "b", "--json"]).expect(1).says(&["\"code\":\"moved\""]);
    let followed = w.kite(&["move", "b", "--follow", "--yes", "--json"]).expect(0).json();
    assert_eq!(followed["followed"], address.as_str());
    w.sync("b").expect(2);
    keep_all(&w, "b");
    w.settle("b", "a");
    let names: Vec<_> = w.files("a").into_keys().collect();
    assert_eq!(names, ["later", "new of a", "new of b", "of a", "of b", "same"]);
    assert_eq!((w.read("a/of a"), w.read("a/of b"), w.read("b/later")), ("edited".into(), "edited".into(), "from a".into()));

    // A folder that is set up with the old drive is told, too.
    std::fs::create_dir(w.at("c")).unwrap();
    w.kite(&[&["sync", "c", "--drive", "drive"], CLASSIC].concat()).expect(1).says(&["was moved to", "kite move c --follow"]);
    w.kite(&["move", "c", "--follow", "--yes"]).expect(0);
    w.sync("c").expect(0);
    assert_eq!(w.files("c"), w.files("a"));
    assert_eq!(old_files(&w), closed);
}

#[test]
fn what_looks_at_a_closed_vault_says_where_it_is() {
    let w = two();
    w.kite(&["migrate", "a", "elsewhere", "--yes"]).expect(0).says(&["Migrated", "kite sync a", "--follow"]);
    let closed = w.everything("drive");
    for place in ["drive", "b"] {
        let found = w.kite(&["doctor", place, "--json"]).expect(2).json();
        let findings = found["findings"].as_array().unwrap();
        assert_eq!(findings.iter().map(|f| f["code"].as_str().unwrap()).collect::<Vec<_>>(), ["moved"], "{found:#}");
        assert!(findings[0]["detail"].as_str().unwrap().contains("/elsewhere"), "{found:#}");
        assert!(found["lock"].is_null());
        w.kite(&["doctor", place, "--repair"]).expect(2).says(&["moved", "elsewhere"]);
        w.kite(&["export", place, "out.tar"]).expect(1).says(&["was moved to", "elsewhere"]);
        w.kite(&["break-lock", place, "--yes"]).expect(1).says(&["gone to another place"]);
    }
    assert_eq!(w.everything("drive"), closed);
    w.kite(&["doctor", "elsewhere"]).expect(0);
    // Where the drive has another name on a device, it is named.
    std::fs::rename(w.at("elsewhere"), w.at("mounted")).unwrap();
    w.kite(&["move", "b", "mounted", "--follow", "--yes"]).expect(0);
    w.sync("b").expect(2);
}

#[test]
fn a_vault_may_be_sealed_on_its_way() {
    let mut w = World::classic(&["a", "b", "c"]);
    w.write("a/x", "canary of a");
    w.sync("a").expect(0);
    w.sync("b").expect(0);
    w.sync("c").expect(0);
    w.write("b/y", "canary of b");
    w.kite(&["migrate", "a", "elsewhere", "--yes", "--encrypt"]).expect(1).says(&["nobody is here to ask"]);
    w.set("KITE_PASSPHRASE", "horse battery");
    w.kite(&["migrate", "a", "elsewhere", "--yes", "--encrypt"]).expect(0);
    w.sync("a").expect(0);
    w.kite(&["move", "b", "--follow", "--yes"]).expect(0);
    w.settle("a", "b");
    assert_eq!(w.read("a/y"), "canary of b");
    let is_plain = |(path, (content, _)): (&String, &(Vec<u8>, SystemTime))| {
        path.ends_with(".json") || content.windows(6).any(|window| window == b"canary")
    };
    assert!(!w.everything("elsewhere").iter().any(is_plain));
    w.set("KITE_PASSPHRASE", "another");
    w.kite(&["move", "c", "--follow", "--yes"]).expect(0);
    w.sync("c").expect(1).says(&["does not open the vault"]);
}

#[test]
fn what_stands_in_the_way_is_said() {
    let w = two();
    w.write("full/holiday.jpg", "x");
    let before = w.everything("drive");
    assert_eq!(code(w.kite(&["migrate", "a", "full", "--yes", "--json"])), "invalid_input");
    assert_eq!(code(w.kite(&["migrate", "a", "drive", "--yes", "--json"])), "invalid_input");
    assert_eq!(code(w.kite(&["migrate", "a", "a/inside", "--yes", "--json"])), "invalid_input");
    assert_eq!(code(w.kite(&["migrate", "nowhere", "--yes", "--json"])), "invalid_input");
    w.kite(&["move", "a", "elsewhere"]).expect(1).says(&["kite migrate a URL"]);
    let now = w.everything("drive");
    assert!(before.iter().filter(|(path, _)| !path.ends_with('/')).all(|(path, file)| now.get(path) == Some(file)));
    // A conflict: its other side would stay behind.
    w.write("a/of b", "of both");
    w.sync("a").expect(0);
    w.sync("b").expect(2);
    w.kite(&["migrate", "b", "--yes"]).expect(1).says(&["conflicts wait"]);
    w.kite(&["migrate", "a", "--yes"]).expect(0);
    w.kite(&["migrate", "a", "--yes"]).expect(1).says(&["journal layout already"]);
    // Nobody takes it elsewhere.
    assert_eq!(code(w.kite(&["migrate", "b", "elsewhere", "--yes", "--json"])), "moved");
    w.kite(&["migrate", "b", "--yes"]).expect(0);
    w.sync("b").expect(2);
}

#[test]
fn a_collection_goes_beside_itself() {
    let w = World::new(&["a"]);
    w.write("a/x", "x");
    w.kite(&[&["sync", "a", "--drive", "drive", "--collection", "notes"], CLASSIC].concat()).expect(0);
    w.kite(&["migrate", "a", "--yes"]).expect(0);
    w.sync("a").expect(0);
    assert!(w.at("drive/notes-kitestring/vault").is_file());
}
