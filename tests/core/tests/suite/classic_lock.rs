//! The lock of the classic layout: whose it is, when it is dead, and what happens when it is lost.

use crate::common::{
    Device, drives,
    faulty::Faulty,
    old_client::{read, write},
};
use futures::executor::block_on;
use kitestring::*;
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// The virtual clock's first moment.
const BEGIN_MS: u64 = 1_700_000_000_000;

/// A device with something to push, on a drive that holds this lock.
async fn facing(drive: &Arc<MemoryDrive>, lock: serde_json::Value) -> Device {
    let device = Device::new(drive, 1).await;
    device.sync().await;
    device.put("x", "1").await;
    write(drive, "lock.json", lock).await;
    device
}

fn expect_locked(error: Error, owner: Option<&str>, until_ms: u64) {
    assert_eq!(error.kind, ErrorKind::Locked { owner: owner.map(str::to_owned), until_ms });
}

#[test]
fn a_live_lock_is_waited_for_and_then_named() {
    block_on(async {
        for drive in drives() {
            let until = BEGIN_MS + 60_000;
            let device = facing(&drive, json!({"expire": until, "owner": "b", "device": "phone"})).await;
            let begun = device.runtime.now();
            expect_locked(device.try_sync().await.unwrap_err(), Some("phone"), until);
            assert!(device.runtime.now() - begun >= Duration::from_secs(10));
        }
    });
}

#[test]
fn pulling_needs_no_lock() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
            b.sync().await;
            a.put("y", "1").await;
            a.sync().await;
            b.put("x", "1").await;
            write(&drive, "lock.json", json!({"expire": BEGIN_MS + 900_000})).await;
            assert!(b.try_sync().await.is_err());
            assert!(b.text("y").is_some());
        }
    });
}

#[test]
fn an_old_clients_lock_is_dead_two_minutes_after_its_end() {
    block_on(async {
        for drive in drives() {
            let device = facing(&drive, json!({"expire": BEGIN_MS - 119_000})).await;
            let options = SyncOptions { wait: Duration::ZERO, ..SyncOptions::default() };
            expect_locked(device.client.sync(options).await.unwrap_err(), None, BEGIN_MS - 119_000);
            device.later(2);
            assert_eq!(device.sync().await.pushed, 1);
            assert_eq!(read(&drive, "lock.json").await, None, "and it is gone afterwards");
        }
    });
}

#[test]
fn a_lock_that_stands_still_is_dead_whatever_its_clock_says() {
    block_on(async {
        for drive in drives() {
            for lock in [json!({"expire": BEGIN_MS + 3_600_000, "owner": "b"}), json!("nonsense")] {
                let device = facing(&drive, lock).await;
                let options = || SyncOptions { wait: Duration::ZERO, ..SyncOptions::default() };
                assert!(device.client.sync(options()).await.is_err());
                device.later(100);
                assert!(device.client.sync(options()).await.is_err());
                device.later(31);
                assert_eq!(device.client.sync(options()).await.unwrap().pushed, 1);
                drive.restore(Default::default());
            }
        }
    });
}

#[test]
fn our_own_lock_is_retaken_at_once() {
    block_on(async {
        for drive in drives() {
            let device = Device::new(&drive, 1).await;
            device.sync().await;
            device.put("x", "1").await;
            let owner = device.client.status().await.unwrap().client;
            write(&drive, "lock.json", json!({"expire": BEGIN_MS + 100_000, "owner": owner})).await;
            let options = SyncOptions { wait: Duration::ZERO, ..SyncOptions::default() };
            assert_eq!(device.client.sync(options).await.unwrap().pushed, 1);
        }
    });
}

#[test]
fn an_old_client_sees_a_lock_of_two_minutes() {
    block_on(async {
        for drive in drives() {
            let device = Device::new(&drive, 1).await;
            device.sync().await;
            device.put("x", "1").await;
            let seen = Arc::new(std::sync::Mutex::new(None));
            let (note, target) = (seen.clone(), drive.clone());
            let watching = Faulty::new(&drive, move |op, path| {
                if op == "put" && path == "meta.json" {
                    *note.lock().unwrap() = futures::FutureExt::now_or_never(read(&target, "lock.json")).flatten();
                }
                None
            });
            let device = device.restarted(watching).await;
            device.sync().await;
            let lock = seen.lock().unwrap().take().unwrap();
            assert_eq!(lock["expire"].as_u64().unwrap(), device.runtime.wall().as_millis() as u64 + 120_000);
        }
    });
}

#[test]
fn a_lock_that_an_interruption_left_is_removed_by_the_next_sync_although_it_has_nothing_to_push() {
    block_on(async {
        for drive in drives() {
            let device = Device::new(&drive, 1).await;
            device.sync().await;
            device.put("x", "1").await;
            let faulty =
                Faulty::new(&drive, |op, path| (op == "delete" && path == "lock.json").then_some(crate::common::faulty::When::Before));
            let device = device.restarted(faulty).await;
            device.sync().await;
            assert!(read(&drive, "lock.json").await.is_some());
            let device = device.restarted(drive.clone()).await;
            assert_eq!(device.sync().await.pushed, 0);
            assert_eq!(read(&drive, "lock.json").await, None);
            assert_eq!(device.sync().await.requests.total(), 1);
        }
    });
}

/// C18a: where the drive may let two take the lock at once, the one whose lock was written over does not push.
#[test]
fn a_lock_that_is_written_over_in_the_same_moment_is_not_ours() {
    block_on(async {
        for drive in drives().into_iter().filter(|drive| !drive.capabilities().replace) {
            let until = BEGIN_MS + 60_000;
            let device = Device::new(&drive, 1).await;
            device.sync().await;
            device.put("x", "1").await;
            let (mut is_taken, target) = (false, drive.clone());
            let racing = Faulty::new(&drive, move |op, path| {
                if std::mem::replace(&mut is_taken, op == "put" && path == "lock.json") {
                    let theirs = write(&target, "lock.json", json!({"expire": until, "owner": "b"}));
                    assert!(futures::FutureExt::now_or_never(theirs).is_some());
                }
                None
            });
            let device = device.restarted(racing).await;
            expect_locked(device.try_sync().await.unwrap_err(), Some("b"), until);
            assert_eq!(read(&drive, "docs/x.json").await, None, "nothing was written");
            assert_eq!(read(&drive, "lock.json").await.unwrap()["owner"], "b", "theirs stays");
        }
    });
}
