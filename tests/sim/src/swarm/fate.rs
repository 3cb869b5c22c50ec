//! Calls under way, and what becomes of them.

use super::{known, play::Play};
use crate::{
    excuses,
    ghost::EditNo,
    recovery::Chosen,
    run::{Run, Started},
};
use kitestring::{Change, Error, ErrorKind, Reconciled, Report};
use std::collections::BTreeSet;

/// A call under way.
pub(super) struct Flying {
    pub seat: usize,
    pub call: Call,
    /// How many faults had struck the device when it began.
    pub hits: u64,
    /// Whether the device did nothing else, and nobody else did anything.
    pub alone: bool,
    /// Whether no document was changed without a word since it began.
    pub silence: bool,
    /// How many changes the host had applied when it began; none if the drive was put back since.
    pub applied: Option<u64>,
}

pub(super) enum Call {
    Sync {
        run: Started<Report>,
        dry: bool,
        reconciles: bool,
    },
    Queue {
        run: Started<()>,
        change: Change,
    },
    Reconcile {
        run: Started<Reconciled>,
    },
    Compact {
        run: Started<bool>,
    },
    Resolve {
        run: Started<()>,
        chosen: Chosen,
        merged: Option<EditNo>,
    },
    /// Who can open the vault is changed; `may_refuse` if that may be impossible.
    Keys {
        run: Started<()>,
        may_refuse: bool,
    },
}

/// How a call ended, whatever it would have answered.
enum End {
    Well,
    Failed(Error),
    /// It was dropped.
    Dropped,
    Stuck(String),
}

