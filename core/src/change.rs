//! Changes: what the host did, what the core asks it to do, and what it answers.

use crate::{Body, DocId, Revision};
use serde::{Deserialize, Serialize};

/// What happened to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It was written.
    Put,
    /// It was deleted.
    Delete,
}

/// A change that the host made to one of its documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which document.
    #[serde(rename = "_id")]
    pub id: DocId,
    /// The revision that the change made. A deletion carries a fresh one too.
    #[serde(rename = "_rev")]
    pub revision: Revision,
    /// What was done.
    pub action: Action,
}

/// A change from the drive that the host is asked to apply, if nothing changed meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Which document.
    pub id: DocId,
    /// The revision to store with it.
    pub revision: Revision,
    /// The new content; none means delete.
    pub body: Option<Body>,
    /// The revision that the core believes the host has; none means "you have none".
    pub expected: Option<Revision>,
}

/// The host's answer to one [`Incoming`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was applied, durably.
    Applied,
    /// The host's revision is not the expected one: nothing was done, and the core looks again.
    Stale,
    /// The host refuses this document, for the reason given: it is reported and tried again later.
    Rejected(String),
}
