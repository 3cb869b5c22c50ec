//! A drive that wants to write where it must not.

use crate::world::World;
use std::{collections::BTreeMap, fs, os::unix::fs::symlink};

/// The name of a document's file, which is its id on the drive.
fn stem(id: &str) -> String {
    let encoded = |at: usize, c: char| {
        let (first, last) = (at == 0, at + c.len_utf8() == id.len());
        let at_an_end = (first && c == '.') || (last && (c == '.' || c == ' '));
        at_an_end || "/\\%:*?\"<>|".contains(c)
    };
    id.char_indices().map(|(at, c)| if encoded(at, c) { format!("%{:02X}", c as u32) } else { c.to_string() }).collect()
}

/// Puts a document on the drive as another client would, and announces it.
fn plant(w: &World, id: &str, content: &str) {
    let stem = stem(id);
    let doc = serde_json::json!({ "doc": { "_id": stem, "_rev": 1, "path": id, "content": content }, "_rev": 1 });
    w.write(&format!("drive/docs/{stem}.json"), doc.to_string());
    let mut head: serde_json::Value = serde_json::from_str(&w.read("drive/meta.json")).unwrap();
    let last = head["lastChange"].as_u64().unwrap();
    let file = format!("drive/changes/{}.json", last / 100);
    let mut log: Vec<serde_json::Value> =
        fs::read(w.at(&file)).map_or_else(|_| Vec::new(), |bytes| serde_json::from_slice(&bytes).unwrap());
    log.push(serde_json::json!({ "action": "put", "_id": stem, "_rev": 1 }));
    head["lastChange"] = (last + 1).into();
    w.write(&file, serde_json::to_vec(&log).unwrap());
    w.write("drive/meta.json", head.to_string());
}

#[test]
fn nothing_is_written_outside_or_into_kites_own_and_the_rest_arrives() {
    let w = World::classic(&["a"]);
    fs::create_dir(w.at("outside")).unwrap();
    w.write("outside/theirs", "theirs");
    symlink("../outside", w.at("a/link")).unwrap();
    symlink("../outside/theirs", w.at("a/linked file")).unwrap();
    w.write("a/plain", "1");
    w.sync("a").expect(3);
    let absolute = w.at("outside/absolute").display().to_string();
    let (own, link) = ("belongs to kite", "a symbolic link, and kite never follows one");
    let bad = [
        (".kite/config.json", own),
        (".KITE/state.db", own),
        (".ki\u{200c}te/x", own),
        (".kite./x", own),
        ("KITE~1/x", own),
        ("sub/.kite/x", own),
        ("../outside/up", "would leave the place"),
        (&absolute, "an empty name"),
        ("./x", "would leave the place"),
        ("a//b", "an empty name"),
        ("x/", "an empty name"),
        ("link/x", link),
        ("link/theirs", link),
        ("linked file", "symbolic link"),
    ];
    for (id, _) in bad {
        plant(&w, id, "evil");
    }
    plant(&w, "good", "arrives");
    let config = w.read("a/.kite/config.json");
    let report = w.kite(&["sync", "a", "--json"]).expect(3).json();
    let skipped: BTreeMap<&str, &str> =
        report["skipped"].as_array().unwrap().iter().map(|one| (one["id"].as_str().unwrap(), one["why"].as_str().unwrap())).collect();
    for (id, why) in bad {
        assert!(skipped.get(id).is_some_and(|said| said.contains(why)), "{id:?}: {:?}, all {report:#}", skipped.get(id));
    }
    assert_eq!((w.read("a/good"), w.read("a/.kite/config.json"), w.read("outside/theirs")), ("arrives".into(), config, "theirs".into()));
    assert_eq!(fs::read_dir(w.at("outside")).unwrap().count(), 1);
    let found: Vec<String> = w.files("a").into_keys().collect();
    assert_eq!(found, ["good", "plain"]);
}

#[test]
fn a_link_for_kites_own_folder_is_refused() {
    let w = World::synced(&["a"]);
    fs::create_dir(w.at("b")).unwrap();
    symlink(w.at("a/.kite"), w.at("b/.kite")).unwrap();
    for args in [&["sync", "b", "--drive", "drive"][..], &["sync", "b"], &["status", "b"], &["trash", "list", "b"]] {
        w.kite(args).expect(1).says(&["never behind a link"]);
    }
}

#[test]
fn a_folder_and_a_drive_that_overlap_are_refused_however_they_are_reached() {
    let w = World::synced(&["a"]);
    fs::create_dir_all(w.at("drive/inside")).unwrap();
    symlink("drive/inside", w.at("folder")).unwrap();
    w.kite(&["sync", "folder", "--drive", "drive"]).expect(1).says(&["the folder is inside the drive"]);
    symlink("drive", w.at("same")).unwrap();
    w.kite(&["sync", "same", "--drive", "drive"]).expect(1).says(&["the same folder"]);
    // Also of a folder that was set up before it came to lie there.
    fs::rename(w.at("a"), w.at("drive/a")).unwrap();
    w.kite(&["sync", "drive/a"]).expect(1).says(&["the folder is inside the drive"]);
}
