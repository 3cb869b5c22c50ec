//! Runs the tests against each mutant.

use crate::copy::Program;
use std::{
    process::{Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

/// How a mutant ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// This program failed.
    Killed(String),
    /// This program did not end in its time.
    TimedOut(String),
    /// Every program passed.
    Survived,
}

/// A round of tests.
#[derive(Debug)]
pub(crate) struct Round<'a> {
    /// The programs, the quickest first.
    pub(crate) programs: Vec<&'a Program>,
    /// What is set in their environment.
    pub(crate) environment: &'a [(&'a str, &'a str)],
    /// Of which programs only these tests are run.
    pub(crate) tests: &'a [(&'a str, &'a str)],
    /// How long each program may take.
    pub(crate) limit: Duration,
}

impl Round<'_> {
    /// Runs every mutant, two at a time.
    pub(crate) fn run(&self, numbers: &[usize]) -> Vec<(usize, Fate)> {
        let (next, fates) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some(number) = numbers.get(next.fetch_add(1, Relaxed)) {
                        let fate = self.fate(*number);
                        let mut fates = fates.lock().unwrap_or_else(PoisonError::into_inner);
                        fates.push((*number, fate));
                        if fates.len() % 50 == 0 {
                            println!("{} of {}", fates.len(), numbers.len());
                        }
                    }
                });
            }
        });
        fates.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn fate(&self, number: usize) -> Fate {
        self.programs.iter().map(|program| self.try_one(program, number)).find(|fate| *fate != Fate::Survived).unwrap_or(Fate::Survived)
    }

    /// Runs a program with one mutant, or with none if the number is 0.
    pub(crate) fn try_one(&self, program: &Program, number: usize) -> Fate {
        let failed = || Fate::Killed(program.name.clone());
        let mut command = Command::new(&program.path);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).env("KITE_MUTANT", number.to_string());
        command.env("CARGO_MANIFEST_DIR", program.folder()).current_dir(program.folder()).envs(self.environment.iter().copied());
        command.args(self.tests.iter().filter(|(name, _)| *name == program.name).map(|(_, test)| test));
        let (Ok(mut child), begun) = (command.spawn(), Instant::now()) else { return failed() };
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return if status.success() { Fate::Survived } else { failed() },
                Ok(None) if begun.elapsed() < self.limit => thread::sleep(Duration::from_millis(5)),
                _ => break,
            }
        }
        // A program that cannot be killed has just ended.
        let _ = child.kill().and_then(|()| child.wait());
        Fate::TimedOut(program.name.clone())
    }
}
