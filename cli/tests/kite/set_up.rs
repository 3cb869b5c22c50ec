//! The first call, and what may differ in later ones.

use crate::world::{CLASSIC, World};
use std::fs;

#[test]
fn one_call_sets_the_folder_up_and_makes_the_drive() {
    let w = World::new(&["a"]);
    w.write("a/notes.md", "hello");
    w.set_up("a", &["--device", "laptop"]).expect(0).says(&["pushed", "1 file"]);
    let config: serde_json::Value = serde_json::from_str(&w.read("a/.kite/config.json")).unwrap();
    let drive = format!("file://{}", w.at("drive").display());
    assert_eq!(
        (config["drive"].as_str(), config["layout"].as_str(), config["device"].as_str()),
        (Some(&*drive), Some("journal"), Some("laptop"))
    );
    assert_eq!(w.read("a/.kite/.gitignore"), "*\n");
    w.sync("a").expect(0).says(&["nothing had changed"]);
}

#[test]
fn a_file_in_the_classic_layout_is_a_json_document() {
    let w = World::new(&["a"]);
    w.write("a/notes.md", "hello");
    w.set_up("a", CLASSIC).expect(0).says(&["pushed", "1 file"]);
    let doc: serde_json::Value = serde_json::from_str(&w.read("drive/docs/notes.md.json")).unwrap();
    assert_eq!(
        (&doc["doc"]["_id"], &doc["doc"]["path"], &doc["doc"]["content"]),
        (&"notes.md".into(), &"notes.md".into(), &"hello".into())
    );
    assert!(doc["_rev"].is_u64() && doc["_rev"] == doc["doc"]["_rev"]);
}

#[test]
fn every_form_of_the_url_names_the_same_drive() {
    let w = World::synced(&["a"]);
    let absolute = w.at("drive").display().to_string();
    for form in ["drive", "./drive", "file:drive", "file:%64rive", "a/../drive", &absolute, &format!("file://{absolute}")] {
        w.kite(&["sync", "a", "--drive", form]).expect(0);
    }
    std::os::unix::fs::symlink("drive", w.at("link")).unwrap();
    w.kite(&["sync", "a", "--drive", "link", "--layout", "journal"]).expect(0);
}

#[test]
fn another_drive_is_refused_and_both_are_named() {
    let w = World::synced(&["a"]);
    let ran = w.kite(&["sync", "a", "--drive", "other", "--json"]).expect(1);
    assert_eq!(ran.json()["error"]["code"], "invalid_input");
    ran.says(&["/drive", "/other", "kite unlink a"]);
    assert!(!w.at("other").exists());
}

