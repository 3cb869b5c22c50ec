//! One test for each known fault of db-to-cloud 0.8.1, lettered as in `spec/classic.md`.

use crate::common::{
    Device, drives,
    faulty::{Faulty, When},
    id, json as body,
    old_client::{announce, log, note, push, read, remove, text_of, write, write_bytes},
};
use futures::executor::block_on;
use kitestring::*;
use serde_json::json;
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

/// Runs a scenario on every kind of drive.
fn on_every_drive<F: Future<Output = ()>>(scenario: impl Fn(Arc<MemoryDrive>) -> F) {
    block_on(async {
        for drive in drives() {
            scenario(drive).await;
        }
    });
}

#[test]
fn a_a_restart_between_pull_and_push_pushes_no_stale_edit() {
    on_every_drive(|drive| async move {
        let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
        a.put("x", "1").await;
        a.sync().await;
        b.sync().await;
        b.put("x", "stale").await;
        a.put("x", "newer").await;
        a.sync().await;
        // B reads everything, then dies before it writes.
        let faulty = Faulty::new(&drive, |op, path| (op == "put" && path.starts_with("docs/")).then_some(When::Before));
        let b = b.restarted(faulty).await;
        let _ = b.try_sync().await;
        let b = b.restarted(drive.clone()).await;
        assert_eq!(b.sync().await.conflicts.len(), 1);
        assert_eq!(read(&drive, "docs/x.json").await.unwrap()["doc"]["text"], "newer");
    });
}

#[test]
fn b_a_first_sync_goes_on_where_it_was_killed() {
    on_every_drive(|drive| async move {
        let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
        for n in 0..300 {
            a.put(&format!("{n}"), "1").await;
        }
        a.sync().await;
        let reads = Arc::new(AtomicUsize::new(0));
        let counter = reads.clone();
        let faulty = Faulty::new(&drive, move |op, path| {
            let count = op == "get" && path.starts_with("docs/");
            (count && counter.fetch_add(1, SeqCst) == 196).then_some(When::Before)
        });
        let b = b.restarted(faulty.clone()).await;
        assert!(b.try_sync().await.is_err());
        let b = b.restarted(faulty).await;
        b.sync().await;
        assert_eq!(a.docs(), b.docs());
        assert!(reads.load(SeqCst) < 300 + 130, "at most one batch is read again: {}", reads.load(SeqCst));
    });
}

#[test]
fn c_b_what_a_stalled_old_client_overwrites_is_announced_again() {
    on_every_drive(|drive| async move {
        let (ours, witness) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
        ours.put("y", "ours").await;
        ours.sync().await;
        witness.sync().await;
        // The old client had read an empty drive before all this; now its push of x ends.
        write(&drive, "docs/x.json", json!({"doc": note("x", "old"), "_rev": 1})).await;
        write(&drive, "changes/0.json", json!([{"_id": "x", "_rev": 1, "action": "put"}])).await;
        write(&drive, "meta.json", json!({"lastChange": 1})).await;
        ours.sync().await;
        witness.sync().await;
        assert_eq!(log(&drive).await, [("x".into(), "put".into()), ("y".into(), "put".into())]);
        assert_eq!(text_of(&ours.notes, "x").as_deref(), Some("old"));
        assert_eq!(ours.docs(), witness.docs());
    });
}

#[test]
fn c_what_is_overwritten_without_a_trace_is_found_after_one_lease() {
    on_every_drive(|drive| async move {
        let ours = Device::new(&drive, 1).await;
        ours.put("y", "ours").await;
        ours.sync().await;
        // Only the file of the log is overwritten; the old client dies before it writes the count.
        write(&drive, "changes/0.json", json!([{"_id": "x", "_rev": 1, "action": "put"}])).await;
        ours.later(121);
        ours.sync().await;
        assert!(log(&drive).await.contains(&("y".into(), "put".into())));
        ours.later(121);
        ours.sync().await;
        assert_eq!(ours.sync().await.requests.total(), 1, "and then it is quiet again");
    });
}

#[test]
fn d_f_queued_edits_survive_closing_and_restarting() {
    on_every_drive(|drive| async move {
        let a = Device::new(&drive, 1).await;
        a.put("x", "1").await;
        a.client.close();
        assert_eq!(a.try_sync().await.unwrap_err().kind, ErrorKind::Cancelled);
        let a = a.restarted(drive.clone()).await;
        assert_eq!(a.sync().await.pushed, 1);
    });
}

