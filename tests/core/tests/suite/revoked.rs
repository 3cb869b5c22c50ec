//! A device is revoked (E43 of `spec/sealed.md`): what it writes afterwards counts for nobody, and what the others wrote
//! before they knew is not lost.

use crate::common::{
    Device, TestRuntime, drives,
    faulty::{Faulty, When},
    id,
};
use futures::executor::block_on;
use kitestring::*;
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicU64},
};

type Files = BTreeMap<String, Vec<u8>>;

fn key(byte: u8) -> Encryption {
    Encryption::key([byte; 32])
}

/// The key of before, and the one that nobody has who was revoked.
const OLD: u8 = 1;
const NEW: u8 = 2;

async fn opened(
    notes: Arc<crate::common::Notes>,
    state: Arc<MemoryState>,
    drive: Arc<dyn Drive>,
    runtime: Arc<TestRuntime>,
    name: &str,
    byte: u8,
) -> Device {
    let options = Options { encryption: Some(key(byte)), device: Some(name.to_owned()), ..Options::new(runtime.clone()) };
    Device::with(notes, state, drive, runtime, options).await
}

async fn device(drive: &Arc<MemoryDrive>, name: &str, byte: u8) -> Device {
    let seed = name.bytes().map(u64::from).sum::<u64>() * 1_000_000;
    let runtime = Arc::new(TestRuntime { seed: AtomicU64::new(seed), ..TestRuntime::default() });
    opened(Arc::default(), Arc::default(), drive.clone(), runtime, name, byte).await
}

/// The same device after its user has typed the new key.
async fn told(device: Device, drive: &Arc<MemoryDrive>, name: &str) -> Device {
    let Device { notes, state, runtime, client, .. } = device;
    drop(client);
    opened(notes, state, drive.clone(), runtime, name, NEW).await
}

async fn id_of(device: &Device, name: &str) -> String {
    let all = device.client.devices().await.unwrap();
    all.into_iter().find(|known| known.name.as_deref() == Some(name)).unwrap().id
}

fn how(device: Option<String>) -> Revocation {
    Revocation { device, label: "new".to_owned(), encryption: key(NEW), keep: Vec::new() }
}

async fn revoke(by: &Device, name: &str) -> Result<KeySlot> {
    let device = id_of(by, name).await;
    by.client.revoke(how(Some(device)), SyncOptions::default()).await
}

async fn kind(device: &Device) -> ErrorKind {
    device.try_sync().await.unwrap_err().into_kind()
}

/// Three devices that have written and know everything.
async fn three(drive: &Arc<MemoryDrive>) -> (Device, Device, Device) {
    let (ada, bob, lost) = (device(drive, "ada", OLD).await, device(drive, "bob", OLD).await, device(drive, "lost", OLD).await);
    for (n, of) in [&ada, &bob, &lost].into_iter().enumerate() {
        of.sync().await;
        of.put(&format!("note {n}"), "before").await;
        of.put("shared", &format!("by {n}")).await;
        of.sync().await;
    }
    for of in [&ada, &bob] {
        of.sync().await;
    }
    (ada, bob, lost)
}

/// What somebody writes to a copy of the drive of before, beside what was written to the drive meanwhile.
async fn behind(drive: &Arc<MemoryDrive>, before: &Files, write: impl AsyncFnOnce()) {
    let now = drive.contents();
    drive.restore(before.clone());
    write().await;
    let written = drive.contents();
    let mut files: Files = written.into_iter().filter(|(path, bytes)| before.get(path) != Some(bytes)).collect();
    files.extend(now);
    drive.restore(files);
}

