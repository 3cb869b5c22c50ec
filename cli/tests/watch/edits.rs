//! What happens in one folder happens in the other.

use crate::{
    watcher::{Watcher, files, until, until_same},
    world::World,
};
use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

/// Two folders, watched, on one drive.
fn watched() -> (World, Watcher, Watcher) {
    let w = World::new(&["a", "b", "drive"]);
    let (a, b) = (Watcher::start(&w, "a"), Watcher::start(&w, "b"));
    (w, a, b)
}

#[track_caller]
fn until_equal(w: &World, path: &str, content: &str) {
    until(path, || fs::read(w.at(path)).is_ok_and(|found| found == content.as_bytes()));
}

#[test]
fn edits_appear_in_the_other_folder() {
    let (w, a, b) = watched();
    w.write("a/notes/milk.md", "1 litre");
    until_equal(&w, "b/notes/milk.md", "1 litre");
    w.write("b/notes/milk.md", "2 litres");
    until_equal(&w, "a/notes/milk.md", "2 litres");
    fs::rename(w.at("a/notes"), w.at("a/lists")).unwrap();
    until_equal(&w, "b/lists/milk.md", "2 litres");
    until("the old name goes", || !w.at("b/notes/milk.md").exists());
    w.remove("b/lists/milk.md");
    until("a deletion", || !w.at("a/lists/milk.md").exists());
    for watcher in [a, b] {
        assert_eq!(watcher.events("waiting"), Vec::<serde_json::Value>::new());
        assert_eq!(watcher.events("conflict"), Vec::<serde_json::Value>::new());
    }
}

#[test]
fn a_burst_of_edits_costs_few_syncs() {
    let (w, a, b) = watched();
    let before = a.until_idle();
    let started = Instant::now();
    for n in 0..200 {
        w.write(&format!("a/{}/{n}.txt", n % 5), format!("content {n}"));
        std::thread::sleep(Duration::from_millis(5));
    }
    let took = started.elapsed().as_secs() as usize;
    let pushed = || a.events("synced").iter().map(|event| event["pushed"].as_u64().unwrap()).sum::<u64>();
    until("all is pushed", || pushed() == 200);
    until_same(&w, "a", "b");
    let (syncs, said) = (a.until_idle() - before, a.events("synced").len());
    // One for each five seconds and for each pause that a busy machine made, and an idle one behind each.
    assert!(syncs <= 2 * (took + 3), "{syncs} syncs for 200 edits in {took} s");
    assert!(said <= took + 3, "{said} lines for 200 edits in {took} s");
    let pulled: u64 = b.events("synced").iter().map(|event| event["pulled"].as_u64().unwrap()).sum();
    assert_eq!(pulled, 200);
    println!("200 edits in {:.1} s: {syncs} syncs, {said} with something to do", started.elapsed().as_secs_f64());
}

#[test]
fn however_an_editor_saves_its_last_content_arrives() {
    let (w, a, b) = watched();
    w.write("a/text", "0");
    until_equal(&w, "b/text", "0");
    for round in 0..3 {
        let content = |how: &str| format!("{how} {round}");
        // Beside it, and renamed over it.
        w.write("a/.text.swp", content("renamed"));
        fs::rename(w.at("a/.text.swp"), w.at("a/text")).unwrap();
        until_equal(&w, "b/text", &content("renamed"));
        // In place: emptied, then written.
        fs::write(w.at("a/text"), "").unwrap();
        fs::write(w.at("a/text"), content("in place")).unwrap();
        until_equal(&w, "b/text", &content("in place"));
        // Deleted, then made anew.
        w.remove("a/text");
        w.write("a/text", content("anew"));
        until_equal(&w, "b/text", &content("anew"));
        // The old one kept under another name.
        fs::rename(w.at("a/text"), w.at("a/text~")).unwrap();
        w.write("a/text", content("backup"));
        until_equal(&w, "b/text", &content("backup"));
    }
    // What editors keep for themselves is ignored.
    w.remove("a/text~");
    until_same(&w, "a", "b");
    for watcher in [a, b] {
        assert_eq!(watcher.events("conflict"), Vec::<serde_json::Value>::new());
    }
}

#[test]
fn a_tree_made_at_once_arrives_and_stays_watched() {
    let (w, _a, _b) = watched();
    for round in 0..5 {
        // The folders are so new that the system has not been told to watch them when the files are written.
        for n in 0..20 {
            w.write(&format!("a/{round}/{}/{n}/deep/deeper/file", n % 3), format!("{round} {n}"));
        }
        until_same(&w, "a", "b");
        w.write(&format!("a/{round}/0/0/deep/deeper/file"), "edited");
        until_equal(&w, &format!("b/{round}/0/0/deep/deeper/file"), "edited");
    }
    fs::create_dir(w.at("elsewhere")).unwrap();
    w.write("elsewhere/x/y/file", "moved in");
    fs::rename(w.at("elsewhere"), w.at("a/moved")).unwrap();
    until_equal(&w, "b/moved/x/y/file", "moved in");
    w.write("a/moved/x/y/file", "edited there");
    until_equal(&w, "b/moved/x/y/file", "edited there");
}

#[test]
fn collections_are_watched_each_for_itself() {
    let w = World::new(&["a", "b", "c", "drive"]);
    let start = |folder, collection| Watcher::start_with(&w, folder, &["--drive", "drive", "--collection", collection]);
    let (_a, _b, c) = (start("a", "photos"), start("b", "photos"), start("c", "notes"));
    let syncs = c.until_idle();
    w.write("a/x", "first");
    until_equal(&w, "b/x", "first");
    // By now the collection's folder exists on the drive, and is watched.
    w.write("b/x", "second");
    until_equal(&w, "a/x", "second");
    assert_eq!((c.until_idle(), files(&w, "c")), (syncs, BTreeMap::new()));
}

#[test]
fn without_notices_the_folder_is_looked_through_now_and_then() {
    let w = World::new(&["a", "b", "drive"]);
    // What the system answers when the user watches too many folders already.
    let mut command = std::process::Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=inotify_add_watch", "-e", "inject=inotify_add_watch:error=ENOSPC"]);
    command.arg(env!("CARGO_BIN_EXE_kite")).args(["watch", "a", "--drive", "drive", "--json", "-v", "--every", "1"]);
    let a = Watcher::run(command.current_dir(w.at("")));
    let limited = a.until_said("limited");
    assert!(limited["message"].as_str().unwrap().contains("max_user_watches"), "{limited}");
    w.write("a/x/y", "1");
    until("an edit is found", || !a.events("synced").is_empty());
    w.kite(&["sync", "b", "--drive", "drive"]).expect(0);
    w.write("b/x/y", "2");
    w.sync("b").expect(0);
    until_equal(&w, "a/x/y", "2");
    assert_eq!(a.events("limited").len(), 1);
    a.signal("-KILL");
}
