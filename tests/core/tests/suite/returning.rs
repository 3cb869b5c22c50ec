//! Devices that were away while the vault was compacted, and those that never come back.

use crate::common::{Device, drives, id, json};
use futures::executor::block_on;
use kitestring::*;
use std::sync::Arc;

const DAY: u64 = 86_400;

/// Edits and compacts until every record of before is gone.
async fn compact_away(device: &Device, drive: &MemoryDrive) {
    let before: Vec<String> = drive.contents().into_keys().filter(|path| path.starts_with("j/") && !path.starts_with("j/c-")).collect();
    for n in 0..2 {
        device.put("stirred", &n.to_string()).await;
        assert!(device.client.compact(SyncOptions::default()).await.unwrap());
    }
    assert!(before.iter().all(|path| !drive.contents().contains_key(path)), "of {before:?} some are there still");
}

#[test]
fn a_device_that_was_away_gets_everything_and_nothing_is_resurrected() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            for n in 0..40 {
                a.put(&format!("note {n}"), "old").await;
            }
            a.sync().await;
            b.sync().await;
            // While B is away, half of it is deleted or edited, and B edits some of the same.
            for n in 0..10 {
                a.delete(&format!("note {n}")).await;
                a.put(&format!("note {}", n + 10), "new").await;
            }
            a.put("born meanwhile", "x").await;
            a.sync().await;
            compact_away(&a, &drive).await;
            b.put("note 0", "edited there, deleted here").await;
            b.put("note 10", "edited on both sides").await;
            b.put("note 39", "edited there only").await;
            b.delete("note 38").await;
            let report = b.sync().await;
            assert_eq!(report.skipped, [], "{:?}", drive.capabilities());
            let mut conflicts: Vec<(String, ConflictKind)> = report.conflicts.iter().map(|c| (c.id.to_string(), c.kind)).collect();
            conflicts.sort_by(|a, b| a.0.cmp(&b.0));
            let expected = [("note 0".to_owned(), ConflictKind::EditDelete), ("note 10".to_owned(), ConflictKind::EditEdit)];
            assert_eq!(conflicts, expected);
            for n in 1..10 {
                assert_eq!(b.text(&format!("note {n}")), None, "note {n} is resurrected");
                assert_eq!(b.text(&format!("note {}", n + 10)).unwrap().as_bytes(), json("new"));
            }
            for conflict in report.conflicts {
                b.client.resolve(conflict, Resolution::KeepLocal).await.unwrap();
            }
            b.sync().await;
            a.sync().await;
            assert_eq!(a.docs(), b.docs());
            assert_eq!(a.text("note 38"), None);
            let new = Device::journal(&drive, 3).await;
            new.sync().await;
            assert_eq!(new.docs(), a.docs());
        }
    });
}

#[test]
fn a_deletion_is_forgotten_after_its_time_and_a_stale_device_deletes_all_the_same() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            a.put("stays", "x").await;
            a.put("goes", "x").await;
            a.sync().await;
            b.sync().await;
            a.delete("goes").await;
            a.sync().await;
            a.client.compact(SyncOptions::default()).await.unwrap();
            a.later(400 * DAY);
            // Its age is counted up to the checkpoint before; it goes with the next record, and then out of the history.
            for n in 0..6 {
                a.put("stays", &n.to_string()).await;
                a.client.compact(SyncOptions::default()).await.unwrap();
            }
            let known = a.client.history(id("goes")).await.unwrap();
            assert!(known.is_empty(), "{known:#?}");
            b.later(400 * DAY);
            let report = b.sync().await;
            assert!(report.conflicts.is_empty());
            assert_eq!(b.docs(), a.docs(), "{:?}", drive.capabilities());
            b.put("goes", "anew").await;
            b.sync().await;
            a.sync().await;
            assert_eq!(a.text("goes").unwrap().as_bytes(), json("anew"));
        }
    });
}

#[test]
fn a_head_stays_small_however_many_devices_there_were() {
    block_on(async {
        for (drive, devices) in drives().into_iter().zip([10_000, 500]) {
            let mut device = Device::journal(&drive, 1).await;
            let away = Device::journal(&drive, 2).await;
            away.put("of who was away", "1").await;
            away.sync().await;
            for n in 0..devices {
                device = incarnated(device, &drive).await;
                device.put("note", &n.to_string()).await;
                device.sync().await;
            }
            let largest = drive.contents().into_iter().filter(|(path, _)| path.starts_with("h")).map(|(_, bytes)| bytes.len()).max();
            assert!(largest.unwrap() < 8 << 10, "{largest:?}");
            away.put("of who was away", "2").await;
            assert_eq!(away.sync().await.skipped, []);
            device.sync().await;
            assert_eq!(device.docs(), away.docs());
        }
    });
}

/// The same host under a new writer.
async fn incarnated(device: Device, drive: &Arc<MemoryDrive>) -> Device {
    let Device { notes, state, runtime, client, .. } = device;
    drop(client);
    let options = Options { new_incarnation: true, ..Options::new(runtime.clone()) };
    let client = Client::open(notes.clone(), state.clone(), drive.clone(), options).await.unwrap();
    Device { notes, state, runtime, client, canary: None }
}
