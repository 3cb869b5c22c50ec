//! A log that is shorter than its count: an old client wrote an older file over it and never came to the count.

use crate::common::{
    Device, drives,
    old_client::{log, read, write},
};
use futures::executor::block_on;
use kitestring::*;
use serde_json::json;
use std::sync::Arc;

/// Two devices agree on `x`; the first pushes `y` and `z`; then an old client that had read before writes its copy of
/// the log, without its own entry, and dies.
async fn cut(drive: &Arc<MemoryDrive>) -> (Device, Device) {
    let (a, b) = (Device::new(drive, 1).await, Device::new(drive, 2).await);
    a.put("x", "1").await;
    a.sync().await;
    b.sync().await;
    let before = read(drive, "changes/0.json").await.unwrap();
    a.put("y", "1").await;
    a.put("z", "1").await;
    a.sync().await;
    write(drive, "changes/0.json", before).await;
    (a, b)
}

#[test]
fn everybody_finds_what_it_no_longer_names() {
    block_on(async {
        for drive in drives() {
            let (a, b) = cut(&drive).await;
            b.sync().await;
            let newcomer = Device::new(&drive, 3).await;
            newcomer.sync().await;
            assert_eq!((b.docs(), newcomer.docs()), (a.docs(), a.docs()));
            b.sync().await;
            assert_eq!(b.sync().await.requests.total(), 1, "an idle sync is one request again");
        }
    });
}

#[test]
fn the_next_push_continues_it_where_the_count_says() {
    block_on(async {
        for drive in drives() {
            let (a, b) = cut(&drive).await;
            b.sync().await;
            b.put("w", "1").await;
            b.sync().await;
            assert_eq!(read(&drive, "meta.json").await.unwrap()["lastChange"], 4);
            assert_eq!(log(&drive).await.len(), 4);
            // Their author announces again what is missing.
            a.sync().await;
            let newcomer = Device::new(&drive, 3).await;
            newcomer.sync().await;
            b.sync().await;
            assert_eq!((b.docs(), newcomer.docs()), (a.docs(), a.docs()));
            let named: Vec<String> = log(&drive).await.into_iter().map(|(id, _)| id).collect();
            assert!(["w", "x", "y", "z"].iter().all(|id| named.iter().any(|n| n == id)), "{named:?}");
        }
    });
}

#[test]
fn a_count_without_any_log_stops_nobody() {
    block_on(async {
        for drive in drives() {
            write(&drive, "meta.json", json!({"lastChange": 6})).await;
            let a = Device::new(&drive, 1).await;
            a.put("x", "1").await;
            a.sync().await;
            let b = Device::new(&drive, 2).await;
            b.sync().await;
            assert_eq!((b.docs(), log(&drive).await.len()), (a.docs(), 7));
        }
    });
}

#[test]
fn a_file_that_is_gone_altogether_is_no_different() {
    block_on(async {
        for drive in drives() {
            let (a, b) = cut(&drive).await;
            crate::common::old_client::remove(&drive, "changes/0.json").await;
            b.sync().await;
            a.later(130);
            a.sync().await;
            b.put("w", "1").await;
            b.sync().await;
            a.sync().await;
            assert_eq!(a.docs(), b.docs());
            assert_eq!(log(&drive).await.len() as u64, read(&drive, "meta.json").await.unwrap()["lastChange"].as_u64().unwrap());
            // The old client comes back and goes on from what is there.
            crate::common::old_client::push(&drive, "v", Some(crate::common::old_client::note("v", "1")), 9).await;
            a.sync().await;
            b.sync().await;
            assert_eq!((a.text("v").is_some(), b.text("v").is_some()), (true, true));
            assert_eq!(json!(a.docs().len()), json!(5));
        }
    });
}
