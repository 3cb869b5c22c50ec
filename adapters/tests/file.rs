//! What is special to the state in a file.
#![cfg(feature = "state-file")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod common;

use common::{child, child_home};
use futures::{
    FutureExt as _,
    executor::block_on,
    future::{join_all, try_join_all},
};
use kitestring::{ErrorKind, Retry, State, StateRecord};
use kitestring_adapters::FileState;
use redb::{Database, ReadableDatabase as _, TableDefinition};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::Stdio,
    thread,
};
use tempfile::TempDir;

const FILE: &str = "client.state";

fn state() -> (TempDir, FileState) {
    let home = tempfile::tempdir().unwrap();
    let state = FileState::open(home.path().join(FILE)).unwrap();
    (home, state)
}

fn set(key: &str, value: &str) -> StateRecord {
    StateRecord::set(key, value)
}

fn write(state: &dyn State, batch: Vec<StateRecord>) {
    block_on(state.write(batch)).unwrap();
}

fn size(home: &TempDir) -> u64 {
    fs::metadata(home.path().join(FILE)).unwrap().len()
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
fn reads_do_not_wait_for_commits() {
    let (_home, state) = state();
    write(&state, vec![set("k", "old")]);
    // A commit that takes its time.
    let mut waiting = state.write(vec![StateRecord::set("large", vec![7; 64 << 20]), set("k", "new")]);
    assert!(waiting.as_mut().now_or_never().is_none());
    let mut reads = 0;
    while waiting.as_mut().now_or_never().is_none() {
        let found = block_on(state.read(vec!["k".into()])).unwrap().remove(0).unwrap();
        assert!(found == b"old" || found == b"new");
        reads += u32::from(found == b"old");
    }
    assert!(reads > 0);
    assert_eq!(block_on(state.read(vec!["k".into()])).unwrap(), [Some(b"new".to_vec())]);
}

#[test]
fn one_process_at_a_time_has_it_open() {
    if let Some(home) = child_home() {
        let _state = FileState::open(home.join(FILE)).unwrap();
        println!("open");
        loop {
            thread::park();
        }
    }
    let (home, state) = state();
    let refused = || {
        let error = FileState::open(home.path().join(FILE)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::State);
        assert!(matches!(error.retry, Retry::After(_)) && error.detail().contains("close it"), "{error}");
    };
    refused();
    drop(state);
    let mut child = child("one_process_at_a_time_has_it_open", home.path()).stdout(Stdio::piped()).spawn().unwrap();
    BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).find(|line| line.contains("open")).unwrap();
    refused();
    child.kill().unwrap();
    child.wait().unwrap();
    // The lock ends with its process, however that ended.
    FileState::open(home.path().join(FILE)).unwrap();
}

#[test]
fn processes_that_make_it_at_once_make_one() {
    for _ in 0..20 {
        let home = tempfile::tempdir().unwrap();
        let opened: Vec<_> = thread::scope(|s| {
            let all: Vec<_> = (0..4).map(|_| s.spawn(|| FileState::open(home.path().join(FILE)))).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(opened.iter().filter(|one| one.is_ok()).count(), 1);
        for error in opened.iter().filter_map(|one| one.as_ref().err()) {
            assert!(error.detail().contains("another program has the file open"), "{error}");
        }
        drop(opened);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "only the file is left");
    }
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
    assert_eq!(modes(), [0o600]);
    drop(state);
    let file = home.path().join(FILE);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let _state = FileState::open(&file).unwrap();
    assert_eq!(modes(), [0o600]);
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    if let Some(home) = child_home() {
        let error = FileState::open(home.join(FILE)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::State);
        assert!(error.detail().contains("read-only"), "{error}");
        return;
    }
    let (home, state) = state();
    drop(state);
    let allow = |name: &str, mode| fs::set_permissions(home.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    allow(FILE, 0o444);
    allow("", 0o755);
    let status = common::plain_child("a_file_that_cannot_be_written_is_refused", home.path()).stdout(Stdio::null()).status().unwrap();
    assert!(status.success());
}

#[test]
fn files_that_are_not_ours_are_refused_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("s");
    let refused = |kind: ErrorKind, words: &str| {
        let error = FileState::open(&file).unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.detail().contains(words), "{error}");
    };
    for text in ["this is a text, and long enough to have the size of a header: ".repeat(20), "x".to_owned()] {
        fs::write(&file, &text).unwrap();
        refused(ErrorKind::State, "not the state of a client");
        assert_eq!(fs::read(&file).unwrap(), text.as_bytes());
        fs::remove_file(&file).unwrap();
    }
    let theirs = TableDefinition::<&str, u64>::new("theirs");
    put(&file, theirs, "x", 1);
    refused(ErrorKind::State, "another program's");
    let moment = Database::open(&file).unwrap().begin_read().unwrap();
    assert_eq!(moment.open_table(theirs).unwrap().get("x").unwrap().unwrap().value(), 1);
    assert_eq!(moment.list_tables().unwrap().count(), 1);
    drop(moment);
    fs::remove_file(&file).unwrap();
    drop(FileState::open(&file).unwrap());
    put(&file, TableDefinition::new("kitestring"), "format", 2);
    refused(ErrorKind::NeedsNewerVersion, "update the application");
    fs::create_dir(home.path().join("dir")).unwrap();
    for name in ["no/s", "dir"] {
        let error = FileState::open(home.path().join(name)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::State);
        assert!(error.detail().contains("does its folder exist"), "{error}");
    }
}

