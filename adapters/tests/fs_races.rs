//! Several writers on one folder: threads, processes, dropped calls, kills.
#![cfg(feature = "fs")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod common;

use common::{child, child_home, path};
use futures::{executor::block_on, future::join_all};
use kitestring::{
    Drive, ErrorKind,
    drive::{Condition, GetOptions, Got, PutFile},
};
use kitestring_adapters::FsDrive;
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::Stdio,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

fn read(drive: &FsDrive, name: &str) -> Option<(Vec<u8>, kitestring::drive::Version)> {
    match block_on(drive.get(path(name), GetOptions::default())).unwrap() {
        Got::File { bytes, version } => Some((bytes, version)),
        _ => None,
    }
}

#[test]
fn of_sixteen_threads_one_creates() {
    let home = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let barrier = Barrier::new(16);
        let name = format!("d{round}/slot");
        let racer = |n: u8| {
            let drive = FsDrive::open(home.path()).unwrap();
            barrier.wait();
            block_on(drive.put(path(&name), vec![n], Condition::Absent))
        };
        let results: Vec<_> = thread::scope(|s| {
            let racers: Vec<_> = (0..16).map(|n| s.spawn(move || racer(n))).collect();
            racers.into_iter().map(|r| r.join().unwrap()).collect()
        });
        let winners: Vec<_> = (0..16_u8).filter(|n| results[*n as usize].is_ok()).collect();
        assert_eq!(winners.len(), 1, "{winners:?}");
        assert!(results.iter().flat_map(|r| r.as_ref().err()).all(|e| e.kind == ErrorKind::Condition));
        let drive = FsDrive::open(home.path()).unwrap();
        assert_eq!(read(&drive, &name).unwrap().0, winners);
    }
}

/// Tells the parent that this child is there, and waits until it lets all of them go at once.
fn start_together(home: &Path) {
    fs::write(home.join(format!("ready-{}", std::process::id())), "").unwrap();
    wait_until(|| home.join("go").exists());
}

/// Starts this many processes of a test, lets them go at once, and waits for their success.
fn race(test: &str, home: &Path, count: usize) {
    let start = |_| child(test, home).stdout(Stdio::null()).spawn().unwrap();
    let children: Vec<_> = (0..count).map(start).collect();
    wait_until(|| marks(home, "ready-").len() == count);
    fs::write(home.join("go"), "").unwrap();
    children.into_iter().for_each(|mut c| assert!(c.wait().unwrap().success()));
}

fn marks(home: &Path, prefix: &str) -> Vec<String> {
    let names = fs::read_dir(home).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    names.filter_map(|n| n.strip_prefix(prefix).map(str::to_owned)).collect()
}

fn wait_until(happens: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !happens() {
        assert!(Instant::now() < deadline, "waited for a minute");
        thread::sleep(Duration::from_micros(200));
    }
}

