//! The head of a classic vault: whose it is, and what happens when its count cannot be written.

use crate::common::{
    Device, drives,
    faulty::{Faulty, When},
    old_client::{log, note, push, read, remove, write},
};
use futures::{FutureExt as _, executor::block_on};
use kitestring::*;
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};

/// Runs a future that is ready at once, inside another executor.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("the memory drive never waits")
}

/// The same device, on a drive that counts the writes of `file` and meets the `nth` with `rule`.
async fn meeting(
    device: Device,
    drive: &Arc<MemoryDrive>,
    file: &'static str,
    nth: u32,
    mut rule: impl FnMut(&Arc<MemoryDrive>) -> Option<When> + Send + 'static,
) -> (Device, Arc<AtomicU32>) {
    let count = Arc::new(AtomicU32::new(0));
    let (counter, target) = (count.clone(), drive.clone());
    let faulty =
        Faulty::new(
            drive,
            move |op, path| {
                if op == "put" && path == file && counter.fetch_add(1, SeqCst) + 1 == nth { rule(&target) } else { None }
            },
        );
    (device.restarted(faulty).await, count)
}

async fn names(drive: &MemoryDrive) -> Vec<String> {
    log(drive).await.into_iter().map(|(id, _)| id).collect()
}

/// C16: without `meta.json` it is another vault, even if its marker and its log are still there.
#[test]
fn a_vault_without_its_count_is_another_vault() {
    block_on(async {
        for drive in drives() {
            let a = Device::new(&drive, 1).await;
            a.put("x", "1").await;
            a.sync().await;
            // One that only old clients have written to has no marker.
            let old = Device::new(&drive, 2).await;
            old.sync().await;
            remove(&drive, "meta.json").await;
            for device in [&a, &old] {
                let error = device.try_sync().await.unwrap_err();
                assert_eq!((error.kind.clone(), error.subject()), (ErrorKind::VaultChanged, Some("meta.json")));
                assert!(device.text("x").is_some());
            }
            let allow = Allow { vault_changed: true, ..Allow::default() };
            a.client.sync(SyncOptions { allow, ..SyncOptions::default() }).await.unwrap();
            assert!(a.text("x").is_some(), "nothing is deleted");

            drive.restore(Default::default());
            let b = Device::new(&drive, 3).await;
            b.sync().await;
            write(&drive, "meta.json", json!({"lastChange": 0})).await;
            b.sync().await;
            remove(&drive, "meta.json").await;
            b.sync().await;
            push(&drive, "old", Some(note("old", "1")), 1).await;
            b.sync().await;
            remove(&drive, "meta.json").await;
            let error = b.try_sync().await.unwrap_err();
            assert_eq!((error.kind.clone(), error.subject()), (ErrorKind::VaultChanged, Some("meta.json")));
        }
    });
}

/// C16: where the log is not the remembered one, the marker says whose vault it is.
#[test]
fn the_marker_decides_whose_a_log_is_that_was_written_over() {
    block_on(async {
        for drive in drives() {
            for (marker, ours) in [(None, false), (Some("0123456789abcdef0123456789abcdef"), false), (Some("own"), true)] {
                drive.restore(Default::default());
                let a = Device::new(&drive, 1).await;
                a.put("x", "1").await;
                a.sync().await;
                let vault = a.client.status().await.unwrap().vault.unwrap();
                assert_eq!(read(&drive, "kitestring.json").await.unwrap(), json!({"vault": vault, "format": 1}));
                assert_eq!(read(&drive, "meta.json").await.unwrap()["vault"], json!(vault));
                drive.restore(Default::default());
                push(&drive, "y", Some(note("y", "1")), 1).await;
                push(&drive, "z", Some(note("z", "1")), 1).await;
                if let Some(marker) = marker {
                    let id = if ours { &vault } else { marker };
                    write(&drive, "kitestring.json", json!({"vault": id, "format": 1})).await;
                }
                if ours {
                    a.sync().await;
                } else {
                    let error = a.try_sync().await.unwrap_err();
                    assert_eq!((error.kind.clone(), error.subject()), (ErrorKind::VaultChanged, Some("kitestring.json")));
                    assert_eq!(a.docs().len(), 1);
                    let allow = Allow { vault_changed: true, ..Allow::default() };
                    a.client.sync(SyncOptions { allow, ..SyncOptions::default() }).await.unwrap();
                }
                assert!(a.text("y").is_some() && a.text("z").is_some());
            }
        }
    });
}

