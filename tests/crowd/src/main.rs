//! `kitestring-crowd DOCUMENTS DEVICES [ROUNDS [AT_ONCE]]`: one device fills a vault on SeaweedFS, the others join, all edit,
//! partly the same notes, some are killed, and in the end all must have the same.
//!
//! Each device is a process. The table is printed, and written to `target/crowd.md` after each step.

mod crowd;
mod device;
mod host;
mod plan;
mod table;

use async_io::block_on;
use bench::Result;
use crowd::{Crowd, Step};
use device::Work;
use host::Slot;
use kitestring_adapters::drives::s3::Place;
use kitestring_servers::s3::{self, Store};
use plan::Plan;
use std::{
    ops::Range,
    path::{Path, PathBuf},
    process::ExitCode,
};

const ROUNDS: u64 = 2;
const AT_ONCE: usize = 3;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["device", task] => device::work(task).map(|line| println!("{line}")),
        numbers => read(numbers).and_then(|(plan, at_once)| run(plan, at_once)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

fn read(words: &[&str]) -> Result<(Plan, usize)> {
    let number = |i: usize, otherwise: u64| words.get(i).map_or(Ok(otherwise), |word| word.parse::<u64>());
    let plan = Plan { documents: number(0, 0)?, devices: number(1, 0)?, rounds: number(2, ROUNDS)? };
    if plan.documents < plan.devices || plan.devices < 2 || plan.devices > Plan::MOST_DEVICES || words.len() > 4 {
        return Err("usage: kitestring-crowd DOCUMENTS DEVICES [ROUNDS [AT_ONCE]]".into());
    }
    Ok((plan, usize::try_from(number(3, AT_ONCE as u64)?)?))
}

/// A run, and what it has measured so far.
struct Run {
    crowd: Crowd,
    drive: Place,
    steps: Vec<(Step, usize, u64)>,
    out: PathBuf,
}

impl Run {
    fn step(&mut self, name: &str, devices: Range<u64>, work: Work) -> Result<()> {
        let step = self.crowd.step(name, devices, work)?;
        let files = block_on(s3::files(&self.drive))?;
        self.steps.push((step, files.len(), files.iter().map(|(_, bytes)| bytes).sum()));
        Ok(std::fs::write(&self.out, table::markdown(&self.steps))?)
    }
}

fn run(plan: Plan, at_once: usize) -> Result<()> {
    let target = target()?;
    let homes = tempfile::tempdir_in(&target)?;
    let drive = Store::SeaweedFs.empty_bucket();
    let crowd = Crowd::new(plan, homes.path(), &drive, at_once)?;
    let mut run = Run { crowd, drive, steps: Vec::new(), out: target.join("crowd.md") };
    let all = 0..plan.devices;
    run.step("first push", 0..1, Work::Push)?;
    run.step("first pull", 1..plan.devices, Work::Join)?;
    for round in 1..=plan.rounds {
        run.step(&format!("edits, round {round}"), all.clone(), Work::Round(round))?;
    }
    run.step("one edit", 0..1, Work::One)?;
    run.step("catching up, then nothing", all.clone(), Work::Settle)?;
    println!("{}", table::markdown(&run.steps));
    let ends = ends(plan);
    all.clone().try_for_each(|device| device::check(device, &run.crowd.home(device), &ends))?;
    println!("all {} devices have the same {} notes, each in the highest version that was made", plan.devices, plan.documents);
    Ok(())
}

/// What each device must have in the end.
fn ends(plan: Plan) -> Vec<Slot> {
    (0..).zip(plan.ends()).map(|(note, version)| Slot::of(version, &plan::body(note, version))).collect()
}

/// Returns cargo's target folder, seen from a program in `target/<profile>`.
fn target() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let folder = program.parent().and_then(Path::parent).ok_or("this program lies outside of cargo's target folder")?;
    Ok(folder.to_owned())
}
