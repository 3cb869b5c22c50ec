//! Several datasets on one drive, as a user meets them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

#[path = "kite/world.rs"]
#[allow(dead_code, reason = "each test binary uses a part of this")]
mod world;

use serde_json::json;
use world::World;

fn url(w: &World, collection: &str) -> String {
    format!("file://{}?collection={collection}", w.at("drive").display())
}

#[test]
fn two_collections_and_a_dataset_in_the_root_share_a_drive_and_nothing_else() {
    let w = World::new(&["notes", "notes2", "photos", "photos2", "plain", "plain2"]);
    w.write("notes/same.txt", "a note");
    w.write("photos/same.txt", "a photo");
    w.write("plain/same.txt", "neither");
    w.write("plain/notes/same.txt", "a file in a folder that is named like a collection");
    w.kite(&["sync", "plain", "--drive", "drive"]).expect(0);
    w.kite(&["sync", "notes", "--drive", &url(&w, "notes")]).expect(0);
    w.kite(&["sync", "photos", "--drive", "drive", "--collection", "photos"]).expect(0);
    for name in ["notes", "photos"] {
        assert!(w.at("drive").join(name).join("vault").exists(), "{name}");
    }
    w.kite(&["sync", "notes2", "--drive", "drive", "--collection", "notes"]).expect(0);
    w.kite(&["sync", "photos2", "--drive", &url(&w, "photos")]).expect(0);
    w.kite(&["sync", "plain2", "--drive", "drive"]).expect(0);
    for (a, b) in [("notes", "notes2"), ("photos", "photos2"), ("plain", "plain2")] {
        assert_eq!(w.files(a), w.files(b));
        w.write(&format!("{b}/same.txt"), format!("edited in {b}"));
        w.settle(b, a);
        assert_eq!(w.read(&format!("{a}/same.txt")), format!("edited in {b}"));
    }
    w.remove("notes/same.txt");
    w.settle("notes", "notes2");
    let names = |folder: &str| w.files(folder).into_keys().filter(|path| !path.ends_with('/')).collect::<Vec<_>>();
    assert_eq!((names("notes2"), names("photos2")), (vec![], vec!["same.txt".to_owned()]));
    assert_eq!(names("plain2"), ["notes/same.txt", "same.txt"]);
}

#[test]
fn the_status_names_the_collection() {
    let w = World::new(&["a", "b"]);
    w.kite(&["sync", "a", "--drive", "drive", "--collection", "photos"]).expect(0);
    w.kite(&["status", "a"]).expect(0).says(&["collection photos"]);
    let status = w.kite(&["status", "a", "--json"]).json();
    assert_eq!((status["collection"].clone(), status["drive"].clone()), (json!("photos"), json!(url(&w, "photos"))));
    w.kite(&["sync", "b", "--drive", "drive"]).expect(0);
    assert_eq!(w.kite(&["status", "b", "--json"]).json()["collection"], json!(null));
    assert!(!w.kite(&["status", "b"]).out.contains("collection"));
}

#[test]
fn a_folder_keeps_its_collection() {
    let w = World::new(&["a"]);
    w.kite(&["sync", "a", "--drive", "drive", "--collection", "photos"]).expect(0);
    w.kite(&["sync", "a"]).expect(0);
    w.kite(&["sync", "a", "--collection", "photos"]).expect(0);
    w.kite(&["sync", "a", "--drive", "drive", "--collection", "photos"]).expect(0);
    let refused = |args: &[&str]| {
        w.kite(&[&["sync", "a"], args].concat()).expect(1).says(&["this folder syncs with", "collection=photos", "kite unlink a"]);
    };
    refused(&["--collection", "notes"]);
    refused(&["--drive", "drive"]);
    refused(&["--drive", &url(&w, "notes")]);
}

#[test]
fn a_bad_name_is_refused_before_anything_is_made() {
    let w = World::new(&["a"]);
    for bad in ["", "Photos", "docs", "a/b", "..", "con"] {
        let error = w.kite(&["sync", "a", "--drive", "drive", "--collection", bad, "--json"]).expect(1).json();
        assert_eq!(error["error"]["code"], json!("invalid_input"), "{bad}");
    }
    w.kite(&["sync", "a", "--drive", &url(&w, "Photos")]).expect(1).says(&["no name for a collection"]);
    w.kite(&["sync", "a", "--drive", &url(&w, "a"), "--collection", "b"]).expect(1).says(&["another collection"]);
    assert!(!w.at("drive").exists() && !w.at("a/.kite").exists());
}

#[test]
fn one_dataset_is_not_reached_in_two_ways() {
    let w = World::new(&["a", "b", "drive"]);
    w.write("a/x", "x");
    w.kite(&["sync", "a", "--drive", "drive", "--collection", "photos"]).expect(0);
    w.kite(&["sync", "b", "--drive", "drive/photos"]).expect(1).says(&["is a collection of the drive above it", "--collection"]);
    let w = World::new(&["a", "b", "drive"]);
    w.write("a/x", "x");
    w.kite(&["sync", "a", "--drive", "drive/photos"]).expect(0);
    w.kite(&["sync", "b", "--drive", "drive", "--collection", "photos"]).expect(1).says(&["in use as a drive of its own"]);
}
