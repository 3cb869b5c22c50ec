//! A call of a client, and how it ended.

use crate::executor::TaskId;
use kitestring::Result;
use std::sync::{Arc, Mutex};

/// A call of a client that is under way.
#[derive(Debug)]
pub struct Started<T> {
    /// The task that runs it.
    pub task: TaskId,
    pub(crate) seat: usize,
    pub(crate) kind: Kind,
    pub(crate) slot: Arc<Mutex<Option<Result<T>>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It settles no apply: `queue_change`, `conflicts`, `reconcile`.
    Light,
    Other,
}

/// How a call of a client ended.
#[derive(Debug)]
pub enum Run<T> {
    /// It returned.
    Done(Result<T>),
    /// A fault killed a client: this one's call is gone if it is the one that made the call.
    Killed(usize),
    /// A fault dropped the call.
    Cancelled,
    /// A pause fault holds it or something that it waits for, or the polls given are used up;
    /// [`crate::World::go_on`] continues.
    Paused,
    /// It can never end: nothing is ready and no timer waits.
    Deadlock,
    /// It went on and on.
    Livelock,
}

impl<T> Run<T> {
    /// Whether it returned well.
    pub fn is_well(&self) -> bool {
        matches!(self, Self::Done(Ok(_)))
    }

    /// Says in a few words how it ended.
    pub fn word(&self) -> String {
        match self {
            Self::Done(Ok(_)) => "ok".into(),
            Self::Done(Err(e)) => format!("{} ({e})", e.kind.code()),
            Self::Killed(seat) => format!("c{} killed", seat + 1),
            Self::Cancelled => "cancelled".into(),
            Self::Paused => "paused".into(),
            Self::Deadlock => "deadlock".into(),
            Self::Livelock => "livelock".into(),
        }
    }
}
