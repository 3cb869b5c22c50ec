//! The local-folder drive, clause by clause.
#![cfg(feature = "fs")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod common;

use common::path;
use futures::executor::block_on;
use kitestring::{
    Drive, DrivePath, ErrorKind,
    drive::{Condition, GetOptions, Got, PutFile, Version},
};
use kitestring_adapters::FsDrive;
use std::{collections::BTreeSet, fs};
use tempfile::TempDir;

fn drive() -> (TempDir, FsDrive) {
    let home = tempfile::tempdir().unwrap();
    let drive = FsDrive::open(home.path()).unwrap();
    (home, drive)
}

fn put(drive: &FsDrive, name: &str, bytes: &[u8], condition: Condition) -> Result<Version, ErrorKind> {
    block_on(drive.put(path(name), bytes.to_vec(), condition)).map_err(|e| e.into_kind())
}

fn get(drive: &FsDrive, name: &str) -> Got {
    block_on(drive.get(path(name), GetOptions::default())).unwrap()
}

fn bytes(drive: &FsDrive, name: &str) -> Vec<u8> {
    match get(drive, name) {
        Got::File { bytes, .. } => bytes,
        other => panic!("{name}: {other:?}"),
    }
}

fn delete(drive: &FsDrive, name: &str, condition: Condition) -> Result<(), ErrorKind> {
    block_on(drive.delete(path(name), condition)).map_err(|e| e.into_kind())
}

fn list(drive: &FsDrive, dir: &str) -> Vec<String> {
    let listing = block_on(drive.list_dir(path(dir), None)).unwrap();
    assert_eq!(listing.next, None);
    let mut names: Vec<_> = listing.entries.into_iter().map(|e| e.name).collect();
    names.sort();
    names
}

#[test]
fn a_root_must_exist_and_create_makes_one_folder() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("drive");
    let error = FsDrive::open(&root).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.detail().contains(root.to_str().unwrap()) && error.detail().contains("is the disk mounted?"), "{error}");
    assert_eq!(FsDrive::create(home.path().join("no/drive")).unwrap_err().kind, ErrorKind::NotFound);
    assert!(!home.path().join("no").exists());
    FsDrive::create(&root).unwrap();
    FsDrive::create(&root).unwrap();
    FsDrive::open(&root).unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    assert_eq!(FsDrive::open(home.path().join("file")).unwrap_err().kind, ErrorKind::InvalidInput);
}

#[test]
fn conditions_hold() {
    let (_home, drive) = drive();
    let capabilities = drive.capabilities();
    assert!(capabilities.create && capabilities.replace && capabilities.versions);
    assert_eq!(capabilities.parallel, 16);
    let one = put(&drive, "a/b/c", b"one", Condition::Absent).unwrap();
    assert_eq!(put(&drive, "a/b/c", b"two", Condition::Absent), Err(ErrorKind::Condition));
    assert_eq!(put(&drive, "new", b"two", Condition::Matches(one.clone())), Err(ErrorKind::Condition));
    let two = put(&drive, "a/b/c", b"two", Condition::Matches(one.clone())).unwrap();
    assert_eq!(put(&drive, "a/b/c", b"three", Condition::Matches(one.clone())), Err(ErrorKind::Condition));
    assert_eq!(get(&drive, "a/b/c"), Got::File { bytes: b"two".to_vec(), version: two.clone() });
    let again = put(&drive, "a/b/c", b"one", Condition::Any).unwrap();
    assert_eq!(again, one, "a version is that of the content");
    assert_eq!(delete(&drive, "a/b/c", Condition::Matches(two)), Err(ErrorKind::Condition));
    assert_eq!(delete(&drive, "a/b/c", Condition::Absent), Err(ErrorKind::Condition));
    delete(&drive, "a/b/c", Condition::Matches(one.clone())).unwrap();
    assert_eq!(get(&drive, "a/b/c"), Got::Missing);
    assert_eq!(delete(&drive, "a/b/c", Condition::Matches(one)), Err(ErrorKind::Condition));
    for nothing in ["a/b/c", "x/y", "a/b", ""] {
        delete(&drive, nothing, Condition::Any).unwrap();
        delete(&drive, nothing, Condition::Absent).unwrap();
    }
    assert_eq!(list(&drive, "a"), ["b"]);
}

#[test]
fn missing_things_are_answers() {
    let (_home, drive) = drive();
    put(&drive, "file", b"x", Condition::Any).unwrap();
    put(&drive, "dir/file", b"x", Condition::Any).unwrap();
    for missing in ["nothing", "no/thing", "file/below", "dir", ""] {
        assert_eq!(get(&drive, missing), Got::Missing, "{missing}");
    }
    for empty in ["nothing", "no/thing", "file"] {
        assert!(list(&drive, empty).is_empty(), "{empty}");
    }
    assert_eq!(put(&drive, "dir", b"x", Condition::Any), Err(ErrorKind::InvalidInput));
    assert_eq!(put(&drive, "", b"x", Condition::Any), Err(ErrorKind::InvalidInput));
    assert_eq!(put(&drive, "file/below", b"x", Condition::Any), Err(ErrorKind::InvalidInput));
}

