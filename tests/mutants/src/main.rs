//! `kitestring-mutants [--core] [TEXT]`: runs the tests of the core against every mutant that cargo-mutants makes of it.
//!
//! cargo-mutants builds the core once for each mutant, which takes a night. Here all mutants are in one copy of the
//! core, and a number in the environment switches one of them on: the same mutants and the same tests in minutes.
//! What survives must be listed with its reason in `survivors.txt`. TEXT chooses the mutants whose name contains it;
//! `--core` leaves the simulator out.

mod copy;
mod list;
mod run;
mod survivors;
mod weave;

use copy::{Copy, Program};
use list::Mutant;
use run::{Fate, Round};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

/// Any error: this is a tool for developers.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What is mutated.
const FILES: [&str; 2] = ["core/src/client/*.rs", "core/src/server/classic/*.rs"];
/// The simulator's tests that are run against what the tests of the core let live, the quickest first: program and test.
const SIMULATIONS: [(&str, &str); 2] = [("swarm", "random_schedules"), ("planted", "without_a_plant")];
/// How the simulator is made smaller.
const SMALLER: [(&str, &str); 1] = [("KITE_SIM_SEEDS", "0..3000")];

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let core_only = arguments.first().is_some_and(|a| a == "--core");
    arguments.drain(..usize::from(core_only));
    match mutate(arguments.first().map_or("", String::as_str), core_only) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

fn mutate(text: &str, core_only: bool) -> Result<bool> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map(Path::to_owned).ok_or("no root")?;
    let place: PathBuf = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from).join("mutants");
    let mutants = list::mutants(&root, &FILES)?;
    println!("{} mutants", mutants.len());
    let (programs, left) = Copy::make(&root, &place)?.build(&mutants)?;
    println!("{} of them compile", left.len());
    let chosen = |number: &&usize| mutants.get(**number - 1).is_some_and(|m| m.name.contains(text));
    let numbers: Vec<usize> = left.iter().filter(chosen).copied().collect();

    let core = Round { programs: of(&programs, "core"), environment: &[], tests: &[], limit: Duration::from_secs(10) };
    let sim = Round { programs: simulations(&programs), environment: &SMALLER, tests: &SIMULATIONS, limit: Duration::from_secs(100) };
    let rounds = if core_only { vec![&core] } else { vec![&core, &sim] };
    for round in rounds {
        if let Some(program) = round.programs.iter().find(|program| round.try_one(program, 0) != Fate::Survived) {
            return Err(format!("{} fails without any mutant", program.name).into());
        }
    }
    let mut fates: BTreeMap<usize, Fate> = core.run(&numbers).into_iter().collect();
    let alive: Vec<usize> = fates.iter().filter(|(_, fate)| **fate == Fate::Survived).map(|(number, _)| *number).collect();
    println!("{} survive the tests of the core", alive.len());
    if !core_only {
        fates.extend(sim.run(&alive));
    }
    let whole = text.is_empty() && !core_only;
    let survivors = conclude(&place, &mutants, &fates)?;
    if whole { survivors::compare(&root.join("tests/mutants/survivors.txt"), &survivors) } else { Ok(true) }
}

fn of<'a>(programs: &'a [Program], package: &str) -> Vec<&'a Program> {
    programs.iter().filter(|p| p.package == package).collect()
}

fn simulations(programs: &[Program]) -> Vec<&Program> {
    SIMULATIONS.iter().filter_map(|(name, _)| programs.iter().find(|p| p.package == "sim" && p.name == *name)).collect()
}

/// Writes every fate down, and returns the survivors.
fn conclude<'m>(place: &Path, mutants: &'m [Mutant], fates: &BTreeMap<usize, Fate>) -> Result<Vec<&'m Mutant>> {
    let (mut lines, mut survivors, mut timed_out) = (Vec::new(), Vec::new(), 0);
    for (number, mutant) in (1..).zip(mutants) {
        let fate = match fates.get(&number) {
            None => "not run".to_owned(),
            Some(Fate::Killed(by)) => format!("killed by {by}"),
            Some(Fate::TimedOut(in_what)) => {
                timed_out += 1;
                format!("killed by time in {in_what}")
            }
            Some(Fate::Survived) => {
                survivors.push(mutant);
                "SURVIVED".to_owned()
            }
        };
        lines.push(format!("{number} {}: {fate}", mutant.name));
    }
    std::fs::write(place.join("fates.txt"), lines.join("\n") + "\n")?;
    let killed = fates.len() - survivors.len();
    let percent = 100.0 * killed as f64 / fates.len().max(1) as f64;
    let (all, alive) = (mutants.len(), survivors.len());
    println!("{all} mutants, {} compile, {killed} killed ({percent:.1} %), {timed_out} of them by time, {alive} survive", fates.len());
    Ok(survivors)
}
