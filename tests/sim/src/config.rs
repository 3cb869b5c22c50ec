//! What a world is made of.

use crate::{drive::Listings, host::Manners};
use kitestring::{
    Application, Drive, Encryption, Layout, Log, State,
    drive::Capabilities,
    server::{
        classic::ClassicOptions,
        journal::{JournalOptions, Strategy},
    },
};
use std::{fmt, sync::Arc, time::Duration};

/// Puts something around a port of one seat: where planted faults go.
pub type Wrap<T> = Arc<dyn Fn(usize, Arc<T>) -> Arc<T> + Send + Sync>;

/// What a world is made of.
#[derive(Clone)]
pub struct Config {
    /// How many seats.
    pub seats: usize,
    /// What the drive can do.
    pub capabilities: Capabilities,
    /// The layout on the drive.
    pub layout: Layout,
    /// How the drive lists.
    pub listings: Listings,
    /// How the hosts behave.
    pub manners: Manners,
    /// How single hosts behave; those not named have `manners`.
    pub each: Vec<Manners>,
    /// Where the log lines of the clients go.
    pub log: Log,
    /// Whether every commit and every move of a client's place in the log is checked (`I4`, `I5`). Only where nobody
    /// turns the drive or a device back.
    pub watched: bool,
    /// What the drives of single seats claim, where that is not what the drive can do. Such a seat does not ask for a
    /// strategy of the journal either.
    pub claims: Vec<Option<Capabilities>>,
    /// What opens the vault, if it is sealed. It is wanted by the seats that are added from now on.
    pub encryption: Option<Encryption>,
    /// Whether what [`crate::excuses`] names is excused.
    pub lenient: bool,
    /// How far each seat's wall clock is ahead of the true time; none for those not named.
    pub ahead: Vec<Duration>,
    /// Where the random bytes come from.
    pub seed: u64,
    /// Whether the trace keeps its lines.
    pub keep_lines: bool,
    /// Whether every port call gives way once before its effect, so that each await can be met.
    pub yields: bool,
    /// What stands between the clients and the drive.
    pub around_drive: Option<Wrap<dyn Drive>>,
    /// What stands between the clients and their state.
    pub around_state: Option<Wrap<dyn State>>,
    /// What stands between the clients and their host.
    pub around_application: Option<Wrap<dyn Application>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seats: 2,
            capabilities: Capabilities::FULL,
            layout: Layout::Classic(ClassicOptions::default()),
            listings: Listings::default(),
            manners: Manners::default(),
            each: Vec::new(),
            log: Log::default(),
            watched: false,
            claims: Vec::new(),
            encryption: None,
            lenient: false,
            ahead: Vec::new(),
            seed: 1,
            keep_lines: false,
            yields: false,
            around_drive: None,
            around_state: None,
            around_application: None,
        }
    }
}

impl Config {
    /// Whether the layout is the journal.
    pub fn is_journal(&self) -> bool {
        matches!(self.layout, Layout::Journal(_))
    }

    /// Returns the strategy that a seat asks for in a journal; none if it leaves it to the library.
    pub fn strategy_of(&self, seat: usize) -> Option<Strategy> {
        match self.layout_of(seat) {
            Layout::Journal(options) => options.strategy,
            _ => None,
        }
    }

    /// Returns the layout that a seat asks for.
    pub fn layout_of(&self, seat: usize) -> Layout {
        match &self.layout {
            Layout::Journal(_) if self.claims.get(seat).is_some_and(Option::is_some) => Layout::Journal(JournalOptions::default()),
            layout => layout.clone(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("seats", &self.seats).field("capabilities", &self.capabilities).finish_non_exhaustive()
    }
}
