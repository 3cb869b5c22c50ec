//! The layer that notices changes of a drive in a local folder.
#![cfg(all(feature = "fs", feature = "watch"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod common;

use common::path;
use futures::{FutureExt as _, executor::block_on};
use kitestring::{Drive, ErrorKind, drive::Changed, drive::Condition};
use kitestring_adapters::{FsDrive, layers::Watched};
use std::{
    fs,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// Longer than any test waits for something that happens.
const LONG: Duration = Duration::from_secs(120);
const SHORT: Duration = Duration::from_millis(200);

fn watched(root: &Path, head: &str) -> Watched {
    Watched::new(Arc::new(FsDrive::create(root).unwrap()), root, path(head))
}

fn put(root: &Path, file: &str, bytes: &str) {
    block_on(FsDrive::open(root).unwrap().put(path(file), bytes.into(), Condition::Any)).unwrap();
}

fn since(drive: &Watched, token: Option<&str>) -> Changed {
    block_on(drive.changed_since(token.map(str::to_owned))).unwrap()
}

fn token(drive: &Watched) -> String {
    let Changed::Yes(token) = since(drive, None) else { panic!("no token") };
    token
}

#[test]
fn the_version_of_the_head_says_whether_anything_changed() {
    let home = tempfile::tempdir().unwrap();
    let drive = watched(home.path(), "meta.json");
    let empty = token(&drive);
    assert_eq!(since(&drive, Some(&empty)), Changed::No);
    put(home.path(), "meta.json", "1");
    let first = token(&drive);
    assert_eq!(since(&drive, Some(&empty)), Changed::Yes(first.clone()));
    put(home.path(), "docs/x.json", "x");
    assert_eq!(since(&drive, Some(&first)), Changed::No);
    put(home.path(), "meta.json", "2");
    assert!(matches!(since(&drive, Some(&first)), Changed::Yes(_)));
    fs::remove_file(home.path().join("meta.json")).unwrap();
    assert_eq!(since(&drive, Some(&first)), Changed::Yes(empty));
}

#[test]
fn a_wait_ends_with_a_change_of_the_head_and_with_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let drive = watched(home.path(), "meta.json");
    put(home.path(), "meta.json", "1");
    let before = token(&drive);
    let started = Instant::now();
    assert_eq!(block_on(drive.wait_for_change(Some(before.clone()), SHORT)).unwrap(), Changed::No);
    assert!(started.elapsed() >= SHORT);
    thread::scope(|s| {
        s.spawn(|| {
            thread::sleep(SHORT);
            put(home.path(), "docs/x.json", "x");
            put(home.path(), "meta.json", "1");
            thread::sleep(SHORT);
            put(home.path(), "meta.json", "2");
        });
        let found = block_on(drive.wait_for_change(Some(before), LONG)).unwrap();
        assert_eq!(found, Changed::Yes(token(&drive)));
    });
    assert!(started.elapsed() < LONG);
}

#[test]
fn what_changed_before_the_wait_is_not_waited_for() {
    let home = tempfile::tempdir().unwrap();
    let drive = watched(home.path(), "meta.json");
    let before = token(&drive);
    put(home.path(), "meta.json", "1");
    let answer = drive.wait_for_change(Some(before), LONG);
    assert!(matches!(block_on(answer).unwrap(), Changed::Yes(_)));
}

#[test]
fn the_folders_on_the_way_to_the_head_may_come_later() {
    let home = tempfile::tempdir().unwrap();
    let drive = watched(home.path(), "a/b/meta.json");
    let mut before = token(&drive);
    for n in 0..3 {
        let mut waiting = drive.wait_for_change(Some(before), LONG);
        assert!(waiting.as_mut().now_or_never().is_none());
        put(home.path(), "a/b/meta.json", &n.to_string());
        let Changed::Yes(now) = block_on(waiting).unwrap() else { panic!("nothing changed") };
        before = now;
    }
}

#[test]
fn a_drive_that_goes_away_is_an_error_and_one_that_comes_back_is_watched_again() {
    let home = tempfile::tempdir().unwrap();
    let (root, away) = (home.path().join("drive"), home.path().join("away"));
    let drive = watched(&root, "meta.json");
    put(&root, "meta.json", "1");
    let before = token(&drive);
    thread::scope(|s| {
        s.spawn(|| {
            thread::sleep(SHORT);
            fs::rename(&root, &away).unwrap();
        });
        let error = block_on(drive.wait_for_change(Some(before.clone()), LONG)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable);
    });
    // Copied, so that nothing of the old folder is left to be watched.
    fs::create_dir(&root).unwrap();
    for name in [".kite.lock", "meta.json"] {
        fs::copy(away.join(name), root.join(name)).unwrap();
    }
    assert_eq!(since(&drive, Some(&before)), Changed::No);
    thread::scope(|s| {
        s.spawn(|| {
            thread::sleep(SHORT);
            put(&root, "meta.json", "2");
        });
        assert!(matches!(block_on(drive.wait_for_change(Some(before), LONG)).unwrap(), Changed::Yes(_)));
    });
}

#[test]
fn a_new_name_in_a_folder_is_a_change_and_nothing_else_is() {
    let home = tempfile::tempdir().unwrap();
    let fs_drive = FsDrive::create(home.path()).unwrap();
    let drive = Watched::folder(Arc::new(fs_drive), home.path(), path("j"));
    // The folder comes later.
    let mut before = token(&drive);
    put(home.path(), "other/x", "x");
    assert_eq!(since(&drive, Some(&before)), Changed::No);
    for name in ["j/1", "j/2"] {
        let mut waiting = drive.wait_for_change(Some(before), LONG);
        assert!(waiting.as_mut().now_or_never().is_none());
        put(home.path(), "head", name);
        put(home.path(), name, "x");
        let Changed::Yes(now) = block_on(waiting).unwrap() else { panic!("nothing changed") };
        before = now;
    }
    put(home.path(), "j/2", "y");
    assert_eq!(block_on(drive.wait_for_change(Some(before.clone()), SHORT)).unwrap(), Changed::No);
    fs::remove_file(home.path().join("j/1")).unwrap();
    assert!(matches!(since(&drive, Some(&before)), Changed::Yes(_)));
}
