//! `cargo xtask units`: the unit and integration tests of all other packages, several programs at a time, since many of them wait
//! most of their time. What a program says comes whole, once it has ended.

mod program;

use crate::{
    Result,
    heard::heard,
    place::{cargo, root},
};
use program::Program;
use std::{
    sync::{Mutex, PoisonError},
    thread,
    time::Instant,
};

/// What cargo calls every test that needs nothing installed, and those that are left out unless they are named.
const SELECTIONS: [&[&str]; 2] = [&["--exclude", "xtask", "--lib", "--bins", "--tests"], &["--test", "watch"]];

/// Programs that take longest, begun first: so that none of them is left at the end with a core idle beside it.
const LONG: [&str; 8] = ["kill", "exhaustive", "swarm", "gdrive_conformance", "suite", "kite", "gdrive", "cancel"];

/// Builds all tests and runs them.
///
/// # Errors
/// If something does not build, or a program fails; the others run all the same.
pub(crate) fn run() -> Result<()> {
    let mut programs = Vec::new();
    for selection in SELECTIONS {
        programs.extend(built(selection)?);
    }
    programs.sort_by_key(|program| LONG.iter().position(|name| *name == program.name).unwrap_or(LONG.len()));
    let failed = all(&programs, at_once(), &tell);
    println!("{} programs, {} failed", programs.len(), failed.len());
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
}

/// As many as there are cores: some look at times, and stages that wait run beside them.
fn at_once() -> usize {
    thread::available_parallelism().map_or(2, usize::from)
}

/// Builds the tests that are selected.
fn built(selection: &[&str]) -> Result<Vec<Program>> {
    let mut command = cargo();
    command.args(["test", "--workspace", "--locked", "--no-run", "--message-format=json-render-diagnostics"]).args(selection);
    let (mut programs, mut broken) = (Vec::new(), None);
    heard(command, |line| match Program::parse(line) {
        Ok(Some(program)) => programs.push(program),
        Ok(None) if line.starts_with('{') => {}
        Ok(None) => println!("{line}"),
        Err(e) => broken = Some(e),
    })?;
    match broken {
        Some(e) => Err(e),
        None if programs.is_empty() => Err(format!("cargo has built no test of {selection:?}")),
        None => Ok(programs),
    }
}

/// Runs all programs, some at once, and returns what is said of those that fail.
fn all(programs: &[Program], at_once: usize, tell: &(impl Fn(&str) + Sync)) -> Vec<String> {
    let (waiting, failed) = (Mutex::new(programs.iter()), Mutex::new(Vec::new()));
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(program) = next() {
                    if let Err(e) = whole(program, tell) {
                        failed.lock().unwrap_or_else(PoisonError::into_inner).push(e);
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a program, and tells all of what it said at once.
fn whole(program: &Program, tell: &impl Fn(&str)) -> Result<()> {
    let begun = Instant::now();
    let mut said = format!("     Running {}", program.shown(&root()));
    let result = heard(program.command(), |line| {
        said.push('\n');
        said.push_str(line);
    });
    if let Err(e) = &result {
        said.push('\n');
        said.push_str(e);
    }
    tell(&format!("{said}\n     ended after {:.1} s\n", begun.elapsed().as_secs_f64()));
    result
}

fn tell(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_runs_once_and_failures_are_named() {
        let program = |name: &str, executable: &str| Program::of(name, executable);
        let programs =
            [program("good", "/bin/true"), program("bad", "/bin/false"), program("good", "/bin/true"), program("none", "/nowhere")];
        let told = Mutex::new(Vec::new());
        let failed = all(&programs, 3, &|text| told.lock().unwrap().push(text.to_owned()));
        assert_eq!(told.lock().unwrap().len(), 4);
        assert_eq!(failed.len(), 2, "{failed:?}");
        assert!(failed.iter().any(|e| e.contains("/bin/false")) && failed.iter().any(|e| e.contains("/nowhere")), "{failed:?}");
    }
}
