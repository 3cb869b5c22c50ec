//! Where things are, and how to start them.

use crate::Result;
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Returns the root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns cargo's target folder.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Returns the path of a program that was built.
pub(crate) fn program(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

/// Makes a command that runs cargo at the root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Builds the programs that the demo and the benchmark start.
///
/// # Errors
/// If the build fails.
pub(crate) fn programs() -> Result<()> {
    succeed(cargo().args(["build", "--workspace", "--locked", "--quiet", "--bin", "kite"]))
}

/// Builds the programs that measure, all at once, so that they share what they stand on.
///
/// # Errors
/// If the build fails.
pub(crate) fn measuring() -> Result<()> {
    succeed(cargo().args(["build", "--release", "--locked", "-p", "kitestring-bench", "-p", "kitestring-peers", "--bins"]))
}

/// Makes the command that runs a program that measures.
pub(crate) fn measure(name: &str) -> Command {
    let mut command = Command::new(target().join("release").join(name));
    // Memory comes in small pages: to clear a huge one takes longer than some of what is measured.
    command.current_dir(root()).env("MIMALLOC_ALLOW_THP", "0");
    command
}

/// Makes the same command leave the processor to whoever else wants it, so that what looks at times may run beside it.
pub(crate) fn patient(command: Command) -> Command {
    let mut nice = Command::new("nice");
    nice.args(["-n", "15"]).arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        nice.current_dir(folder);
    }
    nice
}

/// Runs a command without standard input.
///
/// # Errors
/// If it does not start or does not succeed.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().map_err(|e| format!("{command:?} did not start: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed: {status}")) }
}
