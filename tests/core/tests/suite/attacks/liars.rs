//! A20: a drive that says that something has happened when it has not, or does it twice.

use crate::common::{Device, TestRuntime, drives, id, json, key};
use futures::executor::block_on;
use kitestring::{
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    *,
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

/// What the drive does to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    /// Nothing, and says that it is done.
    Nothing,
    /// What was asked, whatever the condition says.
    Anyway,
    /// What was asked, and once more; the answer is that of the second time.
    Twice,
}

/// A drive that lies about one of its writes and deletions.
struct Liar {
    drive: Arc<MemoryDrive>,
    lie: Lie,
    at: u64,
    calls: AtomicU64,
}

impl Liar {
    fn lies(&self) -> Option<Lie> {
        (self.calls.fetch_add(1, SeqCst) == self.at).then_some(self.lie)
    }
}

#[apply(port!)]
impl Drive for Liar {
    fn capabilities(&self) -> Capabilities {
        self.drive.capabilities()
    }
    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.drive.get(path, options).await
    }
    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        match self.lies() {
            Some(Lie::Nothing) => return Ok(Version::new("never")),
            Some(Lie::Anyway) => return self.drive.put(path, bytes, Condition::Any).await,
            Some(Lie::Twice) => drop(self.drive.put(path.clone(), bytes.clone(), condition.clone()).await),
            None => {}
        }
        self.drive.put(path, bytes, condition).await
    }
    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        match self.lies() {
            Some(Lie::Nothing) => return Ok(()),
            Some(Lie::Anyway) => return self.drive.delete(path, Condition::Any).await,
            Some(Lie::Twice) => drop(self.drive.delete(path.clone(), condition.clone()).await),
            None => {}
        }
        self.drive.delete(path, condition).await
    }
    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.drive.list_dir(dir, cursor).await
    }
}

/// Two devices of one vault behind one liar.
struct Case {
    liar: Arc<Liar>,
    devices: [Device; 2],
    /// Whether a sync failed, or left something out.
    told: bool,
}

fn options(runtime: &Arc<TestRuntime>) -> Options {
    Options { encryption: Some(key(1)), ..Options::new(runtime.clone()) }
}

async fn device(liar: &Arc<Liar>, seed: u64) -> Device {
    let runtime = Arc::new(TestRuntime { seed: (seed * 1_000_000).into(), ..TestRuntime::default() });
    Device::with(Arc::default(), Arc::default(), liar.clone(), runtime.clone(), options(&runtime)).await
}

impl Case {
    async fn new(capabilities: Capabilities, lie: Lie, at: u64) -> Self {
        let drive = Arc::new(MemoryDrive::with(capabilities));
        let liar = Arc::new(Liar { drive, lie, at, calls: AtomicU64::default() });
        Self { devices: [device(&liar, 1).await, device(&liar, 2).await], liar, told: false }
    }

    async fn sync(&mut self, who: usize) {
        let quiet = self.devices[who].try_sync().await.is_ok_and(|report| report.skipped.is_empty());
        self.told |= !quiet;
    }

    async fn put(&mut self, who: usize, name: &str, text: &str) {
        self.devices[who].put(name, text).await;
        self.sync(who).await;
    }

    /// The work during which the lie is told.
    async fn work(&mut self) {
        self.devices[0].put("gone", "1").await;
        self.put(0, "of a", "1").await;
        self.sync(1).await;
        if self.devices[1].text("gone").is_some() {
            self.devices[1].delete("gone").await;
        }
        self.put(1, "of b", "1").await;
        self.put(0, "of a", "2").await;
        let compacted = self.devices[0].told(self.devices[0].client.compact(SyncOptions::default()).await);
        self.told |= compacted.is_err();
        self.put(1, "last", "1").await;
    }

    /// Both go on until nothing is left to do. A head of the number that is known is noticed with the next one (journal.md, 15).
    async fn settle(&mut self) {
        self.put(0, "after a", "1").await;
        self.put(1, "after b", "1").await;
        for who in [0, 1].repeat(3) {
            self.sync(who).await;
        }
    }

    /// Whether both have all that was ever written.
    fn is_whole(&self) -> bool {
        let docs = self.devices.each_ref().map(Device::docs);
        let whole = ["of a", "of b", "last", "after a", "after b"].iter().all(|name| docs[0].contains_key(&id(name)));
        docs[0] == docs[1] && whole && docs[0][&id("of a")] == json("2")
    }

    /// Puts the marker back, as the error asks for that its absence leads to: `v/` has it.
    fn put_marker_back(&self) {
        let mut files = self.liar.drive.contents();
        let of_ids = files.iter().find(|(path, _)| path.starts_with("v/")).map(|(_, marker)| marker.clone());
        files.entry("vault".to_owned()).or_insert(of_ids.unwrap());
        self.liar.drive.restore(files);
    }

    /// Opens a device with a fresh state: it compares what it has with what is there. Where that
    /// differs its user is asked, and keeps what the first device has written.
    async fn afresh(&mut self, who: usize) {
        let Device { notes, .. } = &self.devices[who];
        let runtime = Arc::new(TestRuntime { seed: (50_000_000 + who as u64 * 1_000_000).into(), ..TestRuntime::default() });
        self.devices[who] = Device::with(notes.clone(), Arc::default(), self.liar.clone(), runtime.clone(), options(&runtime)).await;
        for conflict in self.devices[who].sync().await.conflicts {
            let keep = if who == 0 { Resolution::KeepLocal } else { Resolution::TakeRemote };
            self.devices[who].client.resolve(conflict, keep).await.unwrap();
        }
    }
}

/// Where a lie leaves the two apart, it was that a record, the marker or the keyring had been written. A record that is not
/// there is one that the drive withholds from everybody but its author, which nobody can know (`spec/sealed.md`, 6). What was
/// written stays with its author, who brings it back with a fresh state.
#[test]
fn a20_a_drive_that_lies_once_loses_nothing() {
    block_on(async {
        let (mut cases, mut apart, mut unnoticed) = (0, 0, 0);
        for (n, drive) in drives().into_iter().enumerate() {
            for lie in [Lie::Nothing, Lie::Anyway, Lie::Twice] {
                for at in 0.. {
                    let mut case = Case::new(drive.capabilities(), lie, at).await;
                    case.work().await;
                    if case.liar.calls.load(SeqCst) <= at {
                        break;
                    }
                    cases += 1;
                    let which = format!("drive {n}, {lie:?} at call {at}");
                    case.settle().await;
                    for (device, own) in case.devices.iter().zip(["of a", "of b"]) {
                        assert!(device.text(own).is_some(), "{which}: {own} is gone where it was written");
                    }
                    if case.is_whole() {
                        continue;
                    }
                    assert_eq!(lie, Lie::Nothing, "{which}");
                    (apart, unnoticed) = (apart + 1, unnoticed + usize::from(!case.told));
                    case.put_marker_back();
                    for who in [0, 1] {
                        if !case.is_whole() {
                            case.afresh(who).await;
                            case.settle().await;
                        }
                    }
                    assert!(case.is_whole(), "{which}: {:?}", case.devices.each_ref().map(Device::docs));
                }
            }
        }
        println!("{cases} lies, {apart} left two devices apart, {unnoticed} of these unnoticed");
        assert!(apart < cases / 8, "{apart} of {cases}");
    });
}
