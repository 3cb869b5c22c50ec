//! What a drive can do to a sealed vault beyond changing single files (`damage/sealed.rs`): older copies, forks, keyrings of its
//! own making. The letters and numbers are those of the list of attacks that `spec/sealed.md` answers.

use crate::common::{Device, drives};
use futures::executor::block_on;
use kitestring::*;
use std::{collections::BTreeMap, sync::Arc};

type Files = BTreeMap<String, Vec<u8>>;

fn key(byte: u8) -> Encryption {
    Encryption::key([byte; 32])
}

fn cheap(passphrase: &str) -> Encryption {
    Encryption::passphrase(passphrase).unwrap().with_cost(PassphraseCost::LEAST).unwrap()
}

/// The same device after its process died.
async fn restarted(device: Device, drive: &Arc<MemoryDrive>, encryption: Encryption) -> Device {
    let Device { notes, state, runtime, client } = device;
    drop(client);
    let options = Options { encryption: Some(encryption), ..Options::new(runtime.clone()) };
    Device::with(notes, state, drive.clone(), runtime, options).await
}

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

/// The keyring of another vault, with the same passphrase or another one, or an older keyring.
#[test]
fn a5_a13_no_other_keyring_is_taken() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let a = Device::sealed(&drive, 1, cheap("horse")).await;
        a.put("x", "1").await;
        a.sync().await;
        let older = drive.contents();
        let keyring = |files: &Files| files.iter().find(|(path, _)| path.starts_with("k/")).map(|(p, b)| (p.clone(), b.clone())).unwrap();
        a.client.add_key("new", cheap("staple")).await.unwrap();
        let b = Device::sealed(&drive, 2, cheap("staple")).await;
        b.sync().await;
        let first = b.client.keys().unwrap()[0].id.clone();
        b.client.remove_key(&first).await.unwrap();
        let now = drive.contents();
        for passphrase in ["horse", "staple"] {
            let other = Arc::new(MemoryDrive::new());
            let evil = Device::sealed(&other, 66, cheap(passphrase)).await;
            evil.put("evil", "1").await;
            evil.sync().await;
            let (name, bytes) = keyring(&other.contents());
            let ours = keyring(&now).0;
            for (path, keep) in [(ours.clone(), false), (name.clone(), false), ("k/ffffffff-00000001-0000000000000000".to_owned(), true)] {
                let mut files = now.clone();
                if !keep {
                    files.remove(&ours);
                }
                files.insert(path.clone(), bytes.clone());
                drive.restore(files.clone());
                let newcomer = Device::sealed(&drive, 7, cheap(passphrase)).await;
                newcomer.put("mine", "1").await;
                if let Err(e) = newcomer.try_sync().await {
                    assert!(matches!(e.kind, ErrorKind::WrongKey | ErrorKind::Corrupt | ErrorKind::Unavailable), "{e:?}");
                    assert_eq!(drive.contents(), files, "{path}");
                } else {
                    assert!(keep && passphrase == "staple", "{path} was taken");
                }
                // Who knows the vault goes on.
                drive.restore(files);
                b.sync().await;
            }
        }
        // The keyring with the old passphrase is put back in the place of the new one: whoever knows better does not care.
        let mut files = now.clone();
        let (path, bytes) = keyring(&older);
        files.remove(&keyring(&now).0);
        files.insert(path, bytes);
        drive.restore(files);
        b.put("x", "once more").await;
        b.sync().await;
    });
}

/// A wrong passphrase, a wrong key and a keyring that was changed are one error.
#[test]
fn a32_one_answer_for_everything_that_does_not_open() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let a = Device::sealed(&drive, 1, cheap("horse")).await;
        a.put("x", "1").await;
        a.sync().await;
        let mut told = Vec::new();
        for encryption in [cheap("wrong"), key(3)] {
            told.push(Device::sealed(&drive, 2, encryption).await.try_sync().await.unwrap_err());
        }
        let files = drive.contents();
        let (path, bytes) = files.iter().find(|(path, _)| path.starts_with("k/")).unwrap();
        // In the commitment, the wrapped key, and the body.
        for at in [bytes.len() - 150, bytes.len() - 100, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            drive.restore(files.clone().into_iter().chain([(path.clone(), changed)]).collect());
            told.push(Device::sealed(&drive, 2, cheap("horse")).await.try_sync().await.unwrap_err());
        }
        for error in &told {
            assert_eq!((&error.kind, error.detail()), (&ErrorKind::WrongKey, told[0].detail()));
        }
    });
}