#[test]
fn what_cannot_be_is_said_before_anything_is_made() {
    let w = World::new(&["a", "drive"]);
    w.write("file", "");
    let refuse = |args: &[&str], code: &str, words: &[&str]| {
        let ran = w.kite(&[&["sync"], args, &["--json"]].concat()).expect(1);
        assert_eq!(ran.json()["error"]["code"], code, "{args:?}");
        ran.says(words);
    };
    refuse(&["a"], "invalid_input", &["not set up", "kite sync a --drive URL"]);
    refuse(&["none", "--drive", "drive"], "invalid_input", &["no such folder"]);
    refuse(&["file", "--drive", "drive"], "invalid_input", &["this is a file"]);
    refuse(&["a", "--drive", "file"], "invalid_input", &["the drive is a file"]);
    refuse(&["a", "--drive", "none/drive"], "invalid_input", &["mounted"]);
    refuse(&["a", "--drive", "sftp:/x"], "unsupported", &["sftp", "file:///"]);
    refuse(&["a", "--drive", "a/drive"], "invalid_input", &["the drive is inside the folder"]);
    refuse(&["a", "--drive", "."], "invalid_input", &["the folder is inside the drive"]);
    refuse(&["a", "--drive", "a"], "invalid_input", &["the same folder"]);
    std::os::unix::fs::symlink("a", w.at("link")).unwrap();
    refuse(&["a", "--drive", "link/sub"], "invalid_input", &["the drive is inside the folder"]);
    assert_eq!(fs::read_dir(w.at("a")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(w.at("drive")).unwrap().count(), 0);
}

#[test]
fn a_wrong_call_is_a_failure_like_any_other() {
    let w = World::new(&["a"]);
    for args in [&["sync"][..], &["sync", "a", "--nonsense"], &["fly"], &["resolve", "a", "x"], &["sync", "a", "--yes", "everything"], &[]]
    {
        let ran = w.kite(args);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(!ran.err.is_empty() && !ran.err.contains("panicked"), "{ran:?}");
    }
    assert_eq!(w.kite(&["sync", "--json"]).expect(1).json()["error"]["code"], "invalid_input");
    w.kite(&["--version"]).expect(0).says(&["kite 0."]);
    w.kite(&["--help"]).expect(0).says(&["sync", "status", "conflicts", "resolve", "lower", "unlink", "Exit codes"]);
}

#[test]
fn the_report_has_its_shape() {
    let w = World::new(&["a"]);
    w.write("a/x", "12345");
    let report = w.kite(&["sync", "a", "--drive", "drive", "--json"]).expect(0).json();
    let mut keys: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "bytes",
            "conflict_copies",
            "conflicts",
            "deleted",
            "elapsed_ms",
            "expired",
            "held",
            "ignore_faults",
            "pulled",
            "pushed",
            "requests",
            "skipped"
        ]
    );
    for (group, names) in [("requests", &["get", "put", "delete", "list"][..]), ("bytes", &["sent", "received"])] {
        assert!(names.iter().all(|name| report[group][name].is_u64()), "{report}");
    }
    assert_eq!((report["pushed"].as_u64(), report["pulled"].as_u64(), report["deleted"].as_u64()), (Some(1), Some(0), Some(0)));
    let status = w.kite(&["status", "a", "--json"]).expect(0).json();
    assert_eq!((status["documents"].as_u64(), status["queued"].as_u64()), (Some(1), Some(0)));
    assert!(status["last_sync_ms"].is_u64());
}

#[test]
fn a_set_up_that_was_killed_half_way_goes_on() {
    let w = World::new(&["a"]);
    w.write("a/x", "1");
    fs::create_dir(w.at("a/.kite")).unwrap();
    w.write("a/.kite/config.json.next", "{\"form");
    w.sync("a").expect(1).says(&["not set up"]);
    w.kite(&["sync", "a", "--drive", "drive"]).expect(0);
    // Killed after the configuration was there, before the drive was.
    let w = World::new(&["a"]);
    w.write("a/x", "1");
    let config =
        format!(r#"{{"format":1,"drive":"file://{}","layout":"classic","device":"d","drive_is_new":true}}"#, w.at("drive").display());
    w.write("a/.kite/config.json", config);
    w.sync("a").expect(0).says(&["pushed"]);
    assert!(w.read("a/.kite/config.json").contains("\"drive_is_new\": false"));
}

#[test]
fn a_folder_of_a_newer_kite_is_left_alone() {
    let w = World::synced(&["a"]);
    w.write("a/.kite/config.json", r#"{"format":2,"anything":[]}"#);
    assert_eq!(w.kite(&["sync", "a", "--json"]).expect(1).json()["error"]["code"], "needs_newer_version");
}

#[test]
fn a_damaged_configuration_is_said_with_the_way_out() {
    let w = World::synced(&["a"]);
    w.write("a/.kite/config.json", "{");
    w.sync("a").expect(1).says(&["makes no sense", "`kite unlink a --force`"]);
    w.kite(&["unlink", "a", "--force", "--yes"]).expect(0);
    w.set_up("a", &[]).expect(0);
}

#[test]
fn a_second_kite_waits_and_then_names_the_first() {
    let w = World::synced(&["a"]);
    let lock = fs::File::options().read(true).write(true).open(w.at("a/.kite/lock")).unwrap();
    lock.lock().unwrap();
    fs::write(w.at("a/.kite/lock"), "4711").unwrap();
    let ran = w.kite(&["sync", "a", "--json"]).expect(1).says(&["process 4711"]);
    assert_eq!(ran.json()["error"]["code"], "locked");
    drop(lock);
    w.sync("a").expect(0);
}
