//! A vault that two devices have written, and what a doctor says of it.

use crate::common::*;
use kitestring::*;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

pub type Files = BTreeMap<String, Vec<u8>>;

/// Who calls the doctor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// A device that has synced everything.
    Device,
    /// Somebody with nothing but the drive, and the key.
    Stranger,
}

/// The vault, as it was healthy.
pub struct World {
    pub drive: Arc<MemoryDrive>,
    pub layout: fn() -> Layout,
    pub sealed: Option<Encryption>,
    pub files: Files,
    pub docs: BTreeMap<DocId, Vec<u8>>,
    pub notes: BTreeMap<DocId, (Revision, Vec<u8>)>,
    pub state: MemoryState,
}

pub fn journal() -> Layout {
    Layout::Journal(JournalOptions::default())
}

pub fn classic() -> Layout {
    Layout::Classic(Default::default())
}

impl World {
    pub async fn new(drive: &Arc<MemoryDrive>, layout: fn() -> Layout, sealed: Option<Encryption>, seed: u64) -> Self {
        let drive = Arc::new(MemoryDrive::with(drive.capabilities()));
        let world =
            Self { drive, layout, sealed, files: Files::new(), docs: BTreeMap::new(), notes: BTreeMap::new(), state: MemoryState::new() };
        let (a, b) = (world.newcomer(seed).await, world.newcomer(seed + 1).await);
        for n in 0..6 {
            a.put(&format!("note {n}"), &format!("of {seed}: {n}")).await;
        }
        a.sync().await;
        b.sync().await;
        b.put("note 1", &format!("second of {seed}")).await;
        b.put("of b", "of b").await;
        b.sync().await;
        a.sync().await;
        a.delete("note 2").await;
        a.put("large", &"large ".repeat(900_000)).await;
        a.sync().await;
        a.put("note 3", "last").await;
        a.sync().await;
        b.sync().await;
        world.kept(&a).await
    }

    /// The same after a checkpoint was made, and something was written since.
    pub async fn compacted(self) -> Self {
        let a = self.device(500).await;
        a.client.compact(SyncOptions::default()).await.unwrap();
        a.put("after", "the checkpoint").await;
        a.sync().await;
        self.kept(&a).await
    }

    async fn kept(self, a: &Device) -> Self {
        a.sync().await;
        let notes = a.notes.0.lock().unwrap().clone();
        Self { files: self.drive.contents(), docs: a.docs(), notes, state: a.state.snapshot(), ..self }
    }

    /// A device that knows nothing yet.
    pub async fn newcomer(&self, seed: u64) -> Device {
        self.open(self.drive.clone(), Arc::default(), Arc::default(), seed).await
    }

    /// The device that has synced everything, as it was then.
    pub async fn device(&self, seed: u64) -> Device {
        let (notes, state) = self.known();
        self.open(self.drive.clone(), notes, state, seed).await
    }

    /// What the device has that has synced everything.
    pub fn known(&self) -> (Arc<Notes>, Arc<MemoryState>) {
        (Arc::new(Notes(Mutex::new(self.notes.clone()))), Arc::new(self.state.snapshot()))
    }

    pub async fn open(&self, drive: Arc<dyn Drive>, notes: Arc<Notes>, state: Arc<MemoryState>, seed: u64) -> Device {
        let runtime = Arc::new(TestRuntime { seed: (seed * 1_000_000).into(), ..TestRuntime::default() });
        let options = Options { layout: (self.layout)(), encryption: self.sealed.clone(), ..Options::new(runtime.clone()) };
        Device::unwatched(notes, state, drive, runtime, options).await
    }

    pub async fn who(&self, who: Who, seed: u64) -> Device {
        match who {
            Who::Device => self.device(seed).await,
            Who::Stranger => self.newcomer(seed).await,
        }
    }

    /// What the files are called that the layout gives such a name, and what is in them: of a sealed vault too.
    pub fn logical(&self, path: &str) -> String {
        match &self.sealed {
            None => path.to_owned(),
            Some(_) => {
                let (name, file) = self.files.iter().rfind(|(path, _)| path.starts_with("k/")).unwrap();
                let keys = Unsealed::open(name, file, &key(1)).unwrap();
                keys.logical(path).unwrap_or_else(|| path.to_owned())
            }
        }
    }

    /// The paths of the files whose names in the layout begin so, in their order there.
    pub fn paths(&self, begin: &str) -> Vec<String> {
        let all = self.files.keys().map(|path| (self.logical(path), path.clone()));
        let mut found: Vec<_> = all.filter(|(logical, _)| logical.starts_with(begin)).collect();
        found.sort();
        found.into_iter().map(|(_, path)| path).collect()
    }

    /// The records, the first one first.
    pub fn records(&self) -> Vec<String> {
        self.paths("j/0")
    }

    /// Whether every device, and a new one, has all documents.
    pub async fn everybody_has_everything(&self, case: &str) {
        let device = self.device(900).await;
        for round in 0..2 {
            let report = device.try_sync().await.unwrap_or_else(|e| panic!("{case}, the device, sync {round}: {e:?}"));
            assert!(report.skipped.is_empty() && report.conflicts.is_empty(), "{case}: {report:?}");
        }
        assert!(device.docs() == self.docs, "{case}: the device has {:?}", device.docs().keys());
        let fresh = self.newcomer(901).await;
        let report = fresh.try_sync().await.unwrap_or_else(|e| panic!("{case}, a newcomer: {e:?}"));
        assert!(report.skipped.is_empty(), "{case}, a newcomer: {report:?}");
        assert!(fresh.docs() == self.docs, "{case}: a newcomer has {:?}", fresh.docs().keys());
        // It goes on.
        fresh.put("afterwards", "new").await;
        fresh.sync().await;
        device.sync().await;
        assert_eq!(device.text("afterwards"), fresh.text("afterwards"), "{case}");
    }
}

/// Calls the doctor, without a repair: nothing changes.
pub async fn look(world: &World, who: Who) -> Diagnosis {
    let before = world.drive.contents();
    let device = world.who(who, 700).await;
    let found = device.client.doctor(DoctorOptions::default()).await.unwrap();
    assert_eq!(world.drive.contents(), before, "a look writes nothing");
    found
}

/// Calls the doctor to repair: no file is gone then.
pub async fn repair(world: &World, who: Who) -> Diagnosis {
    let before = world.drive.contents();
    let device = world.who(who, 800).await;
    let found = device.client.doctor(DoctorOptions { repair: true, ..DoctorOptions::default() }).await.unwrap();
    let after = world.drive.contents();
    let gone: Vec<_> = before.keys().filter(|path| !after.contains_key(*path)).collect();
    assert!(gone.is_empty(), "a repair deletes nothing, but {gone:?}");
    found
}

/// The codes of what was found, with what becomes of each.
pub fn told(diagnosis: &Diagnosis) -> Vec<(FindingKind, Repair)> {
    let mut told: Vec<_> = diagnosis.findings.iter().map(|finding| (finding.kind, finding.repair)).collect();
    told.dedup();
    told
}
