//! Pull: guards against mass deletion, batches, and documents that the host refuses or cannot read.

use crate::common::{
    Device, drives, id, json,
    watched::{Watched, client, deleted, written},
};
use futures::executor::block_on;
use kitestring::*;
use std::{sync::Arc, time::Duration};

async fn sync(client: &Client) -> Report {
    client.sync(SyncOptions::default()).await.unwrap()
}

#[test]
fn more_than_half_deleted_on_the_drive_is_asked_about() {
    block_on(async {
        for (of, gone, asks) in [(20, 19, false), (40, 20, false), (40, 21, true), (100, 30, false)] {
            let drive = Arc::new(MemoryDrive::new());
            let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
            for n in 0..of {
                a.put(&format!("{n}"), "1").await;
            }
            a.sync().await;
            b.sync().await;
            for n in 0..gone {
                a.delete(&format!("{n}")).await;
            }
            a.sync().await;
            let report = b.try_sync().await;
            if asks {
                assert_eq!(report.unwrap_err().kind, ErrorKind::MassDelete { deletes: gone, of });
                assert_eq!(b.docs().len() as u64, of);
                let allow = Allow { mass_delete: true, ..Allow::default() };
                let report = b.client.sync(SyncOptions { allow, ..SyncOptions::default() }).await;
                assert_eq!(report.unwrap().deleted, gone);
            } else {
                assert_eq!(report.unwrap().deleted, gone);
            }
        }
    });
}

#[test]
fn documents_that_are_refused_are_no_deletions() {
    block_on(async {
        for drive in drives() {
            let a = Device::new(&drive, 1).await;
            let host = Arc::new(Watched::default());
            let (b, _) = client(&host, drive, 2).await;
            for n in 0..40 {
                a.put(&format!("{n}"), "1").await;
            }
            a.sync().await;
            sync(&b).await;
            for n in 0..40 {
                a.put(&format!("{n}"), "2").await;
                host.in_the_way.lock().unwrap().push((id(&format!("{n}")), None));
            }
            a.sync().await;
            host.forget_calls();
            let report = sync(&b).await;
            assert_eq!((report.pulled, report.skipped.len()), (0, 40));
            assert_eq!(host.asked("apply").concat().len(), 40, "each is offered once");
            host.in_the_way.lock().unwrap().clear();
            assert_eq!(sync(&b).await.pulled, 40);
        }
    });
}

#[test]
fn what_was_in_the_way_of_a_document_may_be_deleted_by_the_same_sync() {
    block_on(async {
        for drive in drives() {
            let a = Device::new(&drive, 1).await;
            let host = Arc::new(Watched::default());
            let (b, _) = client(&host, drive, 2).await;
            a.put("folder", "1").await;
            a.sync().await;
            sync(&b).await;
            a.delete("folder").await;
            a.put("file", "1").await;
            a.sync().await;
            host.in_the_way.lock().unwrap().push((id("file"), Some(id("folder"))));
            let report = sync(&b).await;
            assert_eq!((report.pulled, report.deleted, report.skipped), (1, 1, vec![]));
            assert_eq!(host.body("file"), Some(json("1")));
        }
    });
}

#[test]
fn a_document_that_cannot_be_read_here_waits() {
    block_on(async {
        for drive in drives() {
            let a = Device::new(&drive, 1).await;
            let host = Arc::new(Watched::default());
            let (b, _) = client(&host, drive, 2).await;
            for name in ["edited", "mine"] {
                a.put(name, "1").await;
            }
            a.sync().await;
            sync(&b).await;
            a.put("edited", "2").await;
            a.sync().await;
            // The deletion was taken back, and nothing can be read at the moment.
            b.queue_change(deleted("mine")).await.unwrap();
            host.unreadable.lock().unwrap().extend([id("edited"), id("mine")]);
            let report = sync(&b).await;
            assert_eq!((report.pulled, report.pushed, report.deleted, report.conflicts), (0, 0, 0, vec![]));
            let mut skipped: Vec<_> = report.skipped.iter().map(|s| s.id.as_str()).collect();
            skipped.sort_unstable();
            assert_eq!(skipped, ["edited", "mine"]);
            host.unreadable.lock().unwrap().clear();
            let report = sync(&b).await;
            assert_eq!((report.pulled, report.deleted, report.skipped), (1, 0, vec![]));
            a.sync().await;
            assert_eq!(a.text("mine").unwrap().as_bytes(), json("1"));
            assert_eq!(host.body("edited"), Some(json("2")));
        }
    });
}

#[test]
fn an_edit_that_cannot_be_read_here_is_tried_again_by_each_sync() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let host = Arc::new(Watched::default());
        let (a, _) = client(&host, drive, 2).await;
        sync(&a).await;
        host.write("x", json("1"));
        a.queue_change(written("x")).await.unwrap();
        host.unreadable.lock().unwrap().insert(id("x"));
        assert_eq!(sync(&a).await.skipped.len(), 1);
        host.unreadable.lock().unwrap().clear();
        // Nobody queues it again: it waits for nothing but the host.
        assert_eq!(sync(&a).await.pushed, 1);
    });
}

#[test]
fn documents_arrive_in_batches_that_fit_their_size() {
    block_on(async {
        for (count, size) in [(200, 10), (230, 100_000)] {
            let drive = Arc::new(MemoryDrive::new());
            let a = Device::new(&drive, 1).await;
            for n in 0..count {
                a.put(&format!("{n}"), &"x".repeat(size)).await;
            }
            a.sync().await;
            let host = Arc::new(Watched::default());
            let (b, _) = client(&host, drive, 2).await;
            assert_eq!(sync(&b).await.pulled, count);
            let batches: Vec<usize> = host.asked("apply").iter().map(Vec::len).collect();
            if size < 1000 {
                assert_eq!(batches, [128, 72]);
            } else {
                assert!(batches[1..].iter().all(|n| n * size <= 9 << 20), "{batches:?}");
                assert!(batches.len() <= 4, "{batches:?}");
            }
        }
    });
}

#[test]
fn a_first_pull_that_was_stopped_is_still_the_first() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
            a.put("x", "1").await;
            a.sync().await;
            let now = SyncOptions { deadline: Some(Duration::ZERO), ..SyncOptions::default() };
            let report = b.client.sync(now).await.unwrap();
            assert_eq!((report.stopped, report.pulled), (Some(Stopped::Deadline), 0));
            assert_eq!(b.client.status().await.unwrap().last_sync_ms, None);
            // Nobody tells of it, and before the first pull is complete nobody has to.
            b.notes.0.lock().unwrap().insert(id("quiet"), (Revision::new("1"), json("quiet")));
            let report = b.sync().await;
            assert_eq!((report.stopped, report.pulled, report.pushed), (None, 1, 1));
        }
    });
}
