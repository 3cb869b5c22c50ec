//! Sealed vaults: what works in any vault works in them, and nothing is told to whoever has no key.

use crate::common::{Device, cheap, drives, key};
use futures::executor::block_on;
use kitestring::*;
use std::{collections::BTreeMap, sync::Arc};

/// Everything that is on the drive: names and bytes.
fn all_bytes(drive: &MemoryDrive) -> Vec<u8> {
    drive.contents().into_iter().flat_map(|(path, bytes)| [path.into_bytes(), bytes].concat()).collect()
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

async fn kind_of_sync(drive: &Arc<MemoryDrive>, encryption: Option<Encryption>) -> ErrorKind {
    let before = drive.contents();
    let runtime = Arc::new(crate::common::TestRuntime::default());
    let options = Options { encryption, ..Options::new(runtime.clone()) };
    let device = Device::with(Arc::default(), Arc::default(), drive.clone(), runtime, options).await;
    device.put("mine", "of mine").await;
    let kind = device.try_sync().await.unwrap_err().into_kind();
    assert_eq!(drive.contents(), before, "something was written");
    assert!(device.text("mine").is_some());
    kind
}

#[test]
fn devices_of_a_sealed_vault_meet_on_every_kind_of_drive() {
    block_on(async {
        for drive in drives() {
            for encryption in [key(7), key(7).padded(), cheap("correct horse")] {
                let drive = Arc::new(MemoryDrive::with(drive.capabilities()));
                let (a, b) = (Device::sealed(&drive, 1, encryption.clone()).await, Device::sealed(&drive, 2, encryption.clone()).await);
                for n in 0..40 {
                    a.put(&format!("secret id {n}"), &format!("secret text {n}")).await;
                    a.sync().await;
                }
                a.put("large", &"secret text ".repeat(600_000)).await;
                a.sync().await;
                b.put("secret of b", "secret text").await;
                b.sync().await;
                a.delete("secret id 3").await;
                a.sync().await;
                assert!(a.client.compact(SyncOptions::default()).await.unwrap());
                b.sync().await;
                assert_eq!(a.docs(), b.docs());
                let late = Device::sealed(&drive, 3, encryption).await;
                assert_eq!(late.sync().await.skipped, []);
                assert_eq!(late.docs(), a.docs());
                let bytes = all_bytes(&drive);
                assert!(!has(&bytes, "secret") && !has(&bytes, "large"), "something can be read");
            }
        }
    });
}

#[test]
fn only_the_right_key_opens_it_and_nothing_is_written_without() {
    block_on(async {
        let sealed = Arc::new(MemoryDrive::new());
        let a = Device::sealed(&sealed, 1, cheap("correct horse")).await;
        a.put("x", "1").await;
        a.sync().await;
        for given in [None, Some(cheap("wrong horse")), Some(key(1))] {
            assert_eq!(kind_of_sync(&sealed, given).await, ErrorKind::WrongKey);
        }
        // Another spelling of the same letters.
        let (composed, decomposed) = (cheap("\u{e9}"), cheap("e\u{301}"));
        let other = Arc::new(MemoryDrive::new());
        let b = Device::sealed(&other, 1, composed).await;
        b.put("x", "1").await;
        b.sync().await;
        let c = Device::sealed(&other, 2, decomposed).await;
        c.sync().await;
        assert_eq!(c.docs(), b.docs());
        let open = Arc::new(MemoryDrive::new());
        let plain = Device::journal(&open, 1).await;
        plain.put("x", "1").await;
        plain.sync().await;
        assert_eq!(kind_of_sync(&open, Some(key(1))).await, ErrorKind::InvalidInput);
        assert_eq!(Encryption::passphrase("").unwrap_err().kind, ErrorKind::InvalidInput);
        let weak = PassphraseCost { memory_kib: 1024, ..PassphraseCost::LEAST };
        assert_eq!(cheap("x").with_cost(weak).unwrap_err().kind, ErrorKind::InvalidInput);
    });
}

#[test]
fn a_vault_key_opens_what_the_passphrase_does() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let a = Device::sealed(&drive, 1, cheap("correct horse")).await;
        assert!(a.client.vault_key().is_none());
        a.put("x", "1").await;
        a.sync().await;
        let key = a.client.vault_key().unwrap();
        let b = Device::sealed(&drive, 2, VaultKey::new(*key.bytes()).into()).await;
        b.sync().await;
        assert_eq!(b.docs(), a.docs());
        assert_eq!(
            format!("{key:?} {:?} {:?}", cheap("secret"), crate::common::key(0x41)),
            "VaultKey Encryption(a passphrase) Encryption(a key)"
        );
    });
}

#[test]
fn sealing_asks_for_nothing_more_but_the_keyring_once() {
    block_on(async {
        let counts = |encryption: Option<Encryption>| async move {
            let drive = Arc::new(MemoryDrive::new());
            let mut counts = Vec::new();
            let open = |seed: u64| {
                let (drive, encryption) = (drive.clone(), encryption.clone());
                async move {
                    match encryption {
                        Some(encryption) => Device::sealed(&drive, seed, encryption).await,
                        None => Device::journal(&drive, seed).await,
                    }
                }
            };
            let (a, b) = (open(1).await, open(2).await);
            for round in 0..3 {
                a.put("x", &round.to_string()).await;
                counts.push(a.sync().await.requests.total());
                counts.push(b.sync().await.requests.total());
                counts.push(a.sync().await.requests.total());
            }
            counts
        };
        let (plain, sealed) = (counts(None).await, counts(Some(key(1))).await);
        // One to see that no other vault lies there and one to write it; two to list and read it.
        assert_eq!((sealed[0], sealed[1]), (plain[0] + 2, plain[1] + 2));
        assert_eq!(sealed[2..], plain[2..]);
    });
}

