//! The client's promises towards its host: deadlines, cancellation, recovery, and refusals.

use crate::common::{Device, Notes, TestRuntime, drives, faulty::Faulty, id, json};
use futures::executor::block_on;
use kitestring::*;
use std::{
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};

#[test]
fn a_deadline_is_a_normal_report_and_the_next_sync_goes_on() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
            for n in 0..1200 {
                a.put(&format!("{n}"), "1").await;
            }
            a.sync().await;
            let runtime = b.runtime.clone();
            // Every read of a document takes 10 ms.
            let slow = Faulty::new(&drive, move |op, path| {
                if op == "get" && path.starts_with("docs/") {
                    runtime.ms.fetch_add(10, SeqCst);
                }
                None
            });
            let b = b.restarted(slow).await;
            let mut pulled = 0;
            for _ in 0..20 {
                let options = SyncOptions { deadline: Some(Duration::from_secs(2)), ..SyncOptions::default() };
                let report = b.client.sync(options).await.unwrap();
                pulled += report.pulled;
                if report.stopped.is_none() {
                    break;
                }
                assert_eq!(report.stopped, Some(Stopped::Deadline));
            }
            assert_eq!(pulled, 1200, "nothing is fetched twice");
            assert_eq!(a.docs(), b.docs());
        }
    });
}

#[test]
fn a_token_ends_a_sync_at_once() {
    block_on(async {
        for drive in drives() {
            let a = Device::new(&drive, 1).await;
            a.put("x", "1").await;
            let token = CancelToken::new();
            let cancel = token.clone();
            let faulty = Faulty::new(&drive, move |op, path| {
                if op == "put" && path.starts_with("changes/") {
                    cancel.cancel();
                }
                None
            });
            let a = a.restarted(faulty).await;
            let options = SyncOptions { cancel: Some(token), ..SyncOptions::default() };
            // The memory drive never waits, so the token is seen at the next call.
            let _ = a.client.sync(options.clone()).await;
            assert_eq!(a.client.sync(options).await.unwrap_err().kind, ErrorKind::Cancelled);
            a.sync().await;
            assert!(a.client.status().await.unwrap().queued == 0);
        }
    });
}

#[test]
fn a_state_of_a_newer_version_is_refused() {
    block_on(async {
        let state = Arc::new(MemoryState::new());
        state.write(vec![StateRecord::set("client", br#"{"format":2,"other":"things"}"#.to_vec())]).await.unwrap();
        let options = crate::common::classic_options(Arc::new(TestRuntime::default()));
        let error = Client::open(Arc::new(Notes::default()), state, Arc::new(MemoryDrive::new()), options).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NeedsNewerVersion);
    });
}

#[test]
fn a_vault_of_a_newer_version_is_refused() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        crate::common::old_client::write(&drive, "kitestring.json", serde_json::json!({"vault": "v", "format": 2})).await;
        let a = Device::new(&drive, 1).await;
        assert_eq!(a.try_sync().await.unwrap_err().kind, ErrorKind::NeedsNewerVersion);
    });
}

#[test]
fn reconcile_finds_what_was_changed_without_a_word() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
            for name in ["same", "changed", "deleted"] {
                a.put(name, "1").await;
            }
            a.sync().await;
            b.sync().await;
            {
                let mut docs = a.notes.0.lock().unwrap();
                // The host forgot to give a new revision.
                docs.get_mut(&id("changed")).unwrap().1 = json("2");
                docs.remove(&id("deleted"));
                docs.insert(id("new"), (Revision::new("n"), json("new")));
            }
            let found = a.client.reconcile(SyncOptions::default()).await.unwrap();
            assert_eq!(found, Reconciled { put: 2, deleted: 1 });
            a.sync().await;
            b.sync().await;
            assert_eq!(a.docs(), b.docs());
            assert_eq!(a.client.reconcile(SyncOptions::default()).await.unwrap(), Reconciled::default());
        }
    });
}

#[test]
fn reconcile_asks_before_it_believes_that_most_documents_are_deleted() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let a = Device::new(&drive, 1).await;
        for n in 0..40 {
            a.put(&format!("{n}"), "1").await;
        }
        a.sync().await;
        a.notes.0.lock().unwrap().clear();
        let error = a.client.reconcile(SyncOptions::default()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::MassDelete { deletes: 40, of: 40 });
        assert_eq!(a.client.status().await.unwrap().queued, 0);
        let allow = Allow { mass_delete: true, ..Allow::default() };
        a.client.reconcile(SyncOptions { allow, ..SyncOptions::default() }).await.unwrap();
        assert_eq!(a.sync().await.deleted, 40);
    });
}

#[test]
fn a_conflict_that_moved_since_it_was_shown_is_shown_again() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
        a.put("x", "1").await;
        b.put("x", "2").await;
        a.sync().await;
        b.sync().await;
        let shown = b.client.conflicts().await.unwrap().remove(0);
        b.put("x", "3").await;
        let error = b.client.resolve(shown, Resolution::TakeRemote).await.unwrap_err();
        assert_eq!((&error.kind, error.retry), (&ErrorKind::Condition, Retry::Now));
        let shown = b.client.conflicts().await.unwrap().remove(0);
        a.put("x", "4").await;
        a.sync().await;
        b.sync().await;
        assert!(b.client.resolve(shown, Resolution::KeepLocal).await.is_err(), "the drive's side moved");
        let shown = b.client.conflicts().await.unwrap().remove(0);
        let merged = Resolution::Merged { revision: Revision::new("m"), body: json("3 and 4").into() };
        b.client.resolve(shown, merged).await.unwrap();
        b.sync().await;
        a.sync().await;
        assert_eq!(a.text("x").unwrap().as_bytes(), json("3 and 4"));
        assert_eq!(a.docs(), b.docs());
    });
}