/// C1, C22: two first pushes make one vault; a marker that is there stays.
#[test]
fn a_marker_that_an_interrupted_push_left_stays() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
            assert_eq!(a.client.status().await.unwrap().vault, None);
            a.sync().await;
            b.sync().await;
            a.put("x", "1").await;
            b.put("y", "1").await;
            let (a, _) = meeting(a, &drive, "changes/0.json", 1, |_| Some(When::Before)).await;
            assert!(a.try_sync().await.is_err());
            let marker = read(&drive, "kitestring.json").await.unwrap();
            b.later(300);
            // A drive that fails is no drive that refuses.
            if drive.capabilities().create {
                let (failing, _) = meeting(b, &drive, "kitestring.json", 1, |_| Some(When::Before)).await;
                assert_eq!(failing.try_sync().await.unwrap_err().kind, ErrorKind::Unavailable);
                failing.restarted(drive.clone()).await.sync().await;
            } else {
                b.sync().await;
            }
            assert_eq!(read(&drive, "kitestring.json").await.unwrap(), marker);
            assert_eq!(read(&drive, "meta.json").await.unwrap()["vault"], marker["vault"]);
        }
    });
}

/// C3: a count whose answer was lost is recognised; one that was refused is tried again; one that failed is not.
#[test]
fn a_count_that_was_written_is_recognised() {
    block_on(async {
        for drive in drives() {
            for (when, works, writes) in [(When::Repeated, true, 1), (When::Refused, true, 2), (When::Before, false, 1)] {
                drive.restore(Default::default());
                let a = Device::new(&drive, 1).await;
                a.sync().await;
                let (a, count) = meeting(a, &drive, "meta.json", 1, move |_| Some(when)).await;
                a.put("mine", "1").await;
                assert_eq!(
                    a.try_sync().await.map(|r| r.pushed).map_err(|e| e.into_kind()),
                    if works { Ok(1) } else { Err(ErrorKind::Unavailable) }
                );
                // What was logged and refused lies behind the count: its writer is fenced off first.
                let fences = u32::from(when == When::Refused && drive.capabilities().replace);
                assert!((writes..=writes + fences).contains(&count.load(SeqCst)), "{}", count.load(SeqCst));
                assert_eq!(names(&drive).await.len(), usize::from(works));
            }
        }
    });
}

/// C23: the same for the write that fences others off.
#[test]
fn a_fence_that_was_written_is_recognised() {
    block_on(async {
        let drive = drives()[0].clone();
        for (when, works, writes) in [(When::Repeated, true, 2), (When::Refused, true, 3), (When::Before, false, 1)] {
            drive.restore(Default::default());
            push(&drive, "x", Some(note("x", "1")), 1).await;
            let uncounted = json!([{"_id": "x", "_rev": 1, "action": "put"}, {"_id": "u", "_rev": 1, "action": "put"}]);
            write(&drive, "changes/0.json", uncounted).await;
            let a = Device::new(&drive, 1).await;
            a.sync().await;
            let (a, count) = meeting(a, &drive, "meta.json", 1, move |_| Some(when)).await;
            a.put("mine", "1").await;
            assert_eq!(
                a.try_sync().await.map(|r| r.pushed).map_err(|e| e.into_kind()),
                if works { Ok(1) } else { Err(ErrorKind::Unavailable) }
            );
            assert_eq!(count.load(SeqCst), writes);
            assert_eq!(names(&drive).await.len(), 1 + usize::from(works));
        }
    });
}

