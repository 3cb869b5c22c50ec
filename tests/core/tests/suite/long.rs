//! Years of use, in virtual time.

use crate::common::{Device, drives};
use futures::executor::block_on;
use kitestring::*;
use std::sync::Arc;

const DAY: u64 = 86_400;
/// A head, a marker, and what was written since the last checkpoint.
const BESIDE_BYTES: usize = 256 << 10;

fn layout() -> Layout {
    Layout::Journal(JournalOptions { history_days: 0, ..JournalOptions::default() })
}

fn size(drive: &MemoryDrive) -> usize {
    drive.contents().values().map(Vec::len).sum()
}

/// Text that hardly compresses.
fn text(n: u64) -> String {
    (0..8_u64).map(|k| Digest::of(&[n.to_be_bytes(), k.to_be_bytes()].concat()).to_string()).collect()
}

/// What the same documents take if they are pushed once.
async fn fresh_size(device: &Device) -> usize {
    let drive = Arc::new(MemoryDrive::new());
    let fresh = Device::of(&drive, 99, layout).await;
    for (id, body) in device.docs() {
        let revision = Revision::of(&body);
        fresh.notes.0.lock().unwrap().insert(id.clone(), (revision.clone(), body));
        fresh.client.queue_change(Change { id, revision, action: Action::Put }).await.unwrap();
    }
    fresh.sync().await;
    size(&drive)
}

#[test]
fn three_years_of_births_and_deaths_leave_a_year_of_small_tombstones() {
    block_on(async {
        for (drive, times) in drives().into_iter().zip([2, 4, 4]) {
            let (a, b) = (Device::of(&drive, 1, layout).await, Device::of(&drive, 2, layout).await);
            let away = Device::of(&drive, 3, layout).await;
            let name = |n: u64| format!("note-{}", Digest::of(&n.to_be_bytes()));
            for round in 0..3000_u64 {
                let device = if round % 3 == 0 { &b } else { &a };
                device.sync().await;
                device.put(&name(round), &text(round)).await;
                if round >= 50 {
                    device.delete(&name(round - 50)).await;
                }
                device.sync().await;
                [&a, &b, &away].iter().for_each(|device| device.later(DAY * 365 / 1000));
                if round % 700 == 650 {
                    // Most of what it has is gone by now, which it would ask about.
                    let allow = Allow { mass_delete: true, ..Allow::default() };
                    let report = away.client.sync(SyncOptions { allow, ..SyncOptions::default() }).await.unwrap();
                    assert_eq!((report.skipped, report.conflicts), (Vec::new(), Vec::new()));
                    device.sync().await;
                    assert_eq!(away.docs(), device.docs(), "after {round} rounds on {:?}", drive.capabilities());
                }
            }
            for device in [&a, &b, &away, &a, &b] {
                let allow = Allow { mass_delete: true, ..Allow::default() };
                device.client.sync(SyncOptions { allow, ..SyncOptions::default() }).await.unwrap();
            }
            let tombstones = 1000 + 100;
            let (bytes, fresh) = (size(&drive), fresh_size(&a).await);
            println!("{bytes} bytes, fresh {fresh} for {:?}", drive.capabilities());
            let most = times * fresh + 64 * tombstones + BESIDE_BYTES;
            assert!(bytes <= most, "{bytes} bytes, and {most} are allowed, on {:?}", drive.capabilities());
            let new = Device::of(&drive, 4, layout).await;
            new.sync().await;
            for device in [&b, &away, &new] {
                assert_eq!(device.docs(), a.docs(), "{:?}", drive.capabilities());
            }
        }
    });
}
