//! What a state must do that outlives its process.

use crate::{
    Open,
    common::{child, child_home},
    port::{read, scan, set, write},
};
use futures::{FutureExt as _, executor::block_on, future::join_all};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::Stdio,
    thread,
    time::Duration,
};

pub fn what_was_written_is_there_after_opening_again(open: Open, _name: &str) {
    let home = tempfile::tempdir().unwrap();
    for n in 0..5 {
        let state = open(home.path());
        assert_eq!(scan(&*state, "", None, 100).len(), n);
        write(&*state, vec![set(&format!("k{n}"), "v"), set("gone", "x")]);
        write(&*state, vec![kitestring::StateRecord::remove("gone")]);
    }
    assert_eq!(read(&*open(home.path()), &["k0", "k4", "gone"]), [Some(b"v".to_vec()), Some(b"v".to_vec()), None]);
}

pub fn dropped_calls_are_whole_or_nothing_and_dropping_the_state_finishes_them(open: Open, _name: &str) {
    let home = tempfile::tempdir().unwrap();
    let state = open(home.path());
    for n in 0..50 {
        let mut call = state.write(vec![set(&format!("a{n}"), "x"), set(&format!("b{n}"), "x")]);
        let _ = call.as_mut().now_or_never();
        drop(call);
        drop(state.write(vec![set("never polled", "x")]));
        let _ = state.scan(String::new(), None, 10).now_or_never();
    }
    drop(state);
    let state = open(home.path());
    let count = |prefix: &str| scan(&*state, prefix, None, 1000).len();
    assert_eq!((count("a"), count("b"), count("never")), (50, 50, 0));
}

pub fn a_killed_process_loses_nothing_acknowledged(open: Open, name: &str) {
    if let Some(home) = child_home() {
        let state = open(&home);
        for n in 0_u32.. {
            let batch = |k: u32| state.write(vec![set(&format!("a/{n}/{k}"), "x"), set(&format!("b/{n}/{k}"), "x")]);
            assert!(block_on(join_all((0..5).map(batch))).iter().all(Result::is_ok));
            println!("ack {n}");
        }
        return;
    }
    let home = tempfile::tempdir().unwrap();
    for round in 1..=8 {
        let mut child = child(name, home.path()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).filter_map(|l| ack(&l));
        let mut acknowledged = lines.by_ref().find(|n| *n >= 20 * round).unwrap();
        thread::sleep(Duration::from_micros(u64::from(round) * 300));
        child.kill().unwrap();
        acknowledged = lines.last().unwrap_or(acknowledged);
        child.wait().unwrap();
        let state = open(home.path());
        for n in 0..=acknowledged {
            assert_eq!(scan(&*state, &format!("a/{n}/"), None, 10).len(), 5, "{n} of {acknowledged}");
        }
        let keys = |prefix: &str| scan(&*state, prefix, None, u32::MAX);
        assert_eq!(keys("a/").len(), keys("b/").len(), "half a batch");
    }
}

fn ack(line: &str) -> Option<u32> {
    line.split_once("ack ")?.1.trim().parse().ok()
}

pub fn a_process_killed_while_it_makes_the_file_leaves_none_or_a_whole_one(open: Open, name: &str) {
    if let Some(home) = child_home() {
        for n in 0.. {
            let own = home.join(n.to_string());
            fs::create_dir(&own).unwrap();
            println!("ack {n}");
            drop(open(&own));
        }
        return;
    }
    let home = tempfile::tempdir().unwrap();
    for round in 0..8_u32 {
        let own = home.path().join(format!("round {round}"));
        fs::create_dir(&own).unwrap();
        let mut child = child(name, &own).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).filter_map(|l| ack(&l));
        lines.by_ref().find(|n| *n >= 3).unwrap();
        thread::sleep(Duration::from_micros(u64::from(round) * 700));
        child.kill().unwrap();
        child.wait().unwrap();
        for dir in fs::read_dir(&own).unwrap() {
            let dir = dir.unwrap().path();
            write(&*open(&dir), vec![set("k", "v")]);
            assert_eq!(read(&*open(&dir), &["k"]), [Some(b"v".to_vec())]);
            let left = fs::read_dir(&dir).unwrap().filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().contains(".new-"));
            assert_eq!(left.count(), 0, "what was left is swept");
        }
    }
}
