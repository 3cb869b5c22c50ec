//! Drives with planted faults: the named tests must find them, or they could not fail at all.

use crate::{Candidate, Check, Stage, Stop, clauses, run::play, stage::PART};
use libtest_mimic::{Arguments, Failed, Trial};
use std::{collections::BTreeSet, env, process::ExitCode};

/// A drive with a fault, and the tests that must find it.
#[derive(Debug)]
pub struct Plant {
    candidate: Candidate,
    found_by: &'static [&'static str],
}

impl Plant {
    /// Takes a faulty drive and the names of tests.
    pub fn new(candidate: Candidate, found_by: &'static [&'static str]) -> Self {
        Self { candidate, found_by }
    }

    fn trial(self) -> Trial {
        Trial::test(format!("planted::{}", self.candidate.name), move || {
            self.found_by.iter().try_for_each(|name| self.must_fail(name)).map_err(Failed::from)
        })
    }

    fn must_fail(&self, name: &str) -> Result<(), String> {
        let clause = clauses::all().into_iter().find(|c| c.name == name).ok_or_else(|| format!("there is no test {name}"))?;
        let checked: Check = Stage::new(&self.candidate).and_then(|stage| clause.check(&stage));
        match checked {
            Err(Stop::Broken(_)) => Ok(()),
            other => Err(format!("{name} did not find the fault: {other:?}")),
        }
    }
}

/// Runs every plant, and makes sure that each test of the suite finds one.
pub fn prove(plants: Vec<Plant>) -> ExitCode {
    if let Ok(part) = env::var(PART) {
        return play(plants.iter().map(|plant| &plant.candidate), &part);
    }
    let found: BTreeSet<&str> = plants.iter().flat_map(|plant| plant.found_by).copied().collect();
    let idle: Vec<&str> = clauses::all().iter().map(|c| c.name).filter(|name| !found.contains(name)).collect();
    let all = Trial::test("every_test_finds_a_plant", move || {
        if idle.is_empty() { Ok(()) } else { Err(Failed::from(format!("no plant shows that these can fail: {idle:?}"))) }
    });
    let trials = plants.into_iter().map(Plant::trial).chain([all]).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
