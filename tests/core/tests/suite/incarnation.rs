//! A device whose profile was copied: host and state, but not the original's place in the world.

use crate::common::{
    Device, Notes, TestRuntime, drives,
    old_client::{read, write},
};
use futures::executor::block_on;
use kitestring::*;
use serde_json::json;
use std::sync::{Arc, Mutex, atomic::AtomicU64};

/// Copies a device with all that it knows, and opens the copy as a new incarnation.
async fn copy(original: &Device, drive: &Arc<MemoryDrive>) -> Device {
    let notes = Arc::new(Notes(Mutex::new(original.notes.0.lock().unwrap().clone())));
    let runtime = Arc::new(TestRuntime { seed: AtomicU64::new(77_000_000), ..TestRuntime::default() });
    let state = Arc::new(original.state.snapshot());
    let options = Options { new_incarnation: true, ..crate::common::classic_options(runtime.clone()) };
    let client = Client::open(notes.clone(), state.clone(), drive.clone(), options).await.unwrap();
    Device { notes, state, runtime, client, canary: None }
}

#[test]
fn a_copy_goes_on_from_what_the_original_knew_under_another_id() {
    block_on(async {
        for drive in drives() {
            let original = Device::new(&drive, 1).await;
            for name in ["gone", "edited", "kept"] {
                original.put(name, "1").await;
            }
            original.sync().await;
            original.put("queued", "1").await;
            let copy = copy(&original, &drive).await;
            let (ours, theirs) = (copy.client.status().await.unwrap(), original.client.status().await.unwrap());
            assert_ne!(ours.client, theirs.client);
            assert_eq!((ours.documents, ours.queued), (3, 1));

            original.delete("gone").await;
            original.sync().await;
            copy.put("edited", "2").await;
            let report = copy.sync().await;
            // A client that had lost its state would have brought "gone" back and asked about "edited".
            assert_eq!((copy.text("gone"), report.conflicts), (None, vec![]));
            original.sync().await;
            assert_eq!(original.docs(), copy.docs());
            assert_eq!(original.text("edited").unwrap(), r#"{"text":"2"}"#);
            assert_eq!(original.client.status().await.unwrap().queued + copy.client.status().await.unwrap().queued, 0);
        }
    });
}

#[test]
fn the_new_id_stays() {
    block_on(async {
        let drive = drives()[0].clone();
        let original = Device::new(&drive, 1).await;
        let copy = copy(&original, &drive).await;
        let id = copy.client.status().await.unwrap().client;
        assert_eq!(copy.restarted(drive).await.client.status().await.unwrap().client, id);
    });
}

#[test]
fn a_copy_respects_the_originals_lock() {
    block_on(async {
        for drive in drives() {
            let original = Device::new(&drive, 1).await;
            original.put("x", "1").await;
            original.sync().await;
            let lock = json!({"expire": 1_700_000_060_000_u64, "owner": original.client.status().await.unwrap().client, "hold": "h"});
            write(&drive, "lock.json", lock.clone()).await;
            // The original was killed while it held the lock: its state says so, and the copy's says the same.
            original.state.write(vec![StateRecord::set("server/lock-held", "")]).await.unwrap();
            let copy = copy(&original, &drive).await;
            copy.put("y", "1").await;
            assert!(matches!(copy.try_sync().await.unwrap_err().kind, ErrorKind::Locked { .. }));
            assert_eq!(read(&drive, "lock.json").await, Some(lock));
        }
    });
}