/// A30: who was revoked can write to the drive what it likes, and nobody takes it.
#[test]
fn a30_a_revoked_device_writes_for_nobody() {
    block_on(async {
        for drive in drives() {
            let (ada, bob, lost) = three(&drive).await;
            let before = drive.contents();
            assert!(revoke(&ada, "lost").await.unwrap().is_ours);
            assert!(ada.client.devices().await.unwrap().iter().find(|known| known.name.as_deref() == Some("lost")).unwrap().is_revoked);
            assert_eq!(ada.client.keys().unwrap().len(), 1);
            // Its own client is told.
            lost.put("shared", "stolen").await;
            lost.put("planted", "stolen").await;
            assert_eq!(kind(&lost).await, ErrorKind::WrongKey);
            // A client of its own making is not stopped by that.
            behind(&drive, &before, async || {
                for n in 0..30 {
                    lost.put(&format!("planted {n}"), "stolen").await;
                    lost.sync().await;
                    if n % 10 == 9 {
                        assert!(lost.client.compact(SyncOptions::default()).await.unwrap());
                    }
                }
            })
            .await;
            ada.put("note 0", "after").await;
            ada.sync().await;
            assert_eq!(kind(&bob).await, ErrorKind::WrongKey, "it has to be told");
            let bob = told(bob, &drive, "bob").await;
            bob.put("note 1", "after").await;
            let newcomer = device(&drive, "new", NEW).await;
            for device in [&bob, &ada, &newcomer, &bob] {
                assert_eq!(device.sync().await.conflicts, []);
            }
            // Nothing of it is looked at again and again, where a head says what there is.
            if drive.capabilities().create {
                let idle = newcomer.sync().await.requests.total();
                assert!(idle <= 2, "{idle} requests");
            }
            // And compacting goes on.
            assert!(bob.client.compact(SyncOptions::default()).await.unwrap());
            ada.put("note 2", "after").await;
            ada.sync().await;
            for device in [&bob, &newcomer] {
                device.sync().await;
                assert_eq!(device.docs(), ada.docs());
            }
            assert_eq!(ada.docs().len(), 4);
            assert!(ada.docs().values().all(|body| !String::from_utf8_lossy(body).contains("stolen")));
            let late = device(&drive, "late", NEW).await;
            late.sync().await;
            assert_eq!(late.docs(), ada.docs());
        }
    });
}

/// Who has not read everything that counts finds it in the checkpoint: the records do not count, even if they are there.
#[test]
fn who_was_behind_finds_what_counts() {
    block_on(async {
        for drive in drives() {
            let (ada, bob, _lost) = three(&drive).await;
            for n in 0..3 {
                ada.put(&format!("unread {n}"), "of ada").await;
                ada.sync().await;
            }
            revoke(&ada, "lost").await.unwrap();
            let bob = told(bob, &drive, "bob").await;
            bob.put("mine", "of bob").await;
            for device in [&bob, &ada] {
                assert_eq!(device.sync().await.conflicts, []);
            }
            assert_eq!(bob.docs(), ada.docs());
            assert!(bob.text("unread 2").is_some() && ada.text("mine").is_some());
        }
    });
}

/// What an honest device wrote before it knew is sealed again, and arrives.
#[test]
fn what_was_written_meanwhile_arrives() {
    block_on(async {
        for drive in drives() {
            for compacts in [false, true] {
                let drive = Arc::new(MemoryDrive::with(drive.capabilities()));
                let (ada, bob, _lost) = three(&drive).await;
                let before = drive.contents();
                revoke(&ada, "lost").await.unwrap();
                behind(&drive, &before, async || {
                    for n in 0..3 {
                        bob.put(&format!("meanwhile {n}"), "of bob").await;
                        bob.sync().await;
                    }
                })
                .await;
                if compacts {
                    ada.put("more", "of ada").await;
                    assert!(ada.client.compact(SyncOptions::default()).await.unwrap());
                }
                ada.sync().await;
                assert_eq!(ada.text("meanwhile 0"), None);
                let bob = told(bob, &drive, "bob").await;
                assert_eq!(bob.sync().await.conflicts, []);
                ada.sync().await;
                assert_eq!(ada.docs(), bob.docs());
                assert!((0..3).all(|n| ada.text(&format!("meanwhile {n}")).is_some()));
                let newcomer = device(&drive, "new", NEW).await;
                newcomer.sync().await;
                assert_eq!(newcomer.docs(), ada.docs());
            }
        }
    });
}

