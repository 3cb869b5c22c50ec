//! Sealed vaults: the drive is told nothing (`Canary`), and no key is lost or used before it is remembered (`Keys`).

use super::Write;
use crate::{drive::SimDrive, ghost::Ghost};
use kitestring::{Encryption, StateRecord, Unsealed};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What every id of a document ends in, and with it every body.
pub const CANARY: &str = "-the-canary-sings";

/// Where a client keeps which keyring it has opened last, and the keyring.
const PIN: &str = "server/sealed";
const KEYRING: &str = "server/keyring";

type KeyId = [u8; 8];

/// Checks `Canary` and `Keys` at every write.
#[derive(Debug)]
pub(super) struct Watch {
    drive: Arc<SimDrive>,
    ghost: Arc<Ghost>,
    encryption: Encryption,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Which keyring each seat has remembered last.
    pins: BTreeMap<usize, (String, Keyring)>,
    /// Every key that a seat has ever remembered.
    remembered: BTreeMap<usize, BTreeSet<KeyId>>,
    /// Whether the drive has lost a keyring: what is removed behind that was doomed before.
    lossy: bool,
    /// The keyrings that are on the drive, with their keys.
    there: BTreeMap<String, (String, BTreeSet<KeyId>)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Keyring {
    epoch: u32,
    revision: u32,
    id: [u8; 8],
}

#[derive(Deserialize)]
struct Pin {
    vault: String,
    keyring: Keyring,
}

impl Watch {
    pub(super) fn new(encryption: Encryption, drive: Arc<SimDrive>, ghost: Arc<Ghost>) -> Self {
        Self { drive, ghost, encryption, inner: Mutex::default() }
    }

    /// A file was written or deleted: `write` has its path on the drive.
    pub(super) fn written(&self, write: &Write<'_>) {
        let Write { seat, path, .. } = write;
        let (who, file) = (seat + 1, self.drive.as_it_lies(path));
        if path.starts_with("k/") {
            return self.keyring(who, path, file.as_deref());
        }
        let Some(file) = file else { return };
        let canary = CANARY.as_bytes();
        if path.contains(CANARY) || file.windows(canary.len()).any(|window| window == canary) {
            self.ghost.violated(format!("Canary: c{who} writes {path}, in which a document can be read"));
        }
        if *path == "vault" || path.starts_with("v/") {
            return;
        }
        let Some(key) = Unsealed::key_of(&file) else {
            return self.ghost.violated(format!("Canary: c{who} writes {path}, and does not seal it"));
        };
        if path.contains('/') && self.drive.called(path) == *path {
            self.ghost.violated(format!("Canary: c{who} writes {path} under a name that is not encrypted"));
        }
        // A device that remembers it can go on when its process ends now.
        if !self.inner().remembered.get(seat).is_some_and(|keys| keys.contains(&key)) {
            self.ghost.violated(format!("Keys: c{who} seals {} with a key that it does not remember", self.drive.called(path)));
        }
    }

    /// A keyring comes or goes: the greatest one of a vault has what those had that went.
    fn keyring(&self, who: usize, path: &str, file: Option<&[u8]>) {
        if let Some(file) = file {
            let Some(opened) = Unsealed::open(path, file, &self.encryption) else {
                return self.ghost.violated(format!("Keys: c{who} writes {path}, which does not open"));
            };
            self.inner().there.insert(path.to_owned(), (opened.vault(), opened.data_keys().into_iter().collect()));
            return;
        }
        let mut inner = self.inner();
        let Some((vault, keys)) = inner.there.remove(path) else { return };
        let greatest = inner.there.iter().rev().find(|(_, (of, _))| *of == vault).map(|(_, (_, keys))| keys.clone());
        let lost = !inner.lossy && !greatest.is_some_and(|now| keys.is_subset(&now));
        drop(inner);
        if lost {
            self.ghost.violated(format!("Keys: c{who} removes {path}, and not all of its keys are in another"));
        }
    }

    /// A client concludes something: what it remembers of the keyring never goes back.
    pub(super) fn concluding(&self, seat: usize, batch: &[StateRecord]) {
        let value = |key: &str| batch.iter().find(|record| record.key == key).and_then(|record| record.value.as_deref());
        let (Some(pin), Some(keyring)) = (value(PIN), value(KEYRING)) else { return };
        let Ok(Pin { vault, keyring: named }) = serde_json::from_slice(pin) else {
            return self.ghost.violated(format!("Keys: what c{} remembers makes no sense", seat + 1));
        };
        let mut inner = self.inner();
        let before = inner.pins.insert(seat, (vault.clone(), named.clone()));
        let id: String = named.id.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = format!("k/{:08x}-{:08x}-{id}", named.epoch, named.revision);
        let opened = Unsealed::open(&path, keyring, &self.encryption);
        let keys: Option<Vec<KeyId>> = opened.filter(|opened| opened.vault() == vault).map(|opened| opened.data_keys());
        let sense = keys.is_some();
        inner.remembered.entry(seat).or_default().extend(keys.unwrap_or_default());
        drop(inner);
        if !sense {
            self.ghost.violated(format!("Keys: what c{} remembers does not open", seat + 1));
        }
        if before.is_some_and(|(of, before)| of == vault && before > named) {
            self.ghost.violated(format!("Keys: c{} goes back to the keyring {path}", seat + 1));
        }
    }

    /// A device was put back, or is a copy: so is what it remembers.
    pub(super) fn restored(&self, seat: usize) {
        let mut inner = self.inner();
        inner.pins.remove(&seat);
        let all = inner.remembered.values().flatten().copied().collect();
        inner.remembered.insert(seat, all);
    }

    /// The drive was put back, or has lost files.
    pub(super) fn turned_back(&self) {
        let opened = self.drive.backup().into_iter().filter_map(|(path, file)| {
            let opened = Unsealed::open(&path, &file.bytes, &self.encryption)?;
            Some((path, (opened.vault(), opened.data_keys().into_iter().collect())))
        });
        let there = opened.collect();
        let mut inner = self.inner();
        (inner.there, inner.lossy) = (there, true);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
