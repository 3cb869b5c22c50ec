//! Reconcile: what it finds, what it leaves, and how little it asks.

use crate::common::{
    Device, drives, id, json,
    watched::{Watched, client, deleted, written},
};
use futures::executor::block_on;
use kitestring::*;
use std::sync::Arc;

async fn reconcile(client: &Client) -> Reconciled {
    client.reconcile(SyncOptions::default()).await.unwrap()
}

async fn sync(client: &Client) -> Report {
    client.sync(SyncOptions::default()).await.unwrap()
}

#[test]
fn nothing_is_asked_about_documents_that_are_all_listed() {
    block_on(async {
        for drive in drives() {
            let host = Arc::new(Watched::default());
            let (client, _) = client(&host, drive, 1).await;
            for name in ["a", "b", "c"] {
                host.write(name, json("1"));
            }
            sync(&client).await;
            host.forget_calls();
            assert_eq!(reconcile(&client).await, Reconciled::default());
            host.write("new", json("1"));
            host.write("newer", json("1"));
            assert_eq!(reconcile(&client).await, Reconciled { put: 2, deleted: 0 });
            assert_eq!(reconcile(&client).await, Reconciled::default(), "both wait in the queue already");
            assert_eq!(host.asked("missing"), Vec::<Vec<DocId>>::new());
            assert_eq!(sync(&client).await.pushed, 2);
        }
    });
}

#[test]
fn what_was_written_and_lost_before_it_was_pushed_is_nothing_at_all() {
    block_on(async {
        for drive in drives() {
            let host = Arc::new(Watched::default());
            let (client, _) = client(&host, drive, 1).await;
            host.write("kept", json("1"));
            sync(&client).await;
            host.write("brief", json("1"));
            client.queue_change(written("brief")).await.unwrap();
            host.remove("brief");
            assert_eq!(reconcile(&client).await, Reconciled::default());
            let report = sync(&client).await;
            assert_eq!((report.pushed, report.deleted, report.skipped), (0, 0, vec![]));
            assert_eq!(client.status().await.unwrap().queued, 0);
        }
    });
}

#[test]
fn a_document_that_vanished_after_its_edit_was_queued_is_deleted() {
    block_on(async {
        for drive in drives() {
            let host = Arc::new(Watched::default());
            let (client, _) = client(&host, drive.clone(), 1).await;
            host.write("x", json("1"));
            sync(&client).await;
            host.write("x", json("2"));
            client.queue_change(written("x")).await.unwrap();
            host.remove("x");
            assert_eq!(reconcile(&client).await, Reconciled { put: 0, deleted: 1 });
            let report = sync(&client).await;
            assert_eq!((report.pushed, report.deleted, report.skipped), (0, 1, vec![]));
        }
    });
}

#[test]
fn a_document_that_came_back_after_its_deletion_was_queued_is_written() {
    block_on(async {
        for drive in drives() {
            let host = Arc::new(Watched::default());
            let (client, _) = client(&host, drive.clone(), 1).await;
            host.write("x", json("1"));
            sync(&client).await;
            client.queue_change(deleted("x")).await.unwrap();
            host.write("x", json("2"));
            assert_eq!(reconcile(&client).await, Reconciled { put: 1, deleted: 0 });
            assert_eq!(sync(&client).await.pushed, 1);
        }
    });
}

#[test]
fn a_list_that_is_older_than_a_deletion_does_not_undo_it() {
    block_on(async {
        let host = Arc::new(Watched::default());
        let (client, _) = client(&host, Arc::new(MemoryDrive::new()), 1).await;
        sync(&client).await;
        client.queue_change(deleted("x")).await.unwrap();
        host.listed.lock().unwrap().push(Entry { id: id("x"), revision: Revision::new("1"), digest: None, size: None });
        assert_eq!(reconcile(&client).await, Reconciled::default());
        assert_eq!(sync(&client).await.skipped, []);
    });
}

#[test]
fn an_edit_that_is_queued_is_not_found_again_unless_it_waits_for_one() {
    block_on(async {
        for drive in drives() {
            let host = Arc::new(Watched::default());
            let (client, _) = client(&host, drive, 1).await;
            sync(&client).await;
            host.write("x", b"{".to_vec());
            client.queue_change(written("x")).await.unwrap();
            assert_eq!(reconcile(&client).await, Reconciled::default());
            assert_eq!(sync(&client).await.skipped.len(), 1, "the classic layout holds JSON only");
            host.write("x", json("mended"));
            assert_eq!(reconcile(&client).await, Reconciled { put: 1, deleted: 0 });
            let report = sync(&client).await;
            assert_eq!((report.pushed, report.skipped), (1, vec![]));
        }
    });
}

#[test]
fn few_deletions_and_no_more_than_half_are_believed() {
    block_on(async {
        for (of, gone, asks) in [(20, 19, false), (40, 20, false), (40, 21, true), (100, 30, false), (20, 20, true)] {
            let a = Device::new(&Arc::new(MemoryDrive::new()), 1).await;
            for n in 0..of {
                a.put(&format!("{n}"), "1").await;
            }
            a.sync().await;
            for n in 0..gone {
                a.notes.0.lock().unwrap().remove(&id(&format!("{n}")));
            }
            let found = a.client.reconcile(SyncOptions::default()).await;
            if asks {
                assert_eq!(found.unwrap_err().kind, ErrorKind::MassDelete { deletes: gone, of });
            } else {
                assert_eq!(found.unwrap(), Reconciled { put: 0, deleted: gone });
            }
        }
    });
}

#[test]
fn documents_whose_sizes_the_host_lists_are_read_a_few_at_a_time() {
    block_on(async {
        for drive in drives() {
            let host = Arc::new(Watched::default());
            let (client, _) = client(&host, drive, 1).await;
            for n in 0..40 {
                host.write(&format!("{n}"), json(&"x".repeat(1 << 20)));
            }
            assert_eq!(sync(&client).await.pushed, 40);
            assert_eq!(host.asked("get").iter().map(Vec::len).max(), Some(3));
        }
    });
}