/// Who has taken over what does not count is asked, and keeps what it has if it goes on.
#[test]
fn who_has_read_more_is_asked() {
    block_on(async {
        for drive in drives() {
            let (ada, bob, lost) = three(&drive).await;
            let before = drive.contents();
            revoke(&ada, "lost").await.unwrap();
            behind(&drive, &before, async || {
                lost.put("shared", "stolen").await;
                lost.sync().await;
                bob.sync().await;
                bob.put("on top", "of bob").await;
                bob.put("shared", "of bob, on top of what was stolen").await;
                bob.sync().await;
            })
            .await;
            let bob = told(bob, &drive, "bob").await;
            let (docs, files) = (bob.docs(), drive.contents());
            for _ in 0..2 {
                assert!(matches!(kind(&bob).await, ErrorKind::Rollback { .. }));
                assert_eq!((bob.docs(), drive.contents()), (docs.clone(), files.clone()), "nothing changes until the user has agreed");
            }
            ada.put("note 0", "after").await;
            ada.sync().await;
            let allow = Allow { rollback: true, ..Allow::default() };
            bob.client.sync(SyncOptions { allow, ..SyncOptions::default() }).await.unwrap();
            ada.sync().await;
            bob.sync().await;
            assert_eq!(ada.docs(), bob.docs());
            assert!(ada.text("on top").is_some() && ada.text("shared").unwrap().contains("of bob"));
            assert!(ada.text("note 0").unwrap().contains("after"));
            let newcomer = device(&drive, "new", NEW).await;
            newcomer.sync().await;
            assert_eq!(newcomer.docs(), ada.docs());
        }
    });
}

/// Whoever rotates the key at the same moment does so for a vault in which nobody is revoked: that key is closed too.
#[test]
fn a_rotation_at_the_same_moment_undoes_nothing() {
    block_on(async {
        for drive in drives() {
            let (ada, bob, lost) = three(&drive).await;
            ada.client.add_key("kept", key(9)).await.unwrap();
            let before = drive.contents();
            let revocation = Revocation { keep: vec![key(9)], ..how(Some(id_of(&ada, "lost").await)) };
            ada.client.revoke(revocation, SyncOptions::default()).await.unwrap();
            let Device { notes, state, runtime, .. } = bob;
            let bob = opened(notes, state, drive.clone(), runtime, "bob", 9).await;
            behind(&drive, &before, async || {
                bob.sync().await;
                bob.client.rotate_key(vec![key(OLD)]).await.unwrap();
                bob.put("meanwhile", "of bob").await;
                bob.sync().await;
                // It finds that key with what it has.
                lost.put("planted", "stolen").await;
                lost.sync().await;
            })
            .await;
            assert_eq!(bob.sync().await.conflicts, []);
            ada.sync().await;
            assert_eq!((ada.text("meanwhile").is_some(), ada.text("planted")), (true, None), "{:?}", drive.capabilities());
            assert_eq!(ada.docs(), bob.docs());
            lost.put("shared", "stolen").await;
            assert_eq!(kind(&lost).await, ErrorKind::WrongKey);
            let newcomer = device(&drive, "new", NEW).await;
            newcomer.sync().await;
            assert_eq!(newcomer.docs(), ada.docs());
        }
    });
}

/// Whichever write of it fails, before or after it took effect: the device is revoked or is not, and everybody goes on.
#[test]
fn a_revocation_that_fails_half_way_leaves_a_vault_that_works() {
    block_on(async {
        for (drive, when) in drives().into_iter().flat_map(|drive| [When::Before, When::After].map(|when| (drive.clone(), when))) {
            let mut fails_at = 0;
            while !fails(Arc::new(MemoryDrive::with(drive.capabilities())), fails_at, when).await {
                fails_at += 1;
            }
            assert!(fails_at > 4, "{fails_at}");
        }
    });
}

