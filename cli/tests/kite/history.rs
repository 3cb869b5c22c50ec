//! `kite log`, `kite restore` and `kite compact`: what a file was, had again, and a drive in order.

use crate::world::World;
use serde_json::Value;

/// Makes two folders in step, after some versions of one file.
fn versions(file: &str, contents: &[&str]) -> World {
    let w = World::synced(&["a", "b"]);
    for content in contents {
        w.write(&format!("a/{file}"), content);
        w.sync("a").expect(0);
    }
    w.sync("b").expect(0);
    w
}

fn log(w: &World, folder: &str, file: &str) -> Vec<Value> {
    w.kite(&["log", folder, file, "--json"]).expect(0).json()["versions"].as_array().unwrap().clone()
}

fn short(version: &Value) -> String {
    version["short"].as_str().unwrap().to_owned()
}

#[test]
fn every_version_is_listed_the_newest_first_by_any_path() {
    let w = versions("sub/n.md", &["1", "two", "three"]);
    for (folder, file) in [("a", "sub/n.md"), ("b", "./sub/n.md"), ("b", "b/sub/n.md"), ("a", w.at("a/sub/n.md").to_str().unwrap())] {
        let all = log(&w, folder, file);
        let told: Vec<_> = all.iter().map(|v| (v["size"].as_u64().unwrap(), v["now"].as_bool().unwrap())).collect();
        assert_eq!(told, [(5, true), (3, false), (1, false)], "{folder} {file}");
        assert!(all.iter().all(|v| short(v).len() >= 7 && v["written_ms"].as_u64() > Some(0) && v["deleted"] == false));
    }
    w.remove("a/sub/n.md");
    std::fs::remove_dir(w.at("a/sub")).unwrap();
    w.settle("a", "b");
    assert_eq!(log(&w, "b", "b/sub/n.md")[0]["deleted"], true);
    w.kite(&["log", "b", "sub/n.md"]).expect(0).says(&["deleted", "now", "kite restore b sub/n.md "]);
}

#[test]
fn a_version_comes_back_and_travels_and_unsynced_content_goes_to_the_trash() {
    let w = versions("n.md", &["1", "two", "three"]);
    let old = short(&log(&w, "b", "n.md")[2]);
    w.write("b/n.md", "never synced");
    w.kite(&["restore", "b", "n.md", &old]).expect(0).says(&["Restored n.md", ".kite/trash", "kite sync b"]);
    assert_eq!(w.read("b/n.md"), "1");
    w.settle("b", "a");
    assert_eq!(w.read("a/n.md"), "1");
    w.kite(&["trash", "restore", "b", "n.md"]).expect(0);
    assert_eq!(w.read("b/n.md"), "never synced");
    w.settle("b", "a");
    w.kite(&["restore", "b", "n.md", &old]).expect(0);
    let again = w.kite(&["restore", "b", "n.md", &old, "--json"]).expect(0).json();
    assert_eq!((&again["id"], &again["did"]), (&"n.md".into(), &"same".into()));
}

#[test]
fn a_deleted_file_comes_back_with_its_directory_and_into_an_empty_one_of_its_name() {
    let w = versions("d/e/f", &["1", "2"]);
    let old = short(&log(&w, "a", "d/e/f")[1]);
    std::fs::remove_dir_all(w.at("a/d")).unwrap();
    w.settle("a", "b");
    w.kite(&["restore", "b", "d/e/f", &old]).expect(0);
    w.settle("b", "a");
    assert_eq!(w.read("a/d/e/f"), "1");
    w.remove("a/d/e/f");
    w.write("a/d/e/f/inside", "x");
    w.kite(&["restore", "a", "d/e/f", &old, "--json"]).expect(1).says(&["a directory has this name"]);
    assert_eq!(w.read("a/d/e/f/inside"), "x");
    w.remove("a/d/e/f/inside");
    w.kite(&["restore", "a", "d/e/f", &old]).expect(0);
    assert_eq!(w.read("a/d/e/f"), "1");
}

