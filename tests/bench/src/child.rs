//! Work that is measured in a process of its own: its heap and its CPU are then nobody else's, and it starts cold.

use crate::{Result, growth, layout::Measured, memory, scale, steps};
use async_io::block_on;
use memory::Half;
use serde::de::DeserializeOwned;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Runs `program` as a child on `count` notes and reads what it prints. `place` is a folder for what it keeps.
///
/// # Errors
/// If the process fails.
pub fn run<T: DeserializeOwned>(program: &Path, work: &str, layout: Measured, count: u64, place: &Path) -> Result<T> {
    let out = Command::new(of(program, work)).args(["child", work, layout.name(), &count.to_string()]).arg(place).output()?;
    if !out.status.success() {
        return Err(format!("{work} of {count} documents failed: {}", String::from_utf8_lossy(&out.stderr)).into());
    }
    Ok(serde_json::from_slice(&out.stdout)?)
}

/// Returns the program for a piece of work: another one, beside it, where the heap is counted.
fn of(program: &Path, work: &str) -> PathBuf {
    match work {
        "push" | "pull" | "compact" => program.with_file_name(format!("kitestring-bench-heap{}", std::env::consts::EXE_SUFFIX)),
        _ => program.to_owned(),
    }
}

/// Does the work of a child and returns what it prints. `heap` tells the peak of the heap in bytes.
///
/// # Errors
/// Those of the work, and if there is no such work.
pub fn work(words: &[&str], heap: impl Fn() -> usize) -> Result<String> {
    let &[work, layout, count, place] = words else { return Err("a child needs work, layout, number and folder".into()) };
    let (layout, count, place) = (Measured::named(layout)?, count.parse()?, Path::new(place));
    Ok(match work {
        "push" => serde_json::to_string(&memory::child(layout, Half::Push, count, place, heap)?)?,
        "pull" => serde_json::to_string(&memory::child(layout, Half::Pull, count, place, heap)?)?,
        "compact" => serde_json::to_string(&growth::child(count, place, heap)?)?,
        "small" => serde_json::to_string(&block_on(scale::small(layout, count, place))?)?,
        "steps" => serde_json::to_string(&block_on(steps::run(layout, count, 1))?)?,
        "steps-tenfold" => serde_json::to_string(&block_on(steps::run(layout, count, 10))?)?,
        _ => return Err(format!("no work is called {work}").into()),
    })
}
