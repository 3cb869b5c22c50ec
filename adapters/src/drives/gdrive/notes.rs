//! What the drive wants to be told again the next time, so that a program that was just started need not search: where the drive
//! is, and the ids of the files that are asked for again and again. Nothing is wrong if it is lost.

use super::{
    GDrive, known,
    root::{Place, Root},
};
use kitestring::{DrivePath, MaybeSend, MaybeSync, apply, drive::GetOptions, port};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many ids are noted.
const MOST: usize = 16;

/// Keeps a few bytes for the drive from one run of the program to the next. They hold no secret.
#[apply(port!)]
pub trait Notes: MaybeSend + MaybeSync {
    /// Returns what was kept last, if it is still there.
    async fn load(&self) -> Option<Vec<u8>>;

    /// Keeps this instead. What cannot be kept is forgotten.
    async fn save(&self, bytes: Vec<u8>);
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Noted {
    /// Where the drive was looked for.
    place: Place,
    root: Root,
    files: BTreeMap<String, String>,
}

/// What was noted, and what of it was read and written.
#[derive(Debug, Default)]
pub(super) struct Memo {
    has_loaded: bool,
    /// The drive was made by this very run: whether it is the one that counts is looked up once more by the next one.
    pub(super) is_young: bool,
    /// Where the drive is, is what was noted, and nobody has looked since.
    pub(super) is_recalled: bool,
    files: BTreeMap<String, String>,
    saved: Option<Vec<u8>>,
}

impl GDrive {
    /// Reads the notes, once.
    pub(super) async fn recall(&self) {
        let Some(notes) = &self.notes else { return };
        if std::mem::replace(&mut self.known.lock().memo.has_loaded, true) {
            return;
        }
        let Some(bytes) = notes.load().await else { return };
        let Some(noted) = serde_json::from_slice::<Noted>(&bytes).ok().filter(|noted| noted.place == self.place) else { return };
        let mut inner = self.known.lock();
        if inner.root.is_some() {
            return;
        }
        for (path, id) in &noted.files {
            if let Ok(path) = DrivePath::new(path.as_str()) {
                inner.files.entry(path).or_insert_with(|| known::Place::new(id));
            }
        }
        inner.root = Some(noted.root);
        (inner.memo.files, inner.memo.saved, inner.memo.is_recalled) = (noted.files, Some(bytes), true);
    }

    /// Whether a file is asked for again and again: one of which a version is known, or one of the few that several write.
    pub(super) fn is_asked_often(&self, path: &DrivePath, options: &GetOptions) -> bool {
        let has_few = || self.known.lock().table.as_ref().is_some_and(|(_, table)| table.files.len() <= MOST);
        options.unless.is_some() || (!self.has_one_writer(path) && has_few())
    }

    /// Notes the id of a file that is asked for again and again.
    pub(super) async fn note(&self, path: &DrivePath, id: &str) {
        let Some(notes) = &self.notes else { return };
        let bytes = {
            let mut inner = self.known.lock();
            let files = &mut inner.memo.files;
            if files.len() < MOST || files.contains_key(path.as_str()) {
                files.insert(path.to_string(), id.to_owned());
            }
            let Some(root) = inner.root.clone().filter(|_| !inner.memo.is_young) else { return };
            let noted = Noted { place: self.place.clone(), root, files: inner.memo.files.clone() };
            let Ok(bytes) = serde_json::to_vec(&noted) else { return };
            if inner.memo.saved.as_ref() == Some(&bytes) {
                return;
            }
            inner.memo.saved = Some(bytes.clone());
            bytes
        };
        notes.save(bytes).await;
    }
}
