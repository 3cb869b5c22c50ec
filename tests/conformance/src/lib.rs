//! What every drive must do: one test or more for each clause of `spec/drive.md`, named after it.
//!
//! A drive joins with one line in `tests/drives.rs`, which makes an empty [`Storage`] of it:
//!
//! ```no_run
//! use kitestring::MemoryDrive;
//! use kitestring_conformance::{Storage, conformance};
//!
//! conformance! {
//!     memory => || async { Ok(Storage::new(MemoryDrive::new())) };
//! }
//! ```
//!
//! The drive's capabilities choose the tests. A test that cannot apply is counted as skipped, with its reason.

#[macro_use]
mod verdict;
mod caller;
mod candidate;
pub mod clauses;
mod planted;
mod run;
mod stage;
mod untested;

pub use caller::Caller;
pub use candidate::{Candidate, Storage};
pub use planted::{Plant, prove};
pub use run::main;
pub use stage::Stage;
pub use untested::UNTESTED;
pub use verdict::{Check, Stop};

/// Makes the `main` of a test binary without harness: one line for each drive.
///
/// `name => make;` where `make` makes an empty storage each time, or `name => make, open;` where `open` opens the storage
/// at an address in another process; or `name => make, open, excused;` where `excused` names the tests that the storage is
/// known to fail, each with the reason. `at_once 8;` before all of them runs so many tests at once: for storages that mostly wait.
#[macro_export]
macro_rules! conformance {
    (at_once $at_once:literal; $($rest:tt)+) => {
        $crate::conformance!(@ Some($at_once), $($rest)+);
    };
    (@ $at_once:expr, $($name:ident => $make:expr $(, $open:expr $(, $excused:expr)?)?;)+) => {
        fn main() -> std::process::ExitCode {
            $crate::main($at_once, vec![$($crate::Candidate::new(stringify!($name), $make)$(.opened_by($open)$(.excused_from($excused))?)?),+])
        }
    };
    ($($all:tt)+) => {
        $crate::conformance!(@ None, $($all)+);
    };
}