#[test]
fn a_range_carries_the_version_of_the_whole_and_unless_saves_the_bytes() {
    let (home, drive) = drive();
    let content: Vec<u8> = (0..1_000_003_u32).map(|n| (n % 251) as u8).collect();
    let version = put(&drive, "big", &content, Condition::Any).unwrap();
    for range in [0..10, 131_000..140_000, 999_999..5_000_000, 2_000_000..3_000_000, 5..5, 0..u64::MAX] {
        let options = GetOptions { range: Some(range.clone()), unless: None };
        let clamp = |n: u64| (n as usize).min(content.len());
        let expected = content[clamp(range.start)..clamp(range.end)].to_vec();
        assert_eq!(block_on(drive.get(path("big"), options)).unwrap(), Got::File { bytes: expected, version: version.clone() });
    }
    let unless = GetOptions { range: Some(0..10), unless: Some(version.clone()) };
    assert_eq!(block_on(drive.get(path("big"), unless.clone())).unwrap(), Got::Unchanged);
    // The same size and the same times, another content.
    let file = home.path().join("big");
    let times = fs::metadata(&file).unwrap().modified().unwrap();
    let mut other = content.clone();
    other[500_000] ^= 1;
    fs::write(&file, &other).unwrap();
    fs::File::options().write(true).open(&file).unwrap().set_modified(times).unwrap();
    let Got::File { version: changed, .. } = block_on(drive.get(path("big"), unless)).unwrap() else { panic!("not noticed") };
    assert_ne!(changed, version);
    assert_eq!(put(&drive, "big", b"x", Condition::Matches(version)), Err(ErrorKind::Condition));
}

#[test]
fn names_that_cannot_be_stored_are_invalid() {
    let (home, drive) = drive();
    let longest = "x".repeat(255);
    put(&drive, &longest, b"x", Condition::Absent).unwrap();
    for name in ["x".repeat(256), format!("{}/y", "x".repeat(300)), format!("dir/{}", "ö".repeat(128))] {
        let error = block_on(drive.put(path(&name), vec![], Condition::Any)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
        assert!(error.detail().contains("cannot store a file of that name"), "{error}");
    }
    assert_eq!(fs::read_dir(home.path().join("dir")).unwrap().count(), 0, "a temporary file stayed");
    for ours in [".kite.lock", "a/.~kite-0.tmp", ".~KITE-0.TMP/x"] {
        assert_eq!(put(&drive, ours, b"x", Condition::Any), Err(ErrorKind::InvalidInput), "{ours}");
        assert_eq!(delete(&drive, ours, Condition::Any), Err(ErrorKind::InvalidInput), "{ours}");
        assert!(block_on(drive.get(path(ours), GetOptions::default())).is_err());
    }
}

#[test]
fn a_listing_shows_files_and_folders_only() {
    let (home, drive) = drive();
    put(&drive, "dir/x", b"x", Condition::Any).unwrap();
    put(&drive, "file", b"12345", Condition::Any).unwrap();
    fs::write(home.path().join(".~kite-00ff.tmp"), "half").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        std::os::unix::fs::symlink("file", home.path().join("link")).unwrap();
        fs::write(home.path().join(std::ffi::OsStr::from_bytes(b"\xff\xfe")), "").unwrap();
    }
    let mut entries = block_on(drive.list_dir(DrivePath::root(), None)).unwrap().entries;
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let found: Vec<_> = entries.iter().map(|e| (e.name.as_str(), e.is_dir, e.size)).collect();
    assert_eq!(found, [("dir", true, None), ("file", false, Some(5))]);
    // Two that are made on two machines have nothing to differ in.
    assert!(fs::read(home.path().join(".kite.lock")).unwrap().is_empty());
}

#[test]
fn what_a_crash_left_is_swept_after_a_day() {
    let (home, drive) = drive();
    let fresh = home.path().join(".~kite-1.tmp");
    let stale = home.path().join(".~kite-2.tmp");
    for file in [&fresh, &stale] {
        fs::write(file, "half").unwrap();
    }
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(25 * 60 * 60);
    fs::File::options().write(true).open(&stale).unwrap().set_modified(long_ago).unwrap();
    assert!(list(&drive, "").is_empty());
    assert!(fresh.exists() && !stale.exists());
}

