//! Runs the tests in the manner of cargo's own harness, and adds one line for each drive.

use crate::{
    Candidate, Stage, Stop,
    clauses::{self, Clause},
    stage::PART,
};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::{
    collections::BTreeMap,
    env,
    path::Path,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

/// How the tests of one clause of one drive ended, as far as they have.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// Tallies by drive and clause.
type Tallies = Arc<Mutex<BTreeMap<String, BTreeMap<String, Tally>>>>;

/// Runs every test on every candidate, so many at once unless the command line says otherwise. In a process that a test has
/// started, plays its part instead.
pub fn main(at_once: Option<usize>, candidates: Vec<Candidate>) -> ExitCode {
    if let Ok(part) = env::var(PART) {
        return play(candidates.iter(), &part);
    }
    let unknown = |test: &str| clauses::all().iter().all(|clause| clause.name != test);
    if let Some((test, _)) = candidates.iter().flat_map(|c| c.excused).find(|(test, _)| unknown(test)) {
        eprintln!("a drive is excused from {test}, which is no test");
        return ExitCode::FAILURE;
    }
    let tallies = Tallies::default();
    let mut trials = Vec::new();
    let candidates: Vec<_> = candidates.into_iter().map(Arc::new).collect();
    for clause in clauses::all() {
        trials.extend(candidates.iter().map(|candidate| trial(candidate.clone(), clause, tallies.clone())));
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(at_once);
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        print(&tallies);
    }
    conclusion.exit_code()
}

fn trial(candidate: Arc<Candidate>, clause: Clause, tallies: Tallies) -> Trial {
    Trial::ignorable_test(format!("{}::{}", candidate.name, clause.name), move || {
        let ended = match candidate.excused.iter().find(|(test, _)| *test == clause.name) {
            Some((_, why)) => Err(Stop::Skipped((*why).to_owned())),
            None => Stage::new(&candidate).and_then(|stage| clause.check(&stage)),
        };
        let mut tallies = tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = tallies.entry(candidate.name.clone()).or_default().entry(clause.number()).or_default();
        match ended {
            Ok(()) => tally.passed += 1,
            Err(Stop::Skipped(why)) => {
                tally.skipped += 1;
                return Ok(Completion::ignored_with(why));
            }
            Err(Stop::Broken(what)) => {
                tally.failed += 1;
                return Err(Failed::from(what));
            }
        }
        Ok(Completion::Completed)
    })
}

/// Prints a line for each drive. A clause is passed if none of its tests failed and one was not skipped.
fn print(tallies: &Tallies) {
    for (name, clauses) in tallies.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        let count = |is: fn(&Tally) -> bool| clauses.values().filter(|tally| is(tally)).count();
        let (failed, passed) = (count(|t| t.failed > 0), count(|t| t.failed == 0 && t.passed > 0));
        let skipped = clauses.len() - failed - passed;
        let tests: u64 = clauses.values().map(|t| t.passed + t.failed).sum();
        let left: u64 = clauses.values().map(|t| t.skipped).sum();
        let name = name.replace('_', " ");
        println!("{name}: {passed} clauses passed, {failed} failed, {skipped} skipped ({tests} tests, {left} skipped)");
    }
}

/// Plays a part in a process that a test has started.
pub(crate) fn play<'c>(mut candidates: impl Iterator<Item = &'c Candidate>, part: &str) -> ExitCode {
    let words: Vec<&str> = part.split('\n').collect();
    let [name, part, address, folder] = words.as_slice() else { return ExitCode::FAILURE };
    let open = candidates.find(|c| c.name == *name).and_then(|c| c.open.as_ref());
    let played = open.map(|open| open(address).map_err(Stop::from).and_then(|drive| clauses::play(part, drive, Path::new(folder))));
    match played {
        Some(Ok(())) => ExitCode::SUCCESS,
        other => {
            eprintln!("{name} as {part}: {other:?}");
            ExitCode::FAILURE
        }
    }
}
