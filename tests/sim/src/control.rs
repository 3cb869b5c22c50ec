//! The step counter, the source of faults, the trace, and the word from a fault to the executor.

use crate::{
    executor::TaskId,
    faults::{Call, Event, Fault, FaultSource},
    runtime::Clock,
    trace::{Step, Trace},
};
use kitestring::Requests;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

/// The step counter, the source of faults, the trace, and the word from a fault to the executor.
pub struct Control {
    clock: Arc<Clock>,
    inner: Mutex<Inner>,
}

struct Inner {
    step: u64,
    source: Option<Box<dyn FaultSource>>,
    struck: Option<(u64, String)>,
    trace: Trace,
    event: Option<Event>,
    halted: bool,
    paused: BTreeSet<TaskId>,
    waiting: Vec<Waker>,
    polling: TaskId,
    yields: bool,
    subjects: bool,
    requests: BTreeMap<usize, Requests>,
    effects: Vec<bool>,
}

impl Control {
    /// Makes a control without faults. With `yields`, every port call gives way once before its effect.
    pub fn new(clock: Arc<Clock>, keep_lines: bool, yields: bool) -> Self {
        let inner = Inner {
            step: 0,
            source: None,
            struck: None,
            trace: Trace::new(keep_lines),
            event: None,
            halted: false,
            paused: BTreeSet::new(),
            waiting: Vec::new(),
            polling: 0,
            yields,
            subjects: true,
            requests: BTreeMap::new(),
            effects: Vec::new(),
        };
        Self { clock, inner: Mutex::new(inner) }
    }

    /// Leaves out what calls are about, and with it the hash: faster.
    pub fn leave_out_subjects(&self) {
        self.inner().subjects = false;
    }

    /// Counts steps from 0 again and asks `source` from now on.
    pub fn arm(&self, source: Option<Box<dyn FaultSource>>) {
        let mut inner = self.inner();
        inner.step = 0;
        inner.effects.clear();
        inner.struck = None;
        inner.source = source;
    }

    /// Injects nothing any more.
    pub fn disarm(&self) {
        self.inner().source = None;
    }

    /// Returns how many steps were made since [`Control::arm`].
    pub fn steps(&self) -> u64 {
        self.inner().step
    }

    /// Returns, for each step since [`Control::arm`], whether the call could change anything.
    pub fn effects(&self) -> Vec<bool> {
        self.inner().effects.clone()
    }

    /// Returns the step of the last fault and what it hit; none if none struck since [`Control::arm`] or
    /// [`Control::take_struck`].
    pub fn struck(&self) -> Option<(u64, String)> {
        self.inner().struck.clone()
    }

    /// Whether a fault struck since this was last asked.
    pub fn take_struck(&self) -> bool {
        self.inner().struck.take().is_some()
    }

    /// Returns and forgets how many requests this seat made on the drive.
    pub fn take_requests(&self, seat: usize) -> Requests {
        self.inner().requests.remove(&seat).unwrap_or_default()
    }

    /// Writes a line of the driver into the trace.
    pub fn note(&self, line: impl FnOnce() -> String) {
        self.inner().trace.note(line);
    }

    /// Returns a copy of the trace.
    pub fn trace(&self) -> Trace {
        self.inner().trace.clone()
    }

    pub(crate) fn polling(&self, task: TaskId) {
        self.inner().polling = task;
    }

    pub(crate) fn take_event(&self) -> Option<Event> {
        let mut inner = self.inner();
        inner.halted = false;
        inner.event.take()
    }

    pub(crate) fn resume(&self, task: TaskId) {
        let mut inner = self.inner();
        inner.paused.remove(&task);
        let waiting = std::mem::take(&mut inner.waiting);
        drop(inner);
        waiting.iter().for_each(Waker::wake_by_ref);
    }

    pub(crate) fn enter(&self, seat: usize, port: &'static str, call: &'static str, subject: &str) -> (u64, Option<Fault>) {
        let mut inner = self.inner();
        let step = inner.step;
        inner.step += 1;
        inner.effects.push(matches!(call, "put" | "delete" | "write" | "apply" | "committed"));
        let fault = inner.source.as_mut().and_then(|s| s.decide(&Call { step, seat, port, call, subject }));
        if let Some(fault) = fault {
            inner.struck = Some((step, format!("c{} {port} {call} {subject} !{fault}", seat + 1)));
        }
        if port == "drive" {
            count(inner.requests.entry(seat).or_default(), call);
        }
        (step, fault)
    }

    pub(crate) fn strike(&self, event: Event) {
        let mut inner = self.inner();
        inner.event = Some(event);
        match event {
            Event::Pause => {
                let task = inner.polling;
                inner.paused.insert(task);
            }
            Event::Kill(_) | Event::Cancel => inner.halted = true,
        }
    }

    pub(crate) fn subjects(&self) -> bool {
        self.inner().subjects
    }

    pub(crate) async fn sleep(&self, duration: Duration) {
        crate::runtime::sleep(&self.clock, duration).await;
    }

    /// Forgets that a task stands still: it is gone.
    pub(crate) fn forget(&self, task: TaskId) {
        self.inner().paused.remove(&task);
    }

    pub(crate) fn yields(&self) -> bool {
        self.inner().yields
    }

    /// Whether a kill or a cancel struck in this very poll: nothing that it still does counts.
    pub(crate) fn is_halted(&self) -> bool {
        self.inner().halted
    }

    pub(crate) fn is_paused(&self) -> bool {
        !self.inner().paused.is_empty()
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.now()
    }

    pub(crate) fn record(&self, step: &Step<'_>) {
        let mut inner = self.inner();
        if inner.subjects {
            inner.trace.step(step);
        }
    }

    /// Holds the calls of a paused task.
    pub(crate) fn hold(&self, context: &Context<'_>) -> Poll<()> {
        let mut inner = self.inner();
        if !inner.paused.contains(&inner.polling) {
            return Poll::Ready(());
        }
        inner.waiting.push(context.waker().clone());
        Poll::Pending
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Control(step {})", self.steps())
    }
}

fn count(requests: &mut Requests, call: &str) {
    match call {
        "get" | "changed_since" => requests.get += 1,
        "put" => requests.put += 1,
        "delete" => requests.delete += 1,
        _ => requests.list += 1,
    }
}
