//! The golden vault of `spec/vectors/sealed-revoked`: a device was revoked, and went on writing to the drive.
//!
//! `KITE_WRITE_VECTORS=1` makes it anew, which only a new format may ask for.

use crate::{common::Device, sealed_vectors::expected};
use futures::executor::block_on;
use kitestring::{drive::Capabilities, *};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What everybody had, and what only the others were told.
const OLD: [u8; 32] = [0x1e; 32];
const NEW: [u8; 32] = [0x2e; 32];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/sealed-revoked")
}

/// Found by listings, so that what does not count is listed.
async fn make() -> (Arc<MemoryDrive>, BTreeMap<DocId, Vec<u8>>) {
    let drive = Arc::new(MemoryDrive::with(Capabilities::NONE));
    let old = Encryption::key(OLD);
    let (a, b) = (Device::sealed(&drive, 1, old.clone()).await, Device::sealed(&drive, 2, old.clone()).await);
    let lost = Device::sealed(&drive, 3, old).await;
    for (n, device) in [&a, &b, &lost].into_iter().enumerate() {
        device.sync().await;
        device.put(&format!("of {n}"), "written in time").await;
        device.sync().await;
    }
    a.sync().await;
    let before = drive.contents();
    let client = lost.client.status().await.unwrap().client;
    let known = a.client.devices().await.unwrap();
    let id = known.into_iter().find(|known| client.starts_with(&known.id)).unwrap().id;
    let revocation = Revocation { device: Some(id), label: "new".to_owned(), encryption: Encryption::key(NEW), keep: Vec::new() };
    a.client.revoke(revocation, SyncOptions::default()).await.unwrap();
    let after = drive.contents();
    drive.restore(before);
    b.put("meanwhile", "of b, who did not know yet").await;
    b.sync().await;
    lost.put("of 0", "written too late").await;
    lost.put("planted", "written too late").await;
    lost.sync().await;
    assert!(lost.client.compact(SyncOptions::default()).await.unwrap());
    drive.restore(drive.contents().into_iter().chain(after).collect());
    let Device { notes, state, runtime, .. } = b;
    let options = Options { encryption: Some(Encryption::key(NEW)), ..Options::new(runtime.clone()) };
    let b = Device::with(notes, state, drive.clone(), runtime, options).await;
    b.sync().await;
    b.put("of 1", "written afterwards").await;
    b.sync().await;
    a.sync().await;
    assert_eq!(a.docs(), b.docs());
    (drive, a.docs())
}

async fn write() {
    let (drive, docs) = make().await;
    let _ = fs::remove_dir_all(folder());
    for (path, bytes) in drive.contents() {
        let path = folder().join("vault").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let digits = |key: [u8; 32]| -> String { key.iter().map(|byte| format!("{byte:02x}")).collect() };
    let expected = json!({"key": digits(NEW), "revoked": digits(OLD), "documents": expected(&docs)});
    fs::write(folder().join("expected.json"), serde_json::to_string_pretty(&expected).unwrap() + "\n").unwrap();
}

#[test]
fn the_golden_vault_of_a_revoked_device_is_opened() {
    block_on(async {
        if std::env::var_os("KITE_WRITE_VECTORS").is_some() {
            write().await;
        }
        let wanted: Value = serde_json::from_slice(&fs::read(folder().join("expected.json")).unwrap()).unwrap();
        let drive = Arc::new(MemoryDrive::with(Capabilities::NONE));
        drive.restore(crate::vectors::load(&folder().join("vault")));
        let device = Device::sealed(&drive, 9, Encryption::key(NEW)).await;
        assert_eq!(device.sync().await.skipped, []);
        assert_eq!(expected(&device.docs()), wanted["documents"]);
        let revoked = Device::sealed(&drive, 10, Encryption::key(OLD)).await;
        assert_eq!(revoked.try_sync().await.unwrap_err().kind, ErrorKind::WrongKey);
        let (_, docs) = make().await;
        assert_eq!(expected(&docs), wanted["documents"]);
    });
}
