//! Devices on a vault in the journal layout, found by each strategy.

use crate::common::{Device, drives, id, json};
use futures::executor::block_on;
use kitestring::*;
use std::sync::Arc;

#[test]
fn an_edit_costs_3_requests_and_nothing_costs_1() {
    block_on(async {
        for (drive, limit) in drives().into_iter().zip([3, 3, 2]) {
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            a.put("x", "1").await;
            a.sync().await;
            b.sync().await;
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
fn equal_documents_are_adopted_without_a_transfer_and_different_ones_are_a_conflict() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            for n in 0..2000_u32 {
                // What hardly compresses, so that contents are most of a record.
                let text: String = (0..32_u32).map(|k| Digest::of(&[n.to_be_bytes(), k.to_be_bytes()].concat()).to_string()).collect();
                a.put(&format!("note {n}"), &text).await;
                b.put(&format!("note {n}"), &text).await;
            }
            a.put("differs", "a").await;
            b.put("differs", "b").await;
            let sent = a.sync().await.bytes.sent;
            let report = b.sync().await;
            assert_eq!(report.conflicts.iter().map(|c| c.kind).collect::<Vec<_>>(), [ConflictKind::Adopt]);
            assert_eq!((report.pushed, report.pulled), (0, 0));
            assert!(report.bytes.received * 3 < sent, "only the index and what differs: {} of {sent} bytes", report.bytes.received);
        }
    });
}

/// A device whose client is opened again, as a restarted process would.
async fn reopened(device: Device, drive: &Arc<MemoryDrive>) -> Device {
    let Device { notes, state, runtime, client, .. } = device;
    drop(client);
    Device::open_as(notes, state, drive.clone(), runtime, Layout::Journal(JournalOptions::default())).await
}

#[test]
fn p5_the_author_of_a_version_that_lost_is_asked() {
    block_on(async {
        // Numbered heads are created once: there, no two are written at the same moment.
        for (case, drive) in drives().into_iter().enumerate().filter(|(case, _)| *case != 1) {
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            a.put("x", "1").await;
            a.sync().await;
            b.sync().await;
            // Both push what they made without knowing each other: B's record is on the drive before A reads.
            a.put("x", "of a").await;
            b.put("x", "of b").await;
            let before = drive.contents();
            b.sync().await;
            let with_b = drive.contents();
            drive.restore(before);
            a.sync().await;
            let mut both = drive.contents();
            // Both records are there now, and the head of whoever wrote last.
            both.extend(with_b.into_iter().filter(|(path, _)| path.starts_with("j/")));
            drive.restore(both);
            for _ in 0..3 {
                a.sync().await;
                b.sync().await;
            }
            let (of_a, of_b) = (a.client.conflicts().await.unwrap(), b.client.conflicts().await.unwrap());
            assert_eq!(of_a.len() + of_b.len(), 1, "one author is asked, on drive {case}");
            let (author, seen) = if of_a.is_empty() { (&b, &of_b[0]) } else { (&a, &of_a[0]) };
            assert_eq!(seen.base, None, "what was pushed is no ancestor of what won");
            author.client.resolve(seen.clone(), Resolution::KeepLocal).await.unwrap();
            for _ in 0..2 {
                a.sync().await;
                b.sync().await;
            }
            assert_eq!(a.docs(), b.docs());
            assert!(a.client.conflicts().await.unwrap().is_empty() && b.client.conflicts().await.unwrap().is_empty());
        }
    });
}

#[test]
fn h3_a_lost_head_is_healed_and_h4_a_lost_vault_is_a_rollback() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            a.put("x", "1").await;
            a.sync().await;
            let old = drive.contents();
            a.put("x", "2").await;
            a.sync().await;
            b.sync().await;
            // Only the head is lost: whoever knows more writes it again.
            let mut files = drive.contents();
            files.retain(|path, _| path != "head" && !path.starts_with("h/"));
            drive.restore(files);
            assert_eq!(b.sync().await.skipped, []);
            let c = Device::journal(&drive, 3).await;
            c.sync().await;
            assert_eq!(c.text("x"), a.text("x"));
            // The whole vault is yesterday's.
            drive.restore(old);
            let error = a.try_sync().await.unwrap_err();
            assert_eq!(error.kind.code(), "rollback", "{error}");
            assert_eq!(a.text("x").as_deref(), Some(r#"{"text":"2"}"#), "nothing changes here");
            let allow = Allow { rollback: true, ..Allow::default() };
            assert_eq!(a.client.sync(SyncOptions { allow, ..SyncOptions::default() }).await.unwrap().pushed, 1);
            a.sync().await;
            let d = Device::journal(&drive, 4).await;
            d.sync().await;
            assert_eq!(d.text("x"), a.text("x"), "what this device has is pushed again");
        }
    });
}

