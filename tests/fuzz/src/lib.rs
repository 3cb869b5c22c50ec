//! Targets for fuzzing: everything that another program may have written or damaged, through the public interface.
//!
//! A target takes any bytes and panics if something does not hold. `tests/replay.rs` runs the corpus through them;
//! `run/` makes programs of them for cargo-fuzz.
#![allow(clippy::panic, reason = "a target says by panicking what it has found")]

mod check;
mod container;
mod executor;
mod runtime;
mod sealed;
mod seat;
mod targets;
mod vault;

// The program's own decoder of documents. It is in a binary, and this is how it is reached without changing that.
#[path = "../../../cli/src/classic_file.rs"]
mod classic_file;

/// A target: its name, which is also the name of its folder in the corpus, and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("drive_files", targets::drive_files::run),
    ("vault", targets::vault::run),
    ("documents", targets::documents::run),
    ("journal", targets::journal::run),
    ("inspect", targets::inspect::run),
    ("lock", targets::lock::run),
    ("state", targets::state::run),
    ("ids", targets::ids::run),
    ("names", targets::names::run),
    ("file_format", targets::file_format::run),
    ("keyring", targets::keyring::run),
    ("sealed_file", targets::sealed_file::run),
    ("sealed_names", targets::sealed_names::run),
];

/// Runs a target on an input. A name that no target has is a fault of the caller, and panics.
pub fn run(name: &str, input: &[u8]) {
    match TARGETS.iter().find(|(known, _)| *known == name) {
        Some((_, target)) => target(input),
        None => panic!("there is no target {name}"),
    }
}
