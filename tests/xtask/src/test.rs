//! `cargo xtask test`: everything that CI runs, stage by stage.

use crate::{
    bench_command, demo,
    place::{cargo, root, target},
    stage::Stages,
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
    stages.command("guards", cargo_with(&["test", "--locked", "--no-fail-fast", "-p", "xtask"]));
    let tests = ["test", "--workspace", "--exclude", "xtask", "--locked", "--no-fail-fast", "--lib", "--bins", "--tests"];
    stages.command("unit and integration tests", cargo_with(&tests));
    stages.command("planted bugs", itself(&["planted"]));
    let watching = ["test", "--locked", "-p", "kitestring-cli", "--test", "watch", "--", "--test-threads=8"];
    stages.command("kite watch", cargo_with(&watching));
    stages.command("documentation examples", cargo_with(&["test", "--workspace", "--locked", "--no-fail-fast", "--doc"]));
    stages.command("sealed reader", script("tests/interop/sealed/test.sh"));
    stages.command("servers: webdav, s3", script("tests/servers/test.sh"));
    stages.command("emulators", script("tests/emulators/test.sh"));
    // With the tests' dependencies, so that nothing is built a second time.
    if stages.command("programs", cargo_with(&["build", "--workspace", "--exclude", "xtask", "--locked", "--bins", "--tests"])) {
        stages.command("interop: db-to-cloud", interop());
        stages.function("demo", demo::run);
    }
    for (name, path) in SCRIPTS {
        if root().join(path).is_file() {
            stages.command(name, script(path));
        }
    }
    stages.command("peers", itself(&["peers", "--short"]));
    if stages.command("bench: programs", bench_command("build")) {
        stages.command("bench", bench_command("run"));
    }
    if stages.conclude() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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