#[test]
fn a_long_listing_comes_in_pages_and_each_cursor_works_once() {
    let (home, drive) = drive();
    let expected: BTreeSet<String> = (0..2500).map(|n| format!("f{n}")).collect();
    fs::create_dir(home.path().join("d")).unwrap();
    for name in &expected {
        fs::write(home.path().join("d").join(name), "").unwrap();
    }
    let page = |cursor: Option<String>| block_on(drive.list_dir(path("d"), cursor));
    let mut found = BTreeSet::new();
    let mut sizes = Vec::new();
    let mut cursor = None;
    loop {
        let used = cursor.clone();
        let listing = page(cursor).unwrap();
        sizes.push(listing.entries.len());
        for entry in listing.entries {
            assert!(found.insert(entry.name), "a name came twice");
        }
        if used.is_some() {
            assert_eq!(page(used).unwrap_err().kind, ErrorKind::Condition);
        }
        let Some(next) = listing.next else { break };
        cursor = Some(next);
    }
    assert_eq!(sizes, [1000, 1000, 500]);
    assert_eq!(found, expected);
    let next = page(None).unwrap().next;
    assert_eq!(block_on(drive.list_dir(DrivePath::root(), next.clone())).unwrap_err().kind, ErrorKind::Condition);
    let other = FsDrive::open(home.path()).unwrap();
    block_on(other.list_dir(path("d"), None)).unwrap();
    assert_eq!(block_on(other.list_dir(path("d"), next)).unwrap_err().kind, ErrorKind::Condition);
    assert_eq!(page(Some("nonsense".into())).unwrap_err().kind, ErrorKind::Condition);
    let first = page(None).unwrap().next;
    (0..40).for_each(|_| drop(page(None).unwrap()));
    assert_eq!(page(first).unwrap_err().kind, ErrorKind::Condition, "too many listings stay open");
}

#[test]
fn a_batch_answers_for_each_file() {
    let (home, drive) = drive();
    put(&drive, "taken", b"x", Condition::Any).unwrap();
    fs::create_dir(home.path().join("folder")).unwrap();
    let file = |name: &str, condition| PutFile { path: path(name), bytes: name.as_bytes().to_vec(), condition };
    let long = "y".repeat(300);
    let files = vec![
        file("a/one", Condition::Absent),
        file("taken", Condition::Absent),
        file(&long, Condition::Any),
        file("folder", Condition::Any),
        file("taken/below", Condition::Any),
        file("b/c/two", Condition::Any),
        file("a/three", Condition::Matches(Version::new("0"))),
    ];
    let answers = block_on(drive.put_many(files));
    let kinds: Vec<_> = answers.iter().map(|a| a.as_ref().err().map(|e| e.kind.clone())).collect();
    let (refused, invalid) = (Some(ErrorKind::Condition), Some(ErrorKind::InvalidInput));
    assert_eq!(kinds, [None, refused.clone(), invalid.clone(), invalid.clone(), invalid, None, refused]);
    assert_eq!(bytes(&drive, "a/one"), b"a/one");
    assert_eq!(bytes(&drive, "b/c/two"), b"b/c/two");
    assert_eq!(list(&drive, "a"), ["one"]);
    assert_eq!(fs::read_dir(home.path().join("a")).unwrap().count(), 1, "a temporary file stayed");
    assert!(block_on(drive.put_many(vec![])).is_empty());
    let twice = vec![file("t", Condition::Absent), file("t", Condition::Absent)];
    let answers = block_on(drive.put_many(twice));
    assert!(answers[0].is_ok() && answers[1].as_ref().unwrap_err().kind == ErrorKind::Condition);
}

#[test]
fn a_large_batch_over_many_folders_arrives() {
    let (_home, drive) = drive();
    let file = |n: usize| PutFile { path: path(&format!("d{}/f{n}", n % 300)), bytes: vec![n as u8; 1024], condition: Condition::Absent };
    let answers = block_on(drive.put_many((0..900).map(file).collect()));
    assert!(answers.iter().all(Result::is_ok));
    for n in [0, 299, 300, 899] {
        assert_eq!(bytes(&drive, &format!("d{}/f{n}", n % 300)), vec![n as u8; 1024]);
    }
}

#[test]
fn a_vanished_root_is_not_made_anew() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("root");
    let drive = FsDrive::create(&root).unwrap();
    put(&drive, "a/b", b"x", Condition::Any).unwrap();
    fs::rename(&root, home.path().join("away")).unwrap();
    let gone = |drive: &FsDrive| {
        let errors = [
            block_on(drive.put(path("a/b"), vec![1], Condition::Any)).unwrap_err(),
            block_on(drive.get(path("a/b"), GetOptions::default())).unwrap_err(),
            block_on(drive.delete(path("a/b"), Condition::Any)).unwrap_err(),
            block_on(drive.list_dir(path("a"), None)).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind, ErrorKind::Unavailable);
            assert!(error.detail().contains("the drive folder is gone: is the disk mounted?"), "{error}");
        }
    };
    gone(&drive);
    assert!(!root.exists());
    // The mount point stays when the disk is pulled out: an empty folder is not the drive.
    #[cfg(unix)]
    {
        fs::create_dir(&root).unwrap();
        gone(&drive);
        assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
        fs::remove_dir(&root).unwrap();
    }
    fs::rename(home.path().join("away"), &root).unwrap();
    assert_eq!(bytes(&drive, "a/b"), b"x");
}

