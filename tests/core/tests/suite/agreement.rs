//! What both sides are taken to agree on, edits without a word, and what ends a conflict by itself.

use crate::common::{
    Device, drives, id, json,
    watched::{Watched, client, deleted, written},
};
use futures::executor::block_on;
use kitestring::*;
use std::sync::{Arc, OnceLock};

async fn sync(client: &Client) -> Report {
    client.sync(SyncOptions::default()).await.unwrap()
}

fn set(device: &Device, name: &str, body: Vec<u8>) {
    device.notes.0.lock().unwrap().insert(id(name), (Revision::of(&body), body));
}

#[test]
fn documents_that_say_the_same_are_adopted_however_they_are_written() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
            a.put("x", "1").await;
            a.sync().await;
            set(&b, "x", b"{ \"text\" : \"1\" }".to_vec());
            let report = b.sync().await;
            assert_eq!((report.conflicts, report.pushed, report.pulled), (vec![], 0, 0));
            assert_eq!(b.client.status().await.unwrap().documents, 1);
            a.put("x", "2").await;
            a.sync().await;
            assert_eq!((b.sync().await.pulled, b.text("x").unwrap().into_bytes()), (1, json("2")));
        }
    });
}

#[test]
fn the_same_edit_on_both_sides_is_done_without_a_push() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
            a.put("x", "1").await;
            b.put("x", "1").await;
            a.sync().await;
            let report = b.sync().await;
            let status = b.client.status().await.unwrap();
            assert_eq!((report.requests.put, report.conflicts, status.queued, status.documents), (0, vec![], 0, 1));
        }
    });
}

#[test]
fn an_edit_that_was_taken_back_leaves_the_queue() {
    block_on(async {
        for drive in drives() {
            let a = Device::new(&drive, 1).await;
            a.put("x", "1").await;
            a.put("y", "1").await;
            a.sync().await;
            a.put("x", "2").await;
            a.put("x", "1").await;
            assert_eq!(a.sync().await.pushed, 0);
            assert_eq!(a.client.status().await.unwrap().queued, 0);
            assert_eq!(a.sync().await.requests.put, 0, "no lock is taken for nothing");
        }
    });
}

#[test]
fn an_edit_without_a_word_is_found_when_the_drive_has_what_was_agreed_again() {
    block_on(async {
        for gone in [false, true] {
            for drive in drives() {
                let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
                a.put("x", "1").await;
                a.sync().await;
                b.sync().await;
                for text in ["2", "1"] {
                    b.put("x", text).await;
                    b.sync().await;
                }
                if gone {
                    a.notes.0.lock().unwrap().remove(&id("x"));
                } else {
                    set(&a, "x", json("quiet"));
                }
                let report = a.sync().await;
                assert_eq!((report.pushed, report.deleted, report.conflicts), (u64::from(!gone), u64::from(gone), vec![]));
                b.sync().await;
                assert_eq!(a.docs(), b.docs());
            }
        }
    });
}

#[test]
fn a_conflict_whose_sides_have_become_equal_is_over() {
    block_on(async {
        for by_deletion in [false, true] {
            for drive in drives() {
                let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
                a.put("x", "1").await;
                a.sync().await;
                b.sync().await;
                b.put("x", "b").await;
                if by_deletion {
                    a.delete("x").await;
                } else {
                    a.put("x", "a").await;
                }
                a.sync().await;
                assert_eq!(b.sync().await.conflicts.len(), 1);
                assert_eq!(b.sync().await.conflicts.len(), 1, "nothing has changed");
                let versions = b.client.versions(id("x")).await.unwrap();
                assert_eq!(versions.local.unwrap().body, Body::Whole(json("b")));
                assert_eq!(versions.remote.is_none(), by_deletion);
                if by_deletion {
                    b.delete("x").await;
                } else {
                    b.put("x", "a").await;
                }
                assert_eq!(b.sync().await.conflicts, []);
                assert_eq!(b.client.status().await.unwrap().queued, 0);
                assert_eq!(a.docs(), b.docs());
                b.put("x", "next").await;
                assert_eq!(b.sync().await.pushed, 1);
                a.sync().await;
                assert_eq!(a.docs(), b.docs());
                a.delete("x").await;
                a.sync().await;
            }
        }
    });
}

#[test]
fn a_host_with_a_flag_is_asked_at_opening_and_told_what_is_queued() {
    block_on(async {
        let host = Arc::new(Watched::default());
        let changes = [written("a"), deleted("b")];
        host.write("a", json("1"));
        host.uncommitted.lock().unwrap().extend(changes.clone());
        let (client, _) = client(&host, Arc::new(MemoryDrive::new()), 1).await;
        assert_eq!(*host.committed.lock().unwrap(), changes);
        assert_eq!(client.status().await.unwrap().queued, 2);
        host.write("c", json("1"));
        client.queue_change(written("c")).await.unwrap();
        assert_eq!(host.committed.lock().unwrap().last(), Some(&written("c")));
        assert_eq!(sync(&client).await.pushed, 2);
    });
}

/// A host that makes a document anew while it is asked whether it is gone.
#[derive(Default)]
struct Remade {
    watched: Watched,
    client: OnceLock<Client>,
}

#[apply(port!)]
impl Application for Remade {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        self.watched.get(ids).await
    }
    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        self.watched.apply(changes).await
    }
    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        self.watched.entries(after, limit).await
    }
    async fn missing(&self, ids: Vec<DocId>) -> Result<Vec<DocId>> {
        let gone = self.watched.missing(ids).await?;
        if let (Some(client), true) = (self.client.get(), gone.contains(&id("x"))) {
            self.watched.write("x", json("again"));
            client.queue_change(written("x")).await?;
        }
        Ok(gone)
    }
}

#[test]
fn a_document_that_is_made_anew_while_it_is_missed_is_pushed() {
    block_on(async {
        for drive in drives() {
            let host = Arc::new(Remade::default());
            let options = crate::common::classic_options(Arc::new(crate::common::TestRuntime::default()));
            let client = Client::open(host.clone(), Arc::new(MemoryState::new()), drive.clone(), options).await.unwrap();
            sync(&client).await;
            client.queue_change(written("x")).await.unwrap();
            host.client.set(client.clone()).unwrap();
            sync(&client).await;
            // Its entry waits for nothing: it is newer than the one that was missed.
            assert_eq!(sync(&client).await.skipped, []);
            let b = Device::new(&drive, 2).await;
            b.sync().await;
            assert_eq!(b.text("x").unwrap().into_bytes(), json("again"));
        }
    });
}
