//! A host that keeps no document: of each note it has a version and a hash of what came, in a file that outlives a kill.

use crate::plan::{body, id};
use bench::Result;
use kitestring::{Action, Application, Body, Change, DocId, Document, Entry, Error, ErrorKind, Incoming, Outcome, Revision, apply, port};
use std::{
    fs::{File, OpenOptions},
    hash::{DefaultHasher, Hasher as _},
    os::unix::fs::FileExt as _,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What is kept of a note: the version, 0 for none, and the hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slot {
    version: u64,
    hash: u64,
}

const SLOT_BYTES: usize = 16;

impl Slot {
    /// What is kept of a note with this content.
    pub fn of(version: u64, body: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(body);
        Self { version, hash: hasher.finish() }
    }

    fn bytes(self) -> [u8; SLOT_BYTES] {
        (u128::from(self.version) << 64 | u128::from(self.hash)).to_be_bytes()
    }

    fn from_bytes(bytes: [u8; SLOT_BYTES]) -> Self {
        let both = u128::from_be_bytes(bytes);
        Self { version: (both >> 64) as u64, hash: both as u64 }
    }
}

/// Reads the slots of a file.
///
/// # Errors
/// If it cannot be read.
pub fn read(file: &Path) -> Result<Vec<Slot>> {
    Ok(std::fs::read(file)?.as_chunks().0.iter().map(|bytes| Slot::from_bytes(*bytes)).collect())
}

/// A slot for each note, in memory and in a file.
#[derive(Debug)]
pub struct SlotHost {
    slots: Mutex<Vec<Slot>>,
    file: File,
}

impl SlotHost {
    /// Opens the file, which is made if there is none.
    ///
    /// # Errors
    /// If that fails.
    pub fn open(file: &Path, documents: u64) -> Result<Self> {
        let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(file)?;
        opened.set_len(documents * SLOT_BYTES as u64)?;
        Ok(Self { slots: Mutex::new(read(file)?), file: opened })
    }

    /// Gives notes a version, and returns what to queue. Of a note that has it already the change is returned once more,
    /// because the program may have been killed before it queued it; one with a higher version stays as it is.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, notes: &[u64], version: u64) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        for &note in notes {
            let id = DocId::new(id(note))?;
            if self.slot(note).version > version {
                continue;
            }
            self.store(note, Slot::of(version, &body(note, version)))?;
            changes.push(Change { id, revision: Revision::number(version), action: Action::Put });
        }
        Ok(changes)
    }

    fn slot(&self, note: u64) -> Slot {
        self.slots().get(index(note)).copied().unwrap_or_default()
    }

    fn store(&self, note: u64, slot: Slot) -> std::io::Result<()> {
        self.file.write_all_at(&slot.bytes(), note * SLOT_BYTES as u64)?;
        if let Some(kept) = self.slots().get_mut(index(note)) {
            *kept = slot;
        }
        Ok(())
    }

    fn document(&self, id: DocId) -> Option<Document> {
        let note = number(&id)?;
        let version = self.slot(note).version;
        (version > 0).then(|| Document { id, revision: Revision::number(version), body: body(note, version).into() })
    }

    fn take(&self, change: &Incoming) -> kitestring::Result<Outcome> {
        let (Some(note), Some(Body::Whole(body))) = (number(&change.id), &change.body) else {
            return Ok(Outcome::Rejected("nobody made such a note, and nobody deleted one".to_owned()));
        };
        let known = self.slot(note).version;
        if (known > 0).then(|| Revision::number(known)) != change.expected {
            return Ok(Outcome::Stale);
        }
        let Ok(version) = change.revision.as_str().parse() else {
            return Ok(Outcome::Rejected("nobody made such a version".to_owned()));
        };
        self.store(note, Slot::of(version, body)).map_err(|e| Error::new(ErrorKind::Application, "apply", e.to_string()))?;
        Ok(Outcome::Applied)
    }

    fn slots(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn index(note: u64) -> usize {
    usize::try_from(note).unwrap_or(usize::MAX)
}

fn number(id: &DocId) -> Option<u64> {
    id.as_str().strip_prefix("note-")?.parse().ok()
}

#[apply(port!)]
impl Application for SlotHost {
    async fn get(&self, ids: Vec<DocId>) -> kitestring::Result<Vec<Document>> {
        Ok(ids.into_iter().filter_map(|id| self.document(id)).collect())
    }

    async fn apply(&self, changes: Vec<Incoming>) -> kitestring::Result<Vec<Outcome>> {
        changes.iter().map(|change| self.take(change)).collect()
    }

    async fn entries(&self, after: Option<DocId>, limit: u32) -> kitestring::Result<Vec<Entry>> {
        let first = after.and_then(|id| number(&id)).map_or(0, |note| note + 1);
        let slots = self.slots();
        let rest = (first..).zip(slots.iter().skip(index(first))).filter(|(_, slot)| slot.version > 0);
        rest.take(limit as usize)
            .map(|(note, slot)| Ok(Entry { id: DocId::new(id(note))?, revision: Revision::number(slot.version), digest: None, size: None }))
            .collect()
    }
}