#[test]
fn what_cannot_be_had_is_refused_with_what_to_do() {
    let w = versions("n.md", &["1", "2"]);
    let refused = |args: &[&str], code: &str, words: &[&str]| {
        let ran = w.kite(&[args, &["--json"]].concat()).expect(1).says(words);
        assert_eq!(ran.json()["error"]["code"], code);
    };
    refused(&["log", "a", "never"], "not_found", &["no version of never is known", "kite sync a"]);
    refused(&["restore", "a", "n.md", "zzz"], "not_found", &["begins with zzz", "kite log a n.md"]);
    refused(&["restore", "a", "never", "zzz"], "not_found", &["no version of never"]);
    w.write("a/new", "new");
    refused(&["log", "a", "new"], "not_found", &["was not synced yet", "kite sync a"]);
    let old = short(&log(&w, "a", "n.md")[1]);
    w.write("a/n.md", "of a");
    w.sync("a").expect(0);
    w.write("b/n.md", "of b");
    w.sync("b").expect(2);
    refused(&["restore", "b", "n.md", &old], "invalid_input", &["kite conflicts b --diff n.md"]);
    assert_eq!(w.read("b/n.md"), "of b");

    let w = World::classic(&["a"]);
    w.write("a/x", "x");
    w.sync("a").expect(0);
    for args in [&["log", "a", "x"][..], &["restore", "a", "x", "1"], &["compact", "a"]] {
        w.kite(args).expect(1).says(&["classic layout"]);
    }
}

#[test]
fn a_beginning_that_fits_several_versions_is_refused() {
    let contents: Vec<String> = (0..17).map(|n| n.to_string()).collect();
    let w = versions("n.md", &contents.iter().map(String::as_str).collect::<Vec<_>>());
    let all = log(&w, "a", "n.md");
    // Of seventeen versions two begin with the same of sixteen digits.
    let first = |v: &Value| short(v)[..1].to_owned();
    let twice = all.iter().map(first).find(|one| all.iter().filter(|v| first(v) == *one).count() > 1).unwrap();
    let ran = w.kite(&["restore", "a", "n.md", &twice, "--json"]).expect(1).says(&["begin with", "type more of it"]);
    assert_eq!(ran.json()["error"]["code"], "invalid_input");
    assert_eq!(w.read("a/n.md"), "16");
}

#[test]
fn a_compacted_drive_holds_less_and_the_history_stays() {
    let contents: Vec<String> = (0..12).map(|n| n.to_string()).collect();
    let w = versions("n.md", &contents.iter().map(String::as_str).collect::<Vec<_>>());
    let first = w.kite(&["compact", "a", "--json"]).expect(0).json();
    assert_eq!(first["compacted"], true);
    w.kite(&["compact", "a"]).expect(0).says(&["Compacted the drive", "before", "now"]);
    let files = |v: &Value| v["files"].as_u64().unwrap();
    let last = w.kite(&["compact", "a", "--json"]).expect(0).json();
    assert!(files(&last["after"]) < files(&first["before"]), "{first} {last}");
    w.sync("b").expect(0);
    let all = log(&w, "b", "n.md");
    assert_eq!(all.len(), 12);
    w.kite(&["restore", "b", "n.md", &short(&all[11])]).expect(0);
    w.settle("b", "a");
    assert_eq!(w.read("a/n.md"), "0");
}

#[test]
fn while_another_device_compacts_it_is_said_when_to_come_back() {
    let w = versions("n.md", &["1", "2"]);
    w.write("drive/lease", r#"{"owner":"another","nonce":"1"}"#);
    let ran = w.kite(&["compact", "a", "--json"]).expect(1).says(&["another device is putting the vault in order", "kite compact a"]);
    assert!(!ran.err.contains("()"), "{ran:?}");
    assert_eq!(ran.json()["error"]["code"], "locked");
    w.sync("a").expect(0);
}

#[test]
fn a_conflict_shows_what_each_side_has_changed() {
    let w = versions("n.md", &["first\nlast\n"]);
    w.write("a/n.md", "first\nof a\nlast\n");
    w.sync("a").expect(0);
    w.write("b/n.md", "first\nlast\nof b\n");
    w.sync("b").expect(2);
    let ran = w.kite(&["conflicts", "b", "--diff", "n.md"]).expect(0);
    ran.says(&["--- n.md (drive)\n+++ n.md (folder)", "--- n.md (before)\n+++ n.md (drive)", "--- n.md (before)\n+++ n.md (folder)"]);
}
