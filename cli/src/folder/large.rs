//! Files that pass in parts because they are large.

use super::{
    place::{Place, plain},
    read::{self, Steady},
    stage,
    stamp::Stamp,
    tree::Tree,
};
use kitestring::{DocId, PartRequest, Revision, StagedPart};
use std::{io, sync::PoisonError};

/// How many large files are remembered between `get` and `read_part`.
const MAX_LARGE: usize = 1000;

impl Tree {
    /// Remembers what a large file looked like when `get` answered it.
    pub(super) fn remember(&self, id: &DocId, revision: &Revision, stamp: Stamp) {
        let mut large = self.large.lock().unwrap_or_else(PoisonError::into_inner);
        if large.len() >= MAX_LARGE {
            large.pop_first();
        }
        large.insert(id.clone(), (revision.clone(), stamp));
    }

    /// Reads a part of a large file; none if it is no longer the one that `get` answered.
    pub(super) fn read_part(&self, part: &PartRequest) -> Option<Vec<u8>> {
        let known = self.large.lock().unwrap_or_else(PoisonError::into_inner).get(&part.id).cloned();
        let stamp = match known {
            Some((revision, stamp)) if revision == part.revision => stamp,
            _ => match self.try_read(&part.id, read::hash)? {
                Steady::Same(hashed, stamp) if Revision::from(hashed.digest) == part.revision => {
                    self.remember(&part.id, &part.revision, stamp);
                    stamp
                }
                _ => return None,
            },
        };
        let file = Place::find(self.root(), &part.id).ok()?.open().ok()?;
        match read::part(&file, stamp, part.offset, part.length) {
            Ok(bytes) => bytes,
            Err(e) => {
                self.notes.add(part.id.as_str(), format!("cannot be read: {}", plain(&e)));
                None
            }
        }
    }

    /// Takes a part of a large content that a later change names.
    pub(super) fn stage_part(&self, part: &StagedPart) -> io::Result<()> {
        match stage::add_part(&self.tmp()?, part) {
            // That concerns this file only: it is found short when it is to be applied, and refused.
            Err(e) if e.kind() == io::ErrorKind::FileTooLarge => {
                self.notes.add(part.id.as_str(), "cannot be written: the folder's file system holds no file of this size".to_owned());
                Ok(())
            }
            other => other,
        }
    }
}