/// A vault without a head is not an empty one, whoever meets it.
#[test]
fn h3_a_newcomer_to_a_vault_that_has_lost_its_head_has_all_documents_and_writes_it_again() {
    block_on(async {
        for compacted in [false, true] {
            for drive in drives() {
                let a = Device::journal(&drive, 1).await;
                for n in 0..4 {
                    a.put(&format!("note {n}"), "a").await;
                    a.sync().await;
                }
                if compacted {
                    assert!(a.client.compact(SyncOptions::default()).await.unwrap());
                    a.put("note 0", "b").await;
                    a.sync().await;
                }
                let mut files = drive.contents();
                files.retain(|path, _| path != "head" && !path.starts_with("h/"));
                drive.restore(files);
                let (b, c) = (Device::journal(&drive, 2).await, Device::journal(&drive, 3).await);
                b.put("note 1", "b").await;
                let report = b.sync().await;
                let kinds: Vec<_> = report.conflicts.iter().map(|c| (c.id.as_str(), c.kind)).collect();
                assert_eq!((kinds, report.skipped), (vec![("note 1", ConflictKind::Adopt)], vec![]));
                c.sync().await;
                for n in 0..4 {
                    assert_eq!(c.text(&format!("note {n}")), a.text(&format!("note {n}")));
                }
                assert_eq!(a.sync().await.skipped, []);
                let idle = [a.sync().await, b.sync().await, c.sync().await].map(|report| report.requests.total());
                assert_eq!(idle, [1, 1, 1], "{:?}", drive.capabilities());
            }
        }
    });
}

#[test]
fn a_vault_is_lowered_step_by_step_and_everybody_follows() {
    block_on(async {
        let drive = drives()[0].clone();
        let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
        assert_eq!(a.client.lower(Strategy::Slots).await.unwrap_err().kind.code(), "invalid_input", "there is no vault yet");
        a.put("x", "1").await;
        a.sync().await;
        b.sync().await;
        for (n, strategy) in [Strategy::Slots, Strategy::Listing].into_iter().enumerate() {
            a.client.lower(strategy).await.unwrap();
            assert_eq!(a.client.lower(strategy).await.unwrap_err().kind.code(), "invalid_input");
            b.put("y", &n.to_string()).await;
            b.sync().await;
            a.sync().await;
            assert_eq!(a.docs(), b.docs());
            assert_eq!(b.client.status().await.unwrap().strategy, Some(strategy));
            let newcomer = Device::journal(&drive, 10 + n as u64).await;
            newcomer.sync().await;
            assert_eq!(newcomer.docs(), a.docs());
            assert_eq!(a.sync().await.requests.total(), 1);
        }
        assert_eq!(b.client.lower(Strategy::CompareAndSwap).await.unwrap_err().kind.code(), "invalid_input");
    });
}

#[test]
fn a_vault_that_asks_more_than_the_drive_offers_is_unsupported() {
    block_on(async {
        let full = drives()[0].clone();
        let a = Device::journal(&full, 1).await;
        a.put("x", "1").await;
        a.sync().await;
        let poor = drives()[2].clone();
        poor.restore(full.contents());
        let b = Device::journal(&poor, 2).await;
        b.put("y", "2").await;
        let error = b.try_sync().await.unwrap_err();
        assert_eq!(error.kind.code(), "unsupported", "{error}");
        assert_eq!(poor.contents(), full.contents());
        let b = reopened(b, &full).await;
        assert_eq!(b.sync().await.pushed, 1, "nothing was lost");
    });
}

