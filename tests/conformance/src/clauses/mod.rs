//! The tests, by the sections of `spec/drive.md`.

mod cancel;
mod conditions;
mod errors;
mod listing;
mod notices;
mod paths;
mod processes;
mod races;
mod reading;
mod versions;
mod writing;

pub(crate) use processes::play;

use crate::{Check, Stage, Stop};

/// What a test needs of a drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Create,
    Replace,
    Versions,
    NoCreate,
    NoReplace,
}

/// One test of one clause.
#[derive(Debug, Clone, Copy)]
pub struct Clause {
    /// `d12_...`: the clause, and what is tried.
    pub name: &'static str,
    needs: &'static [Need],
    run: fn(&Stage<'_>) -> Check,
}

impl Clause {
    /// Returns the clause's number, as `D12`.
    pub fn number(&self) -> String {
        self.name.split('_').next().unwrap_or_default().to_uppercase()
    }

    /// Tries it on an empty storage.
    ///
    /// # Errors
    /// Broken if the drive breaks the clause, skipped if it does not apply.
    pub fn check(&self, stage: &Stage<'_>) -> Check {
        let claims = stage.caller().claims();
        for need in self.needs {
            let (given, why) = match need {
                Need::Create => (claims.create, "it does not claim `create`"),
                Need::Replace => (claims.replace, "it does not claim `replace`"),
                Need::Versions => (claims.versions, "it does not claim `versions`"),
                Need::NoCreate => (!claims.create, "it claims `create`"),
                Need::NoReplace => (!claims.replace, "it claims `replace`"),
            };
            if !given {
                return Err(Stop::Skipped(why.to_owned()));
            }
        }
        (self.run)(stage)
    }
}

/// Makes the table of a section: test names, each with what it needs.
macro_rules! clauses {
    ($($name:ident $(: $($need:ident)+)?),+ $(,)?) => {
        pub(super) const ALL: &[$crate::clauses::Clause] = &[$(
            $crate::clauses::Clause { name: stringify!($name), needs: &[$($($crate::clauses::Need::$need),+)?], run: $name }
        ),+];
    };
}
use clauses;

/// Returns every test.
pub fn all() -> Vec<Clause> {
    let sections = [
        paths::ALL,
        reading::ALL,
        versions::ALL,
        writing::ALL,
        conditions::ALL,
        races::ALL,
        processes::ALL,
        listing::ALL,
        cancel::ALL,
        errors::ALL,
        notices::ALL,
    ];
    sections.concat()
}