/// Lets one write of a revocation fail. True if there were not so many.
async fn fails(drive: Arc<MemoryDrive>, fails_at: usize, when: When) -> bool {
    let (ada, bob, lost) = three(&drive).await;
    let Device { notes, state, runtime, client, .. } = ada;
    drop(client);
    let mut writes = 0;
    let faulty = Faulty::new(&drive, move |operation, _| {
        writes += usize::from(operation == "put");
        (operation == "put" && writes == fails_at + 1).then_some(when)
    });
    let ada = opened(notes, state, faulty, runtime, "ada", OLD).await;
    let revoked = revoke(&ada, "lost").await;
    let Device { notes, state, runtime, client, .. } = ada;
    drop(client);
    let mut ada = opened(notes, state, drive.clone(), runtime, "ada", OLD).await;
    ada.put("note 0", "after").await;
    let is_revoked = matches!(ada.client.look_for_keys().await, Err(e) if e.kind == ErrorKind::WrongKey);
    assert!(is_revoked || revoked.is_err());
    lost.put("planted", "by the lost one").await;
    let mut bob = bob;
    if is_revoked {
        ada = told(ada, &drive, "ada").await;
        ada.sync().await;
        bob = told(bob, &drive, "bob").await;
        assert_eq!(kind(&lost).await, ErrorKind::WrongKey);
    } else {
        lost.sync().await;
    }
    for device in [&ada, &bob, &ada] {
        assert_eq!(device.sync().await.conflicts, []);
    }
    assert_eq!(ada.docs(), bob.docs(), "write {fails_at}");
    assert_eq!(ada.text("planted").is_some(), !is_revoked);
    revoked.is_ok()
}

#[test]
fn a_second_device_is_revoked_later() {
    block_on(async {
        for drive in drives() {
            let (ada, bob, _) = three(&drive).await;
            revoke(&ada, "lost").await.unwrap();
            let bob = told(bob, &drive, "bob").await;
            bob.put("note 1", "after").await;
            bob.sync().await;
            ada.sync().await;
            let revocation = Revocation { encryption: key(3), ..how(Some(id_of(&ada, "bob").await)) };
            ada.client.revoke(revocation, SyncOptions::default()).await.unwrap();
            bob.put("note 1", "stolen").await;
            assert_eq!(kind(&bob).await, ErrorKind::WrongKey);
            ada.put("note 0", "later").await;
            ada.sync().await;
            let newcomer = device(&drive, "new", 3).await;
            newcomer.sync().await;
            assert_eq!(newcomer.docs(), ada.docs());
            assert!(newcomer.text("note 1").unwrap().contains("after"));
        }
    });
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let (ada, _, _) = three(&drive).await;
        let ours = ada.client.devices().await.unwrap().into_iter().find(|known| known.is_ours).unwrap().id;
        let lost = id_of(&ada, "lost").await;
        let before = drive.contents();
        let cases = [
            how(Some(ours)),
            how(Some("0123456789abcdef".to_owned())),
            how(Some("lost".to_owned())),
            Revocation { encryption: key(OLD), ..how(Some(lost.clone())) },
            Revocation { label: String::new(), ..how(Some(lost)) },
        ];
        for revocation in cases {
            let error = ada.client.revoke(revocation, SyncOptions::default()).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidInput, "{error}");
            assert_eq!(drive.contents(), before);
        }
        let open = Arc::new(MemoryDrive::new());
        let plain = Device::journal(&open, 1).await;
        plain.put("x", "1").await;
        plain.sync().await;
        assert_eq!(plain.client.revoke(how(None), SyncOptions::default()).await.unwrap_err().kind, ErrorKind::InvalidInput);
        // A device that never wrote has no id; and a vault without a record can be closed all the same.
        ada.client.revoke(how(None), SyncOptions::default()).await.unwrap();
        assert!(ada.notes.0.lock().unwrap().contains_key(&id("shared")));
    });
}
