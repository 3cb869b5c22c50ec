//! The number that decides everything, and the layout on which it does.

use super::{Script, draw};
use std::{fmt, str::FromStr};

/// What the seeds of the journal begin with, in text.
const JOURNAL: &str = "journal-";

/// A seed: `17` on the classic layout, `journal-17` on the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seed {
    /// Whether it is for the journal.
    pub journal: bool,
    /// The number.
    pub number: u64,
}

impl Seed {
    /// Draws its script.
    pub fn script(self) -> Script {
        if self.journal { draw::journal(self.number) } else { draw::classic(self.number) }
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.journal { JOURNAL } else { "" }, self.number)
    }
}

impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (journal, number) = text.strip_prefix(JOURNAL).map_or((false, text), |number| (true, number));
        Ok(Self { journal, number: number.parse().map_err(|_| format!("{text:?} is no seed"))? })
    }
}