#[cfg(unix)]
#[test]
fn a_disk_mounted_again_is_the_drive_again() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("root");
    let drive = FsDrive::create(&root).unwrap();
    put(&drive, "a", b"x", Condition::Any).unwrap();
    fs::rename(&root, home.path().join("away")).unwrap();
    fs::create_dir(&root).unwrap();
    for name in ["a", ".kite.lock"] {
        fs::copy(home.path().join("away").join(name), root.join(name)).unwrap();
    }
    assert_eq!(bytes(&drive, "a"), b"x");
}

#[cfg(unix)]
#[test]
fn symlinks_below_the_root_are_refused_and_the_root_may_be_one() {
    use std::os::unix::fs::symlink;
    let home = tempfile::tempdir().unwrap();
    let outside = home.path().join("outside");
    fs::create_dir_all(outside.join("sub")).unwrap();
    fs::write(outside.join("secret"), "secret").unwrap();
    let real = home.path().join("real");
    FsDrive::create(&real).unwrap();
    symlink(&real, home.path().join("root")).unwrap();
    let drive = FsDrive::open(home.path().join("root")).unwrap();
    put(&drive, "d/x", b"x", Condition::Any).unwrap();
    symlink(&outside, real.join("out")).unwrap();
    symlink(outside.join("secret"), real.join("file")).unwrap();
    symlink(outside.join("none"), real.join("dangling")).unwrap();
    symlink("d", real.join("inside")).unwrap();
    for bad in ["out/secret", "out/new", "out/sub/new", "file", "dangling", "inside/x", "out"] {
        let read = block_on(drive.get(path(bad), GetOptions::default())).map_err(|e| e.into_kind());
        assert_eq!(read, Err(ErrorKind::InvalidInput), "{bad}");
        for condition in [Condition::Any, Condition::Absent, Condition::Matches(Version::new("x"))] {
            assert_eq!(put(&drive, bad, b"evil", condition.clone()), Err(ErrorKind::InvalidInput), "{bad}");
            assert_eq!(delete(&drive, bad, condition), Err(ErrorKind::InvalidInput), "{bad}");
        }
    }
    for bad in ["out", "out/sub", "inside"] {
        assert_eq!(block_on(drive.list_dir(path(bad), None)).unwrap_err().kind, ErrorKind::InvalidInput, "{bad}");
    }
    assert_eq!(list(&drive, ""), ["d"]);
    assert_eq!(fs::read(outside.join("secret")).unwrap(), b"secret");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 2, "something was written outside");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_file_and_does_not_block() {
    let (home, drive) = drive();
    assert!(std::process::Command::new("mkfifo").arg(home.path().join("pipe")).status().unwrap().success());
    std::os::unix::net::UnixListener::bind(home.path().join("socket")).unwrap();
    for name in ["pipe", "socket"] {
        assert_eq!(block_on(drive.get(path(name), GetOptions::default())).unwrap_err().kind, ErrorKind::InvalidInput);
        assert_eq!(put(&drive, name, b"x", Condition::Any), Err(ErrorKind::InvalidInput));
    }
    assert!(list(&drive, "").is_empty());
}

#[cfg(unix)]
#[test]
fn a_lacking_permission_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    if let Some(home) = common::child_home() {
        let drive = FsDrive::open(home).unwrap();
        let write = block_on(drive.put(path("dir/new"), vec![1], Condition::Any)).unwrap_err();
        let read = block_on(drive.get(path("dir/secret"), GetOptions::default())).unwrap_err();
        for (error, words) in [(write, "no permission to write"), (read, "no permission to read")] {
            assert_eq!((error.kind.code(), error.retry), ("unavailable", kitestring::Retry::Never));
            assert!(error.detail().contains(words) && error.detail().contains("/dir/"), "{error}");
        }
        return;
    }
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("dir")).unwrap();
    fs::write(home.path().join("dir/secret"), "x").unwrap();
    let allow = |name: &str, mode| fs::set_permissions(home.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    allow("dir/secret", 0o000);
    allow("dir", 0o555);
    allow("", 0o755);
    let status = common::plain_child("a_lacking_permission_is_named", home.path()).stdout(std::process::Stdio::null()).status().unwrap();
    allow("dir", 0o755);
    assert!(status.success());
}
