//! After the faults: reopen what was killed, settle conflicts, and sync until nothing moves.

use crate::{eye, ghost::EditNo, invariants, run::Run, world::World};
use kitestring::{Action, Allow, Change, Conflict, ErrorKind, Report, Requests, Resolution, Revision, SyncOptions};
use std::{collections::BTreeSet, time::Duration};

/// Which side the users take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Settle {
    /// Always their own.
    Local,
    /// Always the drive's.
    Remote,
}

/// How recovery goes.
#[derive(Debug, Clone, Copy)]
pub struct Recovery {
    /// Which side the users take.
    pub settle: Settle,
    /// How many rounds of one sync per client may pass until all is quiet, the quiet one included.
    pub most_rounds: u64,
    /// How much time passes before each round: more than a lease, so that what the dead held is free.
    pub between: Duration,
    /// In how many of the first rounds a lock that somebody left may still keep others out.
    pub locked_rounds: u64,
    /// What the users agree to.
    pub allow: Allow,
}

impl Default for Recovery {
    fn default() -> Self {
        Self { settle: Settle::Local, most_rounds: 8, between: Duration::from_secs(150), locked_rounds: 0, allow: Allow::default() }
    }
}

/// How recovery went.
#[derive(Debug, Clone, Copy, Default)]
pub struct Recovered {
    /// How many rounds it took.
    pub rounds: u64,
    /// How many conflicts were shown.
    pub conflicts: u64,
}

impl Recovery {
    /// Recovers, and notes a violation of `I9 Liveness` or `I10 BoundedWork` if it does not work out.
    pub fn run(&self, world: &mut World) -> Recovered {
        let mut recovered = Recovered::default();
        let mut last = String::new();
        for round in 1..=self.most_rounds {
            world.clock.pass(self.between);
            world.control.note(|| format!("round {round}"));
            recovered.rounds = round;
            let mut quiet = true;
            for seat in 0..world.seats.len() {
                match self.visit(world, seat, round, &mut recovered) {
                    None => {}
                    Some(Moved(what)) => {
                        last = format!("c{}: {what}", seat + 1);
                        quiet = false;
                    }
                }
            }
            if quiet {
                return recovered;
            }
        }
        let rounds = self.most_rounds;
        world.ghost.violated(format!("I9 Liveness: not quiet after {rounds} rounds ({last})"));
        recovered
    }

    fn visit(&self, world: &mut World, seat: usize, round: u64, recovered: &mut Recovered) -> Option<Moved> {
        let reopened = !world.is_open(seat);
        if reopened {
            expect(world, seat, "open", |w| w.open(seat))?;
        }
        expect(world, seat, "queue_change", |w| w.pay(seat));
        world.control.take_requests(seat);
        // A host without flags must look for itself after its process was killed.
        let due = world.seat(seat).reconcile_due;
        let options = SyncOptions { reconcile: reopened || due, allow: self.allow, ..SyncOptions::default() };
        let run = world.sync(seat, options);
        if round <= self.locked_rounds && matches!(&run, Run::Done(Err(e)) if matches!(e.kind, ErrorKind::Locked { .. })) {
            return Some(Moved("it was locked out".into()));
        }
        world.seat(seat).reconcile_due = due && !run.is_well();
        let report = expect(world, seat, "sync", |_| run);
        let requests = world.control.take_requests(seat);
        let report = match report {
            Some(report) => report,
            None => return Some(Moved("its sync failed".into())),
        };
        if report.requests != requests {
            world.ghost.violated(format!("I10 BoundedWork: c{} reports {:?} but made {requests:?}", seat + 1, report.requests));
        }
        let conflicts = self.settle_all(world, seat);
        recovered.conflicts += conflicts;
        if conflicts > 0 { Some(Moved(format!("{conflicts} conflicts"))) } else { moved(world, seat, report, requests) }
    }

