//! Signals and kills: the next sync goes on from there.

use crate::world::World;
use std::{
    fs::DirEntry,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const FILES: usize = 1500;

fn many_files() -> World {
    let w = World::new(&["a", "b"]);
    for n in 0..FILES {
        w.write(&format!("a/{}/{n}", n % 7), format!("content {n}"));
    }
    w
}

/// Starts a sync, waits until it has written or pulled something, and sends it a signal.
fn interrupt(w: &World, args: &[&str], signal: &str, begun: impl Fn() -> bool) -> Option<i32> {
    let mut child = w.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let patience = Instant::now();
    while !begun() && patience.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(2));
    }
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    child.wait().unwrap().code()
}

/// Counts the files below a directory, while they come and go; kite's own do not count.
fn count(dir: &Path) -> usize {
    let Ok(entries) = dir.read_dir() else { return 0 };
    let is_dir = |e: &DirEntry| e.file_type().is_ok_and(|t| t.is_dir());
    entries.flatten().filter(|e| e.file_name() != ".kite").map(|e| if is_dir(&e) { count(&e.path()) } else { 1 }).sum()
}

/// Interrupts a sync after it has written 100 more files to `grows`.
fn interrupt_at_work(w: &World, args: &[&str], signal: &str, grows: &str) -> Option<i32> {
    let before = count(&w.at(grows));
    interrupt(w, args, signal, || count(&w.at(grows)) > before + 100)
}

#[test]
fn a_signal_ends_a_sync_cleanly_and_the_next_goes_on() {
    let w = many_files();
    assert_eq!(interrupt_at_work(&w, &["sync", "a", "--drive", "drive"], "-INT", "drive/docs"), Some(130));
    assert_eq!(interrupt_at_work(&w, &["sync", "a"], "-TERM", "drive/docs"), Some(143));
    w.sync("a").expect(0);
    w.kite(&["sync", "b", "--drive", "drive"]).expect(0);
    assert_eq!(w.files("a"), w.files("b"));
}

#[test]
fn a_killed_sync_loses_and_doubles_nothing() {
    let w = many_files();
    for _ in 0..3 {
        interrupt_at_work(&w, &["sync", "a", "--drive", "drive", "--wait", "60"], "-KILL", "drive/docs");
    }
    w.kite(&["sync", "a", "--drive", "drive", "--wait", "120"]).expect(0);
    for _ in 0..3 {
        interrupt_at_work(&w, &["sync", "b", "--drive", "drive"], "-KILL", "b");
    }
    w.kite(&["sync", "b", "--drive", "drive", "--wait", "120"]).expect(0);
    assert_eq!(w.files("a"), w.files("b"));
    assert_eq!(w.kite(&["conflicts", "b", "--json"]).json(), serde_json::json!([]));
}
