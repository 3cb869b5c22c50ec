//! A vault that is edited for long keeps its size, and a new device reads little more than from a fresh one.

use async_io::block_on;
use bench::growth::{BESIDE_BYTES, MOST_SIZE, MOST_TIMES, ROUNDS, grown};
use kitestring::Strategy;

#[test]
fn a_hundred_thousand_edits_leave_a_small_vault() {
    for strategy in Strategy::ALL {
        let grown = block_on(grown(strategy, ROUNDS)).unwrap();
        println!("{strategy}: {grown:#?}");
        let most = MOST_SIZE * grown.fresh_bytes + BESIDE_BYTES;
        assert!(grown.most_bytes <= most, "{strategy}: {} bytes, and {most} are allowed", grown.most_bytes);
        let most = |fresh: u64| (fresh as f64 * MOST_TIMES) as u64;
        let (fresh, pull) = (grown.fresh_pull, grown.pull_after);
        assert!(pull.requests.total() <= most(fresh.requests.total()), "{strategy}: {:?} instead of {:?}", pull.requests, fresh.requests);
        assert!(pull.bytes.received <= most(fresh.bytes.received), "{strategy}: {:?} instead of {:?}", pull.bytes, fresh.bytes);
    }
}
