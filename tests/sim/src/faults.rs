//! Faults, and who decides about them.

use std::fmt;

/// What can be injected at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The call fails and has no effect.
    FailBefore,
    /// The call has its effect, and then fails: the ambiguous case.
    FailAfter,
    /// The process is gone before the effect.
    KillBefore,
    /// The process is gone after the effect, before it learns of it.
    KillAfter,
    /// The call of the client is dropped before the effect; the client lives on.
    CancelBefore,
    /// The call of the client is dropped after the effect; the client lives on.
    CancelAfter,
    /// The driver does something between the call and its effect.
    Pause,
}

impl Fault {
    /// Every fault that ends or spoils a call, in the order of the names.
    pub const ALL: [Self; 6] =
        [Self::FailBefore, Self::FailAfter, Self::KillBefore, Self::KillAfter, Self::CancelBefore, Self::CancelAfter];

    /// Returns the name that a case has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::FailBefore => "fail-before",
            Self::FailAfter => "fail-after",
            Self::KillBefore => "kill-before",
            Self::KillAfter => "kill-after",
            Self::CancelBefore => "cancel-before",
            Self::CancelAfter => "cancel-after",
            Self::Pause => "pause",
        }
    }

    /// Whether the process is gone.
    pub fn is_kill(self) -> bool {
        matches!(self, Self::KillBefore | Self::KillAfter)
    }

    /// Whether the call takes effect before the fault strikes. At a call that only reads, such a fault is the
    /// same as the one that strikes before.
    pub fn has_effect(self) -> bool {
        matches!(self, Self::FailAfter | Self::KillAfter | Self::CancelAfter | Self::Pause)
    }

    pub(crate) fn event(self, seat: usize) -> Option<Event> {
        match self {
            Self::KillBefore | Self::KillAfter => Some(Event::Kill(seat)),
            Self::CancelBefore | Self::CancelAfter => Some(Event::Cancel),
            Self::Pause => Some(Event::Pause),
            Self::FailBefore | Self::FailAfter => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A call that is about to be made.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The number of the step, counted from [`Control::arm`](crate::Control::arm).
    pub step: u64,
    /// Which client, from 0.
    pub seat: usize,
    /// Which port.
    pub port: &'static str,
    /// Which method.
    pub call: &'static str,
    /// What it is about.
    pub subject: &'a str,
}

/// Decides which fault, if any, hits a call. A source may keep state and draw from a seed.
pub trait FaultSource: Send {
    /// Decides about one call. It is asked once per step, in order.
    fn decide(&mut self, call: &Call<'_>) -> Option<Fault>;
}

/// One fault at one step.
#[derive(Debug, Clone, Copy)]
pub struct At(
    /// The step.
    pub u64,
    /// The fault.
    pub Fault,
);

impl FaultSource for At {
    fn decide(&mut self, call: &Call<'_>) -> Option<Fault> {
        (call.step == self.0).then_some(self.1)
    }
}

/// What a fault asks the executor to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Kill(usize),
    Cancel,
    Pause,
}
