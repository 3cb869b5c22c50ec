//! What an observer hears.

mirror! {
    /// What a sync is doing.
    Phase {
        /// Comparing the host's documents with what was last agreed.
        Scan,
        /// Reading the drive's log of changes.
        Read,
        /// Fetching documents and applying them to the host.
        Pull,
        /// Waiting for another client's lock.
        Wait,
        /// Writing documents to the drive.
        Push,
        /// Putting the drive in order.
        Compact
    }
}

mirror! {
    /// How important a line of the log is.
    Level {
        /// Every step.
        Debug,
        /// What a sync did.
        Info,
        /// Something was healed or left out.
        Warn
    }
}

/// How far a sync is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// How many documents are done in this phase.
    pub done: u64,
    /// Of how many, once it is known.
    pub total: Option<u64>,
}

impl From<kitestring::Progress> for Progress {
    fn from(progress: kitestring::Progress) -> Self {
        Self { phase: progress.phase.into(), done: progress.done, total: progress.total }
    }
}
