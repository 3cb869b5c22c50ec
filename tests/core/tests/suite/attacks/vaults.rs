//! Vaults that are shown as they were, in branches, or not at all.

use super::{Files, restarted};
use crate::common::{Device, drives, key};
use futures::executor::block_on;
use kitestring::*;
use std::{path::Path, sync::Arc};

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
            let kind = newcomer.try_sync().await.unwrap_err().into_kind();
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

/// Vaults that are older or are not sealed, whole, in the place of the sealed one or laid over it.
fn older_vaults() -> Vec<(&'static str, Files)> {
    let golden = |folder: &str| crate::vectors::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors").join(folder));
    let plain = |n: usize| {
        let drive = drives()[n].clone();
        block_on(async {
            let device = Device::journal(&drive, 66).await;
            device.put("evil", "not sealed").await;
            device.sync().await;
            assert!(device.client.compact(SyncOptions::default()).await.unwrap());
        });
        drive.contents()
    };
    let mut older =
        vec![("journal", golden("journal")), ("classic", golden("classic/vault")), ("an old classic one", golden("classic/old"))];
    older.extend((0..3).map(|n| ("one that is not sealed", plain(n))));
    older
}

#[test]
fn a12_no_older_vault_is_read_or_written() {
    let older = older_vaults();
    block_on(async {
        for (n, (what, files), over) in (0..3).flat_map(|n| older.iter().flat_map(move |older| [false, true].map(|over| (n, older, over))))
        {
            let drive = drives()[n].clone();
            let a = Device::sealed(&drive, 1, key(1)).await;
            a.put("x", "of the sealed vault").await;
            a.sync().await;
            let ours = drive.contents();
            let mut shown = if over { ours.clone() } else { Files::new() };
            shown.extend(files.clone());
            drive.restore(shown.clone());
            a.put("mine", "not pushed yet").await;
            let docs = a.docs();
            let mut refused = false;
            for _ in 0..2 {
                if let Err(e) = a.try_sync().await {
                    let known = [ErrorKind::VaultChanged, ErrorKind::Corrupt, ErrorKind::Unsupported, ErrorKind::InvalidInput];
                    assert!(known.contains(&e.kind) || matches!(e.kind, ErrorKind::Rollback { .. }), "{what}: {e:?}");
                    assert!(drive.contents() == shown, "{what}: something was written after {e:?}");
                    refused = true;
                } else {
                    assert!(over, "{what} was taken for ours");
                }
                assert_eq!(a.docs(), docs, "{what}");
            }
            // A newcomer with the key makes no use of it either.
            let newcomer = Device::sealed(&drive, 9, key(1)).await;
            newcomer.put("z", "of a newcomer").await;
            let before = drive.contents();
            if let Err(e) = newcomer.try_sync().await {
                assert_eq!(drive.contents(), before, "{what}: something was written after {e:?}");
            }
            assert!(newcomer.docs().keys().all(|id| ["x", "mine", "z"].contains(&id.as_str())), "{what}: {:?}", newcomer.docs());
            if refused {
                drive.restore(ours);
            }
            a.sync().await;
            assert!(a.text("mine").is_some() && a.text("x").is_some());
        }
    });
}

/// The version of a file, or its kind, is another one.
#[test]
fn a12_no_other_version_of_a_file_is_read() {
    block_on(async {
        for drive in drives() {
            let a = Device::sealed(&drive, 1, key(1)).await;
            for text in ["1", "2"] {
                a.put("x", text).await;
                a.sync().await;
            }
            assert!(a.client.compact(SyncOptions::default()).await.unwrap());
            a.put("y", "3").await;
            a.sync().await;
            let (files, docs) = (drive.contents(), a.docs());
            for (path, bytes) in files.iter().filter(|(_, bytes)| bytes.starts_with(b"kite")) {
                for (kind, version) in
                    [(bytes[4], 0), (bytes[4], 2), (bytes[4], 255), (b'j', 1), (b'h', 1), (b'c', 1), (b's' ^ b'k' ^ bytes[4], 1)]
                {
                    let mut changed = bytes.clone();
                    (changed[4], changed[5]) = (kind, version);
                    drive.restore(files.clone().into_iter().chain([(path.clone(), changed)]).collect());
                    let newcomer = Device::sealed(&drive, 9, key(1)).await;
                    for (device, before) in [(&a, docs.clone()), (&newcomer, newcomer.docs())] {
                        match device.try_sync().await {
                            Ok(_) => assert!(device.docs().iter().all(|(id, body)| docs.get(id) == Some(body)), "{path}"),
                            Err(_) => assert_eq!(device.docs(), before, "{path}"),
                        }
                    }
                    assert_eq!(a.docs(), docs, "{path}");
                }
            }
        }
    });
}
