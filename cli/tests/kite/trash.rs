//! The trash: what a sync has replaced or deleted comes back.

use crate::world::World;
use std::{
    fs,
    time::{Duration, SystemTime},
};

/// `b` has pulled an edit of `edited` and the deletion of `dir/gone` and `dir/sub/gone too`.
fn world() -> World {
    let w = World::synced(&["a", "b"]);
    for path in ["edited", "dir/gone", "dir/sub/gone too"] {
        w.write(&format!("a/{path}"), "old");
    }
    w.settle("a", "b");
    w.write("a/edited", "new");
    fs::remove_dir_all(w.at("a/dir")).unwrap();
    w.settle("a", "b");
    w
}

fn listed(w: &World) -> Vec<(String, String)> {
    let items = w.kite(&["trash", "list", "b", "--json"]).expect(0).json();
    let text = |item: &serde_json::Value, field: &str| item[field].as_str().unwrap().to_owned();
    let mut all: Vec<_> = items.as_array().unwrap().iter().map(|item| (text(item, "path"), text(item, "why"))).collect();
    all.sort();
    all
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn it_says_what_when_how_large_and_why() {
    let w = world();
    w.kite(&["trash", "list", "a"]).expect(0).says(&["The trash is empty"]);
    let ran =
        w.kite(&["trash", "list", "b"]).expect(0).says(&["replaced         3 B  edited", "deleted          3 B  dir/gone", "30 days"]);
    let time = ran.out.split_whitespace().next().unwrap();
    assert!(time.len() == 20 && time.ends_with('Z'), "{ran:?}");
    assert_eq!(listed(&w), pairs(&[("dir/gone", "deleted"), ("dir/sub/gone too", "deleted"), ("edited", "replaced")]));
    let item = w.kite(&["trash", "list", "b", "--json"]).json()[0].clone();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    assert!(now - u128::from(item["at_ms"].as_u64().unwrap()) < 60_000 && item["size"] == 3, "{item}");
}

#[test]
fn a_file_or_a_directory_comes_back_and_is_pushed() {
    let w = world();
    w.kite(&["trash", "restore", "b", "dir"]).expect(0).says(&["Restored dir/gone", "Restored dir/sub/gone too", "kite sync b"]);
    assert_eq!(listed(&w), pairs(&[("edited", "replaced")]));
    w.kite(&["trash", "restore", "b", "edited", "--to", "dir/edited before", "--json"]).expect(0);
    assert_eq!((w.read("b/dir/edited before"), w.read("b/edited")), ("old".into(), "new".into()));
    w.settle("b", "a");
    assert_eq!(w.read("a/dir/sub/gone too"), "old");
}

#[test]
fn what_took_the_place_goes_to_the_trash_in_turn() {
    let w = world();
    w.write("b/edited", "newest");
    w.kite(&["trash", "restore", "b", "edited"]).expect(0).says(&["what was there is in the trash now"]);
    assert_eq!(w.read("b/edited"), "old");
    w.kite(&["trash", "restore", "b", "edited"]).expect(0);
    assert_eq!(w.read("b/edited"), "newest");
    w.write("b/dir/gone", "old");
    let same = w.kite(&["trash", "restore", "b", "dir/gone", "--json"]).expect(0).json();
    assert_eq!(same["restored"][0]["did"], "same");
    assert_eq!(listed(&w).len(), 3);
}

#[test]
fn one_of_several_is_chosen_by_its_time() {
    let w = world();
    let old = "2020-02-03T04-05-06Z";
    w.write(&format!("b/.kite/trash/{old}-replaced/edited"), "oldest");
    w.kite(&["trash", "restore", "b", "edited", "--at", old, "--to", "oldest"]).expect(0);
    assert_eq!(w.read("b/oldest"), "oldest");
    for args in [&["edited", "--at", old][..], &["nothing"], &["edited", "--at", "yesterday"], &["di"]] {
        let ran = w.kite(&[&["trash", "restore", "b", "--json"], args].concat()).expect(1).says(&["kite trash list b"]);
        assert_eq!(ran.json()["error"]["code"], "not_found");
    }
}

#[test]
fn a_place_that_cannot_be_is_refused_and_nothing_is_lost() {
    let w = world();
    fs::create_dir(w.at("outside")).unwrap();
    std::os::unix::fs::symlink("../outside", w.at("b/link")).unwrap();
    let files = |w: &World| {
        let mut all = w.everything("b");
        all.retain(|path, _| !path.ends_with('/') && path != ".kite/lock");
        all
    };
    let before = files(&w);
    for to in ["../up", ".kite/config.json", "link/x", "/abs"] {
        w.kite(&["trash", "restore", "b", "edited", "--to", to]).expect(1).says(&["cannot be restored"]);
    }
    w.kite(&["trash", "restore", "b", "dir", "edited", "--to", "x"]).expect(1).says(&["--to is for one file"]);
    assert!(files(&w) == before, "{:?}", files(&w).into_keys());
    assert_eq!(fs::read_dir(w.at("outside")).unwrap().count(), 0);
}

/// Puts a file into the trash that left so many days ago.
fn put_aged(w: &World, days: u64, name: &str) {
    let at = SystemTime::now() - Duration::from_secs(days * 86_400);
    let text = std::process::Command::new("date")
        .args(["-u", "+%Y-%m-%dT%H-%M-%SZ", "-d", &format!("@{}", at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())])
        .output()
        .unwrap();
    let stamp = String::from_utf8(text.stdout).unwrap();
    w.write(&format!("b/.kite/trash/{}-deleted/{name}", stamp.trim()), name);
}

#[test]
fn thirty_days_after_it_left_a_sync_destroys_it_and_says_so() {
    let w = world();
    put_aged(&w, 29, "young");
    put_aged(&w, 31, "old");
    w.write("b/.kite/trash/2999-01-01T00-00-00Z-deleted/future", "1");
    w.kite(&["sync", "b", "--dry-run"]).expect(0);
    assert_eq!(listed(&w).len(), 6);
    w.sync("b").expect(0).says(&["1 file (3 B) left the trash after 30 days"]);
    assert_eq!(w.sync_json("b")["expired"], 0);
    let left: Vec<String> = listed(&w).into_iter().map(|(path, _)| path).collect();
    assert_eq!(left, ["dir/gone", "dir/sub/gone too", "edited", "future", "young"]);
}

#[test]
fn a_first_sync_destroys_nothing_for_it_has_no_earlier_clock_to_compare_with() {
    let w = World::new(&["b"]);
    put_aged(&w, 4000, "old");
    w.kite(&["sync", "b", "--drive", "drive"]).expect(0);
    assert_eq!(listed(&w).len(), 1);
    assert_eq!(w.sync_json("b")["expired"], 1);
}

#[test]
fn emptying_asks_first_and_may_spare_what_is_young() {
    let w = world();
    put_aged(&w, 10, "old");
    w.kite(&["trash", "empty", "b"]).expect(1).says(&["--yes"]);
    assert_eq!(listed(&w).len(), 4);
    let report = w.kite(&["trash", "empty", "b", "--older-than", "5", "--yes", "--json"]).expect(0).json();
    assert_eq!((&report["destroyed"], &report["bytes"]), (&1.into(), &3.into()));
    w.write("b/.kite/trash/2999-01-01T00-00-00Z-deleted/future", "1");
    w.kite(&["trash", "empty", "b", "--yes"]).expect(0).says(&["Destroyed 4 files"]);
    assert_eq!(listed(&w), []);
    w.kite(&["trash", "empty", "b"]).expect(0).says(&["Nothing in the trash"]);
}

#[test]
fn it_is_there_without_a_drive_and_leftovers_on_their_way_are_not() {
    let w = world();
    w.kite(&["unlink", "b", "--yes"]).expect(0);
    fs::remove_dir_all(w.at("drive")).unwrap();
    w.write("b/.kite/tmp/left over", "by a kite that was killed");
    let ran = w.kite(&["trash", "restore", "b", "dir/gone"]).expect(0);
    assert!(w.read("b/dir/gone") == "old" && !ran.out.contains("next sync"), "{ran:?}");
    assert!(!w.at("b/.kite/tmp/left over").exists());
    w.kite(&["trash", "list", "nowhere"]).expect(1).says(&["no such folder"]);
}
