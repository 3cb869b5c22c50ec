//! Vaults that are shown as they were, in branches, or not at all.

use super::{Files, restarted};
use crate::common::{Device, drives, key};
use futures::executor::block_on;
use kitestring::*;
use std::sync::Arc;

/// Every older copy of the whole vault is noticed by whoever knows a newer one, before and after a restart, and nothing
/// changes here. What is there again afterwards is carried on.
#[test]
fn a7_every_older_vault_is_a_rollback() {
    block_on(async {
        for drive in drives() {
            let (mut a, b) = (Device::sealed(&drive, 1, key(1)).await, Device::sealed(&drive, 2, key(1)).await);
            let mut copies: Vec<Files> = Vec::new();
            for n in 0..12 {
                let device = if n % 3 == 2 { &b } else { &a };
                device.put(&format!("note {}", n % 5), &n.to_string()).await;
                device.sync().await;
                if n == 7 {
                    assert!(b.client.compact(SyncOptions::default()).await.unwrap());
                }
                copies.push(drive.contents());
            }
            // Both know everything, and each has written after every copy but the last.
            for device in [&a, &b, &a] {
                device.put("note 0", "last").await;
                device.sync().await;
            }
            b.sync().await;
            let (now, docs) = (drive.contents(), a.docs());
            for (n, copy) in copies.into_iter().enumerate() {
                drive.restore(copy);
                for restart in [false, true] {
                    if restart {
                        a = restarted(a, &drive, key(1)).await;
                    }
                    let error = a.try_sync().await.unwrap_err();
                    assert!(matches!(error.kind, ErrorKind::Rollback { .. } | ErrorKind::VaultChanged), "copy {n}: {error:?}");
                    assert_eq!(a.docs(), docs);
                }
            }
            drive.restore(now);
            for device in [&a, &b] {
                assert_eq!(device.sync().await.conflicts, []);
                assert_eq!(device.docs(), docs);
            }
        }
    });
}

/// Two devices are shown two branches, and then both: either everything of both is there, or somebody is told.
#[test]
fn a8_a_fork_that_is_joined_loses_nothing_silently() {
    block_on(async {
        for (drive, writes, swapped) in cases() {
            let (a, b) = (Device::sealed(&drive, 1, key(1)).await, Device::sealed(&drive, 2, key(1)).await);
            a.put("both", "before").await;
            a.sync().await;
            b.sync().await;
            let common = drive.contents();
            for n in 0..writes {
                a.put(&format!("of a {n}"), "a").await;
                a.sync().await;
            }
            let branch = drive.contents();
            drive.restore(common);
            for n in 0..writes {
                b.put(&format!("of b {n}"), "b").await;
                b.sync().await;
            }
            let other = drive.contents();
            // Joined, with the head of one of them or of the other.
            let (mut files, over) = if swapped { (other.clone(), branch) } else { (branch, other.clone()) };
            files.extend(over);
            drive.restore(files);
            // A numbered head of the number that is known is noticed with the next one (journal.md, 15).
            a.put("after a", "a").await;
            b.put("after b", "b").await;
            for device in [&a, &b].repeat(3) {
                device.sync().await;
            }
            assert_eq!(a.docs(), b.docs());
            assert_eq!(a.docs().len(), 3 + 2 * writes);
            // One branch is dropped: its author is told.
            drive.restore(other);
            let error = a.try_sync().await.unwrap_err();
            assert!(matches!(error.kind, ErrorKind::Rollback { .. }), "{error:?}");
        }
    });
}

/// Drives, how many records each branch has, and whose head is taken.
fn cases() -> impl Iterator<Item = (Arc<MemoryDrive>, usize, bool)> {
    (0..3).flat_map(|n| (1..4).flat_map(move |writes| [false, true].map(|swapped| (drives()[n].clone(), writes, swapped))))
}

/// Everything is gone, or a part of it: nobody takes that for a new vault, and nothing here is deleted.
#[test]
fn a10_a_vault_that_vanished_is_not_made_anew() {
    block_on(async {
        let cases: [&[&str]; 5] = [&[""], &["j/", "h", "c/"], &["k/"], &["vault"], &["vault", "v/", "k/"]];
        for (n, gone) in (0..3).flat_map(|n| cases.map(|gone| (n, gone))) {
            let drive = drives()[n].clone();
            let a = Device::sealed(&drive, 1, key(1)).await;
            a.put("x", "1").await;
            a.sync().await;
            drive.restore(drive.contents().into_iter().filter(|(path, _)| !gone.iter().any(|gone| path.starts_with(gone))).collect());
            a.put("y", "2").await;
            let records_are_gone = gone.contains(&"") || gone.contains(&"j/");
            match a.try_sync().await {
                Ok(_) => assert!(!records_are_gone, "{gone:?}"),
                Err(e) => assert!(matches!(e.kind, ErrorKind::Rollback { .. } | ErrorKind::VaultChanged), "{gone:?}: {e:?}"),
            }
            assert_eq!(a.docs().len(), 2);
            if records_are_gone {
                continue;
            }
            let newcomer = Device::sealed(&drive, 9, key(1)).await;
            newcomer.put("z", "3").await;
            let kind = newcomer.try_sync().await.unwrap_err().kind;
            assert!(matches!(kind, ErrorKind::Unavailable | ErrorKind::Corrupt), "{gone:?}: {kind:?}");
            if gone == ["k/"] {
                assert!(a.client.compact(SyncOptions::default()).await.unwrap());
                newcomer.sync().await;
                a.sync().await;
                assert_eq!(newcomer.docs(), a.docs(), "the keyring was put back");
            }
        }
    });
}
