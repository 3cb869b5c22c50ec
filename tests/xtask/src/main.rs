//! The repository's own commands.
//!
//! - `cargo xtask test` runs everything that CI runs.
//! - `cargo xtask demo` syncs a folder with `kite` between two devices.
//! - `cargo xtask bench [--full]` measures.
//! - `cargo xtask languages` lets a program in each language work on one vault at once.
//! - `cargo xtask npm [MODULE]` builds the npm package, or one module of it, and measures it.
//! - `cargo xtask peers [--short | draw | COUNT…]` measures beside the peers, and writes `tests/peers/RESULTS.md`.
//! - `cargo xtask planted [NAME]` plants bugs in a copy of the core and looks for them.
//! - `cargo xtask units` runs the unit and integration tests, several programs at a time.

mod count;
mod demo;
mod heard;
mod languages;
mod npm;
mod peers;
mod place;
mod planted;
mod silence;
mod stage;
mod test;
mod tools;
mod units;

use std::process::ExitCode;

/// The result of a command; the error is one sentence for people.
pub(crate) type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["test"] => return test::run(),
        ["demo"] => place::programs().and_then(|()| demo::run()),
        ["bench", options @ ..] => bench(options),
        ["languages"] => languages::run(),
        ["npm"] => npm::run(None),
        ["npm", module] => npm::run(Some(module)),
        ["peers", options @ ..] => peers::run(options),
        ["planted"] => planted::run(None),
        ["planted", name] => planted::run(Some(name)),
        ["units"] => units::run(),
        _ => Err(
            "usage: cargo xtask test | demo | bench [--full] | languages | npm [MODULE] | peers [--short | draw | COUNT…] | planted [NAME] | units"
                .to_owned(),
        ),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

fn bench(options: &[&str]) -> Result<()> {
    tools::packages()?;
    if options.contains(&"--full") {
        // It also measures how `kite` scans a folder, and skips that where the program is missing.
        place::succeed(place::cargo().args(["build", "--release", "--locked", "--package", "kitestring-cli"]))?;
    }
    place::measuring()?;
    place::succeed(place::measure("kitestring-bench").args(options))
}
