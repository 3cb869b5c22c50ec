//! A lock that somebody has left behind: shown, and broken as it was shown.

use crate::common::*;
use futures::executor::block_on;
use kitestring::{drive::Condition, *};
use std::sync::Arc;

async fn put(drive: &MemoryDrive, path: &str, text: &str) {
    drive.put(DrivePath::new(path).unwrap(), text.into(), Condition::Any).await.unwrap();
}

/// The lock of a classic vault, or the lease of one in the journal layout, of a client that is gone.
async fn left_behind(drive: &MemoryDrive, layout: fn() -> Layout, nonce: u8) -> &'static str {
    match layout() {
        Layout::Classic(_) => {
            let text = format!(r#"{{"expire":1700000060000,"owner":"aa","device":"old phone","hold":"{nonce}"}}"#);
            put(drive, "lock.json", &text).await;
            "lock.json"
        }
        _ => {
            put(drive, "lease", &format!(r#"{{"owner":"aa","nonce":"{nonce}"}}"#)).await;
            "lease"
        }
    }
}

#[test]
fn a_lock_is_broken_as_it_was_shown_and_no_other() {
    block_on(async {
        for (drive, layout) in in_both_layouts() {
            let a = Device::of(&drive, 1, layout).await;
            assert_eq!(a.client.held_lock().await.unwrap(), None, "there is no vault yet");
            a.put("x", "1").await;
            a.sync().await;
            assert_eq!(a.client.held_lock().await.unwrap(), None);
            let path = left_behind(&drive, layout, 1).await;
            let held = a.client.held_lock().await.unwrap().unwrap();
            assert_eq!((held.path.as_str(), held.owner.as_deref(), held.is_ours, held.is_over), (path, Some("aa"), false, false));
            if path == "lock.json" {
                assert_eq!((held.holder(), held.until_ms), ("old phone", Some(1_700_000_060_000)));
                a.put("x", "2").await;
                let options = SyncOptions { wait: std::time::Duration::ZERO, ..SyncOptions::default() };
                assert!(matches!(a.sync_as(options).await.unwrap_err().kind, ErrorKind::Locked { .. }));
            } else {
                let refused = a.client.compact(SyncOptions::default()).await.unwrap_err();
                assert!(matches!(refused.kind, ErrorKind::Locked { .. }), "{refused:?}");
            }
            // Somebody else has it by now.
            left_behind(&drive, layout, 2).await;
            assert_eq!(a.client.break_lock(held.clone()).await.unwrap_err().kind, ErrorKind::Condition);
            assert!(drive.contents().contains_key(path));
            let held = a.client.held_lock().await.unwrap().unwrap();
            a.client.break_lock(held.clone()).await.unwrap();
            assert!(!drive.contents().contains_key(path));
            assert_eq!(a.client.break_lock(held).await.unwrap_err().kind, ErrorKind::NotFound);
            a.sync().await;
        }
    });
}

#[test]
fn the_lease_of_a_sealed_vault_is_read_with_its_key() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let a = Device::sealed(&drive, 1, key(1)).await;
        a.put("x", "1").await;
        a.sync().await;
        let lease = format!(r#"{{"owner":"{}","nonce":"1"}}"#, a.client.status().await.unwrap().client);
        let member = member::Member::of(&drive.contents(), [1; 32]);
        let mut files = drive.contents();
        member.write(&mut files, "lease", lease.as_bytes());
        drive.restore(files);
        let held = a.client.held_lock().await.unwrap().unwrap();
        assert!(held.is_ours && held.owner.is_some(), "{held:?}");
        let blind = Device::journal(&drive, 2).await;
        assert_eq!(blind.client.held_lock().await.unwrap_err().kind, ErrorKind::WrongKey);
        a.client.break_lock(held).await.unwrap();
        assert!(!drive.contents().contains_key("lease"));
    });
}
