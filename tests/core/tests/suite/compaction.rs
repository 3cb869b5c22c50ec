//! A vault keeps its size: checkpoints, the deletion of what they cover, and devices that come back.

use crate::common::{Device, drives};
use futures::executor::block_on;
use kitestring::{
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    *,
};
use macro_rules_attribute::apply;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
};

fn size(drive: &MemoryDrive) -> usize {
    drive.contents().values().map(Vec::len).sum()
}

fn files(drive: &MemoryDrive, folder: &str) -> usize {
    drive.contents().keys().filter(|path| path.starts_with(folder)).count()
}

#[test]
fn a_vault_that_is_edited_for_long_keeps_its_size_and_a_new_device_reads_little() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            for n in 0..1000_u32 {
                let device = if n % 3 == 0 { &b } else { &a };
                device.sync().await;
                match n % 20 {
                    7 => device.delete(&format!("note {}", (n / 20) % 10)).await,
                    _ => device.put(&format!("note {}", n % 10), &format!("{n} {}", "text ".repeat(40))).await,
                }
                device.sync().await;
                device.later(3 * 86_400);
            }
            for device in [&a, &b, &a] {
                let report = device.sync().await;
                assert!(report.conflicts.is_empty() || report.conflicts.len() < 10);
            }
            let records = files(&drive, "j/");
            assert!(records < 200, "{records} files in j/ of {:?}", drive.capabilities());
            let new = Device::journal(&drive, 3).await;
            let report = new.sync().await;
            assert!(report.skipped.is_empty(), "{:?}", report.skipped);
            assert_eq!(a.docs(), b.docs(), "{:?}", drive.capabilities());
            assert_eq!(new.docs(), a.docs(), "{:?}", drive.capabilities());
            println!("{:?}: {} bytes, {records} files, {} requests", drive.capabilities(), size(&drive), report.requests.total());
        }
    });
}

#[test]
fn asking_twice_leaves_nothing_that_is_not_needed() {
    block_on(async {
        for drive in drives() {
            let a = Device::journal(&drive, 1).await;
            for n in 0..50_u32 {
                a.put("note", &n.to_string()).await;
                a.sync().await;
            }
            a.later(100 * 86_400);
            for _ in 0..3 {
                assert!(a.client.compact(SyncOptions::default()).await.unwrap());
            }
            assert!(files(&drive, "j/") <= 2, "{:?}", drive.contents().keys());
            assert!(files(&drive, "c/") <= 2, "{:?}", drive.contents().keys());
            let new = Device::journal(&drive, 2).await;
            let report = new.sync().await;
            assert_eq!(new.docs(), a.docs());
            assert!(report.requests.total() <= 4, "{:?}", report.requests);
        }
    });
}

/// A drive on which another device makes an edit and syncs before each request.
struct Between {
    drive: Arc<MemoryDrive>,
    other: Device,
    armed: AtomicBool,
    edits: AtomicU64,
    heads: AtomicU64,
    /// How many requests each of these syncs made.
    requests: Mutex<Vec<u64>>,
}

impl Between {
    async fn edit(&self, before: &DrivePath) {
        // Nobody gets a head written who is overtaken every time.
        let fair = !before.as_str().starts_with('h') || self.heads.fetch_add(1, SeqCst) < 4;
        if self.armed.load(SeqCst) && fair {
            let n = self.edits.fetch_add(1, SeqCst);
            self.other.put("of the other", &n.to_string()).await;
            let report = self.other.sync().await;
            assert_eq!(report.pushed, 1);
            self.requests.lock().unwrap().push(report.requests.total());
        }
    }
}

#[apply(port!)]
impl Drive for Between {
    fn capabilities(&self) -> Capabilities {
        self.drive.capabilities()
    }
    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.edit(&path).await;
        self.drive.get(path, options).await
    }
    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.edit(&path).await;
        self.drive.put(path, bytes, condition).await
    }
    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.edit(&path).await;
        self.drive.delete(path, condition).await
    }
    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.edit(&dir).await;
        self.drive.list_dir(dir, cursor).await
    }
}

#[test]
fn a_checkpoint_is_in_nobodys_way() {
    block_on(async {
        for (drive, limit) in drives().into_iter().zip([3, 3, 2]) {
            let other = Device::of(&drive, 2, || Layout::Journal(JournalOptions { compacts: false, ..JournalOptions::default() })).await;
            let first = Device::journal(&drive, 1).await;
            for n in 0..40 {
                first.put(&format!("note {n}"), &n.to_string()).await;
                first.sync().await;
            }
            other.put("of the other", "before").await;
            other.sync().await;
            first.sync().await;
            let Device { notes, state, runtime, client, .. } = first;
            drop(client);
            let between = Arc::new(Between {
                drive: drive.clone(),
                other,
                armed: AtomicBool::new(false),
                edits: AtomicU64::new(0),
                heads: AtomicU64::new(0),
                requests: Mutex::default(),
            });
            let layout = Layout::Journal(JournalOptions { compacts: false, ..JournalOptions::default() });
            let first = Device::open_as(notes, state, between.clone(), runtime, layout).await;
            first.sync().await;
            between.armed.store(true, SeqCst);
            let done = first.client.compact(SyncOptions::default()).await;
            assert!(matches!(done, Ok(true)), "{done:?} on {:?}", drive.capabilities());
            between.armed.store(false, SeqCst);
            let requests = between.requests.lock().unwrap().clone();
            assert!(requests.len() > 10, "{requests:?}");
            assert!(requests.iter().all(|n| *n <= limit + 1), "{requests:?} on {:?}", drive.capabilities());
            let more = requests.iter().filter(|n| **n > limit).count();
            assert!(more <= 1, "{requests:?} on {:?}", drive.capabilities());
            first.sync().await;
            assert_eq!(first.docs(), between.other.docs());
        }
    });
}

#[test]
fn a_vault_is_lowered_after_checkpoints_by_a_device_that_knows_none_of_them() {
    block_on(async {
        for strategy in [Strategy::Slots, Strategy::Listing] {
            let drive = Arc::new(MemoryDrive::new());
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            for n in 0..30 {
                a.put(&format!("note {n}"), &n.to_string()).await;
                a.sync().await;
            }
            b.sync().await;
            for n in 0..2 {
                a.put("note 0", &format!("again {n}")).await;
                assert!(a.client.compact(SyncOptions::default()).await.unwrap());
            }
            b.client.lower(strategy).await.unwrap();
            b.put("note 1", "of b").await;
            b.sync().await;
            a.sync().await;
            for n in 0..4 {
                let device = if n % 2 == 0 { &a } else { &b };
                device.put("note 2", &n.to_string()).await;
                assert!(device.client.compact(SyncOptions::default()).await.unwrap(), "{strategy}");
                let new = Device::journal(&drive, 10 + n).await;
                assert_eq!(new.sync().await.skipped, []);
                assert_eq!(new.docs(), device.docs(), "{strategy}");
                [&a, &b][usize::from(n % 2 == 0)].sync().await;
            }
            assert_eq!(a.docs(), b.docs());
        }
    });
}