#[test]
fn e_a_document_that_is_gone_is_never_written_as_poison() {
    on_every_drive(|drive| async move {
        let a = Device::new(&drive, 1).await;
        a.sync().await;
        a.put("x", "1").await;
        a.put("y", "1").await;
        a.notes.0.lock().unwrap().remove(&id("x"));
        let report = a.sync().await;
        assert_eq!((report.pushed, report.skipped.len()), (1, 1));
        assert_eq!(read(&drive, "docs/x.json").await, None);
    });
}

#[test]
fn e_poison_on_the_drive_stops_nothing_else() {
    on_every_drive(|drive| async move {
        let a = Device::new(&drive, 1).await;
        write(&drive, "docs/poison.json", json!({"_rev": 2})).await;
        announce(&drive, "poison", "put", 2).await;
        push(&drive, "x", Some(note("x", "1")), 3).await;
        let report = a.sync().await;
        assert_eq!((report.pulled, report.skipped.len()), (1, 1));
        push(&drive, "poison", Some(note("poison", "cured")), 4).await;
        let report = a.sync().await;
        assert_eq!((report.pulled, report.skipped.len()), (1, 0), "the next edit of it repairs it");
    });
}

#[test]
fn f_c_a_document_that_was_written_but_not_announced_is_announced_later() {
    on_every_drive(|drive| async move {
        let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
        a.put("x", "1").await;
        a.sync().await;
        b.sync().await;
        a.put("x", "2").await;
        let faulty = Faulty::new(&drive, |op, path| (op == "put" && path.starts_with("changes/")).then_some(When::Before));
        let a = a.restarted(faulty).await;
        assert!(a.try_sync().await.is_err());
        assert_eq!(read(&drive, "docs/x.json").await.unwrap()["doc"]["text"], "2");
        assert_eq!(b.sync().await.pulled, 0, "nobody has said so yet");
        let a = a.restarted(drive.clone()).await;
        let report = a.sync().await;
        assert_eq!((report.pushed, report.conflicts.len()), (1, 0));
        assert_eq!(b.sync().await.pulled, 1);
        assert_eq!(a.docs(), b.docs());
    });
}

#[test]
fn g_many_edits_of_one_document_are_one_entry() {
    on_every_drive(|drive| async move {
        let a = Device::new(&drive, 1).await;
        for n in 0..500 {
            a.put("x", &n.to_string()).await;
        }
        a.sync().await;
        assert_eq!(log(&drive).await.len(), 1);
    });
}

#[test]
fn h_concurrent_edits_are_a_conflict_whatever_their_revisions() {
    on_every_drive(|drive| async move {
        let a = Device::new(&drive, 1).await;
        push(&drive, "x", Some(note("x", "1")), 1).await;
        a.sync().await;
        a.put("x", "mine").await;
        push(&drive, "x", Some(note("x", "theirs")), 6).await;
        assert_eq!(a.sync().await.conflicts.len(), 1);
        assert_eq!(text_of(&a.notes, "x").as_deref(), Some("mine"));
        assert_eq!(read(&drive, "docs/x.json").await.unwrap()["doc"]["text"], "theirs");
    });
}

#[test]
fn i_foreign_files_are_no_documents() {
    on_every_drive(|drive| async move {
        let a = Device::new(&drive, 1).await;
        write_bytes(&drive, "docs/.DS_Store", b"\0\0").await;
        write_bytes(&drive, "docs/readme.txt", b"hello").await;
        push(&drive, "x", Some(note("x", "1")), 1).await;
        write(&drive, "docs/x (conflicted copy).json", json!({"doc": note("x", "other"), "_rev": 1})).await;
        let report = a.sync().await;
        assert_eq!(report.pulled, 1);
        assert_eq!(report.skipped.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), ["x (conflicted copy)"]);
        assert_eq!(a.docs().len(), 1);
    });
}

#[test]
fn i_h_every_id_has_its_own_safe_name() {
    on_every_drive(|drive| async move {
        let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
        let names = ["a/b", "../../etc/passwd", "..", ".", "%", "a%2Fb", "Foo", "foo", "FOO", "con.", " x ", "C:\\x", "\u{1}", "ö/ü"];
        for name in names {
            a.put(name, name.escape_default().to_string().replace('\\', "").as_str()).await;
        }
        a.sync().await;
        let mut stems: Vec<String> = drive.contents().into_keys().filter(|p| p.starts_with("docs/")).map(|p| p.to_lowercase()).collect();
        stems.sort();
        stems.dedup();
        assert_eq!(stems.len(), names.len(), "no two differ only in case: {stems:?}");
        b.sync().await;
        assert_eq!(a.docs(), b.docs());
    });
}

