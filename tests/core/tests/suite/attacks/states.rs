//! A29: a device's state of some earlier moment is put back, with its documents or without them.

use crate::common::{Device, Notes, TestRuntime, drives, key};
use futures::executor::block_on;
use kitestring::*;
use std::sync::{Arc, Mutex};

const MOMENTS: u64 = 50;

/// A device as a backup has it.
struct Saved(Notes, MemoryState);

impl Saved {
    fn of(device: &Device) -> Self {
        Self(Notes(Mutex::new(device.notes.0.lock().unwrap().clone())), device.state.snapshot())
    }

    /// Opens it again: with the documents of then, or with those of another one.
    async fn open(&self, with: &Self, drive: &Arc<MemoryDrive>) -> Device {
        let runtime = Arc::new(TestRuntime { seed: 77_000_000.into(), ..TestRuntime::default() });
        let notes = Arc::new(Notes(Mutex::new(with.0.0.lock().unwrap().clone())));
        let options = Options { encryption: Some(key(1)), ..Options::new(runtime.clone()) };
        Device::with(notes, Arc::new(self.1.snapshot()), drive.clone(), runtime, options).await
    }
}

/// Two devices work in turn: each looks first, edits, deletes now and then, and syncs. Returns a copy of the first one after
/// each of its steps.
async fn work(a: &Device, b: &Device) -> Vec<Saved> {
    let mut saved = Vec::new();
    for n in 0..MOMENTS * 2 {
        let device = if n % 2 == 0 { a } else { b };
        device.sync().await;
        if n % 7 == 6 && device.text(&format!("note {}", n % 9)).is_some() {
            device.delete(&format!("note {}", n % 9)).await;
        } else {
            device.put(&format!("note {}", n % 11), &format!("said in round {n}")).await;
        }
        device.sync().await;
        if n == MOMENTS {
            assert!(b.client.compact(SyncOptions::default()).await.unwrap());
        }
        if n % 2 == 0 {
            saved.push(Saved::of(a));
        }
    }
    a.sync().await;
    assert_eq!(a.docs(), b.docs());
    saved
}

#[test]
fn a29_no_old_state_undoes_an_edit_or_a_deletion() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::sealed(&drive, 1, key(1)).await, Device::sealed(&drive, 2, key(1)).await);
            let saved = work(&a, &b).await;
            assert_eq!(saved.len() as u64, MOMENTS);
            let (files, docs, now) = (drive.contents(), a.docs(), Saved::of(&b));
            for (n, moment) in saved.iter().enumerate() {
                for with_documents in [true, false] {
                    drive.restore(files.clone());
                    let device = moment.open(if with_documents { moment } else { &now }, &drive).await;
                    let witness = now.open(&now, &drive).await;
                    let which = format!("state {n}, with its documents: {with_documents}");
                    let report = device.sync_as(SyncOptions { reconcile: true, ..SyncOptions::default() }).await.unwrap();
                    assert!(report.conflicts.is_empty(), "{which}: {report:?}");
                    assert_eq!(device.docs(), docs, "{which}");
                    device.put("after", &which).await;
                    device.sync().await;
                    for device in [&witness, &device] {
                        assert!(device.sync().await.conflicts.is_empty(), "{which}");
                    }
                    assert_eq!(device.docs(), witness.docs(), "{which}");
                    let mut expected = docs.clone();
                    expected.insert(crate::common::id("after"), crate::common::json(&which));
                    assert_eq!(device.docs(), expected, "{which}");
                }
            }
        }
    });
}
