//! What is drawn at random is drawn for one write.

use super::Files;
use crate::common::{Device, Notes, TestRuntime, canary::salt, id, json, key, recording::Recording};
use futures::executor::block_on;
use kitestring::*;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// How often the device is put back.
const RESTORES: u64 = 60;

/// A device as a backup has it, opened on what the drive has now. Its randomness begins at this place.
async fn put_back(saved: &(Arc<Notes>, MemoryState), drive: Arc<Recording>, seed: u64) -> Device {
    let runtime = Arc::new(TestRuntime { seed: seed.into(), ..TestRuntime::default() });
    let notes = Arc::new(Notes(Mutex::new(saved.0.0.lock().unwrap().clone())));
    let options = Options { encryption: Some(key(1)), ..Options::new(runtime.clone()) };
    Device::with(notes, Arc::new(saved.1.snapshot()), drive, runtime, options).await
}

/// The nonce of a keyring that keys open.
fn nonce(keyring: &[u8]) -> &[u8] {
    // What comes before the slots; then each: its id, its name, its kind, the salt, the commitment, the nonce and the key.
    let (slots, mut at) = (keyring[32], 33);
    for _ in 0..slots {
        at += 8 + 1 + usize::from(keyring[at + 8]) + 1 + 16 + 32 + 24 + 48;
    }
    &keyring[at..at + 24]
}

/// Every sealed file and every keyring that was ever put on a drive, by its salt.
fn by_salt(drive: &Recording) -> BTreeMap<Vec<u8>, Vec<Vec<u8>>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (path, file) in &*drive.written.lock().unwrap() {
        let of_keyring = path.starts_with("k/").then(|| nonce(file));
        if let Some(salt) = salt(file).or(of_keyring) {
            found.entry(salt.to_vec()).or_default().push([path.as_bytes(), file].concat());
        }
    }
    found
}

/// The state is put back again and again, and the device goes on from the same moment. It depends on nothing that is counted
/// or remembered: with a source of randomness that goes on, as a system's does, no salt comes twice.
#[test]
fn a17_a_state_that_is_put_back_makes_no_salt_twice() {
    block_on(async {
        let drive = Recording::new(Arc::new(MemoryDrive::new()));
        let device = put_back(&Default::default(), drive.clone(), 1).await;
        device.put("x", "0").await;
        device.sync().await;
        let saved = (device.notes.clone(), device.state.snapshot());
        for n in 1..=RESTORES {
            let device = put_back(&saved, drive.clone(), n * 1_000_000).await;
            for text in ["the same", "another"] {
                device.put(&format!("x {n}"), text).await;
                device.sync().await;
            }
            if n % 8 == 0 {
                device.client.add_key("paper", key(2)).await.unwrap();
                let _ = device.client.compact(SyncOptions::default()).await.unwrap();
            }
        }
        let found = by_salt(&drive);
        assert!(found.len() as u64 > 4 * RESTORES, "{}", found.len());
        assert!(found.values().all(|files| files.len() == 1), "a salt was used twice");
    });
}

/// What happens where the system's randomness is put back too, as with the snapshot of a machine whose kernel is not told:
/// salts come twice. Then only E11 is left: the key is bound to the path and the length as well. This test shows that two
/// different files under one salt are of two keys where path or length differ, and never are two under the same three; a
/// file that is written anew in its place with the same length (`head`, `lease`) would be, and that is why salts are random.
#[test]
fn a17_with_the_same_randomness_the_path_and_the_length_still_tell_keys_apart() {
    block_on(async {
        let memory = Arc::new(MemoryDrive::new());
        let drive = Recording::new(memory.clone());
        let device = put_back(&Default::default(), drive.clone(), 1).await;
        device.put("x", "0").await;
        device.sync().await;
        let (saved, files) = ((device.notes.clone(), device.state.snapshot()), memory.contents());
        for text in ["one", "other", "of another length"] {
            memory.restore(files.clone());
            let device = put_back(&saved, drive.clone(), 1_000_000).await;
            device.put("x", text).await;
            device.sync().await;
        }
        let repeated: Vec<_> = by_salt(&drive).into_values().filter(|files| files.len() > 1).collect();
        assert!(!repeated.is_empty(), "the case does not come up");
        let records = |files: &Vec<Vec<u8>>| files.iter().filter(|file| file.starts_with(b"j/")).cloned().collect::<Vec<_>>();
        for files in repeated.iter().map(records) {
            // A record's name has the hash of what is in it: other contents are in another path.
            let path = |file: &Vec<u8>| file.split(|byte| *byte == b'k').next().map(<[u8]>::to_vec);
            for (n, file) in files.iter().enumerate() {
                assert!(files[..n].iter().all(|other| other == file || path(other) != path(file)), "one key for two contents");
            }
        }
    });
}

/// Two devices make a vault at the same moment: one keyring counts in the end, and nobody takes a salt of another's.
#[test]
fn a15_two_that_make_the_vault_at_once_end_with_one_keyring() {
    block_on(async {
        let (drive, at_once) = (Arc::new(MemoryDrive::new()), Arc::new(MemoryDrive::new()));
        let (a, b) = (Device::sealed(&drive, 1, key(1)).await, Device::sealed(&at_once, 2, key(1)).await);
        for (device, name) in [(&a, "of a"), (&b, "of b")] {
            device.put(name, "1").await;
            device.sync().await;
        }
        // The keyring of the one that came too late is there, and its marker is not.
        let late: Files = at_once.contents().into_iter().filter(|(path, _)| path.starts_with("k/") || path.starts_with("v/")).collect();
        let mut files = drive.contents();
        files.extend(late);
        drive.restore(files);
        let c = Device::sealed(&drive, 3, key(1)).await;
        c.put("of c", "1").await;
        c.sync().await;
        a.sync().await;
        assert_eq!(a.docs(), c.docs());
        assert_eq!(c.docs().get(&id("of a")), Some(&json("1")));
    });
}
