//! What only the inside can show: a full disk, and a commit that fails for one of its batches.

use super::{SqliteState, open, writer::Writer};
use futures::{
    executor::block_on,
    future::{join_all, try_join_all},
};
use kitestring::{ErrorKind, State as _, StateRecord};
use std::{
    path::Path,
    sync::{Arc, Mutex},
};

/// A state whose writing connection was prepared with `sql`.
fn prepared(path: &Path, sql: &str) -> SqliteState {
    let state = SqliteState::open(path).unwrap();
    let connection = open::connect(path).unwrap();
    connection.execute_batch(sql).unwrap();
    let warm = Arc::new(Mutex::new(connection));
    SqliteState {
        writer: Writer::start(Arc::clone(&warm), path.to_owned()).unwrap(),
        warm,
        beside: Arc::clone(&state.beside),
        path: path.to_owned(),
    }
}

#[test]
fn a_full_disk_is_said_so_and_spoils_nothing() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s");
    let state = prepared(&path, "PRAGMA max_page_count = 20");
    block_on(state.write(vec![StateRecord::set("a", "small")])).unwrap();
    let error = block_on(state.write(vec![StateRecord::set("a", "other"), StateRecord::set("b", vec![7; 500_000])])).unwrap_err();
    assert_eq!(error.kind, ErrorKind::QuotaExceeded);
    assert_eq!(block_on(state.read(vec!["a".into(), "b".into()])).unwrap(), [Some(b"small".to_vec()), None]);
    block_on(state.write(vec![StateRecord::set("a", "after")])).unwrap();
}

#[test]
fn a_bad_batch_in_a_shared_commit_fails_alone() {
    let home = tempfile::tempdir().unwrap();
    let refuse = "CREATE TEMP TRIGGER bad BEFORE INSERT ON main.kv WHEN NEW.key = 'bad' BEGIN SELECT RAISE(ABORT, 'bad'); END";
    let state = prepared(&home.path().join("s"), refuse);
    for _ in 0..20 {
        let batch =
            |n: usize| vec![StateRecord::set(format!("k{n}"), n.to_string()), StateRecord::set(if n == 7 { "bad" } else { "good" }, "x")];
        let answers = block_on(join_all((0..50).map(|n| state.write(batch(n)))));
        for (n, answer) in answers.iter().enumerate() {
            assert_eq!(answer.as_ref().err().map(|e| e.kind.clone()), (n == 7).then_some(ErrorKind::State), "{n}");
        }
    }
    assert_eq!(block_on(state.read(vec!["k7".into(), "k8".into()])).unwrap(), [None, Some(b"8".to_vec())]);
}

#[test]
fn what_waits_shares_a_commit() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s");
    let state = SqliteState::open(&path).unwrap();
    // While another connection holds the file, everything queues up behind the first commit.
    let other = open::connect(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting: Vec<_> = (0..100).map(|n| state.writer.queue(vec![StateRecord::set(format!("k{n}"), "x")]).unwrap()).collect();
    std::thread::sleep(std::time::Duration::from_millis(50));
    other.execute_batch("COMMIT").unwrap();
    let answers = block_on(try_join_all(waiting)).unwrap();
    assert!(answers.iter().all(Result::is_ok));
    assert!(state.commits() <= 2, "{} commits", state.commits());
    assert_eq!(block_on(state.scan("k".into(), None, 1000)).unwrap().len(), 100);
}

#[test]
fn keys_are_answered_wherever_they_lie() {
    let home = tempfile::tempdir().unwrap();
    let state = SqliteState::open(home.path().join("s")).unwrap();
    let key = |n: usize| format!("k{n:04}");
    block_on(state.write((0..2000).filter(|n| n % 3 > 0).map(|n| StateRecord::set(key(n), n.to_string())).collect())).unwrap();
    let near: Vec<usize> = (100..140).collect();
    let far: Vec<usize> = (0..2100).step_by(97).collect();
    let mixed = vec![7, 8, 8, 1900, 3, 1, 2099, 8, 500, 501, 505, 506, 520, 0];
    for numbers in [vec![], vec![9], near.clone(), near.into_iter().rev().collect(), far.clone(), far.into_iter().rev().collect(), mixed] {
        let expected: Vec<_> = numbers.iter().map(|n| (n % 3 > 0 && *n < 2000).then(|| n.to_string().into_bytes())).collect();
        assert_eq!(block_on(state.read(numbers.iter().map(|n| key(*n)).collect())).unwrap(), expected, "{numbers:?}");
    }
}
