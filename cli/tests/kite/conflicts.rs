//! Conflicts: nothing is overwritten until somebody chooses.

use crate::world::{Ran, World};

/// Two folders whose `notes.md` was changed in both; `b` has found out.
fn conflict(in_a: Option<&str>, in_b: Option<&str>) -> World {
    let w = World::synced(&["a", "b"]);
    w.write("a/notes.md", "base\n");
    w.settle("a", "b");
    for (folder, content) in [("a", in_a), ("b", in_b)] {
        let path = format!("{folder}/notes.md");
        match content {
            Some(content) => w.write(&path, content),
            None => w.remove(&path),
        }
    }
    w.sync("a").expect(0);
    w.sync("b").expect(2).says(&["notes.md", "kite conflicts b --diff notes.md", "kite resolve b notes.md --keep"]);
    w
}

fn resolve(w: &World, keep: &str) -> Ran {
    let ran = w.kite(&["resolve", "b", "notes.md", "--keep", keep]).expect(0).says(&["Settled"]);
    assert_eq!(w.kite(&["conflicts", "b", "--json"]).expect(0).json(), serde_json::json!([]));
    w.settle("b", "a");
    ran
}

#[test]
fn both_sides_stay_as_they_are_and_are_shown() {
    let w = conflict(Some("from a\n"), Some("from b\n"));
    for _ in 0..2 {
        assert_eq!((w.read("a/notes.md"), w.read("b/notes.md")), ("from a\n".into(), "from b\n".into()));
        w.sync("b").expect(2);
        w.sync("a").expect(0);
    }
    let report = w.kite(&["sync", "b", "--json"]).expect(2).json();
    let listed = w.kite(&["conflicts", "b", "--json"]).expect(0).json();
    assert_eq!(report["conflicts"], listed);
    let one = &listed[0];
    assert_eq!((&one["id"], &one["kind"]), (&"notes.md".into(), &"edit-edit".into()));
    assert!(one["local"].is_string() && one["remote"].is_string() && one["local"] != one["remote"]);
    w.kite(&["conflicts", "b", "--diff", "notes.md"]).expect(0).says(&["--- notes.md (drive)", "-from a", "+from b"]);
    w.kite(&["conflicts", "b"]).expect(0).says(&["edited here and on the drive"]);
    w.kite(&["conflicts", "a"]).expect(0).says(&["No conflicts"]);
}

#[test]
fn keeping_the_local_side_sends_it_to_the_others() {
    let w = conflict(Some("from a\n"), Some("from b\n"));
    resolve(&w, "local");
    assert_eq!(w.read("a/notes.md"), "from b\n");
}

#[test]
fn keeping_the_remote_side_puts_the_local_one_into_the_trash() {
    let w = conflict(Some("from a\n"), Some("from b\n"));
    resolve(&w, "remote");
    assert_eq!(w.read("b/notes.md"), "from a\n");
    let trashed = w.everything("b").into_iter().any(|(path, (content, _))| path.starts_with(".kite/trash/") && content == b"from b\n");
    assert!(trashed);
}

#[test]
fn keeping_both_puts_the_drives_side_under_a_free_name() {
    let w = conflict(Some("from a\n"), Some("from b\n"));
    w.write("b/notes (from drive).md", "taken");
    resolve(&w, "both");
    for folder in ["a", "b"] {
        assert_eq!(w.read(&format!("{folder}/notes.md")), "from b\n");
        assert_eq!(w.read(&format!("{folder}/notes (from drive).md")), "taken");
        assert_eq!(w.read(&format!("{folder}/notes (from drive 2).md")), "from a\n");
    }
}

#[test]
fn an_edit_against_a_deletion() {
    for (keep, left) in [("local", true), ("remote", false), ("both", true)] {
        let w = conflict(None, Some("from b\n"));
        w.kite(&["conflicts", "b", "--diff", "notes.md"]).expect(0).says(&["drive   notes.md: deleted", "from b"]);
        assert_eq!(w.kite(&["conflicts", "b", "--json"]).expect(0).json()[0]["kind"], "edit-delete");
        resolve(&w, keep);
        assert_eq!(w.at("a/notes.md").exists(), left, "--keep {keep}");
    }
}

