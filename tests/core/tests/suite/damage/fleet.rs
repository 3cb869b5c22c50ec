//! A vault, devices that know it, and what becomes of them when a file is damaged and put back.

use crate::common::{Device, Notes, TestRuntime, id, json};
use kitestring::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

pub type Files = BTreeMap<String, Vec<u8>>;
type Docs = BTreeMap<DocId, (Revision, Vec<u8>)>;

/// Far more than any damage may cost.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Who meets the damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    UpToDate,
    Behind,
    Newcomer,
}

pub const ROLES: [Role; 3] = [Role::UpToDate, Role::Behind, Role::Newcomer];

/// A device as its backup has it.
#[derive(Default)]
struct Saved(Docs, MemoryState);

impl Saved {
    fn of(device: &Device) -> Self {
        Self(device.notes.0.lock().unwrap().clone(), device.state.snapshot())
    }
}

/// A vault, devices that know it, and all that anybody ever wrote.
pub struct Fleet {
    pub drive: Arc<MemoryDrive>,
    pub files: Files,
    sealed: Option<Encryption>,
    up_to_date: Saved,
    behind: Saved,
    pub written: BTreeMap<DocId, BTreeSet<Vec<u8>>>,
    deleted: BTreeSet<DocId>,
    docs: BTreeMap<DocId, Vec<u8>>,
}

impl Fleet {
    /// `large` adds a document in parts.
    pub async fn new(drive: Arc<MemoryDrive>, seed: u64, large: bool) -> Self {
        Self::of(drive, None, seed, large).await
    }

    /// The same, sealed if there is something to seal it with.
    pub async fn of(drive: Arc<MemoryDrive>, sealed: Option<Encryption>, seed: u64, large: bool) -> Self {
        let mut fleet = Self {
            drive: drive.clone(),
            files: Files::new(),
            sealed,
            up_to_date: Saved::default(),
            behind: Saved::default(),
            written: BTreeMap::new(),
            deleted: BTreeSet::new(),
            docs: BTreeMap::new(),
        };
        let mut devices = Vec::new();
        for n in 0..4 {
            devices.push(fleet.newcomer(seed + n).await);
        }
        let [a, b, behind, up_to_date] = &devices[..] else { panic!("there are four") };
        for n in 0..6 {
            fleet.put(a, &format!("note {n}"), &format!("first {n}")).await;
        }
        fleet.put(a, "note 3", &format!("of vault {seed}")).await;
        fleet.put(a, &format!("only of {seed}"), "here").await;
        a.sync().await;
        b.sync().await;
        fleet.put(b, "note 1", "second").await;
        fleet.put(b, "of b", "of b").await;
        b.sync().await;
        behind.sync().await;
        fleet.put(behind, "of behind", "of behind").await;
        behind.sync().await;
        fleet.behind = Saved::of(behind);
        a.sync().await;
        if large {
            fleet.put(a, "large", &"large ".repeat(800_000)).await;
            a.sync().await;
        }
        b.sync().await;
        fleet.put(a, "note 2", "of a").await;
        fleet.put(b, "note 2", "of b").await;
        fleet.delete(a, "note 4").await;
        a.sync().await;
        let conflict = b.sync().await.conflicts.remove(0);
        b.client.resolve(conflict, Resolution::KeepLocal).await.unwrap();
        b.sync().await;
        a.sync().await;
        fleet.put(a, "note 0", "last").await;
        fleet.delete(a, "note 5").await;
        a.sync().await;
        up_to_date.sync().await;
        assert_eq!(up_to_date.docs(), a.docs());
        fleet.up_to_date = Saved::of(up_to_date);
        (fleet.docs, fleet.files) = (a.docs(), drive.contents());
        fleet
    }

    async fn put(&mut self, device: &Device, name: &str, text: &str) {
        self.written.entry(id(name)).or_default().insert(json(text));
        device.put(name, text).await;
    }

    async fn delete(&mut self, device: &Device, name: &str) {
        self.deleted.insert(id(name));
        device.delete(name).await;
    }

    pub async fn open(&self, role: Role, seed: u64) -> Device {
        let empty = Saved::default();
        let Saved(docs, state) = match role {
            Role::UpToDate => &self.up_to_date,
            Role::Behind => &self.behind,
            Role::Newcomer => &empty,
        };
        let runtime = Arc::new(TestRuntime { seed: (seed * 1_000_000).into(), ..TestRuntime::default() });
        let (notes, state) = (Arc::new(Notes(Mutex::new(docs.clone()))), Arc::new(state.snapshot()));
        let options = Options { encryption: self.sealed.clone(), ..Options::new(runtime.clone()) };
        Device::with(notes, state, self.drive.clone(), runtime, options).await
    }

    async fn newcomer(&self, seed: u64) -> Device {
        match &self.sealed {
            Some(encryption) => Device::sealed(&self.drive, seed, encryption.clone()).await,
            None => Device::journal(&self.drive, seed).await,
        }
    }

    /// Opens a device that has edits to push.
    pub async fn wake(&self, role: Role) -> Device {
        let device = self.open(role, 77).await;
        device.put("mine", "not pushed yet").await;
        if role == Role::UpToDate {
            device.put("note 1", "edited here").await;
            device.delete("note 3").await;
        }
        device
    }