    fn settle_all(&self, world: &mut World, seat: usize) -> u64 {
        let conflicts = expect(world, seat, "conflicts", |w| w.conflicts(seat)).unwrap_or_default();
        for conflict in &conflicts {
            if let Some(versions) = expect(world, seat, "versions", |w| w.versions(seat, conflict.id.clone())) {
                invariants::check_conflict(world, seat, conflict, &versions);
            }
            let resolution = match self.settle {
                Settle::Local => Resolution::KeepLocal,
                Settle::Remote => Resolution::TakeRemote,
            };
            let run = resolve(world, seat, conflict, resolution);
            if !matches!(&run, Run::Done(Err(e)) if e.kind == ErrorKind::Condition) && !run.is_well() {
                world.ghost.violated(format!("I9 Liveness: resolve of c{} ends with {}", seat + 1, run.word()));
            }
        }
        conflicts.len() as u64
    }
}

/// Settles a conflict and tells the ghost history that the one side was chosen with the other in view.
pub fn resolve(world: &mut World, seat: usize, conflict: &Conflict, resolution: Resolution) -> Run<()> {
    let chosen = chosen(world, seat, conflict, &resolution);
    let started = world.start_resolve(seat, conflict.clone(), resolution);
    let run = world.go_on(&started);
    if run.is_well() {
        world.ghost.supersede(&chosen.0, &chosen.1, true);
    }
    run
}

/// The edits that a resolution gives up, and those that it keeps.
pub type Chosen = (BTreeSet<EditNo>, BTreeSet<EditNo>);

/// Tells the ghost history that a resolution may take place: which side is chosen with the other in view.
/// Once it has returned well, the caller says so with [`Ghost::supersede`](crate::Ghost::supersede).
pub fn chosen(world: &World, seat: usize, conflict: &Conflict, resolution: &Resolution) -> Chosen {
    let remote = world.ghost.remote_side(conflict);
    let local: BTreeSet<_> = match &conflict.local {
        Some(side) => world.ghost.edits_of(&conflict.id, &side.revision),
        None => world.host(seat).seen(&conflict.id),
    };
    if conflict.remote.is_none() || world.ghost.any_unannounced(seat, &remote) || !eye::decisions_are_seen(world) {
        world.ghost.chose_vaguely(&conflict.id);
    }
    if !matches!(resolution, Resolution::TakeRemote) {
        world.ghost.chose_own(seat, &local, &remote);
    }
    let chosen = match resolution {
        Resolution::TakeRemote => (local, remote),
        Resolution::KeepLocal | Resolution::Merged { .. } => (remote, local),
    };
    world.ghost.decided(&conflict.id, &chosen.0, &chosen.1);
    world.ghost.supersede(&chosen.0, &chosen.1, false);
    chosen
}

/// Why a round was not quiet.
struct Moved(String);

fn moved(world: &mut World, seat: usize, mut report: Report, requests: Requests) -> Option<Moved> {
    report.skipped.retain(|s| !world.ghost.doubts(&s.id).is_some_and(|d| d.diverges));
    touch(world, seat, &report);
    let still = report.pushed + report.pulled + report.deleted == 0 && report.skipped.is_empty();
    let idle = eye::is_idle(world, requests);
    let Report { pushed, pulled, deleted, skipped, .. } = &report;
    (!still || !idle).then(|| Moved(format!("pushed {pushed}, pulled {pulled}, deleted {deleted}, skipped {skipped:?}, {requests:?}")))
}

/// Lets the user touch what the drive has refused: it is tried again then.
fn touch(world: &mut World, seat: usize, report: &Report) {
    for skipped in report.skipped.iter().filter(|s| s.why.starts_with("it cannot be stored on the drive")) {
        let revision = world.host(seat).revision(&skipped.id);
        let action = if revision.is_some() { Action::Put } else { Action::Delete };
        let revision = revision.unwrap_or_else(|| Revision::new("touched"));
        world.queue(seat, Change { id: skipped.id.clone(), revision, action });
    }
}

/// Makes a call that must end well now that the faults are over.
fn expect<T>(world: &mut World, seat: usize, call: &str, make: impl FnOnce(&mut World) -> Run<T>) -> Option<T> {
    match make(world) {
        Run::Done(Ok(value)) => Some(value),
        run => {
            world.ghost.violated(format!("I9 Liveness: {call} of c{} ends with {}", seat + 1, run.word()));
            None
        }
    }
}
