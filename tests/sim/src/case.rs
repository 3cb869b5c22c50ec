//! One small scenario with at most one fault: the unit of the exhaustive driver, and what a replay names.

mod name;
mod tier;

pub use tier::Tier;

use crate::{
    config::Config,
    excuses, eye,
    faults::{At, Fault},
    host::Documents,
    invariants,
    recovery::{Recovery, Settle},
    run::Run,
    trace::Trace,
    world::World,
};
use kitestring::{Action, DocId, ErrorKind, SyncOptions};

/// Where the scenario begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Start {
    /// Nothing anywhere, and both clients are open.
    Empty,
    /// Both clients have synced the document `a`.
    Synced,
}

/// An operation of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Op {
    /// By which client, from 0.
    pub seat: usize,
    /// On which document: `a` or `b`.
    pub document: char,
    /// What is done.
    pub action: OpAction,
}

/// What a user does to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OpAction {
    /// Writes it.
    Edit,
    /// Deletes it.
    Delete,
}

/// Where a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strike {
    /// At which step, counted from the first operation.
    pub step: u64,
    /// What happens there.
    pub fault: Fault,
    /// Whether a killed client is reopened only after the others had their syncs.
    pub late: bool,
}

/// A scenario: `tier/start/operations/settle/step/fault`, for example
/// `full/synced/e1a,d2a/local/58/fail-after`, or `.../local/-` without a fault.
///
/// The operations come first, each with `queue_change`; then the clients 1, 2, 1, 2 sync. An operation is
/// `e` (edit) or `d` (delete), the client, the document; `+` in front of one puts it after the first two syncs.
/// A kill may end in `-late`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The layout, and what the drive can do.
    pub tier: Tier,
    /// Where it begins.
    pub start: Start,
    /// What the users do before the first sync.
    pub ops: Vec<Op>,
    /// What they do after each client has synced once.
    pub later: Vec<Op>,
    /// How they settle conflicts.
    pub settle: Settle,
    /// The fault.
    pub strike: Option<Strike>,
}

/// How a case went.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Steps from the first operation to the end of the scheduled syncs.
    pub steps: u64,
    /// Which of these could change anything.
    pub effects: Vec<bool>,
    /// What the hosts hold in the end.
    pub documents: Documents,
    /// How many conflicts were shown.
    pub conflicts: u64,
    /// How many rounds recovery took.
    pub rounds: u64,
    /// What did not hold.
    pub violations: Vec<String>,
    /// What happened.
    pub trace: Trace,
}

impl Op {
    /// Every operation of two clients on two documents.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for seat in 0..2 {
            for document in ['a', 'b'] {
                all.extend([OpAction::Edit, OpAction::Delete].map(|action| Self { seat, document, action }));
            }
        }
        all
    }
}

impl Case {
    /// Whether two clients change the same document: only then may they meet in a conflict.
    pub fn is_contended(&self) -> bool {
        let ops = || self.ops.iter().chain(&self.later);
        ops().any(|a| ops().any(|b| a.document == b.document && a.seat != b.seat))
    }

    /// Returns the settings of the world that the case needs.
    pub fn config(&self) -> Config {
        self.tier.of(Config::default())
    }

    /// Runs the case.
    ///
    /// # Errors
    /// One sentence, if the scenario fails before its first operation.
    pub fn run(&self, config: Config) -> Result<Outcome, String> {
        let mut world = World::new(config);
        self.begin(&mut world)?;
        world.arm(self.strike.map(|s| Box::new(At(s.step, s.fault)) as _));
        for op in &self.ops {
            self.operate(&mut world, *op);
        }
        for turn in 0..4 {
            if turn == 2 {
                self.later.iter().for_each(|op| self.operate(&mut world, *op));
            }
            self.sync(&mut world, turn % 2);
        }
        let steps = world.control.steps();
        let mut effects = world.control.effects();
        effects.truncate(usize::try_from(steps).unwrap_or(usize::MAX));
        world.control.disarm();
        world.drive.clear_up();
        // A client that died in its last sync has a lock that the other has not seen before.
        let many = self.ops.len() + self.later.len() > 2;
        let locked_rounds = u64::from(many && self.strike.is_some() && !self.tier.is_journal());
        let recovered = Recovery { settle: self.settle, locked_rounds, ..Recovery::default() }.run(&mut world);
        finish(&mut world);
        Ok(Outcome {
            steps,
            effects,
            documents: world.host(0).documents(),
            conflicts: recovered.conflicts,
            rounds: recovered.rounds,
            violations: world.ghost.violations(),
            trace: world.control.trace(),
        })
    }

