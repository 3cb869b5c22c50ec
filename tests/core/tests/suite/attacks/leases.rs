//! A19: leases of the drive's own making. A lease is advice, so the worst is that nobody compacts.

use super::Files;
use crate::common::{Device, drives, key, member::Member, recording::Recording};
use futures::executor::block_on;
use kitestring::{
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    *,
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering::SeqCst},
};

/// A drive that shows leases of its own, one after the other and round again, whatever is written. It counts what is asked.
struct ForeignLeases {
    drive: Arc<MemoryDrive>,
    leases: Mutex<Vec<Vec<u8>>>,
    shown: AtomicU64,
    requests: AtomicU64,
}

impl ForeignLeases {
    fn count(&self) {
        self.requests.fetch_add(1, SeqCst);
    }
}

#[apply(port!)]
impl Drive for ForeignLeases {
    fn capabilities(&self) -> Capabilities {
        self.drive.capabilities()
    }
    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.count();
        let leases = self.leases.lock().unwrap().clone();
        if path.as_str() != "lease" || leases.is_empty() {
            return self.drive.get(path, options).await;
        }
        let n = self.shown.fetch_add(1, SeqCst);
        let lease = &leases[n as usize % leases.len()];
        let range = options.range.unwrap_or(0..u64::MAX);
        let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(lease.len());
        Ok(Got::File { bytes: lease[at(range.start)..at(range.end)].to_vec(), version: Version::new(format!("lease {n}")) })
    }
    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.count();
        self.drive.put(path, bytes, condition).await
    }
    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.count();
        self.drive.delete(path, condition).await
    }
    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.count();
        self.drive.list_dir(dir, cursor).await
    }
}

/// Leases that the devices of a vault have really had, one for each compaction.
async fn real_leases(drive: &Arc<MemoryDrive>) -> Vec<Vec<u8>> {
    let recording = Recording::new(drive.clone());
    let runtime = Arc::new(crate::common::TestRuntime { seed: 8_000_000.into(), ..Default::default() });
    let options = Options { encryption: Some(key(1)), ..Options::new(runtime.clone()) };
    let device = Device::with(Arc::default(), Arc::default(), recording.clone(), runtime, options).await;
    for n in 0..3 {
        device.put("x", &n.to_string()).await;
        device.sync().await;
        assert!(device.client.compact(SyncOptions::default()).await.unwrap());
    }
    let written = recording.written.lock().unwrap();
    written.iter().filter(|(path, _)| path == "lease").map(|(_, bytes)| bytes.clone()).collect()
}

/// Leases of somebody who has the keys: with absurd contents.
fn absurd_leases(files: &Files) -> Vec<Vec<u8>> {
    let member = Member::of(files, [1; 32]);
    let nonce = |n: u64| format!(r#"{{"owner":"\u001b[2J{n}","nonce":"{n}","expires":4102444800000}}"#);
    let mut contents: Vec<Vec<u8>> = (0..5).map(|n| nonce(n).into_bytes()).collect();
    contents.push(br#"{"owner":"x","nonce":"","expires":-1}"#.to_vec());
    contents.push(br#"{"owner":"x","nonce":"y","expires":1e999}"#.to_vec());
    contents.push(format!(r#"{{"owner":"{}","nonce":"long"}}"#, "o".repeat(3000)).into_bytes());
    contents.iter().map(|content| member.seal("lease", content)).collect()
}

#[test]
fn a19_no_lease_stops_a_sync_or_keeps_one_waiting() {
    block_on(async {
        for drive in drives() {
            let real = real_leases(&drive).await;
            assert_eq!(real.len(), 3);
            let absurd = absurd_leases(&drive.contents());
            let garbage = vec![Vec::new(), vec![0; 5], vec![0xa5; 300], vec![b'{'; 100_000], b"kites\x01".to_vec()];
            let unsealed = vec![br#"{"owner":"x","nonce":"y"}"#.to_vec()];
            for leases in [real[..1].to_vec(), real, absurd[..1].to_vec(), absurd, garbage, unsealed] {
                let evil = Arc::new(ForeignLeases {
                    drive: drive.clone(),
                    leases: Mutex::new(leases),
                    shown: AtomicU64::default(),
                    requests: AtomicU64::default(),
                });
                let runtime = Arc::new(crate::common::TestRuntime { seed: 6_000_000.into(), ..Default::default() });
                let options = Options { encryption: Some(key(1)), ..Options::new(runtime.clone()) };
                let device = Device::with(Arc::default(), Arc::default(), evil.clone(), runtime, options).await;
                for n in 0..40 {
                    let (asked, time) = (evil.requests.load(SeqCst), device.runtime.ms.load(SeqCst));
                    device.put("x", &n.to_string()).await;
                    device.sync().await;
                    if n % 8 == 7 {
                        match device.told(device.client.compact(SyncOptions::default()).await) {
                            Ok(_) => {}
                            Err(e) => assert!(matches!(e.kind, ErrorKind::Locked { .. }), "{e:?}"),
                        }
                    }
                    assert!(evil.requests.load(SeqCst) - asked < 60, "sync {n} asks too often");
                    assert!(device.runtime.ms.load(SeqCst) - time < 11_000, "sync {n} waits too long");
                }
                // As soon as the drive shows what is there, the vault is put in order again.
                evil.leases.lock().unwrap().clear();
                device.later(601);
                let compacted = device.client.compact(SyncOptions::default()).await;
                if compacted.is_err() {
                    device.later(601);
                    device.client.compact(SyncOptions::default()).await.unwrap();
                }
            }
        }
    });
}