#[test]
fn i_documents_that_old_clients_put_into_folders_are_read_and_written_there() {
    on_every_drive(|drive| async move {
        let a = Device::new(&drive, 1).await;
        push(&drive, "a/b", Some(note("a/b", "1")), 1).await;
        a.sync().await;
        assert_eq!(text_of(&a.notes, "a/b").as_deref(), Some("1"));
        a.put("a/b", "2").await;
        a.sync().await;
        assert_eq!(read(&drive, "docs/a/b.json").await.unwrap()["doc"]["text"], "2");
        assert_eq!(log(&drive).await.last().unwrap().0, "a/b");
    });
}

#[test]
fn a_only_the_own_lock_is_released() {
    on_every_drive(|drive| async move {
        let a = Device::new(&drive, 1).await;
        a.put("x", "1").await;
        // While A pushes, its lock is replaced by another client's.
        let theirs = json!({"expire": 1_700_000_900_000u64});
        let (target, bytes) = (drive.clone(), theirs.to_string());
        let faulty = Faulty::new(&drive, move |op, path| {
            if op == "put" && path.starts_with("docs/") {
                block_on_inner(write_bytes(&target, "lock.json", bytes.as_bytes()));
            }
            None
        });
        let a = a.restarted(faulty).await;
        let _ = a.try_sync().await;
        assert_eq!(read(&drive, "lock.json").await, Some(theirs));
    });
}

/// Runs a future that is ready at once, inside another executor.
fn block_on_inner<T>(future: impl Future<Output = T>) -> T {
    match futures::FutureExt::now_or_never(future) {
        Some(value) => value,
        None => unreachable!("the memory drive never waits"),
    }
}

#[test]
fn e_a_document_whose_file_is_missing_waits_and_is_not_lost() {
    on_every_drive(|drive| async move {
        let a = Device::new(&drive, 1).await;
        push(&drive, "y", Some(note("y", "1")), 1).await;
        a.sync().await;
        announce(&drive, "x", "put", 2).await;
        let report = a.sync().await;
        assert_eq!((report.skipped.len(), report.skipped[0].id.as_str()), (1, "x"));
        write(&drive, "docs/x.json", json!({"doc": note("x", "late"), "_rev": 2})).await;
        assert_eq!(a.sync().await.pulled, 1);
        assert_eq!(text_of(&a.notes, "x").as_deref(), Some("late"));
    });
}

#[test]
fn g_half_a_file_is_read_again_and_otherwise_reported() {
    on_every_drive(|drive| async move {
        let a = Device::new(&drive, 1).await;
        push(&drive, "x", Some(note("x", "1")), 1).await;
        push(&drive, "y", Some(note("y", "1")), 1).await;
        a.sync().await;
        write_bytes(&drive, "docs/x.json", br#"{"doc":{"_id":"x","te"#).await;
        announce(&drive, "x", "put", 2).await;
        assert_eq!(a.sync().await.skipped.len(), 1);
        let (meta, window) = (read(&drive, "meta.json").await.unwrap(), read(&drive, "changes/0.json").await.unwrap());
        for (path, good) in [("meta.json", meta), ("changes/0.json", window)] {
            write_bytes(&drive, path, b"{\"las").await;
            let failed = if path == "meta.json" { Some(a.try_sync().await.unwrap_err()) } else { None };
            assert!(failed.is_none_or(|e| e.kind == ErrorKind::Corrupt && e.subject() == Some(path)));
            write(&drive, path, good).await;
        }
        write(&drive, "docs/x.json", json!({"doc": note("x", "whole"), "_rev": 2})).await;
        a.sync().await;
        assert_eq!(text_of(&a.notes, "x").as_deref(), Some("whole"));
    });
}

#[test]
fn i_a_deletion_is_noticed_although_its_entry_was_overwritten() {
    on_every_drive(|drive| async move {
        let a = Device::new(&drive, 1).await;
        for name in ["x", "y", "z"] {
            push(&drive, name, Some(note(name, "1")), 1).await;
        }
        a.sync().await;
        remove(&drive, "docs/y.json").await;
        write(&drive, "changes/0.json", json!([{"_id": "w", "_rev": 1, "action": "put"}])).await;
        write(&drive, "docs/w.json", json!({"doc": note("w", "1"), "_rev": 1})).await;
        write(&drive, "meta.json", json!({"lastChange": 1})).await;
        a.sync().await;
        assert_eq!(a.docs().keys().map(DocId::as_str).collect::<Vec<_>>(), ["w", "x", "z"]);
    });
}

#[test]
fn j_an_older_vault_is_refused_and_pushed_again_on_request() {
    on_every_drive(|drive| async move {
        let a = Device::new(&drive, 1).await;
        for n in 0..5 {
            a.put(&format!("{n}"), "1").await;
        }
        a.sync().await;
        let backup = drive.contents();
        a.put("0", "2").await;
        a.put("new", "1").await;
        a.delete("4").await;
        a.sync().await;
        let local = a.docs();
        drive.restore(backup);
        let error = a.try_sync().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Rollback { remembered: 8, found: 5 });
        assert_eq!(a.docs(), local, "nothing changed here");
        let options = SyncOptions { allow: Allow { rollback: true, ..Allow::default() }, ..SyncOptions::default() };
        a.client.sync(options).await.unwrap();
        a.sync().await;
        let b = Device::new(&drive, 2).await;
        b.sync().await;
        assert_eq!(b.text("0").unwrap().as_bytes(), body("2"));
        assert!(b.text("new").is_some());
    });
}

