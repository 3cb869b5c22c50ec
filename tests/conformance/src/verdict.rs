//! How a test of a clause ends.

/// Why a test of a clause did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The drive breaks the clause, as the sentence says.
    Broken(String),
    /// The clause cannot be tried on this drive, for this reason.
    Skipped(String),
}

/// The result of a test of a clause.
pub type Check<T = ()> = Result<T, Stop>;

impl From<kitestring::Error> for Stop {
    fn from(error: kitestring::Error) -> Self {
        Self::Broken(format!("an error ({}) where none is allowed: {error}", error.kind.code()))
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(format!("the test itself failed: {error}"))
    }
}

/// Ends the test with a sentence unless the condition holds.
macro_rules! ensure {
    ($holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err($crate::Stop::Broken(format!($($what)+)));
        }
    };
}
