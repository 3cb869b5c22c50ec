//! Signals and kills.

use crate::{
    watcher::{Watcher, files, until, until_same},
    world::{CLASSIC, World},
};
use std::{
    fs::{self, File},
    path::Path,
    time::{Duration, Instant},
};

const FILES: usize = 1000;

fn many_files() -> World {
    let w = World::new(&["a", "b", "drive"]);
    for n in 0..FILES {
        w.write(&format!("a/{}/{n}", n % 7), format!("content {n}"));
    }
    w
}

fn count(dir: &Path) -> usize {
    fs::read_dir(dir).map_or(0, Iterator::count)
}

#[test]
fn a_signal_at_rest_ends_it_with_success() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let w = World::new(&["a", "drive"]);
        let mut a = Watcher::start(&w, "a");
        a.until_idle();
        a.signal(signal);
        let (code, said) = a.end();
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("\"stopped\""), "{said}");
    }
}

#[test]
fn a_signal_during_a_sync_lets_it_end_and_leaves_no_lock() {
    let w = many_files();
    let mut a = Watcher::spawn(&w, "a", &[&["--drive", "drive"], CLASSIC].concat());
    until("it pushes", || count(&w.at("drive/docs")) > 50);
    let asked = Instant::now();
    a.signal("-TERM");
    match a.end() {
        (Some(0), _) => assert!(!w.at("drive/lock.json").exists()),
        // On a busy machine the sync takes longer than it is let.
        (Some(143), said) => {
            assert!(asked.elapsed() >= Duration::from_secs(5), "it was given no time");
            assert!(said.contains("the next sync goes on from here"), "{said}");
        }
        (code, said) => panic!("{code:?}: {said}"),
    }
    w.sync("a").expect(0);
    w.set_up("b", CLASSIC).expect(0);
    assert_eq!(files(&w, "a"), files(&w, "b"));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let w = World::new(&["a", "drive"]);
    let mut a = Watcher::start(&w, "a");
    a.until_idle();
    // As if another command were at work, for which the watch waits.
    let lock = File::options().write(true).open(w.at("a/.kite/lock")).unwrap();
    lock.lock().unwrap();
    w.write("a/x", "x");
    let is_lock = |fd: fs::DirEntry| fs::read_link(fd.path()).is_ok_and(|path| path.ends_with(".kite/lock"));
    until("it waits for the lock", || fs::read_dir(format!("/proc/{}/fd", a.pid())).unwrap().flatten().any(is_lock));
    a.signal("-TERM");
    std::thread::sleep(Duration::from_millis(500));
    assert!(a.is_running(), "the first one waits for the sync");
    a.signal("-INT");
    assert_eq!(a.end().0, Some(130));
}

#[test]
fn a_watch_that_was_killed_goes_on_when_it_is_started_again() {
    let w = many_files();
    for round in 1..=3 {
        let a = Watcher::spawn(&w, "a", &[&["--drive", "drive"], CLASSIC].concat());
        let before = count(&w.at("drive/docs"));
        until("it pushes", || count(&w.at("drive/docs")) > before + 100 || !a.events("watching").is_empty());
        w.write(&format!("a/round {round}"), "x");
        // Dropping it kills it.
    }
    let (a, _b) = (Watcher::start_classic(&w, "a"), Watcher::start_classic(&w, "b"));
    until_same(&w, "a", "b");
    assert_eq!(files(&w, "a").len(), FILES + 3);
    assert_eq!(a.events("conflict").len(), 0);
}
