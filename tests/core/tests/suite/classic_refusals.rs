//! Documents that another client writes between our reading and our writing, and those that the drive cannot store.

use crate::common::{
    Device, drives,
    faulty::{Faulty, When},
    id,
    old_client::{self, log, note, push, read},
};
use futures::{FutureExt as _, executor::block_on};
use kitestring::*;
use serde_json::Value;
use std::sync::Arc;

/// Runs a future that is ready at once, inside another executor.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("the memory drive never waits")
}

/// The same device on a drive that meets the `nth` such call about `docs/x.json` with `rule`.
async fn meeting(
    device: Device,
    drive: &Arc<MemoryDrive>,
    operation: &'static str,
    nth: u32,
    mut rule: impl FnMut(&MemoryDrive) -> Option<When> + Send + 'static,
) -> Device {
    let (mut count, target) = (0, drive.clone());
    let faulty = Faulty::new(drive, move |op, path| {
        count += u32::from(op == operation && path == "docs/x.json");
        if op == operation && path == "docs/x.json" && count == nth { rule(&target) } else { None }
    });
    device.restarted(faulty).await
}

async fn text_on(drive: &MemoryDrive) -> Option<Value> {
    read(drive, "docs/x.json").await.map(|file| file["doc"]["text"].clone())
}

fn failing_log(drive: &Arc<MemoryDrive>) -> Arc<Faulty> {
    Faulty::new(drive, |op, path| (op == "put" && path.starts_with("changes/")).then_some(When::Before))
}

/// C22: a document is written only over the version that this client agreed on, or over none.
#[test]
fn a_document_that_came_between_is_not_written_over() {
    block_on(async {
        for drive in drives().into_iter().filter(|d| d.capabilities().create) {
            for known in [false, true] {
                if known && !drive.capabilities().replace {
                    continue;
                }
                for theirs in [Some("theirs"), None].into_iter().take(1 + usize::from(known)) {
                    drive.restore(Default::default());
                    let a = Device::new(&drive, 1).await;
                    if known {
                        push(&drive, "x", Some(note("x", "1")), 1).await;
                    }
                    a.sync().await;
                    a.put("x", "mine").await;
                    let come = move |drive: &MemoryDrive| {
                        now(push(drive, "x", theirs.map(|text| note("x", text)), 2));
                        None
                    };
                    let a = meeting(a, &drive, "put", 1, come).await;
                    let report = a.sync().await;
                    assert_eq!((report.pushed, report.conflicts.len()), (0, 1), "{known} {theirs:?}");
                    assert_eq!(text_on(&drive).await, theirs.map(Value::from));
                    assert!(drive.contents().keys().filter(|p| p.starts_with("docs/")).count() <= 1);
                }
            }
        }
    });
}

/// S92: what was met instead of the own version is pulled by the same sync, even if nothing else is to be pushed.
#[test]
fn what_was_met_instead_is_told_by_the_same_sync() {
    block_on(async {
        for drive in drives().into_iter().filter(|d| d.capabilities().replace) {
            let a = Device::new(&drive, 1).await;
            a.put("x", "1").await;
            a.sync().await;
            old_client::write_bytes(&drive, "docs/x.json", b"{\"doc\":{\"_i").await;
            a.put("x", "2").await;
            let report = a.sync().await;
            assert_eq!(report.skipped.iter().map(|s| s.id.clone()).collect::<Vec<_>>(), [id("x")]);
            // Written without a word in the log, by an old client that died.
            old_client::write(&drive, "docs/x.json", serde_json::json!({"doc": note("x", "theirs"), "_rev": 2})).await;
            assert_eq!(a.sync().await.conflicts.len(), 1);
        }
    });
}

/// C22: nor is it deleted.
#[test]
fn a_document_that_came_between_is_not_deleted() {
    block_on(async {
        let drive = drives()[0].clone();
        let a = Device::new(&drive, 1).await;
        push(&drive, "x", Some(note("x", "1")), 1).await;
        a.sync().await;
        a.delete("x").await;
        let come = |drive: &MemoryDrive| {
            now(push(drive, "x", Some(note("x", "theirs")), 2));
            None
        };
        let a = meeting(a, &drive, "delete", 1, come).await;
        let report = a.sync().await;
        assert_eq!(report.conflicts.iter().map(|c| c.kind).collect::<Vec<_>>(), [ConflictKind::DeleteEdit]);
        assert_eq!(text_on(&drive).await, Some("theirs".into()));
    });
}

