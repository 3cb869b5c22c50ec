//! A drive that was put back on purpose: whoever is asked agrees, and what the devices hold is on the drive again.

use crate::common::{Device, drives, key};
use futures::executor::block_on;
use kitestring::*;

const ROUNDS: usize = 9;

fn agreed() -> SyncOptions {
    SyncOptions { allow: Allow { rollback: true, ..Allow::default() }, ..SyncOptions::default() }
}

/// Syncs, and agrees if it is asked. Whether it was.
async fn agree(device: &Device) -> bool {
    match device.try_sync().await {
        Ok(_) => false,
        Err(e) => {
            assert!(matches!(e.kind, ErrorKind::Rollback { .. }), "{e:?}");
            device.sync_as(agreed()).await.unwrap();
            true
        }
    }
}

#[test]
fn an_older_sealed_vault_is_carried_on_if_the_user_agrees() {
    block_on(async {
        for (n, drive) in drives().into_iter().enumerate() {
            for round in 0..ROUNDS {
                let drive = std::sync::Arc::new(MemoryDrive::with(drive.capabilities()));
                let (a, b) = (Device::sealed(&drive, 1, key(1)).await, Device::sealed(&drive, 2, key(1)).await);
                let mut copy = None;
                for n in 0..ROUNDS {
                    let device = if n % 2 == 0 { &a } else { &b };
                    device.sync().await;
                    device.put(&format!("note {}", n % 6), &n.to_string()).await;
                    if n == 6 {
                        device.delete("note 1").await;
                    }
                    device.sync().await;
                    if n == 4 {
                        assert!(a.client.compact(SyncOptions::default()).await.unwrap());
                    }
                    if n == round {
                        copy = Some(drive.contents());
                    }
                }
                for device in [&a, &b] {
                    device.sync().await;
                }
                a.put("only here", "last").await;
                a.sync().await;
                let docs = a.docs();
                drive.restore(copy.unwrap());
                let which = format!("drive {n}, put back to round {round}");
                assert!(agree(&a).await, "{which}: nobody was asked");
                assert_eq!(a.docs(), docs, "{which}");
                for _ in 0..2 {
                    agree(&b).await;
                    agree(&a).await;
                }
                // A numbered head of the number that is known is noticed with the next one (journal.md, 15).
                a.put("next", "1").await;
                a.sync().await;
                let docs = a.docs();
                agree(&b).await;
                agree(&a).await;
                let newcomer = Device::sealed(&drive, 3, key(1)).await;
                newcomer.sync().await;
                assert_eq!(a.docs(), docs, "{which}");
                assert_eq!(b.docs(), docs, "{which}: the other one");
                assert_eq!(newcomer.docs(), docs, "{which}: a newcomer");
                // From now on it is a vault like any other.
                b.put("after", "1").await;
                for device in [&b, &a, &newcomer] {
                    device.sync().await;
                }
                assert_eq!(a.docs(), newcomer.docs());
                assert!(a.text("after").is_some());
                assert!(a.client.compact(SyncOptions::default()).await.unwrap());
            }
        }
    });
}
