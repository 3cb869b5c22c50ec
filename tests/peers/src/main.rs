//! `kitestring-peers [--short | COUNT…]`: measures ours beside the peers, step by step, on the same machine in one run.
//!
//! The long run, with 1,000 and 10,000 documents if nothing else is said, writes `tests/peers/RESULTS.md` and the charts beside it. The short one takes seconds, and fails if a count of
//! requests is not what it was; times are never asserted. `kitestring-peers draw` writes the tables and charts of the last long
//! run anew.

mod chart;
mod client;
mod counts;
mod first;
mod least;
mod machine;
mod markdown;
mod results;
mod round;
mod server;
mod side;
mod step;

use bench::Result;
use mimalloc::MiMalloc;
use results::{Cell, Results};
use round::Task;
use side::{Programs, Side};
use std::{fs, path::PathBuf, process::ExitCode, time::Duration};
use step::{Cut, Run, Step, median};

/// Node brings an allocator of its own, made for many small objects; so does this program.
#[global_allocator]
static HEAP: MiMalloc = MiMalloc;

/// How many runs a row has.
const TURNS: usize = 3;
/// What takes longer in all has one.
const LONG: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["client", words @ ..] => client::follow(words),
        [] => long(&[1_000, 10_000]),
        ["--short"] => short(),
        ["draw"] => programs().and_then(|programs| draw(&read(&programs)?)),
        counts => match counts.iter().map(|count| count.parse()).collect::<std::result::Result<Vec<u64>, _>>() {
            Ok(counts) => long(&counts),
            Err(_) => Err("usage: kitestring-peers [--short | draw | COUNT…]".into()),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

fn programs() -> Result<Programs> {
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(2).ok_or("this program lies outside of cargo's target folder")?.to_owned();
    fs::create_dir_all(target.join("peers"))?;
    Ok(Programs { own, target })
}

/// What is drawn can be drawn again from this file.
fn kept(programs: &Programs) -> PathBuf {
    programs.target.join("peers/results.json")
}

fn read(programs: &Programs) -> Result<Results> {
    Ok(serde_json::from_slice(&fs::read(kept(programs))?)?)
}

fn long(counts: &[u64]) -> Result<()> {
    let programs = programs()?;
    let mut results = Results { facts: machine::facts(&programs), ..Results::default() };
    results.facts.push(("load at the beginning".to_owned(), machine::load()));
    for count in counts {
        // The chart shows a network: that comes first.
        for wait in [Duration::from_millis(50), Duration::ZERO] {
            results.add_least(*count, wait)?;
            measure(&mut results, *count, wait, &programs)?;
            fs::write(kept(&programs), serde_json::to_vec(&results)?)?;
        }
    }
    results.facts.push(("load at the end".to_owned(), machine::load()));
    fs::write(kept(&programs), serde_json::to_vec(&results)?)?;
    draw(&results)
}

/// Measures every side in turns, so that each has its part of what else the machine does.
fn measure(results: &mut Results, count: u64, wait: Duration, programs: &Programs) -> Result<()> {
    let tasks = Side::ALL.map(|side| Task { side, count, wait });
    let mut all: Vec<Vec<Run>> = tasks.iter().map(|_| Vec::new()).collect();
    for _ in 0..TURNS {
        for (task, runs) in tasks.iter().zip(&mut all) {
            if runs.first().is_some_and(|run| run.cut.is_some() || total(run) > LONG) {
                continue;
            }
            let cut = results.too_long(*task, round::LIMIT);
            runs.push(match cut {
                Some(cut) => Run { cut: Some(cut), ..Run::default() },
                None => one(*task, programs).unwrap_or_else(failed),
            });
        }
    }
    for (task, runs) in tasks.iter().zip(&all) {
        if let Some(run) = median(runs) {
            results.cells.push(Cell::new(*task, runs.len(), run));
        }
    }
    Ok(())
}

fn one(task: Task, programs: &Programs) -> Result<Run> {
    let Task { side, count, wait } = task;
    let run = round::run(task, programs, &programs.target.join("peers")).map_err(|e| format!("{}: {e}", side.name()))?;
    // A person who waits wants to see that it goes on.
    eprintln!("{}, {count} documents, {} ms a request: {:.1} s", side.name(), wait.as_millis(), total(&run).as_secs_f64());
    Ok(run)
}

/// A side that cannot be run is told among the results, and stops no other.
fn failed(error: impl std::fmt::Display) -> Run {
    eprintln!("{error}");
    let why = error.to_string().lines().next().unwrap_or_default().to_owned();
    Run { cut: Some(Cut { at: Step::W1, why }), ..Run::default() }
}

fn total(run: &Run) -> Duration {
    Duration::from_secs_f64(run.steps.values().map(|cost| cost.wall_ms).sum::<f64>() / 1000.0)
}

fn draw(results: &Results) -> Result<()> {
    let folder = Programs::sources();
    let text = markdown::all(results);
    println!("{text}");
    fs::write(folder.join("RESULTS.md"), text)?;
    for theme in chart::Theme::ALL {
        fs::write(folder.join(theme.file()), chart::draw(results, theme)?)?;
    }
    Ok(())
}

/// Every quick side once, with as few documents as the steps need.
fn short() -> Result<()> {
    let programs = programs()?;
    let mut results = Results::default();
    results.add_least(counts::DOCUMENTS, Duration::ZERO)?;
    for side in Side::ALL.into_iter().filter(|side| side.is_quick()) {
        let task = Task { side, count: counts::DOCUMENTS, wait: Duration::ZERO };
        results.cells.push(Cell::new(task, 1, one(task, &programs)?));
    }
    println!("{}", markdown::requests(results.table(counts::DOCUMENTS, 0)));
    counts::check(&results)
}