#[test]
fn j_a_vault_that_is_gone_or_another_is_refused() {
    on_every_drive(|drive| async move {
        let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
        a.put("x", "1").await;
        a.sync().await;
        let local = a.docs();
        drive.restore(Default::default());
        assert_eq!(a.try_sync().await.unwrap_err().kind, ErrorKind::VaultChanged);
        b.put("other", "1").await;
        b.put("vault", "1").await;
        b.sync().await;
        assert_eq!(a.try_sync().await.unwrap_err().kind, ErrorKind::VaultChanged);
        assert_eq!(a.docs(), local);
        let options = SyncOptions { allow: Allow { vault_changed: true, ..Allow::default() }, ..SyncOptions::default() };
        a.client.sync(options).await.unwrap();
        b.sync().await;
        assert_eq!(a.docs(), b.docs());
        assert_eq!(a.docs().len(), 3);
    });
}

#[test]
fn k_a_stale_edit_does_not_resurrect_a_deletion() {
    on_every_drive(|drive| async move {
        let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
        a.put("x", "1").await;
        a.sync().await;
        b.sync().await;
        b.put("x", "stale").await;
        a.delete("x").await;
        a.sync().await;
        let report = b.sync().await;
        assert_eq!(report.conflicts.iter().map(|c| c.kind).collect::<Vec<_>>(), [ConflictKind::EditDelete]);
        assert_eq!(read(&drive, "docs/x.json").await, None);
        assert_eq!(a.sync().await.pulled, 0);
    });
}

#[test]
fn mass_deletion_on_the_drive_is_asked_about() {
    on_every_drive(|drive| async move {
        let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
        for n in 0..30 {
            a.put(&format!("{n}"), "1").await;
        }
        a.sync().await;
        b.sync().await;
        for n in 0..20 {
            a.delete(&format!("{n}")).await;
        }
        a.sync().await;
        let kind = b.try_sync().await.unwrap_err().into_kind();
        assert_eq!(kind, ErrorKind::MassDelete { deletes: 20, of: 30 });
        assert_eq!(b.docs().len(), 30);
        let options = SyncOptions { allow: Allow { mass_delete: true, ..Allow::default() }, ..SyncOptions::default() };
        assert_eq!(b.client.sync(options).await.unwrap().deleted, 20);
    });
}

#[test]
fn c_a_document_pushed_twice_and_lost_is_announced_once() {
    on_every_drive(|drive| async move {
        let ours = Device::new(&drive, 1).await;
        for text in ["1", "2"] {
            ours.put("y", text).await;
            ours.sync().await;
        }
        write(&drive, "changes/0.json", json!([{"_id": "x", "_rev": 1, "action": "put"}, {"_id": "z", "_rev": 1, "action": "put"}])).await;
        ours.later(121);
        let report = ours.sync().await;
        assert_eq!(report.skipped.iter().filter(|s| s.id.as_str() == "y").count(), 0);
        assert_eq!(log(&drive).await.iter().filter(|(id, _)| id == "y").count(), 1);
    });
}