/// C23: what an interrupted push of this client left is its own, whatever the user did since.
#[test]
fn what_an_interrupted_push_left_is_written_over_and_deleted() {
    block_on(async {
        for drive in drives() {
            // What the second attempt at the same write meets: nothing, a refusal, a failure.
            for (when, expected) in [(None, Ok(0)), (Some(When::Refused), Ok(0)), (Some(When::Before), Err(ErrorKind::Unavailable))] {
                for (before, left, then) in
                    [(true, Some("2"), Some("3")), (false, Some("2"), Some("3")), (true, Some("2"), None), (true, None, Some("3"))]
                {
                    drive.restore(Default::default());
                    let mut a = Device::new(&drive, 1).await;
                    if before {
                        a.put("x", "1").await;
                    }
                    a.sync().await;
                    for (n, text) in [left, then].into_iter().enumerate() {
                        match text {
                            Some(text) => a.put("x", text).await,
                            None => a.delete("x").await,
                        }
                        if n == 0 {
                            a = a.restarted(failing_log(&drive)).await;
                            assert!(a.try_sync().await.is_err());
                        }
                    }
                    let replaces = drive.capabilities().replace;
                    let operation = if then.is_some() { "put" } else { "delete" };
                    // On a drive with conditions the first attempt is refused by the drive itself.
                    let a = meeting(a, &drive, operation, if replaces { 2 } else { 1 }, move |_| when).await;
                    if when.is_some() && !replaces {
                        continue;
                    }
                    let mut result = a.try_sync().await.map(|r| r.conflicts.len()).map_err(|e| e.into_kind());
                    if result == Ok(0) && log(&drive).await.len() == usize::from(before) {
                        result = a.try_sync().await.map(|r| r.conflicts.len()).map_err(|e| e.into_kind());
                    }
                    assert_eq!(result, expected.clone(), "{before} {left:?} {then:?} {when:?}");
                    if expected.is_ok() {
                        assert_eq!(text_on(&drive).await, then.map(Value::from));
                        assert_eq!(log(&drive).await.len(), 1 + usize::from(before));
                        // What was written over is agreed on: the next edit is one write.
                        let a = meeting(a, &drive, "put", 2, |_| Some(When::Before)).await;
                        a.put("x", "4").await;
                        assert_eq!(a.sync().await.pushed, 1);
                    }
                }
            }
        }
    });
}

/// `Format::encode` and `Drive::put`: what cannot be stored is reported and stays queued, and the rest goes on.
#[test]
fn a_document_that_the_drive_cannot_store_is_reported() {
    block_on(async {
        for drive in drives() {
            let a = Device::new(&drive, 1).await;
            a.sync().await;
            a.put("x", "1").await;
            a.put("y", "1").await;
            let a = meeting(a, &drive, "put", 1, |_| Some(When::Impossible)).await;
            let report = a.sync().await;
            assert_eq!(report.skipped.iter().map(|s| s.id.clone()).collect::<Vec<_>>(), [id("x")]);
            assert_eq!((report.pushed, a.client.status().await.unwrap().queued), (1, 1));
            a.put("x", "2").await;
            assert_eq!(a.sync().await.pushed, 1);
        }
    });
}

/// The layout stores JSON: what is equal as JSON is no conflict, however it is spelled.
#[test]
fn equal_json_with_other_spelling_is_no_conflict() {
    block_on(async {
        for drive in drives() {
            for (body, conflicts) in [(r#"{ "text": "1", "_id": "x" }"#, 0), (r#"{ "text": "2", "_id": "x" }"#, 1)] {
                drive.restore(Default::default());
                let a = Device::new(&drive, 1).await;
                let body = body.as_bytes().to_vec();
                let revision = Revision::of(&body);
                a.notes.0.lock().unwrap().insert(id("x"), (revision.clone(), body));
                a.client.queue_change(Change { id: id("x"), revision, action: Action::Put }).await.unwrap();
                push(&drive, "x", Some(note("x", "1")), 1).await;
                assert_eq!(a.sync().await.conflicts.len(), conflicts);
            }
        }
    });
}
