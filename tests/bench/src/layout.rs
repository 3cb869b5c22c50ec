//! The layouts that are measured, by name, so that a child process can be told which one.

use crate::Result;
use kitestring::{JournalOptions, Layout, Strategy, server::classic::ClassicOptions};

/// A layout to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    /// The files of db-to-cloud.
    Classic,
    /// Our own files; none: the strategy that the drive can best serve.
    Journal(Option<Strategy>),
}

impl Measured {
    /// The journal with whatever strategy the drive can best serve.
    pub const JOURNAL: Self = Self::Journal(None);

    /// Returns what a client is opened with. Both are named here, so that a change of the default changes no row.
    pub fn layout(self) -> Layout {
        match self {
            Self::Classic => Layout::Classic(ClassicOptions::default()),
            Self::Journal(strategy) => Layout::Journal(JournalOptions { strategy, ..JournalOptions::default() }),
        }
    }

    /// Returns the name for rows, and for child processes, which choose no strategy.
    pub fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Journal(None) => "journal",
            Self::Journal(Some(strategy)) => strategy.code(),
        }
    }

    /// Reads the name of a layout.
    ///
    /// # Errors
    /// If there is no such layout.
    pub fn named(name: &str) -> Result<Self> {
        [Self::Classic, Self::JOURNAL].into_iter().find(|m| m.name() == name).ok_or_else(|| format!("no layout is called {name}").into())
    }
}
