//! What is certainly gone: only that may be deleted elsewhere.

use super::{
    paths::OWN,
    place::{NoPlace, Place, Twin, look, reason},
    tree::{Tree, Usage},
};
use kitestring::DocId;
use rustix::{
    fd::AsFd as _,
    fs::{AtFlags, FileType},
    io::Errno,
};
use std::io;

/// Files that the disk takes for others.
pub(super) type Twins = Vec<(DocId, Twin)>;

impl Tree {
    /// Says which of these are certainly gone. A file that exists but cannot be read is not, nor is one behind a
    /// symbolic link that has taken the place of a directory, nor one that is ignored. Of a file whose name the disk
    /// takes for another's, only what that one looks like is said.
    pub(super) fn missing(&self, ids: Vec<DocId>) -> io::Result<(Vec<DocId>, Twins)> {
        self.check_present()?;
        let (rules, mut gone, mut twins) = (self.rules(), Vec::new(), Vec::new());
        for id in ids.into_iter().filter(|id| !rules.ignore_id(id)) {
            let found = match Place::find(self.root(), &id) {
                Ok(place) if is_placeheld(&place) => {
                    self.notes.add(id.as_str(), "is only in iCloud now, with a placeholder here: open it, and the next sync takes it");
                    continue;
                }
                Ok(place) => place.look(),
                Err(NoPlace::Nothing) => Ok(None),
                Err(NoPlace::Twin(twin)) => {
                    twins.push((id, twin));
                    continue;
                }
                Err(NoPlace::Refused(_)) => continue,
            };
            if matches!(found, Ok(None | Some((FileType::Directory, _)))) {
                gone.push(id);
            }
        }
        Ok((gone, twins))
    }

    /// Refuses to take an emptied or exchanged folder for one whose files were all deleted.
    pub(super) fn check_present(&self) -> io::Result<()> {
        if matches!(self.usage, Usage::Guest) {
            return Ok(());
        }
        match rustix::fs::statat(&self.root, format!("{OWN}/{}", crate::config::FILE), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(()),
            Err(Errno::NOENT | Errno::NOTDIR) => {
                let what = format!("the folder has lost {OWN}/{}, by which kite knows it: nothing was changed", crate::config::FILE);
                Err(io::Error::new(io::ErrorKind::NotFound, what))
            }
            Err(errno) => Err(io::Error::other(reason(errno))),
        }
    }
}

/// Whether iCloud has taken the file away and left its placeholder.
fn is_placeheld(place: &Place<'_>) -> bool {
    let placeholder = format!(".{}.icloud", place.name);
    matches!(place.look(), Ok(None)) && matches!(look(place.dir.as_fd(), placeholder.as_str()), Ok(Some(_)))
}
