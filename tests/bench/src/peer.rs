//! Runs the peer, npm db-to-cloud 0.8.1, on the same documents.

use crate::{
    Result,
    pair::Pair,
    steps::{EDITED, EDITS, Run, Step},
    workload::Note,
};
use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peer.js");

/// Measures the first push and pull on a folder of the same disk.
///
/// # Errors
/// If Node or the package is missing, or the run fails.
pub fn on_folder(count: u64, work: &Path) -> Result<Pair> {
    write(work, "documents.ndjson", (0..count).map(|i| (i, 0)))?;
    pair(&run(&["folder", &work.join("drive").to_string_lossy()], work)?)
}

/// Measures the first push and pull on a drive in memory that takes `delay` for each request.
///
/// # Errors
/// If Node or the package is missing, or the run fails.
pub fn slowed(count: u64, delay: Duration, work: &Path) -> Result<Pair> {
    write(work, "documents.ndjson", (0..count).map(|i| (i, 0)))?;
    pair(&run(&["slow", &delay.as_millis().to_string()], work)?)
}

/// Measures every step on a drive in memory, in a process of its own as an application would have it; W6 `times` times.
///
/// # Errors
/// If Node or the package is missing, or the run fails.
pub fn in_memory(count: u64, times: u64, work: &Path) -> Result<Run> {
    write(work, "documents.ndjson", (0..count).map(|i| (i, 0)))?;
    let small = [(7, 1)].into_iter().chain((100..200).map(|i| (i, 1))).chain((190..290).map(|i| (i, 2)));
    let often = (1..=times).flat_map(|time| (0..EDITED).map(move |i| (i, 1 + time * EDITS)));
    write(work, "edits.ndjson", small.chain(often))?;
    run(&["memory", &times.to_string()], work)
}

/// Writes notes, given by number and version, one a line.
fn write(work: &Path, name: &str, notes: impl Iterator<Item = (u64, u64)>) -> Result<()> {
    let mut out = BufWriter::new(File::create(work.join(name))?);
    for (i, v) in notes {
        writeln!(out, "{}", Note::new(i, v).document())?;
    }
    Ok(out.flush()?)
}

fn run(mode: &[&str], work: &Path) -> Result<Run> {
    let node = Command::new("node").arg(SCRIPT).arg(work).args(mode).stderr(Stdio::inherit()).output()?;
    if !node.status.success() {
        return Err("the peer did not run: `npm ci` in tests/interop installs it".into());
    }
    Ok(serde_json::from_slice(&node.stdout)?)
}

fn pair(run: &Run) -> Result<Pair> {
    Ok(Pair { push: run.cost(Step::W1)?, pull: run.cost(Step::W2)? })
}
