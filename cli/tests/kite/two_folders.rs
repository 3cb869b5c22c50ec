//! Two folders through one drive.

use crate::world::World;
use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _};

fn odd_files() -> BTreeMap<String, Vec<u8>> {
    let deep = (0..20).map(|n| format!("d{n}")).collect::<Vec<_>>().join("/");
    let names = [
        "a b",
        " lead",
        "trail ",
        "dot.",
        ".hidden",
        "100%",
        "%41",
        "a%2Fb",
        "%",
        "a:b",
        "a*?<>|\"'",
        "back\\slash",
        "new\nline",
        "tab\t",
        "ü/ö/ß.txt",
        "日本語",
        "😀",
        "e\u{301}",
        "\u{e9}",
        "Case",
        "case",
        "CON",
        "con.txt",
        "-dash",
        "~tilde",
        "#",
        "a//x".trim_start_matches("a//"),
        "docs/x.json",
        "meta.json",
        "42",
        "true",
        "[1]",
        "x'y",
        "a.json",
        "sub/.kitefoo",
        "sub/kite",
    ];
    let mut files: BTreeMap<String, Vec<u8>> = names.iter().map(|name| ((*name).to_owned(), name.as_bytes().to_vec())).collect();
    files.insert("n".repeat(200), b"long".to_vec());
    files.insert(format!("{}/file", "ü".repeat(30)), b"longer".to_vec());
    files.insert(format!("{deep}/file"), b"deep".to_vec());
    files.insert("empty".to_owned(), Vec::new());
    files.insert("binary".to_owned(), (0..=255).cycle().take(70_000).collect());
    files.insert("large".to_owned(), (0..3_500_000_u32).map(|n| (n / 7 % 256) as u8).collect());
    files.insert("bom".to_owned(), b"\xef\xbb\xbftext\r\n".to_vec());
    files.insert("nul".to_owned(), b"a\0b".to_vec());
    files
}

#[test]
fn every_name_and_every_content_arrives() {
    let w = World::synced(&["a", "b"]);
    let files = odd_files();
    for (path, content) in &files {
        w.write(&format!("a/{path}"), content);
    }
    w.sync("a").expect(0);
    w.sync("b").expect(0);
    let arrived: BTreeMap<_, _> = w.files("b").into_iter().filter(|(path, _)| !path.ends_with('/')).collect();
    assert_eq!(arrived.keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>());
    for (path, content) in &files {
        assert!(arrived[path] == *content, "{path:?} arrived differently");
    }
    for folder in ["a", "b"] {
        let report = w.sync_json(folder);
        assert_eq!((&report["pushed"], &report["pulled"]), (&0.into(), &0.into()), "{report}");
    }
}

/// The classic layout has the whole path in the name of one file.
#[test]
fn a_path_too_long_for_the_drive_is_named_and_the_rest_goes_on() {
    let w = World::classic(&["a", "b"]);
    let long = format!("{}/{}", "x".repeat(200), "y".repeat(200));
    w.write(&format!("a/{long}"), "1");
    w.write("a/short", "2");
    w.sync("a").expect(3).says(&["too long"]);
    w.sync("b").expect(0);
    assert_eq!(w.files("b").into_keys().collect::<Vec<_>>(), ["short"]);
}

#[test]
fn edits_deletions_and_renames_go_both_ways() {
    let w = World::synced(&["a", "b"]);
    for n in 0..10 {
        w.write(&format!("a/dir/{n}"), format!("{n}"));
    }
    w.settle("a", "b");
    w.write("a/dir/0", "edited by a");
    w.write("b/dir/1", "edited by b");
    w.remove("a/dir/2");
    w.remove("b/dir/3");
    fs::rename(w.at("a/dir/4"), w.at("a/moved")).unwrap();
    fs::create_dir(w.at("b/new")).unwrap();
    fs::rename(w.at("b/dir/5"), w.at("b/new/5")).unwrap();
    w.settle("a", "b");
    let names: Vec<String> = w.files("a").into_keys().collect();
    assert_eq!(names, ["dir/", "dir/0", "dir/1", "dir/6", "dir/7", "dir/8", "dir/9", "moved", "new/", "new/5"]);
    assert_eq!((w.read("b/dir/0"), w.read("a/dir/1")), ("edited by a".into(), "edited by b".into()));
}

#[test]
fn a_directory_emptied_by_a_pull_goes_and_a_file_may_take_its_place() {
    let w = World::synced(&["a", "b"]);
    w.write("a/x/y/z", "1");
    w.write("a/file", "2");
    w.settle("a", "b");
    fs::remove_dir_all(w.at("a/x")).unwrap();
    w.remove("a/file");
    w.write("a/x", "now a file");
    w.write("a/file/in", "now a directory");
    w.settle("a", "b");
    assert_eq!((w.read("b/x"), w.read("b/file/in")), ("now a file".into(), "now a directory".into()));
}

#[test]
fn what_a_pull_replaces_or_deletes_is_in_the_trash_and_the_executable_bit_stays() {
    let w = World::synced(&["a", "b"]);
    w.write("a/run.sh", "echo 1");
    w.write("a/sub/gone", "keep me");
    w.settle("a", "b");
    fs::set_permissions(w.at("b/run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    w.write("a/run.sh", "echo 2");
    fs::remove_dir_all(w.at("a/sub")).unwrap();
    w.settle("a", "b");
    assert_eq!(fs::metadata(w.at("b/run.sh")).unwrap().permissions().mode() & 0o777, 0o755);
    let mut trashed: Vec<Vec<u8>> =
        w.everything("b").into_iter().filter(|(p, _)| p.starts_with(".kite/trash/") && !p.ends_with('/')).map(|(_, (c, _))| c).collect();
    trashed.sort();
    assert_eq!(trashed, [b"echo 1".to_vec(), b"keep me".to_vec()]);
}

#[test]
fn an_edit_that_size_and_time_do_not_show_is_found_by_checksum() {
    let w = World::synced(&["a", "b"]);
    w.write("a/x", "one");
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(86_400);
    let set = |content: &str| {
        w.write("a/x", content);
        fs::File::options().write(true).open(w.at("a/x")).unwrap().set_modified(long_ago).unwrap();
    };
    set("one");
    w.settle("a", "b");
    set("two");
    // The time of the inode tells in any case; --checksum would not need it.
    w.kite(&["sync", "a", "--checksum"]).expect(0).says(&["pushed"]);
    w.sync("b").expect(0);
    assert_eq!(w.read("b/x"), "two");
}

#[test]
fn the_same_file_on_both_sides_is_adopted_without_a_transfer() {
    let w = World::new(&["a", "b"]);
    for folder in ["a", "b"] {
        w.write(&format!("{folder}/same"), "the same");
        w.write(&format!("{folder}/own-{folder}"), folder);
    }
    w.kite(&["sync", "a", "--drive", "drive"]).expect(0);
    let report = w.kite(&["sync", "b", "--drive", "drive", "--json"]).expect(0).json();
    assert_eq!((&report["pushed"], &report["pulled"]), (&1.into(), &1.into()), "{report}");
    w.settle("a", "b");
}
