//! Changes in both directions, and the host's answer.

use super::{document::Body, text};
use kitestring::{DocId, Error, Revision};

mirror! {
    /// What happened to a document.
    Action {
        /// It was written.
        Put,
        /// It was deleted.
        Delete
    }
}

/// A change that the host made to one of its documents.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Change {
    /// Which document.
    pub id: String,
    /// The revision that the change made. A deletion carries a fresh one too.
    pub revision: String,
    /// What was done.
    pub action: Action,
}

impl From<kitestring::Change> for Change {
    fn from(change: kitestring::Change) -> Self {
        Self { id: change.id.as_str().to_owned(), revision: text(&change.revision), action: change.action.into() }
    }
}

impl TryFrom<Change> for kitestring::Change {
    type Error = Error;
    fn try_from(change: Change) -> Result<Self, Error> {
        Ok(Self { id: DocId::new(change.id)?, revision: Revision::new(change.revision), action: change.action.into() })
    }
}

/// A change from the drive that the host is asked to apply, if nothing changed meanwhile.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Incoming {
    /// Which document.
    pub id: String,
    /// The revision to store with it.
    pub revision: String,
    /// The new content; none means delete.
    pub body: Option<Body>,
    /// The revision that the core believes the host has; none means "you have none".
    pub expected: Option<String>,
}

impl From<kitestring::Incoming> for Incoming {
    fn from(incoming: kitestring::Incoming) -> Self {
        Self {
            id: incoming.id.as_str().to_owned(),
            revision: text(&incoming.revision),
            body: incoming.body.map(Body::from),
            expected: incoming.expected.as_ref().map(text),
        }
    }
}

/// The host's answer to one incoming change.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Outcome {
    /// It was applied, durably.
    Applied,
    /// The host's revision is not the expected one: nothing was done.
    Stale,
    /// The host refuses this document.
    Rejected {
        /// Why, in one sentence.
        reason: String,
    },
}

impl From<Outcome> for kitestring::Outcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Applied => Self::Applied,
            Outcome::Stale => Self::Stale,
            Outcome::Rejected { reason } => Self::Rejected(reason),
        }
    }
}
