//! What this machine can do at best, so that the ratios of the other rows can be read.

use crate::{
    Result,
    table::{Row, time},
};
use kitestring::Digest;
use std::{
    fs::File,
    hint::black_box,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

const TURNS: usize = 5;
const HASHED: usize = 16 << 20;
const WRITTEN: usize = 4 << 20;

/// Measures SHA-256 as the core computes it, and the time until a file of the size of a full record is on the disk.
///
/// # Errors
/// If the file cannot be written.
pub fn rows(work: &Path) -> Result<Vec<Row>> {
    let bytes = vec![0x5a; HASHED];
    let hash = fastest(|| {
        black_box(Digest::of(black_box(&bytes)));
        Ok(())
    })?;
    let place = tempfile::tempdir_in(work)?;
    let file = place.path().join("record");
    let store = fastest(|| {
        let mut file = File::create(&file)?;
        file.write_all(bytes.get(..WRITTEN).unwrap_or_default())?;
        Ok(file.sync_all()?)
    })?;
    let rate = HASHED as f64 / 1e6 / hash.as_secs_f64().max(f64::MIN_POSITIVE);
    Ok(vec![Row::plain("this machine: SHA-256", format!("{rate:.0} MB/s")), Row::plain("this machine: 4 MiB file with fsync", time(store))])
}

/// Returns the shortest time of several turns.
fn fastest(mut work: impl FnMut() -> Result<()>) -> Result<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..TURNS {
        let begun = Instant::now();
        work()?;
        best = best.min(begun.elapsed());
    }
    Ok(best)
}
