//! A vault in the journal layout whose files are damaged, one at a time and in every way, met by a device that is up to
//! date, by one that is behind, and by a newcomer. Each has an edit that is not pushed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]
#![allow(clippy::disallowed_methods, reason = "how long damage takes is measured in real time")]

mod bombs;
mod damages;
mod fleet;
mod sealed;
mod strangers;

use crate::common::drives;
use damages::meet_all;
use fleet::{Fleet, Met, kind};
use futures::executor::block_on;
use kitestring::{Drive as _, MemoryDrive};
use std::{sync::Arc, time::Instant};

fn every_file_is_damaged(n: usize) {
    block_on(async {
        let drive = drives()[n].clone();
        let begun = Instant::now();
        let other = Fleet::new(Arc::new(MemoryDrive::with(drive.capabilities())), 50, false).await.files;
        let fleet = Fleet::new(drive, 1, false).await;
        let last = fleet.files.keys().rfind(|path| kind(path) == "h").cloned();
        // What everybody reads, byte for byte; of the others a sample, on each drive another one.
        let step = |path: &str| match kind(path) {
            "vault" | "head" => 1,
            "h" if last.as_deref() == Some(path) => 1,
            _ => 17 + 2 * n,
        };
        let count = meet_all(&fleet, &other, step).await;
        println!("{count:?} in {:?}", begun.elapsed());
        assert_eq!(count.len(), 3, "all outcomes were met");
    });
}

#[test]
fn every_file_is_damaged_in_every_way_with_compare_and_swap() {
    every_file_is_damaged(0);
}

#[test]
fn every_file_is_damaged_in_every_way_with_slots() {
    every_file_is_damaged(1);
}

#[test]
fn every_file_is_damaged_in_every_way_with_listing() {
    every_file_is_damaged(2);
}

#[test]
fn parts_of_a_large_document_are_damaged_in_every_way() {
    block_on(async {
        let drive = drives()[0].clone();
        let begun = Instant::now();
        let other = Fleet::new(drives()[0].clone(), 50, true).await.files;
        let fleet = Fleet::new(drive, 1, true).await;
        let count = meet_all(&fleet, &other, |path| if kind(path) == "p" { 211 } else { 0 }).await;
        println!("{count:?} in {:?}", begun.elapsed());
        assert!(count[&Met::Skipped] > 30, "{count:?}");
    });
}
