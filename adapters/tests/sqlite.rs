//! What is special to the SQLite state; what every state must do is in `states`.
#![cfg(feature = "state-sqlite")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod common;

use common::child_home;
use futures::{FutureExt as _, executor::block_on, future::try_join_all};
use kitestring::{ErrorKind, State, StateRecord};
use kitestring_adapters::SqliteState;
use std::{fs, process::Stdio, thread};
use tempfile::TempDir;

fn state() -> (TempDir, SqliteState) {
    let home = tempfile::tempdir().unwrap();
    let state = SqliteState::open(home.path().join("s.sqlite")).unwrap();
    (home, state)
}

fn set(key: &str, value: &str) -> StateRecord {
    StateRecord::set(key, value)
}

fn read(state: &dyn State, key: &str) -> Option<Vec<u8>> {
    block_on(state.read(vec![key.to_owned()])).unwrap().remove(0)
}

fn write(state: &dyn State, batch: Vec<StateRecord>) {
    block_on(state.write(batch)).unwrap();
}

#[test]
fn what_was_written_is_there_after_opening_again() {
    let (home, state) = state();
    write(&state, vec![set("k", "v")]);
    drop(state);
    let state = SqliteState::open(home.path().join("s.sqlite")).unwrap();
    assert_eq!(read(&state, "k"), Some(b"v".to_vec()));
    assert_eq!(state.commits(), 0);
}

#[test]
fn writes_at_once_share_commits_and_each_is_seen_when_it_returns() {
    let (_home, state) = state();
    for round in 0..20 {
        block_on(try_join_all((0..100).map(|n| state.write(vec![set(&format!("{round}/{n}"), "x")])))).unwrap();
        assert_eq!(block_on(state.scan(format!("{round}/"), None, 1000)).unwrap().len(), 100);
    }
    assert!(state.commits() < 1000, "{} commits for 2000 writes", state.commits());
    let before = state.commits();
    write(&state, vec![set("one", "x")]);
    assert_eq!(state.commits(), before + 1);
}

#[test]
fn reads_do_not_wait_for_a_commit() {
    let (home, state) = state();
    write(&state, vec![set("k", "old")]);
    let other = rusqlite::Connection::open(home.path().join("s.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut waiting = state.write(vec![set("k", "new")]);
    assert!(waiting.as_mut().now_or_never().is_none());
    assert_eq!(read(&state, "k"), Some(b"old".to_vec()));
    other.execute_batch("COMMIT").unwrap();
    block_on(waiting).unwrap();
    assert_eq!(read(&state, "k"), Some(b"new".to_vec()));
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (home, state) = state();
    write(&state, vec![set("k", "v")]);
    let modes = || -> Vec<u32> {
        let entries = fs::read_dir(home.path()).unwrap().map(|e| e.unwrap());
        entries.map(|e| e.metadata().unwrap().permissions().mode() & 0o777).collect()
    };
    assert_eq!(modes(), [0o600; 3], "the file, its log and its shared memory");
    drop(state);
    let file = home.path().join("s.sqlite");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let _state = SqliteState::open(&file).unwrap();
    assert_eq!(modes(), [0o600; 3]);
}

#[test]
fn files_that_are_not_ours_are_refused_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("s");
    let refused = |kind: ErrorKind, words: &str| {
        let before = fs::read(&file).unwrap();
        let error = SqliteState::open(&file).unwrap_err();
        assert_eq!(error.kind, kind);
        assert!(error.detail().contains(words), "{error}");
        assert_eq!(fs::read(&file).unwrap(), before);
    };
    fs::write(&file, "this is a text, and long enough to have the size of a header: ".repeat(20)).unwrap();
    refused(ErrorKind::State, "no SQLite database");
    fs::remove_file(&file).unwrap();
    rusqlite::Connection::open(&file).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    refused(ErrorKind::State, "another program's");
    fs::remove_file(&file).unwrap();
    drop(SqliteState::open(&file).unwrap());
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 2).unwrap();
    refused(ErrorKind::NeedsNewerVersion, "update the application");
    let error = SqliteState::open(home.path().join("no/s")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::State);
    assert!(error.detail().contains("does its folder exist"), "{error}");
}

#[test]
fn a_damaged_file_says_what_to_do() {
    let (home, state) = state();
    write(&state, (0..2000).map(|n| set(&format!("k{n:04}"), &"x".repeat(100))).collect());
    drop(state);
    let file = home.path().join("s.sqlite");
    let mut bytes = fs::read(&file).unwrap();
    bytes[4096..].fill(0x5a);
    fs::write(&file, bytes).unwrap();
    let state = SqliteState::open(&file).unwrap();
    let errors = [
        block_on(state.read(vec!["k0001".into()])).unwrap_err(),
        block_on(state.scan("k".into(), None, 10)).unwrap_err(),
        block_on(state.write(vec![set("k0001", "y")])).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind, ErrorKind::State);
        assert!(error.detail().contains("restore it from a backup"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_read_only_file_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    if let Some(home) = child_home() {
        let error = SqliteState::open(home.join("s")).unwrap_err();
        assert_eq!(error.kind, ErrorKind::State);
        assert!(error.detail().contains("read-only"), "{error}");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    drop(SqliteState::open(home.path().join("s")).unwrap());
    let allow = |name: &str, mode| fs::set_permissions(home.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    allow("s", 0o444);
    allow("", 0o755);
    let status = common::plain_child("a_read_only_file_is_refused", home.path()).stdout(Stdio::null()).status().unwrap();
    assert!(status.success());
}

#[test]
fn two_states_on_one_file_do_not_harm_each_other() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("s");
    thread::scope(|s| {
        for worker in 0..4 {
            let file = &file;
            s.spawn(move || {
                for round in 0..5 {
                    // Opened and closed all the time, also while the others write.
                    let state = SqliteState::open(file).unwrap();
                    let batch = |n| state.write(vec![set(&format!("{worker}/{round}/{n}"), "x"), set("shared", &worker.to_string())]);
                    block_on(try_join_all((0..20).map(batch))).unwrap();
                }
            });
        }
    });
    let state = SqliteState::open(&file).unwrap();
    assert_eq!(block_on(state.scan(String::new(), None, 1000)).unwrap().len(), 4 * 5 * 20 + 1);
    drop(state);
    let check = rusqlite::Connection::open(&file).unwrap();
    assert_eq!(check.query_row("PRAGMA integrity_check", [], |r| r.get::<_, String>(0)).unwrap(), "ok");
}
