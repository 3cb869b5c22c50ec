//! `cargo xtask test`: everything that CI runs, stage by stage.
//!
//! Whatever builds anything here names the whole workspace, and then what it needs of it: so cargo chooses the same features
//! of every package each time, and builds nothing twice.

use crate::{
    place::{self, cargo, root, target},
    stage::{Lane, Stages},
    tools,
};
use std::process::{Command, ExitCode};

/// Scripts of the language bindings, each run if it is there.
const SCRIPTS: [(&str, &str); 2] =
    [("bindings: JavaScript", "bindings-wasm/test.sh"), ("bindings: Kotlin, Swift, Python", "bindings-uniffi/test.sh")];

/// Runs every stage.
pub(crate) fn run() -> ExitCode {
    let mut stages = Stages::default();
    stages.function("tools", tools::install);
    stages.command("format", cargo_with(&["fmt", "--all", "--check"]));
    stages.command("lints", cargo_with(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]));
    stages.command("core for WebAssembly", cargo_with(&["check", "--locked", "--target", "wasm32-unknown-unknown", "-p", "kitestring"]));
    for (name, layout) in [("core with the classic layout alone", "classic"), ("core with the journal layout alone", "journal")] {
        let alone = ["check", "--locked", "-p", "kitestring", "--no-default-features", "--features", layout];
        stages.command(name, cargo_with(&alone));
    }
    stages.command("guards", cargo_with(&["test", "--workspace", "--locked", "--no-fail-fast", "--bin", "xtask", "--test", "guards"]));
    stages.command("programs", cargo_with(&["build", "--workspace", "--exclude", "xtask", "--locked", "--bins", "--tests"]));
    stages.beside(vec![computing(), waiting()]);
    // These look at times, so nothing runs beside them.
    for (name, path) in SCRIPTS.into_iter().filter(|(_, path)| root().join(path).is_file()) {
        stages.command(name, script(path));
    }
    if stages.function("programs that measure", place::measuring) {
        stages.command("peers", itself(&["peers", "--short"]));
        stages.command("bench", itself(&["bench"]));
    }
    if stages.conclude() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Stages that compute most of their time.
fn computing() -> Lane {
    vec![
        ("unit and integration tests", itself(&["units"])),
        ("planted bugs", place::patient(itself(&["planted"]))),
        ("documentation examples", cargo_with(&["test", "--workspace", "--locked", "--no-fail-fast", "--doc"])),
    ]
}

/// Stages that wait much: for packages and servers.
fn waiting() -> Lane {
    vec![
        ("sealed reader", script("tests/interop/sealed/test.sh")),
        ("servers: webdav, s3", script("tests/servers/test.sh")),
        ("emulators", script("tests/emulators/test.sh")),
        ("interop: db-to-cloud", interop()),
        ("demo", itself(&["demo"])),
    ]
}

fn cargo_with(arguments: &[&str]) -> Command {
    let mut command = cargo();
    command.args(arguments);
    command
}

fn script(path: &str) -> Command {
    let mut command = Command::new("bash");
    command.arg(path).current_dir(root());
    command
}

/// Another command of this very program, whose output is read like any other's.
fn itself(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap_or_else(|_| "xtask".into()));
    command.args(arguments);
    command
}

fn interop() -> Command {
    let mut command = Command::new("node");
    command.args(["--test", "--test-concurrency=2", "--test-reporter=tap"]);
    command.current_dir(root().join("tests/interop")).env("CARGO_TARGET_DIR", target());
    command
}
