//! The layout on the drive and what the drive can do: what a scenario plays on.

use crate::{config::Config, drive::Listings};
use kitestring::{
    Layout,
    drive::Capabilities,
    server::{
        classic::ClassicOptions,
        journal::{JournalOptions, Strategy},
    },
};
use std::{fmt, str::FromStr};

/// The layout on the drive and what the drive can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// The classic layout on a drive with compare-and-swap,
    Full,
    /// with create-only conditions,
    Create,
    /// and with no condition at all.
    None,
    /// The journal with a head, on a drive with compare-and-swap.
    Cas,
    /// The journal with numbered heads, on a drive with create-only conditions.
    Slots,
    /// The journal with nothing but the listing, on a drive with no condition at all.
    Listing,
    /// The same, and the files of others are listed late and out of order ([`Listings::late`]).
    Late,
}

impl Tier {
    /// The classic layout, on every drive.
    pub const CLASSIC: [Self; 3] = [Self::Full, Self::Create, Self::None];

    /// The journal, on every drive.
    pub const JOURNAL: [Self; 4] = [Self::Cas, Self::Slots, Self::Listing, Self::Late];

    /// Returns its name: what a case, a script and a filter begin with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Create => "create",
            Self::None => "none",
            Self::Cas => "journal-cas",
            Self::Slots => "journal-slots",
            Self::Listing => "journal-listing",
            Self::Late => "journal-late",
        }
    }

    /// Returns what a drive of this tier can do.
    pub fn capabilities(self) -> Capabilities {
        match self {
            // A head may be written by two at the same moment here.
            Self::Full | Self::Cas => Capabilities { exact: false, consistent: false, ..Capabilities::FULL },
            Self::Create | Self::Slots => Capabilities { create: true, ..Capabilities::NONE },
            Self::None | Self::Listing | Self::Late => Capabilities::NONE,
        }
    }

    /// Returns how the records of a journal are found; none for the classic layout.
    pub fn strategy(self) -> Option<Strategy> {
        match self {
            Self::Full | Self::Create | Self::None => None,
            Self::Cas => Some(Strategy::CompareAndSwap),
            Self::Slots => Some(Strategy::Slots),
            Self::Listing | Self::Late => Some(Strategy::Listing),
        }
    }

    /// Whether the layout is the journal.
    pub fn is_journal(self) -> bool {
        self.strategy().is_some()
    }

    /// Returns the layout.
    pub fn layout(self) -> Layout {
        match self.strategy() {
            None => Layout::Classic(ClassicOptions::default()),
            strategy => Layout::Journal(JournalOptions { strategy, ..JournalOptions::default() }),
        }
    }

    /// Returns how the drive lists.
    pub fn listings(self) -> Listings {
        Listings { stale: self.is_journal(), late: self == Self::Late, ..Listings::default() }
    }

    /// Returns `config` on this tier.
    pub fn of(self, config: Config) -> Config {
        let Listings { stale, late, .. } = self.listings();
        let listings = Listings { stale, late, ..config.listings };
        Config { capabilities: self.capabilities(), layout: self.layout(), listings, ..config }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Tier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = Self::CLASSIC.into_iter().chain(Self::JOURNAL);
        all.into_iter().find(|tier| tier.name() == text).ok_or_else(|| format!("{text:?} is no tier"))
    }
}
