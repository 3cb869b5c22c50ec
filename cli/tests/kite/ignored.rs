//! `.kiteignore`: what is ignored is neither sent nor changed here, and no deletion elsewhere.

use crate::world::World;

fn names(w: &World, folder: &str) -> Vec<String> {
    w.files(folder).into_keys().filter(|path| !path.ends_with('/')).collect()
}

#[test]
fn what_is_ignored_stays_here_and_is_told() {
    let w = World::synced(&["a", "b"]);
    w.write("a/.kiteignore", "*.log\nbuild/\n");
    for path in ["notes.md", "x.log", "build/out", "sub/y.log", "film.part", ".DS_Store", ".~lock.notes.md#"] {
        w.write(&format!("a/{path}"), path);
    }
    w.sync("a").expect(0);
    w.sync("b").expect(0);
    assert_eq!(names(&w, "b"), [".kiteignore", "notes.md"]);
    let status = w.kite(&["status", "a", "--ignored", "--json"]).expect(0).json();
    let ignored = [".DS_Store", ".~lock.notes.md#", "build/", "film.part", "sub/y.log", "x.log"];
    assert_eq!((&status["ignored"], &status["ignored_paths"]), (&6.into(), &serde_json::json!(ignored)), "{status}");
    w.kite(&["status", "a"]).expect(0).says(&["ignored    6: kite status a --ignored"]);
    w.kite(&["status", "a", "--ignored"]).expect(0).says(&["neither sent nor changed here", "build/", "sub/y.log"]);
    w.kite(&["status", "b", "--ignored"]).expect(0).says(&["Nothing is ignored"]);
}

#[test]
fn a_default_is_taken_back_and_the_rules_are_those_of_the_other_side_too() {
    let w = World::synced(&["a", "b"]);
    w.write("a/.kiteignore", "!*.part\n/only-here\n");
    w.write("a/film.part", "1");
    w.write("b/only-here", "b's own");
    w.sync("a").expect(0);
    // The rules arrive with the first sync and count from the second.
    w.sync("b").expect(0).says(&["1 change waits", "film.part"]);
    w.sync("b").expect(0);
    assert_eq!(w.read("b/film.part"), "1");
    w.write("a/only-here", "a's own");
    w.sync("a").expect(0);
    assert_eq!((w.read("a/only-here"), w.read("b/only-here")), ("a's own".into(), "b's own".into()));
}

#[test]
fn a_synced_file_that_becomes_ignored_is_no_deletion() {
    let w = World::synced(&["a", "b"]);
    w.write("a/keep", "1");
    w.write("a/dir/old", "2");
    w.settle("a", "b");
    w.write("a/.kiteignore", "old\n");
    w.sync("a").expect(0);
    // Neither that it is ignored, nor an edit, nor even its deletion here goes anywhere.
    w.write("a/dir/old", "edited");
    w.sync("a").expect(0);
    w.remove("a/dir/old");
    w.sync("a").expect(0);
    std::fs::create_dir(w.at("c")).unwrap();
    w.set_up("c", &[]).expect(0);
    assert_eq!(w.read("c/dir/old"), "2");
    w.sync("b").expect(0);
    assert_eq!(w.read("b/dir/old"), "2");
    // Named no longer, the deletion is one like any other. `b` knows with its second sync that it is.
    w.write("a/.kiteignore", "");
    w.sync("a").expect(0);
    w.sync("b").expect(0).says(&["1 change waits"]);
    assert_eq!(w.read("b/dir/old"), "2");
    w.sync("b").expect(0).says(&["deleted"]);
    assert!(!w.at("b/dir/old").exists());
}

