//! A23: records that were once there, are shown again, and records that nobody of the vault has written.

use super::Files;
use crate::common::{Device, drives, key, member::Member};
use futures::executor::block_on;
use kitestring::*;
use std::{collections::BTreeMap, sync::Arc};

/// A vault with edits, deletions, a deletion that was undone, and compactions; and every file that was ever on its drive.
async fn lived(drive: &Arc<MemoryDrive>, byte: u8) -> (Device, Device, Files) {
    let seed = u64::from(byte) * 10;
    let (a, b) = (Device::sealed(drive, seed + 1, key(byte)).await, Device::sealed(drive, seed + 2, key(byte)).await);
    let mut ever = Files::new();
    for n in 0..14 {
        let device = if n % 2 == 0 { &a } else { &b };
        device.sync().await;
        device.put(&format!("note {}", n % 4), &format!("said in round {n}")).await;
        if n % 5 == 4 {
            device.delete(&format!("note {}", (n + 1) % 4)).await;
        }
        device.sync().await;
        ever.extend(drive.contents());
        if n % 6 == 5 {
            device.client.compact(SyncOptions::default()).await.unwrap();
            ever.extend(drive.contents());
        }
    }
    a.delete("note 3").await;
    for device in [&a, &b, &a] {
        device.sync().await;
    }
    assert_eq!(a.docs(), b.docs());
    ever.extend(drive.contents());
    (a, b, ever)
}

async fn nothing_changes(case: &str, drive: &Arc<MemoryDrive>, files: Files, devices: [&Device; 2]) {
    let docs = devices[0].docs();
    drive.restore(files);
    let newcomer = Device::sealed(drive, 77, key(1)).await;
    for device in [devices[0], devices[1], &newcomer] {
        let report = device.sync().await;
        assert!(report.conflicts.is_empty(), "{case}: {report:?}");
        assert!(device.docs() == docs, "{case}: documents have changed");
    }
}

/// Each file that was deleted since, alone and with all others, is put back where it was.
#[test]
fn a23_old_records_that_are_shown_again_change_nothing() {
    block_on(async {
        let mut cases = 0;
        for drive in drives() {
            let (a, b, ever) = lived(&drive, 1).await;
            let now = drive.contents();
            let gone: Files = ever.into_iter().filter(|(path, _)| !now.contains_key(path) && path != "lease").collect();
            assert!(gone.len() > 4, "{}", gone.len());
            for (path, bytes) in &gone {
                let mut files = now.clone();
                files.insert(path.clone(), bytes.clone());
                nothing_changes(path, &drive, files, [&a, &b]).await;
                cases += 1;
            }
            let mut files = now.clone();
            files.extend(gone);
            nothing_changes("all of them", &drive, files, [&a, &b]).await;
        }
        println!("{cases} files were shown again");
    });
}

/// Records under names that nobody of the vault gave, and those of another vault under names of this one: at each place in
/// the order of the records.
#[test]
fn a23_records_that_nobody_of_the_vault_wrote_count_for_nothing() {
    block_on(async {
        for drive in drives() {
            let (a, b, _) = lived(&drive, 1).await;
            let other = Arc::new(MemoryDrive::with(drive.capabilities()));
            lived(&other, 2).await;
            let (now, theirs) = (drive.contents(), other.contents());
            let ours = Member::of(&now, [1; 32]);
            let records: BTreeMap<_, _> = theirs.iter().filter(|(path, _)| path.starts_with("j/")).collect();
            let mut all = now.clone();
            for (n, (path, bytes)) in records.iter().enumerate() {
                // As it is; and under a name that this vault's records might have, which the drive cannot make by itself.
                let name = format!("j/{n:010x}-{}-000001-0123456789abcdef", "a1".repeat(14));
                for path in [(*path).clone(), ours.place(&name)] {
                    let mut files = now.clone();
                    files.insert(path.clone(), bytes.to_vec());
                    nothing_matters(&path, &drive, files, [&a, &b]).await;
                    all.insert(path, bytes.to_vec());
                }
            }
            nothing_matters("all of them", &drive, all, [&a, &b]).await;
        }
    });
}

/// The documents stay; it may be told that there is something that makes no sense.
async fn nothing_matters(case: &str, drive: &Arc<MemoryDrive>, files: Files, devices: [&Device; 2]) {
    let docs = devices[0].docs();
    drive.restore(files);
    let newcomer = Device::sealed(drive, 77, key(1)).await;
    for device in [devices[0], devices[1], &newcomer] {
        let report = device.sync().await;
        assert!(report.conflicts.is_empty(), "{case}: {report:?}");
        assert!(device.docs() == docs, "{case}: documents have changed");
    }
}