#[test]
fn an_application_older_than_its_state_is_asked_about() {
    block_on(async {
        let drive = drives()[0].clone();
        let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
        for n in 0..30 {
            a.put(&format!("note {n}"), "old").await;
        }
        a.sync().await;
        let backup = a.notes.0.lock().unwrap().clone();
        b.sync().await;
        for n in 0..25 {
            b.put(&format!("note {n}"), "new").await;
        }
        b.sync().await;
        a.sync().await;
        // The host's documents of yesterday, beside the client's state of today.
        *a.notes.0.lock().unwrap() = backup;
        let compared = |allow| SyncOptions { reconcile: true, allow, ..SyncOptions::default() };
        let error = a.client.sync(compared(Allow::default())).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::HostOlder { reverted: 25, changed: 25 });
        b.sync().await;
        assert_eq!(b.text("note 0").as_deref(), Some(r#"{"text":"new"}"#));
        let report = a.client.sync(compared(Allow { host_older: true, ..Allow::default() })).await.unwrap();
        assert_eq!(report.pushed, 25, "these are edits, says the user");
        // Nineteen that went back are an undo like any other.
        for n in 0..19 {
            let before = b.notes.0.lock().unwrap()[&id(&format!("note {n}"))].clone();
            let body = json("old");
            b.notes.0.lock().unwrap().insert(id(&format!("note {n}")), (Revision::of(&body), body));
            assert_ne!(before.1, json("old"));
        }
        assert_eq!(b.client.reconcile(SyncOptions::default()).await.unwrap().put, 19);
    });
}

#[test]
fn any_client_may_take_up_a_version_that_its_author_has_left() {
    block_on(async {
        for resolution in [Resolution::KeepLocal, Resolution::TakeRemote] {
            let drive = drives()[2].clone();
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            a.put("x", "1").await;
            a.sync().await;
            b.sync().await;
            a.put("x", "of a").await;
            b.put("x", "of b").await;
            let before = drive.contents();
            a.sync().await;
            let of_a = drive.contents();
            drive.restore(before);
            b.sync().await;
            let mut both = drive.contents();
            both.extend(of_a);
            drive.restore(both);
            // Neither author comes back.
            let c = Device::journal(&drive, 3).await;
            c.sync().await;
            let left = c.client.left_versions().await.unwrap();
            assert_eq!(left.len(), 1);
            let conflict = c.client.claim(left[0].clone()).await.unwrap();
            let other = c.client.versions(id("x")).await.unwrap().remote.unwrap();
            assert_eq!(c.client.claim(left[0].clone()).await.unwrap_err().kind, ErrorKind::Condition);
            let present = c.text("x");
            c.client.resolve(conflict, resolution.clone()).await.unwrap();
            c.sync().await;
            assert_eq!(c.client.left_versions().await.unwrap(), []);
            let kept = c.text("x");
            assert_eq!(kept == present, resolution == Resolution::KeepLocal);
            assert!(kept == present || other.body == Body::Whole(kept.clone().unwrap().into_bytes()));
            // Whoever comes back after all finds it settled.
            for device in [&a, &b] {
                device.sync().await;
                device.sync().await;
                assert_eq!((device.text("x"), device.client.conflicts().await.unwrap().len()), (kept.clone(), 0));
            }
        }
    });
}

#[test]
fn what_is_pushed_over_a_restored_drive_reaches_the_others() {
    block_on(async {
        for drive in drives() {
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

#[test]
fn what_others_made_since_the_drive_was_restored_is_no_older_version() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            for n in 0..30 {
                a.put(&format!("note {n}"), "1").await;
            }
            for name in ["mine", "both", "theirs"] {
                a.put(name, "1").await;
            }
            a.sync().await;
            b.sync().await;
            let backup = drive.contents();
            a.put("mine", "2").await;
            a.put("both", "2").await;
            a.sync().await;
            drive.restore(backup);
            b.put("both", "3").await;
            b.put("theirs", "3").await;
            b.sync().await;
            for n in 0..30 {
                b.delete(&format!("note {n}")).await;
            }
            b.sync().await;
            assert_eq!(a.try_sync().await.unwrap_err().kind.code(), "rollback");
            let allow = Allow { rollback: true, ..Allow::default() };
            let refused = a.client.sync(SyncOptions { allow, ..SyncOptions::default() }).await.unwrap_err();
            assert_eq!(refused.kind.code(), "mass_delete", "{refused}");
            assert_eq!(a.docs().len(), 33);
            // What was agreed to is not forgotten.
            let allow = Allow { mass_delete: true, ..Allow::default() };
            let report = a.client.sync(SyncOptions { allow, ..SyncOptions::default() }).await.unwrap();
            assert_eq!(report.conflicts.iter().map(|conflict| conflict.id.as_str()).collect::<Vec<_>>(), ["both"]);
            assert_eq!(
                ["mine", "both", "theirs"].map(|name| a.text(name).unwrap()),
                ["2", "2", "3"].map(|n| format!(r#"{{"text":"{n}"}}"#))
            );
            assert_eq!(a.docs().len(), 3);
            a.client.resolve(report.conflicts[0].clone(), Resolution::TakeRemote).await.unwrap();
            a.sync().await;
            b.sync().await;
            assert_eq!(a.docs(), b.docs());
        }
    });
}

/// A host that fails once, after it has taken so many documents.
struct Failing {
    notes: crate::common::Notes,
    left: std::sync::Mutex<Option<usize>>,
}

#[apply(port!)]
impl Application for Failing {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        self.notes.get(ids).await
    }
    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        let left = *self.left.lock().unwrap();
        match left {
            Some(left) if left < changes.len() => {
                *self.left.lock().unwrap() = None;
                Err(Error::new(ErrorKind::Application, "apply", "it is killed here"))
            }
            Some(left) => {
                *self.left.lock().unwrap() = Some(left - changes.len());
                self.notes.apply(changes).await
            }
            None => self.notes.apply(changes).await,
        }
    }
    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        self.notes.entries(after, limit).await
    }
}

