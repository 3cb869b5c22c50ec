//! A vault keeps its size: checkpoints, the deletion of what they cover, and devices that come back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use common::{Device, drives};
use futures::executor::block_on;
use kitestring::*;

fn size(drive: &MemoryDrive) -> usize {
    drive.contents().values().map(Vec::len).sum()
}

fn files(drive: &MemoryDrive, folder: &str) -> usize {
    drive.contents().keys().filter(|path| path.starts_with(folder)).count()
}

#[test]
fn a_vault_that_is_edited_for_long_keeps_its_size_and_a_new_device_reads_little() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            for n in 0..1000_u32 {
                let device = if n % 3 == 0 { &b } else { &a };
                device.sync().await;
                match n % 20 {
                    7 => device.delete(&format!("note {}", (n / 20) % 10)).await,
                    _ => device.put(&format!("note {}", n % 10), &format!("{n} {}", "text ".repeat(40))).await,
                }
                device.sync().await;
                device.later(3 * 86_400);
            }
            for device in [&a, &b, &a] {
                let report = device.sync().await;
                assert!(report.conflicts.is_empty() || report.conflicts.len() < 10);
            }
            let records = files(&drive, "j/");
            assert!(records < 200, "{records} files in j/ of {:?}", drive.capabilities());
            let new = Device::journal(&drive, 3).await;
            let report = new.sync().await;
            assert!(report.skipped.is_empty(), "{:?}", report.skipped);
            assert_eq!(a.docs(), b.docs(), "{:?}", drive.capabilities());
            assert_eq!(new.docs(), a.docs(), "{:?}", drive.capabilities());
            println!("{:?}: {} bytes, {records} files, {} requests", drive.capabilities(), size(&drive), report.requests.total());
        }
    });
}

#[test]
fn asking_twice_leaves_nothing_that_is_not_needed() {
    block_on(async {
        for drive in drives() {
            let a = Device::journal(&drive, 1).await;
            for n in 0..50_u32 {
                a.put("note", &n.to_string()).await;
                a.sync().await;
            }
            a.later(100 * 86_400);
            for _ in 0..3 {
                assert!(a.client.compact(SyncOptions::default()).await.unwrap());
            }
            assert!(files(&drive, "j/") <= 2, "{:?}", drive.contents().keys());
            assert!(files(&drive, "c/") <= 2, "{:?}", drive.contents().keys());
            let new = Device::journal(&drive, 2).await;
            let report = new.sync().await;
            assert_eq!(new.docs(), a.docs());
            assert!(report.requests.total() <= 4, "{:?}", report.requests);
        }
    });
}