impl Play<'_> {
    /// Goes on with a call until it ends or stands still; gives it back then.
    pub(super) fn go_on(&mut self, mut flying: Flying) -> Option<Flying> {
        loop {
            let end = match &mut flying.call {
                Call::Sync { run, .. } => match self.world.go_on(run) {
                    Run::Done(Ok(report)) => {
                        self.synced(&flying, report);
                        Run::Done(Ok(()))
                    }
                    run => plain(run),
                },
                Call::Queue { run, .. } | Call::Resolve { run, .. } | Call::Keys { run, .. } => plain(self.world.go_on(run)),
                Call::Reconcile { run } => plain(self.world.go_on(run)),
                Call::Compact { run } => plain(self.world.go_on(run)),
            };
            let end = match end {
                Run::Killed(seat) => {
                    self.killed(seat);
                    if seat != flying.seat {
                        continue;
                    }
                    End::Dropped
                }
                Run::Paused => return Some(flying),
                Run::Done(Ok(())) => End::Well,
                Run::Done(Err(error)) => End::Failed(error),
                Run::Cancelled => End::Dropped,
                run @ (Run::Deadlock | Run::Livelock) => End::Stuck(run.word()),
            };
            self.ended(flying, end);
            return None;
        }
    }

    fn ended(&mut self, flying: Flying, end: End) {
        let word = match &end {
            End::Well => "ok",
            End::Failed(error) => error.kind.code(),
            End::Dropped => "dropped",
            End::Stuck(_) => "stuck",
        };
        self.tally.met("call", &format!("{} {word}", name(&flying.call)));
        let well = matches!(end, End::Well);
        if matches!(flying.call, Call::Compact { .. }) {
            self.deletes_behind(flying.seat, false);
        }
        match &flying.call {
            Call::Queue { change, .. } if !well && self.world.is_open(flying.seat) => self.world.owe(flying.seat, change.clone()),
            Call::Queue { change, .. } if !well => excuses::journal::untold(&self.world, flying.seat, &change.id),
            Call::Resolve { chosen, .. } if well => self.world.ghost.supersede(&chosen.0, &chosen.1, true),
            // What was merged and not remembered may be shown as a conflict once more.
            Call::Resolve { merged: Some(no), .. } => self.world.ghost.excuse(&BTreeSet::from([*no])),
            Call::Reconcile { .. } | Call::Sync { reconciles: true, dry: false, .. } if well && flying.silence => {
                self.world.seat(flying.seat).reconcile_due = false;
            }
            _ => {}
        }
        match end {
            End::Failed(error) => self.failed(&flying, &error),
            End::Stuck(word) => self.violated(format!("I9 Liveness: {} of c{} ends in a {word}", name(&flying.call), flying.seat + 1)),
            End::Well | End::Dropped => {}
        }
    }

    /// A call that no fault has struck must not fail, but for what others do and what the user is to be asked.
    fn failed(&mut self, flying: &Flying, error: &Error) {
        self.tally.met("error", error.kind.code());
        let struck = self.strikes.hits(flying.seat) > flying.hits;
        let alone = flying.alone && !struck;
        let journal = self.world.config.is_journal();
        self.is_untouched(flying, error);
        let expected = match error.kind {
            // Its user tries again.
            ErrorKind::Rollback { .. } if !self.rolled && known::is_cover_unseen(&self.world, error) => {
                self.tally.met("excuse", excuses::journal::COVER_UNSEEN);
                true
            }
            ErrorKind::Rollback { .. } | ErrorKind::VaultChanged => {
                self.agreed.insert(flying.seat);
                self.rolled
            }
            // Another device holds the lease, or has died with it.
            ErrorKind::Locked { .. } => !journal || matches!(flying.call, Call::Compact { .. }),
            ErrorKind::Unsupported if journal => known::is_capable(&self.world, flying.seat) == Some(false),
            ErrorKind::Cancelled => !self.world.is_open(flying.seat),
            ErrorKind::Condition | ErrorKind::NotFound => matches!(flying.call, Call::Resolve { .. }),
            ErrorKind::InvalidInput => matches!(flying.call, Call::Keys { may_refuse: true, .. }),
            ErrorKind::Internal => false,
            ErrorKind::WrongKey => struck,
            ErrorKind::Unavailable if error.subject() == Some("k") => struck || self.hides_keyrings(),
            // An old client writes in place, and a copy of a device takes its locks.
            ErrorKind::Corrupt => struck || !self.watched && !journal,
            _ => !alone,
        };
        if !expected {
            let name = name(&flying.call);
            self.violated(format!(
                "I9 Liveness: {name} of c{} ends with {} ({error}) without a reason",
                flying.seat + 1,
                error.kind.code()
            ));
        }
    }

    /// Who says that a vault is older than what it has seen, or that it cannot read it, has applied nothing of it.
    fn is_untouched(&self, flying: &Flying, error: &Error) {
        let refused = matches!(error.kind, ErrorKind::Rollback { .. } | ErrorKind::VaultChanged | ErrorKind::Unsupported);
        let touched = flying.applied.is_some_and(|applied| self.world.host(flying.seat).applied() != applied);
        if self.world.config.is_journal() && refused && touched {
            let (name, seat, code) = (name(&flying.call), flying.seat + 1, error.kind.code());
            self.violated(format!("Rollback: {name} of c{seat} ends with {code} and has applied something"));
        }
    }

    fn synced(&mut self, flying: &Flying, report: Report) {
        let (seat, requests) = (flying.seat, report.requests);
        let struck = self.strikes.hits(seat) > flying.hits;
        self.most(if flying.alone && !struck { "alone" } else { "among others" }, requests.total());
        let Call::Sync { dry, .. } = &flying.call else { return };
        if *dry && requests.put + requests.delete > 0 {
            self.violated(format!("a dry run of c{} writes: {requests:?}", seat + 1));
        }
        for skipped in &report.skipped {
            let why: String = skipped.why.split([':', ';', ',']).next().unwrap_or_default().to_owned();
            self.tally.met("skipped", &why);
        }
        // What was put back meanwhile is noticed by the next one.
        if !*dry && report.stopped.is_none() && flying.applied.is_some() {
            let agreed = self.agreed.contains(&seat);
            self.known.synced(&self.world, seat, agreed);
        }
        if !*dry {
            // Who went on without has forgotten what it had written, also where the deadline left the rest to the next one.
            if self.agreed.remove(&seat) && report.stopped.is_some() {
                self.known.forget(seat);
            }
            self.shown.insert(seat, report.conflicts);
        }
    }
}

fn plain<T>(run: Run<T>) -> Run<()> {
    match run {
        Run::Done(result) => Run::Done(result.map(drop)),
        Run::Killed(seat) => Run::Killed(seat),
        Run::Cancelled => Run::Cancelled,
        Run::Paused => Run::Paused,
        Run::Deadlock => Run::Deadlock,
        Run::Livelock => Run::Livelock,
    }
}

fn name(call: &Call) -> &'static str {
    match call {
        Call::Sync { dry: true, .. } => "dry",
        Call::Sync { .. } => "sync",
        Call::Queue { .. } => "queue_change",
        Call::Reconcile { .. } => "reconcile",
        Call::Compact { .. } => "compact",
        Call::Resolve { .. } => "resolve",
        Call::Keys { .. } => "keys",
    }
}
