//! Two devices on one drive: the main job, on every kind of drive and in both layouts.

use crate::common::{Device, drives, id, in_both_layouts, json};
use futures::executor::block_on;
use kitestring::*;

#[test]
fn edits_and_deletions_travel() {
    block_on(async {
        for (drive, layout) in in_both_layouts() {
            let (a, b) = (Device::of(&drive, 1, layout).await, Device::of(&drive, 2, layout).await);
            for n in 0..250 {
                a.put(&format!("note {n}"), &n.to_string()).await;
            }
            assert_eq!(a.sync().await.pushed, 250);
            assert_eq!(b.sync().await.pulled, 250);
            assert_eq!(a.docs(), b.docs());
            b.put("note 7", "seven").await;
            b.delete("note 8").await;
            let report = b.sync().await;
            assert_eq!((report.pushed, report.deleted), (1, 1));
            let report = a.sync().await;
            assert_eq!((report.pulled, report.deleted), (1, 1));
            assert_eq!(a.docs(), b.docs());
            assert_eq!(a.text("note 8"), None);
        }
    });
}

#[test]
fn an_edit_costs_7_to_10_requests_and_nothing_costs_1() {
    block_on(async {
        for (drive, limit) in drives().into_iter().zip([7, 9, 10]) {
            let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
            a.put("x", "1").await;
            a.sync().await;
            b.sync().await;
            a.put("x", "2").await;
            let report = a.sync().await;
            assert!(report.requests.total() <= limit, "{:?} on {:?}", report.requests, drive.capabilities());
            let report = b.sync().await;
            assert!(report.requests.total() <= 3, "{:?}", report.requests);
            assert_eq!(a.sync().await.requests, Requests { get: 1, ..Requests::default() });
            assert_eq!(b.sync().await.requests, Requests { get: 1, ..Requests::default() });
        }
    });
}

#[test]
fn a_conflict_waits_for_the_host() {
    block_on(async {
        for (drive, layout) in in_both_layouts() {
            for resolution in [Resolution::KeepLocal, Resolution::TakeRemote] {
                let (a, b) = (Device::of(&drive, 1, layout).await, Device::of(&drive, 2, layout).await);
                a.put("x", "1").await;
                a.sync().await;
                b.sync().await;
                a.put("x", "from a").await;
                b.put("x", "from b").await;
                a.sync().await;
                let report = b.sync().await;
                assert_eq!(report.conflicts.len(), 1);
                assert_eq!(b.text("x").unwrap(), String::from_utf8(json("from b")).unwrap(), "nothing is overwritten");
                assert_eq!(b.sync().await.conflicts.len(), 1, "it stays");
                let seen = b.client.conflicts().await.unwrap().remove(0);
                let versions = b.client.versions(id("x")).await.unwrap();
                assert_eq!(versions.remote.unwrap().body, Body::Whole(json("from a")));
                b.client.resolve(seen, resolution.clone()).await.unwrap();
                assert!(b.sync().await.conflicts.is_empty());
                assert!(a.sync().await.conflicts.is_empty());
                assert_eq!(a.docs(), b.docs());
                let kept = if resolution == Resolution::KeepLocal { "from b" } else { "from a" };
                assert_eq!(a.docs()[&id("x")], json(kept));
                drive.restore(Default::default());
            }
        }
    });
}

#[test]
fn equal_documents_are_adopted_and_different_ones_are_a_conflict() {
    block_on(async {
        for (drive, layout) in in_both_layouts() {
            let (a, b) = (Device::of(&drive, 1, layout).await, Device::of(&drive, 2, layout).await);
            for device in [&a, &b] {
                device.put("same", "1").await;
            }
            a.put("other", "a").await;
            b.put("other", "b").await;
            a.sync().await;
            let report = b.sync().await;
            assert_eq!(report.conflicts.iter().map(|c| (c.id.as_str(), c.kind)).collect::<Vec<_>>(), [("other", ConflictKind::Adopt)]);
            assert_eq!(report.pushed, 0);
        }
    });
}

#[test]
fn a_dry_run_counts_and_changes_nothing() {
    block_on(async {
        for (drive, layout) in in_both_layouts() {
            let (a, b) = (Device::of(&drive, 1, layout).await, Device::of(&drive, 2, layout).await);
            a.put("x", "1").await;
            a.sync().await;
            b.put("y", "2").await;
            let (before, state) = (drive.contents(), b.client.status().await.unwrap());
            let options = SyncOptions { dry_run: true, ..SyncOptions::default() };
            let report = b.client.sync(options).await.unwrap();
            assert_eq!((report.pushed, report.pulled), (1, 1));
            assert_eq!((drive.contents(), b.client.status().await.unwrap()), (before, state));
            assert_eq!(b.text("x"), None);
        }
    });
}

#[test]
fn documents_are_pushed_in_the_order_in_which_they_were_first_queued() {
    block_on(async {
        for drive in drives() {
            let a = Device::new(&drive, 1).await;
            for name in ["z", "a", "m", "a", "z", "b"] {
                a.put(name, "x").await;
            }
            a.put("z", "last").await;
            assert_eq!(a.sync().await.pushed, 4);
            let order: Vec<String> = crate::common::old_client::log(&drive).await.into_iter().map(|(id, _)| id).collect();
            assert_eq!(order, ["z", "a", "m", "b"]);
        }
    });
}
