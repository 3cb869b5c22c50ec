//! The number that decides everything, and the family of schedules in which it does.

use super::{Script, draw};
use std::{fmt, str::FromStr};

/// A family of random schedules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// On the classic layout.
    Classic,
    /// On the journal.
    Journal,
    /// On the journal with compactions, on a scale on which few writers are many and little is much.
    Small,
    /// On the journal at the end of a slow line: pieces have few bytes.
    Slow,
    /// In a sealed vault, on either scale.
    Sealed,
}

/// A seed: `17` on the classic layout, `journal-17` on the journal, `small-17` on a small scale, `slow-17` on a slow line,
/// `sealed-17` in a sealed vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seed {
    /// Of which schedules it is one.
    pub family: Family,
    /// The number.
    pub number: u64,
}

impl Family {
    /// Returns what its seeds begin with, in text.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Classic => "",
            Self::Journal => "journal-",
            Self::Small => "small-",
            Self::Slow => "slow-",
            Self::Sealed => "sealed-",
        }
    }
}

impl Seed {
    /// Draws its script.
    pub fn script(self) -> Script {
        match self.family {
            Family::Classic => draw::classic(self.number),
            Family::Journal => draw::journal(self.number),
            Family::Small => draw::small(self.number),
            Family::Slow => draw::slow(self.number),
            Family::Sealed => draw::sealed(self.number),
        }
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.family.prefix(), self.number)
    }
}

impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = [Family::Journal, Family::Small, Family::Slow, Family::Sealed]
            .into_iter()
            .find_map(|family| Some((family, text.strip_prefix(family.prefix())?)));
        let (family, number) = named.unwrap_or((Family::Classic, text));
        Ok(Self { family, number: number.parse().map_err(|_| format!("{text:?} is no seed"))? })
    }
}