#[test]
fn ids_of_any_text_round_trip() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
        for name in ["é".repeat(512), "\u{0}".to_owned(), "/".to_owned(), "\n\t\"".to_owned(), "%".repeat(1024), "🪁".to_owned()] {
            a.put(&name, "1").await;
        }
        a.sync().await;
        b.sync().await;
        assert_eq!(a.docs(), b.docs());
        assert_eq!(b.docs().len(), 6);
    });
}

#[test]
fn an_edit_on_top_of_a_push_that_was_interrupted_after_it_was_announced_is_no_conflict() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
            a.put("x", "1").await;
            a.sync().await;
            a.put("x", "2").await;
            let faulty = Faulty::new(&drive, |op, path| (op == "put" && path == "meta.json").then_some(crate::common::faulty::When::After));
            let a = a.restarted(faulty).await;
            assert!(a.try_sync().await.is_err());
            b.sync().await;
            b.put("x", "3").await;
            b.sync().await;
            let a = a.restarted(drive.clone()).await;
            let report = a.sync().await;
            assert_eq!((report.conflicts.len(), report.pulled), (0, 1));
            assert_eq!(a.docs(), b.docs());
        }
    });
}

#[test]
fn a_sync_fits_into_a_small_stack() {
    let work = || {
        block_on(async {
            let drive = Arc::new(MemoryDrive::new());
            let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
            a.put("x", "1").await;
            b.put("x", "2").await;
            a.sync().await;
            b.sync().await;
            let seen = b.client.conflicts().await.unwrap().remove(0);
            b.client.resolve(seen, Resolution::TakeRemote).await.unwrap();
        });
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(work).unwrap().join().unwrap();
}

#[test]
fn a_number_id_stays_a_number_although_the_document_does_not_say_it() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
            let seven: DocId = serde_json::from_str("7").unwrap();
            a.notes.0.lock().unwrap().insert(seven.clone(), (Revision::number(1), b"{}".to_vec()));
            a.client.queue_change(Change { id: seven, revision: Revision::number(1), action: Action::Put }).await.unwrap();
            a.sync().await;
            b.sync().await;
            assert!(b.notes.0.lock().unwrap().first_key_value().unwrap().0.is_number());
        }
    });
}

#[test]
fn a_conflict_about_a_deletion_before_the_first_pull_waits_for_a_decision() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
            a.put("x", "1").await;
            a.sync().await;
            b.delete("x").await;
            b.sync().await;
            assert_eq!(b.client.conflicts().await.unwrap().len(), 1);
            // A newer version changes what the conflict is about, and decides nothing.
            a.put("x", "2").await;
            a.sync().await;
            b.sync().await;
            let conflicts = b.client.conflicts().await.unwrap();
            assert_eq!((b.text("x"), conflicts.len()), (None, 1));
            assert_eq!(conflicts[0].remote.as_ref().unwrap().revision, Revision::of(&crate::common::json("2")));
            b.client.resolve(conflicts[0].clone(), Resolution::KeepLocal).await.unwrap();
            b.sync().await;
            a.sync().await;
            assert_eq!((a.text("x"), b.text("x")), (None, None));
        }
    });
}

#[test]
fn every_code_is_listed() {
    let kinds =
        [ErrorKind::Unauthorized, ErrorKind::Rollback { remembered: 1, found: 0 }, ErrorKind::Internal, ErrorKind::NeedsNewerVersion];
    assert!(kinds.iter().all(|kind| ErrorKind::CODES.contains(&kind.code())));
}

#[test]
fn what_cannot_be_pushed_is_reported_and_costs_nothing_more() {
    block_on(async {
        for drive in drives() {
            let a = Device::new(&drive, 1).await;
            a.sync().await;
            a.put("x", "1").await;
            a.notes.0.lock().unwrap().remove(&id("x"));
            // No JSON, so the classic layout cannot hold it.
            a.notes.0.lock().unwrap().insert(id("y"), (Revision::new("1"), b"{".to_vec()));
            a.client.queue_change(Change { id: id("y"), revision: Revision::new("1"), action: Action::Put }).await.unwrap();
            assert_eq!(a.sync().await.skipped.len(), 2);
            let report = a.sync().await;
            assert_eq!((report.skipped.len(), report.requests.total()), (2, 1));
            a.put("y", "better").await;
            a.delete("x").await;
            assert_eq!(a.sync().await.pushed, 1);
            assert_eq!(a.sync().await.skipped, []);
        }
    });
}

#[test]
fn a_resolution_ends_an_interrupted_push() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
            a.put("x", "1").await;
            a.sync().await;
            b.sync().await;
            a.put("x", "2").await;
            let faulty =
                Faulty::new(&drive, |op, path| (op == "put" && path.starts_with("docs/")).then_some(crate::common::faulty::When::Before));
            let a = a.restarted(faulty).await;
            assert!(a.try_sync().await.is_err());
            b.delete("x").await;
            // The lock that A left is B's to wait for.
            crate::common::old_client::remove(&drive, "lock.json").await;
            b.sync().await;
            let a = a.restarted(drive.clone()).await;
            a.sync().await;
            let seen = a.client.conflicts().await.unwrap().remove(0);
            a.client.resolve(seen, Resolution::TakeRemote).await.unwrap();
            assert_eq!(a.sync().await.requests.total(), 1);
            assert_eq!(a.docs(), b.docs());
        }
    });
}
