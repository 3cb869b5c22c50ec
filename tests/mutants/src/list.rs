//! The mutants that cargo-mutants makes.

use crate::Result;
use serde::Deserialize;
use std::{path::Path, process::Command};

/// One mutant, as `cargo mutants --list --json` tells it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Mutant {
    /// The path of the source file, from the root of the repository.
    pub(crate) file: String,
    /// The kind of the mutation.
    pub(crate) genre: Genre,
    /// Place and mutation in words.
    pub(crate) name: String,
    /// What stands in its place.
    pub(crate) replacement: String,
    /// What is replaced.
    pub(crate) span: Span,
}

/// The kinds of mutations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Genre {
    /// A function returns at once.
    FnValue,
    /// Another operator.
    BinaryOperator,
    /// Without the operator.
    UnaryOperator,
    /// An arm that never matches.
    MatchArm,
    /// A guard that always or never holds.
    MatchArmGuard,
    /// A field that is taken from the base expression.
    StructField,
}

/// From the first character to the one behind the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Span {
    pub(crate) start: Place,
    pub(crate) end: Place,
}

/// Line and column in characters, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Mutant {
    /// The name without line and column, which change with every edit of the file.
    pub(crate) fn text(&self) -> String {
        let what = self.name.splitn(4, ':').nth(3).unwrap_or(&self.name).trim();
        format!("{}: {what}", self.file)
    }
}

/// Asks cargo-mutants for the mutants of these files of the core.
pub(crate) fn mutants(root: &Path, files: &[&str]) -> Result<Vec<Mutant>> {
    let mut command = Command::new("cargo");
    command.current_dir(root).args(["mutants", "--list", "--json", "-p", "kitestring"]);
    for file in files {
        command.args(["-f", file]);
    }
    let out = command.output()?;
    if !out.status.success() {
        let said = String::from_utf8_lossy(&out.stderr);
        return Err(format!("cargo mutants failed; install it with `cargo install --locked cargo-mutants`: {said}").into());
    }
    Ok(serde_json::from_slice(&out.stdout)?)
}