#[test]
fn an_interrupted_pull_reads_what_was_in_flight_again_and_nothing_else() {
    block_on(async {
        let drive = drives()[0].clone();
        let a = Device::journal(&drive, 1).await;
        for n in 0..12_000_u32 {
            let text: String = (0..32_u32).map(|k| Digest::of(&[n.to_be_bytes(), k.to_be_bytes()].concat()).to_string()).collect();
            a.put(&format!("note {n}"), &text).await;
        }
        let sent = a.sync().await.bytes.sent;
        let records = drive.contents().keys().filter(|path| path.starts_with("j/")).count();
        assert!(records >= 3, "{records} records");
        for killed_after in [100, 5_000, 9_000, 11_900] {
            let host = Arc::new(Failing { notes: crate::common::Notes::default(), left: Some(killed_after).into() });
            let runtime = Arc::new(crate::common::TestRuntime { seed: 9_000_000.into(), ..Default::default() });
            let state = Arc::new(MemoryState::new());
            let counted = async || {
                let client = Client::open(host.clone(), state.clone(), drive.clone(), Options::new(runtime.clone())).await.unwrap();
                client.sync(SyncOptions::default()).await
            };
            assert_eq!(counted().await.unwrap_err().kind.code(), "application");
            let report = counted().await.unwrap();
            let done = host.notes.0.lock().unwrap().len();
            assert_eq!(done, 12_000);
            // What was applied before is at least all windows but one: 8 MiB, and the files that end it.
            let before = sent * killed_after as u64 / 12_000;
            let most = sent - before + (8 << 20) + 4 * (5 << 20);
            // Of contents that are wanted in another order than they lie in, a frame may be read twice.
            assert!(report.bytes.received <= most.min(sent + sent / 64), "{} of {sent} after {killed_after}", report.bytes.received);
        }
    });
}

#[test]
fn s69a_a_document_that_is_here_before_the_first_sync_and_was_deleted_there_is_asked_about() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            a.put("x", "old").await;
            a.put("y", "kept").await;
            a.sync().await;
            a.delete("x").await;
            a.sync().await;
            // A device that has lost its state, with yesterday's documents.
            b.put("x", "old").await;
            b.put("y", "kept").await;
            let report = b.sync().await;
            assert_eq!(report.conflicts.iter().map(|c| (c.id.as_str(), c.kind)).collect::<Vec<_>>(), [("x", ConflictKind::EditDelete)]);
            assert_eq!((report.pushed, b.sync().await.conflicts.len()), (0, 1), "it waits");
            b.client.resolve(report.conflicts[0].clone(), Resolution::TakeRemote).await.unwrap();
            b.sync().await;
            a.sync().await;
            assert_eq!((a.text("x"), b.text("x")), (None, None));
            // Made anew on top of the deletion, it is an edit like any other.
            b.put("x", "new").await;
            assert_eq!((b.sync().await.pushed, a.sync().await.pulled), (1, 1));
        }
    });
}
