//! Compactions, disturbed at every call by every fault, dropped at every await, and beside others that stand still at every
//! call: nothing is lost, nothing comes back, and nothing is left behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{Failures, id, outcome, synced, well};
use kitestring::{Action, Allow, SyncOptions};
use kitestring_sim::{
    Config, Fault, Run, World,
    case::Tier,
    recovery::Settle,
    swarm::{Look, Script, play, tidy},
};

/// Two documents of two devices.
const BEGINNING: &str = "c1 edit a; c1 sync; c2 sync; c2 edit b; c2 sync; c1 sync";
/// A checkpoint, and changes beyond it.
const FIRST: &str = "c1 compact; c2 edit a; c2 sync; c2 delete b; c2 sync; c1 sync";
/// A second one, so that there is something to delete, and changes beyond that.
const SECOND: &str = "c1 compact; c1 edit a; c1 sync; c2 sync; c2 edit x/y; c2 sync";

/// What is done, with every fault in place of `?`, at every call in place of `#`.
const DISTURBED: [(&str, &[&str], &str); 5] = [
    ("the first checkpoint", &[BEGINNING], "c1 compact !?@#"),
    ("a second one with deletions", &[BEGINNING, FIRST], "c2 edit a; c2 compact !?@#"),
    (
        "a third one, and then another's",
        &[BEGINNING, FIRST, SECOND],
        "c1 compact !?@#; c1 edit a; c1 sync; c2 compact; c2 wait 700; c2 compact",
    ),
    ("a device that joins", &[BEGINNING, FIRST, SECOND, "c1 compact"], "c3 edit b; c3 sync !?@#"),
    (
        "a device that returns",
        &["c1 edit a; c1 edit b; c1 sync; c3 sync; c3 edit b", BEGINNING, FIRST, SECOND, "c1 compact; c1 compact"],
        "c3 sync !?@#",
    ),
];

/// What is done beside a device that stands still at every call in place of `#`.
const STANDING: [(&str, &[&str], &str); 5] = [
    (
        "a compactor, while another compacts twice",
        &[BEGINNING, FIRST, SECOND],
        "c1 compact !pause@#; c2 compact; c2 wait 700; c2 compact; c2 edit a; c2 compact; c1 resume",
    ),
    (
        "a first compactor, while another compacts thrice",
        &[BEGINNING],
        "c1 compact !pause@#; c2 compact; c2 wait 700; c2 compact; c2 delete a; c2 compact; c2 edit b; c2 compact; c1 resume",
    ),
    (
        "a device that joins, while others compact",
        &[BEGINNING, FIRST, SECOND],
        "c3 sync !pause@#; c1 compact; c2 edit b; c2 compact; c1 compact; c3 resume; c3 sync",
    ),
    (
        "a device that returns, while others compact",
        &["c1 edit a; c1 edit b; c1 sync; c3 sync", BEGINNING, FIRST, SECOND],
        "c3 edit b; c3 sync !pause@#; c1 compact; c2 delete a; c2 compact; c1 compact; c3 resume; c3 sync",
    ),
    (
        "a push, while its author's records are compacted",
        &[BEGINNING, FIRST],
        "c2 edit b; c2 edit a; c2 sync !pause@#; c1 compact; c1 edit a; c1 compact; c1 compact; c2 resume",
    ),
];

/// Those that strike calls which compactions make.
const FAULTS: [Fault; 12] = [
    Fault::FailBefore,
    Fault::FailAfter,
    Fault::KillBefore,
    Fault::KillAfter,
    Fault::CancelBefore,
    Fault::CancelAfter,
    Fault::Echo,
    Fault::Late,
    Fault::Twice,
    Fault::LostReply,
    Fault::Torn,
    Fault::Full,
];

/// What devices keep: as ever, or next to nothing.
const KEEPS: [&str; 2] = ["", "history=0 deletions=365"];

/// Plays a script with each number in place of `#`, until the fault no longer strikes.
fn at_every_call(failures: &mut Failures, tier: Tier, keeps: &str, before: &[&str], events: &str) {
    // With an even seed the drive says that it is exact or consistent, where it is.
    let seeds: &[u64] = if tier == Tier::Late { &[1] } else { &[1, 2] };
    seeds.iter().for_each(|seed| at_every_call_of(failures, tier, *seed, keeps, before, events));
}

fn at_every_call_of(failures: &mut Failures, tier: Tier, seed: u64, keeps: &str, before: &[&str], events: &str) {
    for number in 0..300 {
        let events = events.replace('#', &number.to_string());
        let seats = "seat:-fd:1000:0 ".repeat(3);
        let text = format!("{tier} local seed={seed} page=1000 {keeps} {seats}; {}; {events}", before.join("; "));
        let script: Script = text.parse().unwrap();
        let verdict = play(&script, Look::default());
        failures.add(text, verdict.violations);
        if verdict.tally.all_of("fault") == 0 {
            return;
        }
    }
    panic!("it never ends: {events}");
}

fn disturbed(tier: Tier) {
    let mut failures = Failures::default();
    for (_, before, events) in DISTURBED {
        for fault in FAULTS {
            at_every_call(&mut failures, tier, KEEPS[0], before, &events.replace('?', fault.name()));
        }
    }
    failures.check(1500);
}

fn standing(tier: Tier) {
    let mut failures = Failures::default();
    for (_, before, events) in STANDING {
        KEEPS.iter().for_each(|keeps| at_every_call(&mut failures, tier, keeps, before, events));
    }
    failures.check(300);
}

/// A world in which the next compaction of the first device moves, takes over and deletes.
fn about_to_compact(tier: Tier) -> World {
    let mut world = synced(tier.of(Config { yields: true, ..Config::default() }));
    world.drive.clear_up();
    for (seat, document) in [(0, "a"), (1, "b"), (0, "a")] {
        well(world.change(seat, &id(document), Action::Put));
        let started = world.start_compact(seat, SyncOptions::default());
        assert!(well(world.go_on(&started)));
    }
    well(world.change(0, &id("b"), Action::Delete));
    world
}

fn dropped(tier: Tier) {
    let mut failures = Failures::default();
    for kill in [false, true] {
        for polls in 0.. {
            let mut world = about_to_compact(tier);
            let started = world.start_compact(0, SyncOptions::default());
            let ended = !matches!(world.go_on_for(&started, polls), Run::Paused);
            if !ended {
                world.cancel(&started);
            }
            if !ended && kill {
                world.kill(0);
            }
            let case = format!("{tier}: dropped after {polls} polls, kill {kill}");
            let mut bad = outcome(&mut world, Settle::Local);
            if bad.is_empty() {
                tidy::check(&mut world, Allow::default());
                bad = outcome(&mut world, Settle::Local);
            }
            failures.add(case, bad);
            if ended {
                break;
            }
        }
    }
    failures.check(40);
}

/// Makes of each function a test for each tier of the journal.
macro_rules! on_tiers {
    ($($name:ident)*) => {
        $(mod $name {
            use kitestring_sim::case::Tier;

            #[test]
            fn cas() {
                super::$name(Tier::Cas);
            }

            #[test]
            fn slots() {
                super::$name(Tier::Slots);
            }

            #[test]
            fn listing() {
                super::$name(Tier::Listing);
            }

            #[test]
            fn late() {
                super::$name(Tier::Late);
            }
        })*
    };
}
on_tiers! { disturbed standing dropped }
