//! Checks that the checks can fail: each planted fault of a drive, a state or a host must be found.
//!
//! A plant stands around one port ([`Config::around_drive`] and its like) or is a bad manner of the host. The
//! drivers look for it as they look for faults of the core; each must be found within seconds, and the name of
//! the invariant that broke is part of the expectation. What is no fault is planted too, and must pass.
//!
//! Bugs of the core itself are patches in `tests/sim/planted`, which `cargo xtask planted` applies to a copy of it and
//! looks for with the same searches. Its README says how to add one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;
mod plants;

use common::{id, outcome, synced};
use kitestring::Action;
use kitestring_sim::{Config, World, host::Manners, recovery::Settle};
use plants::{
    ports::{BadDrive, BadHost, BadState, DriveFault, HostFault, StateFault},
    searches::{self, Hit, by_cases, by_cases_on, by_edits, by_kills, by_races_on},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

type Searching<'a> = &'a dyn Fn(&dyn Fn() -> Config) -> Hit;

/// Expects the search to find a violation whose text contains one of `names`.
fn found(what: &str, names: &[&str], search: Searching<'_>, config: impl Fn() -> Config) {
    let begun = Instant::now();
    // A plant may break so much that the scenario itself cannot begin: that is found as well.
    let hit = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| search(&config)));
    let hit = hit.unwrap_or_else(|_| Some(("preparation".into(), vec!["I9 Liveness".into()])));
    let (case, violations) = hit.unwrap_or_else(|| panic!("{what}: planted, and not found"));
    println!("{what}: found in {:.1?} by {case}: {}", begun.elapsed(), violations.join(" | "));
    assert!(violations.iter().any(|v| names.iter().any(|n| v.starts_with(n))), "{what}: expected {names:?}, got {violations:#?}");
    assert!(begun.elapsed().as_secs() < 10, "{what}: found too late");
}

fn drive(fault: DriveFault) -> impl Fn() -> Config {
    move || Config { around_drive: Some(Arc::new(move |seat, inner| BadDrive::around(fault, seat, inner))), ..Config::default() }
}

fn state(fault: StateFault) -> impl Fn() -> Config {
    move || Config { around_state: Some(Arc::new(move |_, inner| BadState::around(fault, inner))), ..Config::default() }
}

fn host(fault: HostFault) -> impl Fn() -> Config {
    move || Config { around_application: Some(Arc::new(move |_, inner| BadHost::around(fault, inner))), ..Config::default() }
}

#[test]
fn without_a_plant_nothing_is_found() {
    let (next, all) = (AtomicUsize::new(0), [&searches::ALL[..], &searches::JOURNAL].concat());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((name, search)) = all.get(next.fetch_add(1, Relaxed)) {
                    let begun = Instant::now();
                    assert_eq!(search(&Config::default), None, "by {name}");
                    println!("{name}: {:.1?}", begun.elapsed());
                }
            });
        }
    });
}

#[test]
fn host_that_does_not_compare() {
    let manners = Manners { compares: false, ..Manners::default() };
    found("apply without expected", &["I1"], &by_edits, || Config { manners, ..Config::default() });
}

#[test]
fn host_that_only_says_applied() {
    found("apply without effect", &["I1", "I2"], &by_cases, host(HostFault::AppliesNothing));
}

#[test]
fn host_that_is_always_stale() {
    found("always stale", &["I2", "I9"], &by_cases, host(HostFault::AlwaysStale));
}

#[test]
fn host_that_gives_old_content_as_new() {
    found("old body, new revision", &["I1", "I2", "I3"], &by_cases, host(HostFault::OldBodies));
}

#[test]
fn host_that_forgets_its_flags() {
    let forgetful = || Config { manners: Manners { flag: false, ..Manners::default() }, ..Config::default() };
    found("no flag and no reconcile at the first sync", &["I1", "I2"], &by_unflagged, forgetful);
}

/// A kill inside `queue_change` of a host without flags that never reconciles: the edit stays unnoticed.
fn by_unflagged(config: &dyn Fn() -> Config) -> Hit {
    let mut world: World = synced(config());
    world.host(0).change(&id("a"), Action::Put);
    let violations = outcome(&mut world, Settle::Local);
    (!violations.is_empty()).then(|| ("an edit that nobody queued".into(), violations))
}

#[test]
fn state_that_drops_a_write() {
    found("state drops every third write", &["I", "NoFalse"], &by_cases, state(StateFault::DropsThird));
}

#[test]
fn state_that_tears_a_batch() {
    found("state tears a batch when killed", &["I", "NoFalse"], &by_kills, state(StateFault::Tears));
}

#[test]
fn state_that_forgets_its_removals() {
    found("state keeps what was removed", &["I"], &by_cases, state(StateFault::KeepsRemoved));
}

#[test]
fn drive_that_loses_documents() {
    found("put of a document without effect", &["I6", "I9", "I2", "I1"], &by_cases, drive(DriveFault::LosesPut("docs/")));
}

#[test]
fn drive_that_loses_the_log() {
    found("put of the log without effect", &["I6", "I9", "I2"], &by_cases, drive(DriveFault::LosesPut("changes/")));
}

#[test]
fn drive_that_loses_the_head() {
    found("put of the head without effect", &["I2", "I9", "I1"], &by_cases, drive(DriveFault::LosesPut("meta.json")));
}

#[test]
fn drive_that_serves_an_old_head_for_ever() {
    found("stale meta.json for one client", &["I2", "I9", "I1"], &by_cases, drive(DriveFault::StaleFor(1, "meta.json")));
}

#[test]
fn drive_that_does_not_delete() {
    found("delete of a document without effect", &["I2", "I6", "I3", "I9"], &by_cases, drive(DriveFault::LosesDelete("docs/")));
}

#[test]
fn drive_that_tears_documents() {
    found("half a document", &["I9", "I3", "I2"], &by_cases, drive(DriveFault::Halves("docs/")));
}

#[test]
fn a_lock_that_is_ignored_is_no_fault() {
    let unlocked = drive(DriveFault::NoLock);
    let searches: [Searching<'_>; 3] = [&|c| by_cases_on("full", c), &by_edits, &|c| by_races_on("full", c)];
    for search in searches {
        assert_eq!(search(&unlocked), None, "on a drive with compare-and-swap, safety does not rest on the lock");
    }
}