    /// What everybody has in the end.
    pub fn expected(&self, role: Role) -> BTreeMap<DocId, Vec<u8>> {
        let mut docs = self.docs.clone();
        docs.insert(id("mine"), json("not pushed yet"));
        if role == Role::UpToDate {
            docs.insert(id("note 1"), json("edited here"));
            docs.remove(&id("note 3"));
        }
        docs
    }

    /// One device meets a file that is damaged; later the file is put back.
    pub async fn meet(&self, role: Role, path: &str, damage: &str, damaged: Option<Vec<u8>>) -> Met {
        let case = format!("{role:?} meets {path}, {damage}, on {:?}", self.drive.capabilities());
        let mut files = self.files.clone();
        let damaged_to = damaged.clone();
        match damaged {
            Some(bytes) => drop(files.insert(path.to_owned(), bytes)),
            None => drop(files.remove(path)),
        }
        self.drive.restore(files);
        let begun = Instant::now();
        let device = self.wake(role).await;
        let before = device.docs();
        let first = device.try_sync().await;
        let met = match &first {
            Ok(report) if report.skipped.is_empty() => Met::Nothing,
            Ok(_) => Met::Skipped,
            Err(e) => {
                assert!(self.is_about_the_drive(e), "{case}: {e:?}");
                assert!(!e.detail().is_empty(), "{case}");
                Met::Refused
            }
        };
        self.check(&case, role, &before, &device);
        // A second attempt finds nothing worse.
        if let Err(e) = device.try_sync().await {
            assert!(self.is_about_the_drive(&e), "{case}, once more: {e:?}");
        }
        self.check(&case, role, &before, &device);
        let mut files = self.drive.contents();
        match kind(path) {
            // A number that was taken anew meanwhile is another head.
            "h" if files.get(path).is_some_and(|now| damaged_to.as_ref() != Some(now)) => {}
            _ => drop(files.insert(path.to_owned(), self.files[path].clone())),
        }
        self.drive.restore(files);
        if kind(path) == "h" {
            // What a numbered head no longer names, another device announces again when it sees the next one.
            let witness = self.open(Role::UpToDate, 88).await;
            witness.put("seen", "seen").await;
            for device in [&witness, &device, &witness] {
                device.try_sync().await.unwrap_or_else(|e| panic!("{case}, put back: {e:?}"));
            }
        }
        self.converges(&case, role, &device, path).await;
        assert!(begun.elapsed() < LIMIT, "{case}: it takes too long");
        met
    }

    /// Whether a sync may end so because of what is on the drive. The others would be faults of the library or the host.
    fn is_about_the_drive(&self, error: &Error) -> bool {
        match error.kind {
            ErrorKind::Corrupt
            | ErrorKind::VaultChanged
            | ErrorKind::Rollback { .. }
            | ErrorKind::NeedsNewerVersion
            | ErrorKind::Unsupported
            | ErrorKind::Unavailable => true,
            // A passphrase does not open it, or is not asked for any longer.
            ErrorKind::WrongKey | ErrorKind::InvalidInput => self.sealed.is_some(),
            _ => false,
        }
    }

    /// What the host has is what it had, or what somebody wrote.
    fn check(&self, case: &str, role: Role, before: &BTreeMap<DocId, Vec<u8>>, device: &Device) {
        let now = device.docs();
        if role == Role::UpToDate {
            assert!(now == *before, "{case}: documents have changed");
        }
        for (id, body) in &now {
            let true_content = before.get(id) == Some(body) || self.written.get(id).is_some_and(|all| all.contains(body));
            assert!(true_content, "{case}: nobody wrote this {id}");
        }
        for id in before.keys().filter(|id| !now.contains_key(id)) {
            assert!(self.deleted.contains(id), "{case}: nobody deleted {id}");
        }
    }

    pub async fn converges(&self, case: &str, role: Role, device: &Device, path: &str) {
        let mut expected = self.expected(role);
        if kind(path) == "h" {
            expected.insert(id("seen"), json("seen"));
        }
        for round in 0..3 {
            let report = device.try_sync().await.unwrap_or_else(|e| panic!("{case}, put back, sync {round}: {e:?}"));
            if round > 0 {
                assert!(report.skipped.is_empty() && report.conflicts.is_empty(), "{case}, put back: {report:?}");
            }
        }
        assert!(device.docs() == expected, "{case}, put back: {:?}", names(&device.docs()));
        let fresh = self.newcomer(99).await;
        let report = fresh.try_sync().await.unwrap_or_else(|e| panic!("{case}, put back, a newcomer: {e:?}"));
        assert!(report.skipped.is_empty(), "{case}, put back, a newcomer: {report:?}");
        assert!(fresh.docs() == expected, "{case}, put back, a newcomer: {:?}", names(&fresh.docs()));
    }
}

/// What a sync came to.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
pub enum Met {
    Nothing,
    Skipped,
    Refused,
}

pub fn names(docs: &BTreeMap<DocId, Vec<u8>>) -> Vec<(&str, String)> {
    docs.iter().map(|(id, body)| (id.as_str(), String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned())).collect()
}

/// Which kind of file this is.
pub fn kind(path: &str) -> &str {
    path.split_once('/').map_or(path, |(folder, _)| folder)
}
