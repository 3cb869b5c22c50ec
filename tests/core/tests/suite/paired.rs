//! A pairing code tells a new device what the drive alone could hide (E50 of `spec/sealed.md`).

use crate::common::{Device, TestRuntime, drives};
use futures::executor::block_on;
use kitestring::*;
use std::sync::{Arc, atomic::AtomicU64};

fn key() -> Encryption {
    Encryption::key([1; 32])
}

async fn sync_with(device: &Device, code: &PairingCode) -> Result<Report> {
    device.client.sync(SyncOptions { pairing: Some(code.clone()), ..SyncOptions::default() }).await
}

async fn again(device: Device, drive: &Arc<MemoryDrive>) -> Device {
    let Device { notes, state, runtime, client, .. } = device;
    drop(client);
    let options = Options { encryption: Some(key()), ..Options::new(runtime.clone()) };
    Device::with(notes, state, drive.clone(), runtime, options).await
}

/// A9: a drive that shows an older vault to a new device is noticed, before anything is pushed.
#[test]
fn a9_a_new_device_that_was_told_notices_an_older_vault() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::sealed(&drive, 1, key()).await, Device::sealed(&drive, 2, key()).await);
            let mut copies = Vec::new();
            for n in 0..24 {
                let device = if n % 3 == 2 { &b } else { &a };
                device.put(&format!("note {}", n % 5), &n.to_string()).await;
                device.sync().await;
                copies.push(drive.contents());
            }
            a.sync().await;
            let code: PairingCode = a.client.pairing_code().await.unwrap().to_string().parse().unwrap();
            let now = copies.pop().unwrap();
            for (n, copy) in copies.into_iter().enumerate() {
                drive.restore(copy);
                let mut newcomer = Device::sealed(&drive, 100 + n as u64, key()).await;
                newcomer.put("mine", "of mine").await;
                let shown = drive.contents();
                let error = sync_with(&newcomer, &code).await.unwrap_err();
                assert!(matches!(error.kind, ErrorKind::Rollback { .. }), "copy {n}: {error:?}");
                // It is remembered, whoever asks for the next sync.
                newcomer = again(newcomer, &drive).await;
                let error = newcomer.try_sync().await.unwrap_err();
                assert!(matches!(error.kind, ErrorKind::Rollback { .. }), "copy {n}: {error:?}");
                let records =
                    |files: &std::collections::BTreeMap<String, Vec<u8>>| files.keys().filter(|path| path.starts_with("j/")).count();
                assert_eq!(records(&drive.contents()), records(&shown), "copy {n}: something was pushed");
                // As soon as the drive shows what there is, it goes on, also if there is more by then.
                drive.restore(now.clone());
                newcomer.sync().await;
                assert!(newcomer.text("mine").is_some() && newcomer.text("note 3").unwrap().contains("23"));
            }
            // Without a code it cannot know.
            drive.restore(now);
            a.put("later", "x").await;
            a.sync().await;
            let newcomer = Device::sealed(&drive, 99, key()).await;
            sync_with(&newcomer, &code).await.unwrap();
            assert_eq!(newcomer.docs(), a.docs());
        }
    });
}

#[test]
fn another_vault_or_none_is_not_joined_and_none_is_made() {
    block_on(async {
        for drive in drives() {
            let a = Device::sealed(&drive, 1, key()).await;
            assert_eq!(a.client.pairing_code().await.unwrap_err().kind, ErrorKind::InvalidInput);
            a.put("x", "1").await;
            a.sync().await;
            let code = a.client.pairing_code().await.unwrap();
            let empty = Arc::new(MemoryDrive::with(drive.capabilities()));
            let other = Arc::new(MemoryDrive::with(drive.capabilities()));
            let b = Device::sealed(&other, 2, key()).await;
            b.put("y", "2").await;
            b.sync().await;
            for shown in [empty, other] {
                let before = shown.contents();
                let newcomer = Device::sealed(&shown, 3, key()).await;
                newcomer.put("mine", "of mine").await;
                assert_eq!(sync_with(&newcomer, &code).await.unwrap_err().kind, ErrorKind::VaultChanged);
                assert_eq!(shown.contents(), before);
            }
        }
    });
}

/// The user may go on all the same: a code of a device that has gone on with an older vault since is too new.
#[test]
fn the_user_may_go_on_all_the_same() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let a = Device::sealed(&drive, 1, key()).await;
        a.put("x", "1").await;
        a.sync().await;
        let older = drive.contents();
        a.put("x", "2").await;
        a.sync().await;
        let code = a.client.pairing_code().await.unwrap();
        drive.restore(older);
        let runtime = Arc::new(TestRuntime { seed: AtomicU64::new(9_000_000), ..TestRuntime::default() });
        let options = Options { encryption: Some(key()), ..Options::new(runtime.clone()) };
        let b = Device::with(Arc::default(), Arc::default(), drive.clone(), runtime, options).await;
        sync_with(&b, &code).await.unwrap_err();
        let allow = Allow { rollback: true, ..Allow::default() };
        b.client.sync(SyncOptions { allow, ..SyncOptions::default() }).await.unwrap();
        assert!(b.text("x").unwrap().contains('1'));
        b.put("y", "2").await;
        b.sync().await;
    });
}
