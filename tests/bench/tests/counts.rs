//! A small sync of the classic layout costs a few requests, whatever the drive can do.

use async_io::block_on;
use bench::counts::{TIERS, classic_small};

#[test]
fn one_edit_costs_a_few_requests_and_an_idle_sync_one() {
    for (name, capabilities, most) in TIERS {
        let counts = block_on(classic_small(capabilities)).unwrap();
        assert!(counts.edit <= most, "one edit costs {} requests, {name}", counts.edit);
        assert_eq!(counts.idle, 1, "{name}");
    }
}