#[test]
fn of_sixteen_processes_one_creates() {
    if let Some(home) = child_home() {
        let drive = FsDrive::open(home.join("drive")).unwrap();
        start_together(&home);
        match block_on(drive.put(path("slots/1"), std::process::id().to_string().into_bytes(), Condition::Absent)) {
            Ok(_) => fs::write(home.join(format!("won-{}", std::process::id())), "").unwrap(),
            Err(e) => assert_eq!(e.kind, ErrorKind::Condition),
        }
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let drive = FsDrive::create(home.path().join("drive")).unwrap();
    race("of_sixteen_processes_one_creates", home.path(), 16);
    let won = marks(home.path(), "won-");
    assert_eq!(won.len(), 1, "{won:?}");
    assert_eq!(read(&drive, "slots/1").unwrap().0, won[0].as_bytes());
}

#[test]
fn five_processes_count_to_fifty_together() {
    if let Some(home) = child_home() {
        let drive = FsDrive::open(home.join("drive")).unwrap();
        start_together(&home);
        let mut done = 0;
        while done < 10 {
            let (bytes, version) = read(&drive, "counter").unwrap();
            let next = String::from_utf8(bytes).unwrap().parse::<u32>().unwrap() + 1;
            match block_on(drive.put(path("counter"), next.to_string().into_bytes(), Condition::Matches(version))) {
                Ok(_) => done += 1,
                Err(e) => assert_eq!(e.kind, ErrorKind::Condition),
            }
        }
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let drive = FsDrive::create(home.path().join("drive")).unwrap();
    block_on(drive.put(path("counter"), b"0".to_vec(), Condition::Absent)).unwrap();
    race("five_processes_count_to_fifty_together", home.path(), 5);
    assert_eq!(read(&drive, "counter").unwrap().0, b"50");
}

#[test]
fn a_plain_write_is_never_lost_between_compare_and_rename() {
    // Each plain write is either what the next compare sees, or it comes after the rename. So a compare-and-swap that
    // succeeds has replaced exactly what it had read, and the values it replaced were never overwritten unseen.
    let home = tempfile::tempdir().unwrap();
    let drive = FsDrive::open(home.path()).unwrap();
    block_on(drive.put(path("f"), b"start".to_vec(), Condition::Any)).unwrap();
    let (plain, swaps) = thread::scope(|s| {
        let plain = s.spawn(|| {
            let drive = FsDrive::open(home.path()).unwrap();
            let mut last = Vec::new();
            for n in 0..200 {
                last = format!("plain {n}").into_bytes();
                block_on(drive.put(path("f"), last.clone(), Condition::Any)).unwrap();
            }
            last
        });
        let swaps = s.spawn(|| {
            let drive = FsDrive::open(home.path()).unwrap();
            let mut chain = Vec::new();
            for n in 0..200 {
                let (bytes, version) = read(&drive, "f").unwrap();
                let next = format!("swap {n}").into_bytes();
                if block_on(drive.put(path("f"), next.clone(), Condition::Matches(version))).is_ok() {
                    chain.push((bytes, next));
                }
            }
            chain
        });
        (plain.join().unwrap(), swaps.join().unwrap())
    });
    let end = read(&drive, "f").unwrap().0;
    let replaced = swaps.iter().any(|(old, _)| *old == plain);
    assert!(end == plain || replaced, "the last plain write was lost: {:?}", String::from_utf8_lossy(&end));
}

#[test]
fn readers_never_see_half_a_file() {
    let home = tempfile::tempdir().unwrap();
    let drive = FsDrive::open(home.path()).unwrap();
    let content = |n: u8| vec![n; 300_000];
    block_on(drive.put(path("f"), content(0), Condition::Any)).unwrap();
    thread::scope(|s| {
        let writer = s.spawn(|| (1..40).for_each(|n| drop(block_on(drive.put(path("f"), content(n), Condition::Any)).unwrap())));
        while !writer.is_finished() {
            let (bytes, _) = read(&drive, "f").unwrap();
            assert!(bytes.len() == 300_000 && bytes.iter().all(|b| *b == bytes[0]));
        }
    });
}

#[test]
fn many_requests_run_at_once_under_any_executor() {
    let home = tempfile::tempdir().unwrap();
    let drive = FsDrive::open(home.path()).unwrap();
    let puts = (0..64).map(|n| drive.put(path(&format!("d/{n}")), vec![n; 10], Condition::Absent));
    assert!(block_on(join_all(puts)).iter().all(Result::is_ok));
}

#[test]
fn a_dropped_call_leaves_a_whole_file_or_none() {
    use futures::FutureExt as _;
    let home = tempfile::tempdir().unwrap();
    let drive = FsDrive::open(home.path()).unwrap();
    for n in 0..60_u64 {
        let name = format!("f{n}");
        let mut call = drive.put(path(&name), vec![7; 500_000], Condition::Absent);
        assert!(call.as_mut().now_or_never().is_none());
        thread::sleep(Duration::from_micros(n * 100));
        drop(call);
        if let Some((bytes, _)) = read(&drive, &name) {
            assert_eq!(bytes, vec![7; 500_000]);
        }
    }
    // What was under way ends soon; nothing of it stays but whole files.
    wait_until(|| marks(home.path(), ".~kite-").is_empty());
}

#[test]
fn a_killed_writer_loses_nothing_acknowledged() {
    if let Some(home) = child_home() {
        let drive = FsDrive::open(home).unwrap();
        for n in 0_u32.. {
            let file =
                |k: u32| PutFile { path: path(&format!("d/{n}-{k}")), bytes: n.to_le_bytes().repeat(5000), condition: Condition::Absent };
            let answers = block_on(drive.put_many((0..n % 8 + 1).map(file).collect()));
            assert!(answers.iter().all(Result::is_ok));
            println!("ack {n}");
        }
        return;
    }
    for round in 0..5 {
        let home = tempfile::tempdir().unwrap();
        let mut child = child("a_killed_writer_loses_nothing_acknowledged", home.path()).stdout(Stdio::piped()).spawn().unwrap();
        let mut acknowledged = None;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for line in lines.by_ref() {
            acknowledged = ack(&line.unwrap()).or(acknowledged);
            if acknowledged >= Some(10 + round * 3) {
                child.kill().unwrap();
                break;
            }
        }
        for line in lines.map_while(Result::ok) {
            acknowledged = ack(&line).or(acknowledged);
        }
        child.wait().unwrap();
        let drive = FsDrive::open(home.path()).unwrap();
        for n in 0..=acknowledged.unwrap() {
            for k in 0..n % 8 + 1 {
                assert_eq!(read(&drive, &format!("d/{n}-{k}")).unwrap().0, n.to_le_bytes().repeat(5000));
            }
        }
        for entry in block_on(drive.list_dir(path("d"), None)).unwrap().entries {
            assert_eq!(entry.size, Some(20_000), "half a file is visible");
        }
        // The lock died with its holder.
        block_on(drive.put(path("d/after"), vec![], Condition::Absent)).unwrap();
    }
}

fn ack(line: &str) -> Option<u32> {
    line.split_once("ack ")?.1.trim().parse().ok()
}
