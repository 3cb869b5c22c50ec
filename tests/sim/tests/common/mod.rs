//! What several tests build on.
#![allow(dead_code, reason = "each test uses a part")]

use kitestring::{Action, DocId, SyncOptions};
use kitestring_sim::{
    Config, Fault, FaultSource, Run, Started, World,
    case::finish,
    faults::Call,
    recovery::{Recovery, Settle},
};
use std::time::Duration;

/// Longer than a lease.
pub const LATE: Duration = Duration::from_secs(150);

pub fn id(text: &str) -> DocId {
    DocId::new(text).unwrap()
}

/// A world in which both clients are open and have synced the document `a`.
pub fn synced(config: Config) -> World {
    let mut world = World::new(config);
    world.drive.clear_up();
    well(world.open(0));
    well(world.open(1));
    well(world.change(0, &id("a"), Action::Put));
    sync(&mut world, 0);
    sync(&mut world, 1);
    world.drive.cloud_over();
    world
}

pub fn sync(world: &mut World, seat: usize) {
    well(world.sync(seat, SyncOptions::default()));
}

pub fn well<T>(run: Run<T>) -> T {
    match run {
        Run::Done(Ok(value)) => value,
        run => panic!("ends with {}", run.word()),
    }
}

/// Recovers, checks everything, and returns what does not hold.
pub fn outcome(world: &mut World, settle: Settle) -> Vec<String> {
    world.control.disarm();
    world.drive.clear_up();
    Recovery { settle, ..Recovery::default() }.run(world);
    finish(world);
    world.ghost.violations()
}

/// Pauses seat `seat` at its step `step`, counting its own steps only; then strikes it at a later one.
pub struct PauseAt {
    pub seat: usize,
    pub step: u64,
    pub then: Option<(u64, Fault)>,
}

impl FaultSource for PauseAt {
    fn decide(&mut self, call: &Call<'_>) -> Option<Fault> {
        if call.seat != self.seat {
            return None;
        }
        let now = self.step == 0;
        self.step = self.step.wrapping_sub(1);
        if now {
            return Some(Fault::Pause);
        }
        match &mut self.then {
            // Counting begins after the pause.
            Some((left, fault)) if self.step > u64::MAX / 2 => {
                let strike = (*left == 0).then_some(*fault);
                *left = left.wrapping_sub(1);
                strike
            }
            _ => None,
        }
    }
}

/// Lets the user change a document while a call of the same client is paused, and then lets both calls end.
pub fn edit_while_paused<T>(world: &mut World, seat: usize, paused: &Started<T>, (document, action): (&str, Action)) -> Run<T> {
    let place = world.control.struck().map(|(_, place)| place).unwrap_or_default();
    let change = world.host(seat).change(&id(document), action);
    let queued = world.start_queue(seat, change);
    let mut run = world.go_on(&queued);
    // A step of the state may stand inside the short turn in which queue entries are written; a step of the host
    // or of the drive never may.
    let waits = matches!(run, Run::Paused);
    assert!(!waits || place.contains(" state "), "queue_change waits for {place}");
    if let Run::Killed(who) = run {
        return Run::Killed(who);
    }
    world.resume(paused);
    let ended = world.go_on(paused);
    if waits && !matches!(ended, Run::Killed(_)) {
        run = world.go_on(&queued);
    }
    match run {
        Run::Killed(who) => Run::Killed(who),
        run if run.is_well() || matches!(ended, Run::Killed(_)) => ended,
        run => panic!("queue_change ends with {}", run.word()),
    }
}

/// Collects failures so that a test shows all kinds at once.
#[derive(Default)]
pub struct Failures {
    pub cases: u64,
    failed: Vec<(String, Vec<String>)>,
}

impl Failures {
    pub fn add(&mut self, case: String, violations: Vec<String>) {
        self.cases += 1;
        if !violations.is_empty() {
            self.failed.push((case, violations));
        }
    }

    pub fn any(&self) -> bool {
        !self.failed.is_empty()
    }

    pub fn check(self, floor: u64) {
        println!("{} cases, {} failures", self.cases, self.failed.len());
        for (case, violations) in self.failed.iter().take(15) {
            println!("{case}");
            violations.iter().for_each(|v| println!("    {v}"));
        }
        assert!(self.failed.is_empty(), "{} of {} cases fail", self.failed.len(), self.cases);
        assert!(self.cases >= floor, "only {} cases, {floor} are expected", self.cases);
    }
}
