//! Signals and kills: the next sync goes on from there.

use crate::world::{CLASSIC, World};
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

/// Counts the bytes below a directory, while files come and go; kite's own do not count.
fn size(dir: &Path) -> u64 {
    let Ok(entries) = dir.read_dir() else { return 0 };
    let of = |e: DirEntry| e.metadata().map_or(0, |m| if m.is_dir() { size(&e.path()) } else { m.len() });
    entries.flatten().filter(|e| e.file_name() != ".kite").map(of).sum()
}

/// Interrupts a sync after it has written as much as 100 files hold, and more, to `grows`.
fn interrupt_at_work(w: &World, args: &[&str], signal: &str, grows: &str) -> Option<i32> {
    let before = size(&w.at(grows));
    interrupt(w, args, signal, || size(&w.at(grows)) > before + 2000)
}

#[test]
fn a_signal_ends_a_sync_cleanly_and_the_next_goes_on() {
    let w = many_files();
    let classic = &[&["sync", "a", "--drive", "drive"], CLASSIC].concat();
    assert_eq!(interrupt_at_work(&w, classic, "-INT", "drive"), Some(130));
    assert_eq!(interrupt_at_work(&w, &["sync", "a"], "-TERM", "drive"), Some(143));
    w.sync("a").expect(0);
    w.set_up("b", CLASSIC).expect(0);
    assert_eq!(w.files("a"), w.files("b"));
}

#[test]
fn a_signal_ends_a_sync_of_the_default_layout_just_as_cleanly() {
    let w = many_files();
    // Few files are written on the drive, so the sync may be over before the signal comes.
    let ended = interrupt_at_work(&w, &["sync", "a", "--drive", "drive"], "-INT", "drive");
    assert!(matches!(ended, Some(130 | 0)), "{ended:?}");
    w.sync("a").expect(0);
    w.set_up("b", &[]).expect(0);
    assert_eq!(w.files("a"), w.files("b"));
}

#[test]
fn a_killed_sync_loses_and_doubles_nothing() {
    kill_in_layout("classic");
}

#[test]
fn a_killed_sync_of_the_default_layout_loses_and_doubles_nothing() {
    kill_in_layout("journal");
}

fn kill_in_layout(layout: &str) {
    let w = many_files();
    let args = |folder, wait| ["sync", folder, "--drive", "drive", "--layout", layout, "--wait", wait];
    for _ in 0..3 {
        interrupt_at_work(&w, &args("a", "60"), "-KILL", "drive");
    }
    w.kite(&args("a", "120")).expect(0);
    for _ in 0..3 {
        interrupt_at_work(&w, &args("b", "60"), "-KILL", "b");
    }
    w.kite(&args("b", "120")).expect(0);
    assert_eq!(w.files("a"), w.files("b"));
    assert_eq!(w.kite(&["conflicts", "b", "--json"]).json(), serde_json::json!([]));
}