    /// Returns the line that replays this case.
    pub fn replay(&self) -> String {
        format!("KITE_SIM_CASE={self} cargo test -p kitestring-sim replay -- --nocapture")
    }

    fn begin(&self, world: &mut World) -> Result<(), String> {
        world.drive.clear_up();
        for seat in 0..2 {
            must(world.open(seat), "open")?;
        }
        if self.start == Start::Synced {
            must(world.change(0, &document('a')?, Action::Put), "queue_change")?;
            must(world.sync(0, SyncOptions::default()), "sync")?;
            must(world.sync(1, SyncOptions::default()), "sync")?;
        }
        world.drive.cloud_over();
        Ok(())
    }

    fn operate(&self, world: &mut World, op: Op) {
        let Ok(id) = document(op.document) else { return };
        let action = match op.action {
            OpAction::Edit => Action::Put,
            OpAction::Delete => Action::Delete,
        };
        let run = world.change(op.seat, &id, action);
        self.judge(world, op.seat, "queue_change", &run);
    }

    fn sync(&self, world: &mut World, seat: usize) {
        if !world.is_open(seat) {
            return;
        }
        let run = world.sync(seat, SyncOptions::default());
        self.judge(world, seat, "sync", &run);
        eye::check_reachable(world, &format!("after a sync of c{}", seat + 1), false);
    }

    /// Only a call that the fault struck may fail; a lock that it left behind may keep others out for a while.
    fn judge<T>(&self, world: &mut World, seat: usize, call: &str, run: &Run<T>) {
        let struck_now = world.control.take_struck();
        let locked = matches!(run, Run::Done(Err(e)) if matches!(e.kind, ErrorKind::Locked { .. }) && !self.tier.is_journal());
        let closed = matches!(run, Run::Done(Err(e)) if e.kind == ErrorKind::Cancelled) && !world.is_open(seat);
        if !(run.is_well() || struck_now || closed || locked && self.strike.is_some()) {
            world.ghost.violated(format!("I9 Liveness: {call} of c{} ends with {} without a fault", seat + 1, run.word()));
        }
        if matches!(run, Run::Killed(_)) && !self.strike.is_some_and(|s| s.late) {
            let reopened = world.open(seat);
            if !reopened.is_well() {
                world.ghost.violated(format!("I9 Liveness: open of c{} ends with {}", seat + 1, reopened.word()));
            }
        }
    }
}

/// Checks what must hold in the end, with a new client that knows nothing but the drive.
pub fn finish(world: &mut World) {
    eye::check_reachable(world, "in the end", true);
    let seats: Vec<usize> = (0..world.seats.len()).collect();
    seats.iter().for_each(|s| invariants::check_committed(world, *s));
    let newcomer = world.add_seat();
    let opened = world.open(newcomer);
    let synced = world.sync(newcomer, SyncOptions::default());
    if !opened.is_well() || !synced.is_well() {
        world.ghost.violated(format!("I9 Liveness: a newcomer cannot join: {}, {}", opened.word(), synced.word()));
    }
    if world.config.is_journal() && world.config.lenient {
        let started = world.start_call(newcomer, |client| async move { client.left_versions().await });
        if let Run::Done(Ok(left)) = world.go_on(&started) {
            excuses::journal::left(world, &left);
        }
    }
    let seats: Vec<usize> = (0..=newcomer).collect();
    invariants::check_quiet(world, &seats, &[]);
}

fn must<T>(run: Run<T>, call: &str) -> Result<(), String> {
    if run.is_well() { Ok(()) } else { Err(format!("the scenario cannot begin: {call} ends with {}", run.word())) }
}

fn document(name: char) -> Result<DocId, String> {
    DocId::new(name.to_string()).map_err(|e| e.to_string())
}
