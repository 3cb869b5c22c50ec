//! A watch at rest does nothing, and nothing grows.

use crate::{
    watcher::{Watcher, files, until},
    world::World,
};
use std::{fs, thread, time::Duration};

#[test]
fn what_the_syncs_themselves_write_ends_in_rest() {
    let w = World::new(&["a", "b", "drive"]);
    for n in 0..30 {
        w.write(&format!("a/{}/{n}", n % 4), format!("{n}"));
    }
    let (a, b) = (Watcher::start(&w, "a"), Watcher::start(&w, "b"));
    w.write("b/more", "more");
    until("both have all", || files(&w, "a").len() > 30 && files(&w, "a") == files(&w, "b"));
    let syncs = (a.until_idle(), b.until_idle());
    let drive = w.everything("drive");
    thread::sleep(Duration::from_secs(5));
    assert_eq!((a.syncs(), b.syncs()), syncs);
    assert_eq!(w.everything("drive"), drive, "nothing is written on the drive");
    // At the start, for each push or pull, and an idle one behind each of these.
    assert!(syncs.0 <= 10 && syncs.1 <= 10, "{syncs:?}");
}

#[test]
fn looking_at_an_unchanged_drive_is_no_sync() {
    let w = World::new(&["a", "drive"]);
    w.write("a/x", "x");
    let a = Watcher::start_with(&w, "a", &["--drive", "drive", "--every", "1"]);
    let syncs = a.until_idle();
    thread::sleep(Duration::from_secs(4));
    assert_eq!(a.syncs(), syncs);
    assert_eq!(a.events("synced").len(), 1);
}

#[test]
fn reading_and_kites_own_files_are_no_change() {
    let w = World::new(&["a", "drive"]);
    w.write("a/d/x", "x");
    let a = Watcher::start(&w, "a");
    let syncs = a.until_idle();
    for _ in 0..5 {
        w.read("a/d/x");
        files(&w, "a");
        w.write("a/.kite/trash/something", "x");
        w.kite(&["status", "a"]).expect(0);
    }
    assert_eq!(a.until_idle(), syncs);
}

/// The memory that is resident, in KiB.
fn resident(a: &Watcher) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", a.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn many_syncs_take_no_more_memory_than_a_few() {
    let w = World::new(&["a", "drive"]);
    let a = Watcher::start(&w, "a");
    let sync = |n: usize| {
        let before = a.events("synced").len();
        w.write("a/x", format!("content {n}"));
        until("a sync", || a.events("synced").len() > before);
    };
    (0..10).for_each(sync);
    let before = resident(&a);
    (10..40).for_each(sync);
    let (after, files) = (resident(&a), fs::read_dir(format!("/proc/{}/fd", a.pid())).unwrap().count());
    println!("{before} KiB after 10 edits, {after} KiB after 40; {files} open files");
    assert!(after < before + 4096, "{before} KiB became {after} KiB");
    assert!(files < 60, "{files} open files");
}
