//! Devices on a vault in the journal layout, found by each strategy.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use common::{Device, drives, id, json};
use futures::executor::block_on;
use kitestring::*;

#[test]
fn edits_and_deletions_travel() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
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
fn an_edit_costs_3_requests_and_nothing_costs_1() {
    block_on(async {
        for (drive, limit) in drives().into_iter().zip([3, 3, 2]) {
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            a.put("x", "1").await;
            println!("first push {:?}", a.sync().await.requests);
            println!("first pull {:?}", b.sync().await.requests);
            for n in 2..9 {
                a.put("x", &n.to_string()).await;
                let report = a.sync().await;
                assert!(report.requests.total() <= limit, "{:?} on {:?}", report.requests, drive.capabilities());
                let report = b.sync().await;
                assert!(report.requests.total() <= limit, "{:?}", report.requests);
                assert_eq!(a.sync().await.requests.total(), 1);
                assert_eq!(b.sync().await.requests.total(), 1);
            }
        }
    });
}

#[test]
fn a_conflict_waits_for_the_host() {
    block_on(async {
        for drive in drives() {
            for resolution in [Resolution::KeepLocal, Resolution::TakeRemote] {
                let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
                a.put("x", "1").await;
                a.sync().await;
                b.sync().await;
                a.put("x", "of a").await;
                b.put("x", "of b").await;
                a.sync().await;
                let report = b.sync().await;
                assert_eq!(report.conflicts.len(), 1);
                assert_eq!(b.docs()[&id("x")], json("of b"));
                let versions = b.client.versions(id("x")).await.unwrap();
                assert_eq!(versions.remote.unwrap().body, Body::Whole(json("of a")));
                b.client.resolve(report.conflicts[0].clone(), resolution).await.unwrap();
                b.sync().await;
                a.sync().await;
                assert!(b.sync().await.conflicts.is_empty());
                assert_eq!(a.docs(), b.docs());
                a.delete("x").await;
                a.sync().await;
                b.sync().await;
            }
        }
    });
}

#[test]
fn equal_documents_are_adopted_without_a_transfer_and_different_ones_are_a_conflict() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            for n in 0..2000 {
                a.put(&format!("note {n}"), &n.to_string().repeat(100)).await;
                b.put(&format!("note {n}"), &n.to_string().repeat(100)).await;
            }
            a.put("differs", "a").await;
            b.put("differs", "b").await;
            let sent = a.sync().await.bytes.sent;
            let report = b.sync().await;
            assert_eq!(report.conflicts.iter().map(|c| c.kind).collect::<Vec<_>>(), [ConflictKind::Adopt]);
            assert_eq!((report.pushed, report.pulled), (0, 0));
            println!("{sent} {:?} {:?}", report.bytes, report.requests);
        }
    });
}

#[test]
fn what_is_pushed_over_a_restored_drive_reaches_the_others() {
    block_on(async {
        // Numbered heads do not show that a drive was restored: who asks for the next number only hears that it is free.
        let [with_one_head, _, with_none] = drives();
        for drive in [with_one_head, with_none] {
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            a.put("x", "1").await;
            a.put("deleted", "1").await;
            a.sync().await;
            b.sync().await;
            let backup = drive.contents();
            a.put("x", "2").await;
            a.delete("deleted").await;
            a.put("new", "2").await;
            a.sync().await;
            drive.restore(backup);
            assert_eq!(a.try_sync().await.unwrap_err().kind.code(), "rollback");
            let allow = Allow { rollback: true, ..Allow::default() };
            a.client.sync(SyncOptions { allow, ..SyncOptions::default() }).await.unwrap();
            // The record of that push builds on nothing that was lost with the drive.
            b.sync().await;
            assert_eq!((b.text("x"), b.text("new")), (a.text("x"), a.text("new")));
            a.sync().await;
            assert_eq!(a.docs(), b.docs());
            b.put("x", "3").await;
            b.sync().await;
            a.sync().await;
            assert_eq!(a.docs(), b.docs());
        }
    });
}
