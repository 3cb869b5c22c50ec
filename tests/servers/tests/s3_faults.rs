//! Three devices in one bucket, behind a network that goes wrong. All sync at the same moment.

use kitestring::{Drive, Result};
use kitestring_servers::{
    Faults,
    play::{Open, classic, journal, play},
    s3::{Store, open_over},
};
use std::sync::Arc;

/// Makes an empty folder on a store.
fn place(store: Store) -> Result<Box<Open>> {
    let place = store.empty_folder();
    Ok(Box::new(move |http, runtime, _: &_| Ok(Arc::new(open_over(http, runtime, &place)?) as Arc<dyn Drive>)))
}

#[test]
fn the_journal_loses_nothing() {
    play(|| place(Store::SeaweedFs), journal, Faults::All, 1..5);
}

/// There conditions are ignored, which the probe finds out.
#[test]
fn the_journal_loses_nothing_where_records_are_found_by_listing() {
    play(|| place(Store::Rclone), journal, Faults::All, 1..4);
}

#[test]
fn the_classic_layout_loses_nothing() {
    play(|| place(Store::SeaweedFs), classic, Faults::All, 1..4);
}