#[test]
fn a_change_from_elsewhere_waits_until_the_file_is_ignored_no_more() {
    let w = World::synced(&["a", "b"]);
    for path in ["edited", "deleted", "same"] {
        w.write(&format!("a/{path}"), "base");
    }
    w.settle("a", "b");
    // Only `b` ignores them: its rules are not synced back to `a` before `a` has changed the files.
    w.write("a/edited", "from a");
    w.remove("a/deleted");
    w.write("a/new", "from a");
    w.write("a/there", "both have it");
    w.sync("a").expect(0);
    w.write("b/.kiteignore", "edited\ndeleted\nnew\nthere\n");
    w.write("b/there", "both have it");
    for _ in 0..2 {
        let ran = w.sync("b").expect(0).says(&["3 changes wait, because their files are ignored here", "edited", "deleted", "new"]);
        assert!(!ran.out.contains("skipped") && !ran.out.contains("there"), "{ran:?}");
        assert_eq!((w.read("b/edited"), w.read("b/deleted"), w.at("b/new").exists()), ("base".into(), "base".into(), false));
    }
    let held = w.sync_json("b")["held"].clone();
    assert_eq!(held.as_array().unwrap().iter().map(|one| &one["id"]).collect::<Vec<_>>(), ["deleted", "edited", "new"]);
    w.write("b/.kiteignore", "");
    w.sync("b").expect(0);
    assert_eq!((w.read("b/edited"), w.at("b/deleted").exists(), w.read("b/new")), ("from a".into(), false, "from a".into()));
    w.settle("b", "a");
}

#[test]
fn an_edit_that_waits_when_its_file_becomes_ignored_is_not_sent() {
    let w = World::synced(&["a", "b"]);
    w.write("a/old", "1");
    w.settle("a", "b");
    w.write("a/old", "2");
    w.write("a/fresh", "3");
    w.kite(&["status", "a"]).expect(0).says(&["2 to push"]);
    w.write("a/.kiteignore", "old\nfresh\n");
    w.sync("a").expect(0).says(&["2 changes wait"]);
    w.sync("b").expect(0);
    assert_eq!((w.read("b/old"), w.at("b/fresh").exists()), ("1".into(), false));
    w.write("a/.kiteignore", "");
    w.sync("a").expect(0);
    w.sync("b").expect(0);
    w.settle("b", "a");
    assert_eq!((w.read("b/old"), w.read("b/fresh")), ("2".into(), "3".into()));
}

#[test]
fn a_line_that_makes_no_sense_is_named() {
    let w = World::synced(&["a"]);
    w.write("a/.kiteignore", "*.log\na{b\n");
    w.write("a/x.log", "");
    w.sync("a").expect(0).says(&["1 line of .kiteignore makes no sense and ignores nothing", "line 2"]);
    let report = w.sync_json("a");
    assert_eq!((&report["ignore_faults"][0]["line"], report["held"].as_array().unwrap().len()), (&2.into(), 0), "{report}");
    assert_eq!(report["pushed"], 0);
}

#[test]
fn rules_that_cannot_be_read_stop_the_sync() {
    let w = World::synced(&["a"]);
    w.write("a/secret", "1");
    w.write("rules", "secret\n");
    std::os::unix::fs::symlink("../rules", w.at("a/.kiteignore")).unwrap();
    w.sync("a").expect(1).says(&[".kiteignore is a symbolic link, not a file, so nothing is synced"]);
    std::fs::create_dir(w.at("b")).unwrap();
    w.set_up("b", &[]).expect(0);
    assert!(w.files("b").is_empty());
}

#[test]
fn conflict_copies_of_other_programs_are_named_and_synced() {
    let w = World::synced(&["a", "b"]);
    for name in ["n (1).md", "n.sync-conflict-20240101-123456-ABCDEFG.md", "sub/n (Ann's conflicted copy 2024-01-01).md"] {
        w.write(&format!("a/{name}"), name);
    }
    w.sync("a").expect(0).says(&["2 conflict copies of other sync programs are here", "left by Syncthing", "left by Dropbox"]);
    w.sync("b").expect(0);
    assert_eq!(w.files("a"), w.files("b"));
    let told = w.kite(&["status", "b", "--json"]).expect(0).json()["conflict_copies"].clone();
    assert_eq!(told[0]["id"], "n.sync-conflict-20240101-123456-ABCDEFG.md");
}
