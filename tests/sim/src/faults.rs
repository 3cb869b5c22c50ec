//! Faults, and who decides about them.

use kitestring::ErrorKind;
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
    /// The drive asks for fewer requests; no effect.
    RateLimited,
    /// The drive refuses the credentials; no effect.
    Unauthorized,
    /// The drive has no space left; no effect.
    Full,
    /// The drive refuses the name of a document; no effect.
    Refused,
    /// The write has its effect, and a repetition of it meets that and is refused.
    Echo,
    /// The write fails, and has its effect later, when the driver says so.
    Late,
    /// The write has its effect now and once more later, when the driver says so.
    Twice,
    /// The write has its effect; its answer is awaited for 100 seconds and never comes.
    LostReply,
    /// The call takes 50 seconds.
    Slow,
    /// The reader meets half of the file: an old client is writing it in place.
    Torn,
    /// The drive has forgotten where the listing was.
    OldCursor,
    /// The drive does not look at the condition that it claims to honour.
    Unconditional,
    /// The drive looks at the condition when the request arrives, and writes later, without looking again: the call
    /// stands still in between.
    Racy,
}

/// Which calls a fault can hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Any,
    Drive,
    Get,
    Write,
    Document,
    Page,
}

impl Fault {
    /// Every fault that ends or spoils a call, in the order of the names.
    pub const ALL: [Self; 6] =
        [Self::FailBefore, Self::FailAfter, Self::KillBefore, Self::KillAfter, Self::CancelBefore, Self::CancelAfter];

    /// Those that only a random schedule injects, in either layout.
    pub const MORE: [Self; 12] = [
        Self::RateLimited,
        Self::Unauthorized,
        Self::Full,
        Self::Refused,
        Self::Echo,
        Self::Late,
        Self::Twice,
        Self::LostReply,
        Self::Slow,
        Self::Torn,
        Self::OldCursor,
        Self::Unconditional,
    ];

    /// Returns those that the random schedules of the classic layout inject. Seeds draw from them in this order.
    pub fn classic() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().chain([Self::Pause]).chain(Self::MORE)
    }

    /// Returns those that the random schedules of the journal inject: it names its files itself, so that none is refused.
    pub fn journal() -> impl Iterator<Item = Self> {
        Self::every().filter(|fault| *fault != Self::Refused)
    }

    /// Returns every fault there is.
    pub fn every() -> impl Iterator<Item = Self> {
        Self::classic().chain([Self::Racy])
    }

    /// Returns the name that a case has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::RateLimited => "rate-limited",
            Self::Unauthorized => "unauthorized",
            Self::Full => "full",
            Self::Refused => "refused",
            Self::Echo => "echo",
            Self::Late => "late",
            Self::Twice => "twice",
            Self::LostReply => "lost-reply",
            Self::Slow => "slow",
            Self::Torn => "torn",
            Self::OldCursor => "old-cursor",
            Self::Unconditional => "unconditional",
            Self::Racy => "racy",
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
        !matches!(
            self,
            Self::FailBefore
                | Self::KillBefore
                | Self::CancelBefore
                | Self::RateLimited
                | Self::Unauthorized
                | Self::Full
                | Self::OldCursor
        )
    }

    /// Whether the fault can hit this call.
    pub fn can_hit(self, call: &Call<'_>) -> bool {
        let drive = call.port == "drive";
        let write = drive && matches!(call.call, "put" | "delete");
        match self.scope() {
            Scope::Any => true,
            Scope::Drive => drive,
            Scope::Get => drive && call.call == "get",
            Scope::Write => write,
            Scope::Document => drive && call.call == "put" && call.subject.starts_with("docs/"),
            Scope::Page => call.call == "list" && call.subject.contains(" after "),
        }
    }

    fn scope(self) -> Scope {
        match self {
            Self::RateLimited | Self::Unauthorized | Self::Slow => Scope::Drive,
            Self::Full | Self::Echo | Self::Late | Self::Twice | Self::LostReply | Self::Unconditional | Self::Racy => Scope::Write,
            Self::Refused => Scope::Document,
            Self::Torn => Scope::Get,
            Self::OldCursor => Scope::Page,
            _ => Scope::Any,
        }
    }

    /// The error that the caller sees instead of an answer; none if it is the usual one of the port, or none at all.
    pub(crate) fn error(self) -> Option<ErrorKind> {
        match self {
            Self::RateLimited => Some(ErrorKind::RateLimited),
            Self::Unauthorized => Some(ErrorKind::Unauthorized),
            Self::Full => Some(ErrorKind::QuotaExceeded),
            Self::OldCursor => Some(ErrorKind::Condition),
            _ => None,
        }
    }

    pub(crate) fn event(self, seat: usize) -> Option<Event> {
        match self {
            Self::KillBefore | Self::KillAfter => Some(Event::Kill(seat)),
            Self::CancelBefore | Self::CancelAfter => Some(Event::Cancel),
            Self::Pause => Some(Event::Pause),
            _ => None,
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