fn put(file: &Path, table: TableDefinition<'_, &str, u64>, key: &str, value: u64) {
    let database = Database::create(file).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(table).unwrap().insert(key, value).unwrap();
    transaction.commit().unwrap();
}

/// Uses a file in every way, and returns the errors.
fn use_all(file: &Path) -> Vec<kitestring::Error> {
    let state = match FileState::open(file) {
        Ok(state) => state,
        Err(e) => return vec![e],
    };
    let calls = block_on(async {
        let reads = join_all((0..400).map(|n| state.read(vec![format!("k{n:04}")]))).await;
        let scanned = state.scan(String::new(), None, u32::MAX).await;
        let written =
            join_all((0..50).map(|n| state.write(vec![set(&format!("k{:04}", n * 7), "new"), StateRecord::remove(format!("k{n:04}"))])))
                .await;
        let again = state.scan(String::new(), None, u32::MAX).await;
        (reads, scanned, written, again)
    });
    let (reads, scanned, written, again) = calls;
    let reads = reads.into_iter().filter_map(Result::err);
    reads.chain(scanned.err()).chain(written.into_iter().filter_map(Result::err)).chain(again.err()).collect()
}

fn check_all(file: &Path, what: &str) -> usize {
    let errors = use_all(file);
    for error in &errors {
        assert_eq!(error.kind, ErrorKind::State, "{what}: {error}");
        let detail = error.detail();
        let says_what_to_do = detail.contains("restore it from a backup") || detail.contains("open the client again");
        assert!(says_what_to_do, "{what}: {error}");
    }
    errors.len()
}

/// A file with four hundred records, closed.
fn filled() -> (TempDir, Vec<u8>) {
    let (home, state) = state();
    for round in 0..3 {
        write(&state, (0..400).map(|n| set(&format!("k{n:04}"), &format!("{round} ").repeat(30 + n % 50))).collect());
    }
    drop(state);
    let bytes = fs::read(home.path().join(FILE)).unwrap();
    (home, bytes)
}

#[test]
fn a_file_cut_short_says_what_to_do() {
    let (home, bytes) = filled();
    let file = home.path().join(FILE);
    let mut refused = 0;
    for cut in (1..40).map(|n| bytes.len() * n / 40).chain([1, 8, 9, 64, 320, 4095, 4096, 4097, bytes.len() - 1]) {
        fs::write(&file, &bytes[..cut]).unwrap();
        refused += usize::from(check_all(&file, &format!("cut at {cut} of {}", bytes.len())) > 0);
    }
    assert!(refused > 40, "{refused}");
    // An empty file is one that was never written.
    fs::write(&file, "").unwrap();
    assert!(!use_all(&file).is_empty());
}

#[test]
fn a_damaged_file_says_what_to_do_and_never_panics() {
    let (home, bytes) = filled();
    let file = home.path().join(FILE);
    let mut refused = 0;
    let used = bytes.iter().rposition(|b| *b != 0).unwrap();
    for n in 0..150_usize {
        let mut damaged = bytes.clone();
        // Whole pages of sense and nonsense, and single bytes, wherever there is something.
        let at = n.wrapping_mul(2_654_435_761) % used;
        match n % 3 {
            0 => damaged[at] ^= 1 << (n % 8),
            1 => damaged[at..].iter_mut().take(4096).for_each(|b| *b = 0x5a),
            _ => damaged.copy_within(4096..8192, at / 4096 * 4096),
        }
        fs::write(&file, damaged).unwrap();
        refused += usize::from(check_all(&file, &format!("damage {n} at {at}")) > 0);
    }
    println!("{refused} of 150 damaged files were refused; what is damaged in free pages does not matter");
    assert!(refused > 20, "{refused}");
}

#[test]
fn a_file_does_not_grow_with_what_was_removed() {
    let (home, state) = state();
    let fill = |round: u32| (0..500).map(|n| StateRecord::set(format!("{}/{n}", round % 3), vec![round as u8; 2000])).collect();
    let clear = |round: u32| (0..500).map(|n| StateRecord::remove(format!("{}/{n}", round % 3))).collect();
    let mut largest = 0;
    for round in 0..40 {
        write(&state, fill(round));
        write(&state, clear(round));
        if round == 9 {
            largest = size(&home);
        }
    }
    assert!(size(&home) <= 2 * largest, "{} bytes became {}", largest, size(&home));
}

#[test]
fn a_file_that_holds_little_of_what_it_held_shrinks_when_it_is_opened() {
    let (home, state) = state();
    write(&state, (0..60).map(|n| StateRecord::set(format!("large/{n:02}"), vec![n; 1 << 20])).collect());
    write(&state, vec![set("small", "x")]);
    write(&state, (0..59).map(|n| StateRecord::remove(format!("large/{n:02}"))).collect());
    drop(state);
    let before = size(&home);
    let state = FileState::open(home.path().join(FILE)).unwrap();
    let after = size(&home);
    assert!(after < 8 << 20, "{before} bytes, then {after}");
    let found = block_on(state.read(vec!["large/59".into(), "small".into()])).unwrap();
    assert_eq!(found, [Some(vec![59; 1 << 20]), Some(b"x".to_vec())]);
}
