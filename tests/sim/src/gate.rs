//! The gate that every port call passes: it counts, injects, records.

use crate::{
    control::Control,
    faults::{Event, Fault},
    trace::Step,
};
use kitestring::{Error, ErrorKind, Result, Retry};
use std::{
    future::{Future, pending, poll_fn},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::Poll,
    time::Duration,
};

/// How long a slow call takes,
const SLOW: Duration = Duration::from_secs(50);
/// and how long an answer is awaited that never comes.
const LOST: Duration = Duration::from_secs(100);

/// The gate of one port of one incarnation of a client.
#[derive(Debug, Clone)]
pub struct Port {
    control: Arc<Control>,
    alive: Arc<AtomicBool>,
    seat: usize,
    name: &'static str,
}

impl Port {
    /// Makes a gate; nothing passes any more once `alive` is false.
    pub fn new(control: Arc<Control>, alive: Arc<AtomicBool>, seat: usize, name: &'static str) -> Self {
        Self { control, alive, seat, name }
    }

    /// Passes one call: counts it, injects what the source decides, records what happened.
    ///
    /// # Errors
    /// What `effect` answers, or the error of an injected failure: `unavailable` for the drive, `state` for
    /// the state, `application` for the host.
    pub async fn pass<T>(&self, call: &'static str, subject: String, effect: impl Future<Output = Result<T>>) -> Result<T> {
        self.pass_as(call, subject, |_| effect).await
    }

    /// Passes a call whose effect depends on the fault.
    ///
    /// # Errors
    /// As [`Port::pass`].
    pub async fn pass_as<T, F: Future<Output = Result<T>>>(
        &self,
        call: &'static str,
        subject: String,
        effect: impl FnOnce(Option<Fault>) -> F,
    ) -> Result<T> {
        self.gone().await;
        let (number, fault) = self.control.enter(self.seat, self.name, call, &subject);
        if self.control.yields() {
            give_way().await;
            self.gone().await;
        }
        if let Some(Event::Pause) = fault.and_then(|f| f.event(self.seat)) {
            self.control.strike(Event::Pause);
        }
        if fault == Some(Fault::Slow) {
            self.control.sleep(SLOW).await;
            self.gone().await;
        }
        poll_fn(|context| self.control.hold(context)).await;
        let at = self.control.now();
        let answer = if fault.is_none_or(Fault::has_effect) { Some(effect(fault).await) } else { None };
        let outcome = match &answer {
            None => "not done",
            Some(Ok(_)) => "ok",
            Some(Err(e)) => e.kind.code(),
        };
        let step = Step { number, at, seat: self.seat, port: self.name, call, subject: &subject, outcome, fault };
        self.control.record(&step);
        match (fault, answer) {
            (Some(Fault::FailBefore | Fault::FailAfter), _) => Err(self.failure(call)),
            (Some(Fault::LostReply), Some(_)) => {
                self.control.sleep(LOST).await;
                self.gone().await;
                Err(self.failure(call))
            }
            (Some(fault), _) if fault.event(self.seat).is_some_and(|e| e != Event::Pause) => {
                if let Some(event) = fault.event(self.seat) {
                    self.end(event);
                }
                pending().await
            }
            (_, Some(answer)) => answer,
            (fault, None) => Err(self.refusal(call, fault)),
        }
    }

    /// Lets the call stand still inside the drive, until the driver lets it go on.
    pub(crate) async fn stand_still(&self) {
        self.control.strike(Event::Pause);
        poll_fn(|context| self.control.hold(context)).await;
        self.gone().await;
    }

    /// Says what a call is about, if anybody wants to know.
    pub(crate) fn subject(&self, subject: impl FnOnce() -> String) -> String {
        if self.control.subjects() { subject() } else { String::new() }
    }

    fn refusal(&self, call: &'static str, fault: Option<Fault>) -> Error {
        let Some(kind) = fault.and_then(Fault::error) else { return self.failure(call) };
        let error = Error::new(kind, call, "injected by the simulator");
        if fault == Some(Fault::RateLimited) { error.with_retry(Retry::After(Duration::from_secs(7))) } else { error }
    }

    fn end(&self, event: Event) {
        if matches!(event, Event::Kill(_)) {
            self.alive.store(false, Relaxed);
        }
        self.control.strike(event);
    }

    async fn gone(&self) {
        if !self.alive.load(Relaxed) || self.control.is_halted() {
            pending::<()>().await;
        }
    }

    fn failure(&self, call: &'static str) -> Error {
        let kind = match self.name {
            "drive" => ErrorKind::Unavailable,
            "state" => ErrorKind::State,
            _ => ErrorKind::Application,
        };
        Error::new(kind, call, "injected by the simulator")
    }
}

/// Gives way once: the task is polled again at once, behind what was ready before it.
pub async fn give_way() {
    let mut given = false;
    poll_fn(|context| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
