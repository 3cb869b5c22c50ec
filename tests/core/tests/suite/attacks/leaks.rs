//! A25: every device of a sealed vault is watched (`kitestring_tests::canary`). Here is that the watch finds what it is for.

use crate::common::{Device, TestRuntime, canary::Kind, canary::mind, cheap, key};
use futures::executor::block_on;
use kitestring::{drive::Condition, *};
use std::sync::Arc;

const NOTE: &str = "a canary in a note";

/// A device that has synced, and leaks nothing so far.
async fn watched(encryption: Encryption) -> Device {
    let device = Device::sealed(&Arc::new(MemoryDrive::new()), 1, encryption).await;
    device.put(NOTE, "a canary that sings").await;
    device.sync().await;
    assert_eq!(device.canary.as_ref().unwrap().leaks(), Vec::<String>::new());
    device
}

/// What is found; the device is forgotten then, for it would say so once more.
fn found(device: Device) -> usize {
    let leaks = device.canary.as_ref().unwrap().leaks().len();
    std::mem::forget(device);
    leaks
}

/// Writes a file that begins as sealed ones do.
async fn write(device: &Device, path: &str, bytes: &[u8]) {
    write_raw(device, path, &[b"kites\x01".as_slice(), &[0; 48], bytes].concat()).await;
}

async fn write_raw(device: &Device, path: &str, bytes: &[u8]) {
    let drive = device.canary.as_ref().unwrap().drive();
    drive.put(DrivePath::new(path).unwrap(), bytes.to_vec(), Condition::Any).await.unwrap();
}

#[test]
fn a25_what_is_written_to_the_drive_is_searched() {
    block_on(async {
        let hex: String = NOTE.bytes().map(|byte| format!("{byte:02x}")).collect();
        for (path, bytes) in
            [(NOTE, "x"), ("j/x", "{\"text\":\"a canary that sings\"}"), (&format!("j/{hex}"), "x"), ("j/x", "correct, battery, staple")]
        {
            let device = watched(cheap("correct")).await;
            write(&device, path, bytes.as_bytes()).await;
            assert_eq!(found(device), 1, "{path} {bytes}");
        }
        for (path, expected) in [("lease", 1), ("j/x", 1), ("vault", 0)] {
            let device = watched(key(1)).await;
            write_raw(&device, path, b"nothing of interest").await;
            assert_eq!(found(device), expected, "{path}");
        }
        // Every key that was drawn, and what opens the vault without its passphrase.
        let device = watched(cheap("correct")).await;
        let opens = *device.client.vault_key().unwrap().bytes();
        write(&device, "j/x", &opens).await;
        let drawn = device.runtime.drawn.lock().unwrap().clone();
        assert!(drawn.len() >= 4, "two keys and two salts");
        for drawn in &drawn[..2] {
            write(&device, "j/x", drawn).await;
        }
        assert_eq!(found(device), 3);
    });
}

#[test]
fn a25_what_is_said_and_the_state_are_searched() {
    block_on(async {
        mind(Kind::Content, b"what somebody wrote");
        let error = |detail: &str| Error::new(ErrorKind::Corrupt, "sync", detail);
        let cases: [(Error, usize); 4] = [
            (error("it was what somebody wrote"), 1),
            (error("nothing").about("what somebody wrote"), 1),
            (error("nothing").caused_by(error("but").caused_by(error("what somebody wrote"))), 1),
            (error("the document").about(NOTE), 0),
        ];
        for (error, expected) in cases {
            let device = watched(key(1)).await;
            let _ = device.told(Err::<(), _>(error));
            assert_eq!(found(device), expected);
        }
        for (stored, expected) in [([1; 32].to_vec(), 1), (NOTE.as_bytes().to_vec(), 0)] {
            let device = watched(key(1)).await;
            device.state.write(vec![StateRecord::set("host/x", stored)]).await.unwrap();
            assert_eq!(found(device), expected);
        }
    });
}

/// Errors that one meets when something is wrong with keys, and what a device says of itself: nothing is let out there.
#[test]
fn a25_errors_of_keys_say_nothing_of_them() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let a = Device::sealed(&drive, 1, cheap("correct")).await;
        a.put(NOTE, "a canary that sings").await;
        a.sync().await;
        for encryption in [cheap("wrong"), key(9)] {
            let device = Device::sealed(&drive, 2, encryption).await;
            device.put("a second canary", "another one that sings").await;
            device.try_sync().await.unwrap_err();
            device.told(device.client.look_for_keys().await).unwrap_err();
            device.told(device.client.rotate_key(Vec::new()).await).unwrap_err();
        }
        a.told(a.client.add_key(&"x".repeat(65), cheap("another")).await).unwrap_err();
        a.told(a.client.add_key("paper", key(8)).await).unwrap();
        a.told(a.client.rotate_key(vec![cheap("not that one")]).await).unwrap_err();
        a.told(a.client.remove_key("ffffffffffffffff").await).unwrap_err();
        let slots = a.client.keys().unwrap();
        a.told(a.client.remove_key(&slots[0].id).await).unwrap_err();
        a.told(Ok((slots, a.client.vault_key(), cheap("correct"), format!("{:?}", a.client.status().await)))).unwrap();
        let runtime = Arc::new(TestRuntime { seed: 5_000_000.into(), ..TestRuntime::default() });
        let device = Device::unwatched(Arc::default(), Arc::default(), drive.clone(), runtime.clone(), Options::new(runtime)).await;
        a.told(device.try_sync().await).unwrap_err();
    });
}
