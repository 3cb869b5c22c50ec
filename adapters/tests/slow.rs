//! The layer that makes a drive slow.
#![cfg(all(feature = "test-support", feature = "runtime"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod common;

use common::path;
use futures::executor::block_on;
use kitestring::{
    Drive, DrivePath, MemoryDrive,
    drive::{Capabilities, Condition, GetOptions, PutFile},
};
use kitestring_adapters::{NativeRuntime, layers::SlowDrive};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const LATENCY: Duration = Duration::from_millis(20);

fn slow() -> SlowDrive {
    let capabilities = Capabilities { parallel: 4, ..Capabilities::FULL };
    SlowDrive::new(Arc::new(MemoryDrive::with(capabilities)), Arc::new(NativeRuntime::new()), LATENCY)
}

fn trips(call: impl Future<Output = ()>) -> u32 {
    let started = Instant::now();
    block_on(call);
    (started.elapsed().as_millis() / LATENCY.as_millis()) as u32
}

#[test]
fn each_request_waits_once() {
    let drive = slow();
    assert!(trips(async { drop(drive.put(path("a"), vec![1], Condition::Any).await.unwrap()) }) >= 1);
    assert!(trips(async { drop(drive.get(path("a"), GetOptions::default()).await.unwrap()) }) >= 1);
    assert!(trips(async { drop(drive.list_dir(DrivePath::root(), None).await.unwrap()) }) >= 1);
    assert!(trips(async { drop(drive.changed_since(None).await.unwrap()) }) >= 1);
    assert!(trips(async { drive.delete(path("a"), Condition::Any).await.unwrap() }) >= 1);
}

#[test]
fn a_batch_waits_once_for_each_file_a_few_at_a_time() {
    let drive = slow();
    let files = (0..12).map(|n| PutFile { path: path(&format!("f{n}")), bytes: vec![], condition: Condition::Any }).collect();
    let trips = trips(async { assert!(drive.put_many(files).await.iter().all(Result::is_ok)) });
    assert!((3..12).contains(&trips), "12 files, 4 at a time, took {trips} round trips");
}