/// C22: a count that came between is not written over, the first one of a vault neither.
#[test]
fn a_count_that_came_between_is_not_written_over() {
    block_on(async {
        for drive in drives().into_iter().filter(|d| d.capabilities().create) {
            for known in [0, 1] {
                if known == 1 && !drive.capabilities().replace {
                    continue;
                }
                drive.restore(Default::default());
                if known == 1 {
                    push(&drive, "x", Some(note("x", "1")), 1).await;
                }
                let a = Device::new(&drive, 1).await;
                a.sync().await;
                let come = |drive: &Arc<MemoryDrive>| {
                    now(push(drive, "theirs", Some(note("theirs", "1")), 2));
                    None
                };
                let (a, _) = meeting(a, &drive, "meta.json", 1, come).await;
                a.put("mine", "1").await;
                assert_eq!(a.sync().await.pushed, 1);
                assert_eq!(names(&drive).await.split_off(known), ["theirs", "mine"]);
                assert!(a.text("theirs").is_some());
            }
        }
    });
}

/// Budgets: nothing new is one request, and where the drive has versions nothing travels that is known.
#[test]
fn what_is_known_does_not_travel_again() {
    block_on(async {
        for drive in drives() {
            let long = "n".repeat(10_000);
            push(&drive, "x", Some(note("x", &long)), 1).await;
            let a = Device::new(&drive, 1).await;
            a.sync().await;
            let versions = drive.capabilities().versions;
            let idle = a.sync().await;
            assert_eq!((idle.requests.total(), idle.bytes.received == 0), (1, versions));
            crate::common::old_client::announce(&drive, "x", "put", 1).await;
            let again = a.sync().await;
            assert_eq!((again.pulled, again.bytes.received < 10_000), (0, versions));
        }
    });
}

/// C17: three times again, and then it is reported; a count that cannot be is no count.
#[test]
fn a_file_that_makes_no_sense_is_read_four_times() {
    block_on(async {
        for drive in drives() {
            push(&drive, "x", Some(note("x", "1")), 1).await;
            let a = Device::new(&drive, 1).await;
            a.sync().await;
            let most = (1u64 << 53) - 1;
            for count in [json!(most + 1), json!(u64::MAX), json!(-1), json!("1")] {
                write(&drive, "meta.json", json!({"lastChange": count})).await;
                let gets = Arc::new(AtomicU32::new(0));
                let counter = gets.clone();
                let faulty = Faulty::new(&drive, move |op, path| {
                    counter.fetch_add(u32::from(op == "get" && path == "meta.json"), SeqCst);
                    None
                });
                let b = Device::open(a.notes.clone(), a.state.clone(), faulty, a.runtime.clone()).await;
                let error = b.try_sync().await.unwrap_err();
                assert_eq!((error.kind.clone(), error.subject()), (ErrorKind::Corrupt, Some("meta.json")), "{count}");
                assert_eq!(gets.load(SeqCst), 4);
            }
            write(&drive, "meta.json", json!({"lastChange": most})).await;
            assert_ne!(a.try_sync().await.err().map(|e| e.into_kind()), Some(ErrorKind::Corrupt), "the largest count is one");
            // Whole again at the last reading.
            for (bad, works) in [(3, true), (4, false)] {
                write(&drive, "meta.json", json!({"lastChange": "torn"})).await;
                let (mut gets, target) = (0, drive.clone());
                let faulty = Faulty::new(&drive, move |op, path| {
                    gets += u32::from(op == "get" && path == "meta.json");
                    if gets == bad + 1 {
                        now(write(&target, "meta.json", json!({"lastChange": 1})));
                    }
                    None
                });
                let b = Device::open(a.notes.clone(), a.state.clone(), faulty, a.runtime.clone()).await;
                assert_eq!(b.try_sync().await.is_ok(), works);
            }
        }
    });
}