#[test]
fn a_deletion_against_an_edit() {
    for (keep, left) in [("local", false), ("remote", true), ("both", true)] {
        let w = conflict(Some("from a\n"), None);
        assert!(!w.at("b/notes.md").exists());
        let one = w.kite(&["conflicts", "b", "--json"]).expect(0).json()[0].clone();
        assert_eq!((&one["kind"], &one["local"]), (&"delete-edit".into(), &serde_json::Value::Null));
        assert!(!resolve(&w, keep).out.contains("trash"), "nothing was here");
        assert_eq!(w.at("b/notes.md").exists(), left, "--keep {keep}");
    }
}

#[test]
fn two_folders_that_differ_when_they_first_meet() {
    let w = World::new(&["a", "b"]);
    w.write("a/x.bin", b"\xff\x00a");
    w.write("b/x.bin", b"\xff\x00b");
    w.kite(&["sync", "a", "--drive", "drive"]).expect(0);
    w.kite(&["sync", "b", "--drive", "drive"]).expect(2);
    assert_eq!(w.kite(&["conflicts", "b", "--json"]).json()[0]["kind"], "adopt");
    w.kite(&["conflicts", "b", "--diff", "x.bin"]).expect(0).says(&["drive   x.bin: 3 bytes", "folder  x.bin: 3 bytes"]);
    w.kite(&["resolve", "b", "x.bin", "--keep", "remote"]).expect(0);
    w.settle("b", "a");
    assert_eq!(std::fs::read(w.at("b/x.bin")).unwrap(), b"\xff\x00a");
}

#[test]
fn a_large_file_in_conflict_can_be_kept_on_both_sides() {
    let w = World::synced(&["a", "b"]);
    let large = |byte: u8| vec![byte; 2_500_000];
    w.write("a/large", large(1));
    w.settle("a", "b");
    w.write("a/large", large(2));
    w.write("b/large", large(3));
    w.sync("a").expect(0);
    w.sync("b").expect(2);
    w.kite(&["conflicts", "b", "--diff", "large"]).expect(0);
    w.kite(&["resolve", "b", "large", "--keep", "both"]).expect(0);
    w.settle("b", "a");
    assert_eq!((w.files("a")["large"].clone(), w.files("a")["large (from drive)"].clone()), (large(3), large(2)));
}

#[test]
fn the_commands_that_are_shown_can_be_typed_whatever_the_name() {
    for name in ["-dash", "--diff", "it's", "sp ace", "new\nline", "$HOME", "~x", "#x", "\u{7f}"] {
        let w = World::synced(&["a", "b"]);
        w.write(&format!("a/{name}"), "1");
        w.write(&format!("b/{name}"), "2");
        w.sync("a").expect(0);
        let ran = w.sync("b").expect(2);
        for (begin, choice) in [("see both sides:", None), ("choose:", Some("both"))] {
            let line = ran.out.lines().find_map(|line| line.trim().strip_prefix(begin)).unwrap().trim();
            let typed = line.replace("kite ", "\"$0\" ").replace("local|remote|both", choice.unwrap_or_default());
            let mut bash = std::process::Command::new("bash");
            bash.args(["-c", &typed, env!("CARGO_BIN_EXE_kite")]).current_dir(w.at(""));
            Ran::of(&mut bash).expect(0);
        }
    }
}

#[test]
fn a_file_without_a_conflict_is_refused() {
    let w = World::synced(&["a"]);
    for args in [&["resolve", "a", "x", "--keep", "local", "--json"][..], &["conflicts", "a", "--diff", "x", "--json"]] {
        assert_eq!(w.kite(args).expect(1).json()["error"]["code"], "not_found");
    }
}
