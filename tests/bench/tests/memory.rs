//! Memory does not grow with the number of documents.

use bench::memory::peaks;
use std::path::Path;

/// Eight thousand more documents of a kibibyte would add twice this if their bodies stayed in memory. What ids and
/// revisions alone would add shows in the benchmark, with its larger datasets.
const MOST_GROWTH_KIB: u64 = 4 * 1024;

#[test]
fn the_peak_of_a_first_sync_is_that_of_a_batch() {
    let program = Path::new(env!("CARGO_BIN_EXE_kitestring-bench"));
    let work = tempfile::tempdir().unwrap();
    let small = peaks(program, 3_000, work.path()).unwrap();
    let large = peaks(program, 13_000, work.path()).unwrap();
    assert!(large.push < small.push + MOST_GROWTH_KIB, "push: {} → {} KiB", small.push, large.push);
    assert!(large.pull < small.pull + MOST_GROWTH_KIB, "pull: {} → {} KiB", small.pull, large.pull);
}
