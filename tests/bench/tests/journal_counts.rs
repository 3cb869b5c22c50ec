//! What a sync of the journal layout costs in requests, bytes and files, with each strategy.

use async_io::block_on;
use bench::counts::{STRATEGIES, first, journal_small, most_for, raw_bytes, records_of_many_edits};

/// More than one record holds, compressed.
const MANY: u64 = 15_000;

#[test]
fn a_small_sync_costs_a_few_requests() {
    for (strategy, most) in STRATEGIES {
        let small = block_on(journal_small(strategy)).unwrap();
        assert_eq!(small.idle, 1, "an idle sync, {strategy}");
        assert!(small.edit <= most, "one edit costs {} requests, {strategy}", small.edit);
        assert!(small.pull <= 3, "the pull of one edit costs {} requests, {strategy}", small.pull);
    }
}

#[test]
fn a_first_sync_costs_a_request_for_four_mebibytes_and_the_notes_travel_compressed() {
    let raw = raw_bytes(MANY) as f64;
    for (strategy, _) in STRATEGIES {
        let first = block_on(first(strategy, MANY)).unwrap();
        for (half, cost) in [("push", first.push), ("pull", first.pull)] {
            let (requests, most) = (cost.requests.total(), most_for(first.stored));
            assert!(requests <= most, "the first {half} costs {requests} requests, and {most} are allowed, {strategy}");
            let part = (cost.bytes.sent + cost.bytes.received) as f64 / raw;
            assert!(part <= 0.40, "the first {half} moves {part:.3} of the raw bytes, {strategy}");
        }
    }
}

#[test]
fn ten_thousand_edits_of_a_hundred_documents_are_one_record() {
    for (strategy, _) in STRATEGIES {
        assert_eq!(block_on(records_of_many_edits(strategy)).unwrap(), 1, "{strategy}");
    }
}
