//! Runs the peer, npm db-to-cloud 0.8.1, on the same documents.

use crate::{Result, sync::Pair, workload::Note};
use serde::Deserialize;
use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peer.js");

/// What the script prints.
#[derive(Debug, Deserialize)]
struct Measured {
    push_ms: f64,
    pull_ms: f64,
    push_requests: u64,
    pull_requests: u64,
}

/// Measures the peer on a folder of the same disk.
///
/// # Errors
/// If Node or the package is missing, or the run fails.
pub fn on_folder(count: u64, work: &Path) -> Result<Pair> {
    run(&["folder", &work.join("drive").to_string_lossy()], count, work)
}

/// Measures the peer on a drive in memory that takes `delay` for each request.
///
/// # Errors
/// If Node or the package is missing, or the run fails.
pub fn slowed(count: u64, delay: Duration, work: &Path) -> Result<Pair> {
    run(&["slow", &delay.as_millis().to_string()], count, work)
}

fn run(mode: &[&str], count: u64, work: &Path) -> Result<Pair> {
    let file = work.join("documents.ndjson");
    let mut out = BufWriter::new(File::create(&file)?);
    for i in 0..count {
        writeln!(out, "{}", Note::new(i, 0).document())?;
    }
    out.flush()?;
    let node = Command::new("node").arg(SCRIPT).arg(&file).args(mode).stderr(Stdio::inherit()).output()?;
    if !node.status.success() {
        return Err("the peer did not run: `npm ci` in tests/interop installs it".into());
    }
    let m: Measured = serde_json::from_slice(&node.stdout)?;
    let ms = |n: f64| Duration::from_secs_f64(n / 1000.0);
    Ok(Pair { push: ms(m.push_ms), pull: ms(m.pull_ms), push_requests: m.push_requests, pull_requests: m.pull_requests })
}