#[test]
fn passphrases_change_and_keys_rotate_without_an_upload() {
    block_on(async {
        for drive in drives() {
            let a = Device::sealed(&drive, 1, cheap("old")).await;
            a.put("x", "1").await;
            a.sync().await;
            let files = |drive: &MemoryDrive| drive.contents().into_iter().filter(|(path, _)| !path.starts_with("k/")).collect::<Vec<_>>();
            let before = files(&drive);
            let added = a.client.add_key("paper", key(9)).await.unwrap();
            assert_eq!((added.label.as_str(), added.is_passphrase, added.is_ours), ("paper", false, false));
            assert_eq!(a.client.remove_key(&a.client.keys().unwrap()[0].id).await.unwrap_err().kind, ErrorKind::InvalidInput);
            assert_eq!(a.client.rotate_key(Vec::new()).await.unwrap_err().kind, ErrorKind::InvalidInput);
            // Another passphrase in the place of the old one.
            a.client.add_key("new", cheap("new")).await.unwrap();
            let b = Device::sealed(&drive, 2, cheap("new")).await;
            b.sync().await;
            let old = b.client.keys().unwrap().into_iter().find(|slot| slot.label == "first").unwrap();
            b.client.remove_key(&old.id).await.unwrap();
            assert_eq!(kind_of_sync(&drive, Some(cheap("old"))).await, ErrorKind::WrongKey);
            assert_eq!(files(&drive), before, "something was uploaded again");
            // Who asks for the keys sees those of the others, and syncs nothing.
            assert_eq!(a.client.keys().unwrap().len(), 3);
            assert_eq!(a.client.look_for_keys().await.unwrap_err().kind, ErrorKind::WrongKey);
            let d = Device::sealed(&drive, 4, key(9)).await;
            assert_eq!(d.client.keys().unwrap_err().kind, ErrorKind::InvalidInput);
            d.client.look_for_keys().await.unwrap();
            assert_eq!(d.client.keys().unwrap().len(), 2);
            assert!(d.docs().is_empty());
            assert_eq!(drive.contents().keys().filter(|path| path.starts_with("k/")).count(), 1);
            // Who was opened before goes on, until a file names a key that it does not know.
            a.put("x", "2").await;
            a.sync().await;
            b.client.rotate_key(vec![key(9)]).await.unwrap();
            b.put("y", "1").await;
            b.sync().await;
            assert_eq!(a.try_sync().await.unwrap_err().kind, ErrorKind::WrongKey);
            let c = Device::sealed(&drive, 3, key(9)).await;
            c.sync().await;
            assert_eq!(c.docs(), b.docs());
            c.put("z", "1").await;
            c.sync().await;
            b.sync().await;
            assert_eq!(c.docs(), b.docs());
            assert!(b.client.compact(SyncOptions::default()).await.unwrap());
            c.sync().await;
            // The first device is given the new passphrase.
            let Device { notes, state, runtime, .. } = a;
            let options = Options { encryption: Some(cheap("new")), ..Options::new(runtime.clone()) };
            let a = Device::with(notes, state, drive.clone(), runtime, options).await;
            a.sync().await;
            assert_eq!(a.docs(), b.docs());
        }
    });
}

/// A keyring that the drive does not show yet is waited for: nothing is taken for gone meanwhile, and nothing deleted.
#[test]
fn a_key_whose_keyring_is_not_there_yet_is_waited_for() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::sealed(&drive, 1, key(1)).await, Device::sealed(&drive, 2, key(1)).await);
            for n in 0..20 {
                a.put(&format!("of a {n}"), "1").await;
                a.sync().await;
            }
            b.sync().await;
            let before = drive.contents();
            b.client.rotate_key(Vec::new()).await.unwrap();
            b.put("of b", "1").await;
            assert!(b.client.compact(SyncOptions::default()).await.unwrap());
            assert!(b.client.compact(SyncOptions::default()).await.unwrap());
            let (late, shown): (BTreeMap<_, _>, _) =
                drive.contents().into_iter().partition(|(path, _)| path.starts_with("k/") && !before.contains_key(path));
            drive.restore(shown);
            a.put("later", "1").await;
            for _ in 0..2 {
                assert_eq!(a.try_sync().await.unwrap_err().kind, ErrorKind::Unavailable);
                assert_eq!(a.client.compact(SyncOptions::default()).await.unwrap_err().kind, ErrorKind::Unavailable);
            }
            drive.restore(drive.contents().into_iter().chain(late).collect());
            let newcomer = Device::sealed(&drive, 3, key(1)).await;
            for device in [&a, &b, &newcomer] {
                assert_eq!(device.sync().await.conflicts, []);
            }
            assert_eq!(a.docs().len(), 22);
            assert_eq!((a.docs(), a.docs()), (b.docs(), newcomer.docs()));
        }
    });
}

/// What a file system leaves in the folder of records is no vault's.
#[test]
fn a_sealed_vault_is_made_beside_what_is_nobodys() {
    block_on(async {
        for (name, is_made) in [(".DS_Store", true), ("desktop.ini", true), ("0123456789abcdef0123456789abcdef0123456789", false)] {
            let drive = Arc::new(MemoryDrive::new());
            drive.restore([(format!("j/{name}"), vec![1])].into());
            let a = Device::sealed(&drive, 1, key(1)).await;
            a.put("x", "1").await;
            assert_eq!(a.try_sync().await.is_ok(), is_made, "{name}");
        }
    });
}
