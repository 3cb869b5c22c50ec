//! Memory does not grow with the number of documents.

use bench::{layout::Measured, memory::peaks};
use std::path::Path;

/// Twelve thousand more documents of a kibibyte would add three times this if their bodies stayed in memory. Both
/// datasets are larger than what a push needs to reach its largest batch; on a busy machine batches are smaller, and the
/// first one does not quite reach it. The heap is compared, not the resident memory, in which the habits of the C
/// library's allocator weigh more than ours. What ids and revisions alone would add shows in the benchmark, with its
/// larger datasets.
const MOST_GROWTH_KIB: u64 = 4 * 1024;

#[test]
fn the_peak_of_a_first_sync_is_that_of_a_batch() {
    let program = Path::new(env!("CARGO_BIN_EXE_kitestring-bench"));
    let work = tempfile::tempdir().unwrap();
    let small = peaks(program, Measured::Classic, 12_000, work.path()).unwrap();
    let large = peaks(program, Measured::Classic, 24_000, work.path()).unwrap();
    println!("peaks at 12,000 documents {small:?}, at 24,000 {large:?}");
    for (half, small, large) in [("push", small.push, large.push), ("pull", small.pull, large.pull)] {
        assert!(large.heap < small.heap + MOST_GROWTH_KIB, "{half}: {} → {} KiB", small.heap, large.heap);
    }
}
