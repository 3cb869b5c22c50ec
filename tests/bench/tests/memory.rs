//! Memory does not grow with the number of documents.

use bench::memory::peaks;
use std::path::Path;

/// Twelve thousand more documents of a kibibyte would add three times this if their bodies stayed in memory. Both
/// datasets are larger than what fills the caches and what a push needs to reach its largest batch. What ids and
/// revisions alone would add shows in the benchmark, with its larger datasets.
const MOST_GROWTH_KIB: u64 = 4 * 1024;

#[test]
fn the_peak_of_a_first_sync_is_that_of_a_batch() {
    let program = Path::new(env!("CARGO_BIN_EXE_kitestring-bench"));
    let work = tempfile::tempdir().unwrap();
    let small = peaks(program, 12_000, work.path()).unwrap();
    let large = peaks(program, 24_000, work.path()).unwrap();
    assert!(large.push < small.push + MOST_GROWTH_KIB, "push: {} → {} KiB", small.push, large.push);
    assert!(large.pull < small.pull + MOST_GROWTH_KIB, "pull: {} → {} KiB", small.pull, large.pull);
}
