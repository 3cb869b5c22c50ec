//! Writing into the folder: compare, then replace atomically, and never destroy what was there.
//!
//! A new file is moved in under the condition that nothing has its name. A replacement changes places with the
//! old file in one step, and the old one is then looked at: should an edit have come in the last moment, they
//! change places again. Whatever leaves the folder is in the trash.

use super::{
    durable::Changed,
    place::{NoPlace, Place, Root, kind_name, plain, reason},
    read::{self, Steady},
    swap,
    trash::{self, Bin, Why},
};
use kitestring::{DocId, Outcome, Revision};
use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{FileType, Mode, OFlags},
    io::Errno,
};
use std::{
    fs::{File, Permissions},
    io,
    os::unix::fs::PermissionsExt as _,
};

/// Ends one change early.
pub(super) enum End {
    /// With this answer.
    Answer(Outcome),
    /// With a fault that ends the whole batch.
    Fault(io::Error),
}

/// A new content, ready in kite's own folder.
pub(super) struct Ready<'a> {
    /// The directory it lies in.
    pub dir: BorrowedFd<'a>,
    /// Its name there.
    pub name: &'a str,
    /// The revision of its content.
    pub revision: Revision,
}

/// A batch of changes under way.
pub(super) struct Batch<'a> {
    /// The synced folder.
    pub root: Root<'a>,
    /// Kite's own folder in it.
    pub own: BorrowedFd<'a>,
    /// What has to be made durable at the end.
    pub changed: Changed,
}

impl Batch<'_> {
    /// Puts a file in its place, if the place still holds `expected`.
    pub fn put(&mut self, id: &DocId, ready: &Ready<'_>, expected: Option<&Revision>) -> Result<(), End> {
        let (root, changed) = (self.root, &mut self.changed);
        let mut fault = None;
        let place = Place::make(root, id, |dir| fault = changed.add(dir).err()).map_err(|e| match e {
            NoPlace::Nothing => stale(),
            NoPlace::Twin(twin) => rejected(twin.why()),
            NoPlace::Refused(reason) => rejected(reason),
        })?;
        if let Some(fault) = fault {
            return Err(End::Fault(fault));
        }
        let found = current(&place)?;
        if found.as_ref().map(|(revision, _)| revision) != expected {
            return Err(stale());
        }
        match found {
            None => swap::move_new(ready.dir, ready.name, place.dir.as_fd(), place.name).map_err(|e| match e {
                Errno::EXIST => stale(),
                other => failed(other.into()),
            })?,
            Some((revision, old)) => self.replace(id, &place, ready, &revision, &old)?,
        }
        self.changed.add(place.dir.as_fd()).map_err(End::Fault)
    }

    /// Moves a file to the trash, if it still is `expected`, and removes the directories that this empties.
    pub fn delete(&mut self, id: &DocId, expected: Option<&Revision>) -> Result<(), End> {
        let place = match Place::find(self.root, id) {
            Ok(place) => place,
            // What the disk has for it under another name is another file.
            Err(NoPlace::Nothing | NoPlace::Twin(_)) if expected.is_none() => return Ok(()),
            Err(NoPlace::Nothing | NoPlace::Twin(_)) => return Err(stale()),
            Err(NoPlace::Refused(reason)) => return Err(rejected(reason)),
        };
        let Some((revision, _)) = current(&place)? else {
            return if expected.is_none() { Ok(()) } else { Err(stale()) };
        };
        if Some(&revision) != expected {
            return Err(stale());
        }
        self.remove(id, &place, &revision)
    }

    fn remove(&mut self, id: &DocId, place: &Place<'_>, revision: &Revision) -> Result<(), End> {
        let bin = self.bin(id, Why::Deleted)?;
        swap::move_new(place.dir.as_fd(), place.name, bin.dir.as_fd(), &bin.name).map_err(|e| match e {
            Errno::NOENT => stale(),
            other => failed(other.into()),
        })?;
        self.changed.add(place.dir.as_fd()).map_err(End::Fault)?;
        if !holds(&bin, revision) {
            // An edit of the last moment goes back; if its name is taken again, it stays in the trash.
            let _ = swap::move_new(bin.dir.as_fd(), &bin.name, place.dir.as_fd(), place.name);
            return Err(stale());
        }
        self.remove_empty(id);
        Ok(())
    }

    fn replace(&mut self, id: &DocId, place: &Place<'_>, ready: &Ready<'_>, revision: &Revision, old: &File) -> Result<(), End> {
        let mode = old.metadata().map_err(failed)?.permissions().mode() & 0o777;
        chmod(ready, mode).map_err(failed)?;
        let bin = self.bin(id, Why::Replaced)?;
        // The new content waits in the trash, so that the old one is there the moment they change places.
        swap::move_new(ready.dir, ready.name, bin.dir.as_fd(), &bin.name).map_err(|e| failed(e.into()))?;
        let exchanged = swap::exchange(bin.dir.as_fd(), &bin.name, place.dir.as_fd(), place.name);
        let back = match exchanged {
            Ok(()) if holds(&bin, revision) => return Ok(()),
            Ok(()) => {
                swap::exchange(bin.dir.as_fd(), &bin.name, place.dir.as_fd(), place.name).map_err(|e| failed(e.into()))?;
                stale()
            }
            Err(Errno::NOENT) => stale(),
            Err(errno) => failed(errno.into()),
        };
        if holds(&bin, &ready.revision) {
            let _ = rustix::fs::unlinkat(&bin.dir, &bin.name, rustix::fs::AtFlags::empty());
        }
        Err(back)
    }

    /// Returns the revision of the file that is there now; none if no file is.
    pub fn revision(&self, id: &DocId) -> Result<Option<Revision>, End> {
        match Place::find(self.root, id) {
            // Only a write may take an empty directory away.
            Ok(place) if matches!(place.look(), Ok(Some((FileType::Directory, _)))) => Ok(None),
            Ok(place) => Ok(current(&place)?.map(|(revision, _)| revision)),
            Err(NoPlace::Nothing) => Ok(None),
            Err(NoPlace::Twin(twin)) => Err(rejected(twin.why())),
            Err(NoPlace::Refused(reason)) => Err(rejected(reason)),
        }
    }

    fn bin(&mut self, id: &DocId, why: Why) -> Result<Bin, End> {
        let bin = trash::bin(self.own, why, id.as_str()).map_err(|e| failed(e.into()))?;
        for dir in bin.parents.iter().chain([&bin.dir]) {
            self.changed.add(dir.as_fd()).map_err(End::Fault)?;
        }
        Ok(bin)
    }

    /// Removes the directories above `id`, deepest first, until one is not empty.
    fn remove_empty(&mut self, id: &DocId) {
        let mut path = id.as_str();
        while let Some((parent, _)) = path.rsplit_once('/') {
            path = parent;
            let Some(place) = DocId::new(path).ok().and_then(|id| removed_dir(self.root, &id)) else { return };
            // A directory that cannot be noted is at worst there again after a power cut, and empty.
            let _ = self.changed.add(place.as_fd());
        }
    }
}

pub(super) fn chmod(ready: &Ready<'_>, mode: u32) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(ready.dir, ready.name, flags, Mode::empty())?;
    File::from(file).set_permissions(Permissions::from_mode(mode))
}

/// Returns the revision of the file at a place and the file; none if nothing is there.
fn current(place: &Place<'_>) -> Result<Option<(Revision, File)>, End> {
    match place.look() {
        Ok(None) => return Ok(None),
        Ok(Some((FileType::RegularFile, _))) => {}
        // Directories that only an earlier deletion left behind are no obstacle.
        Ok(Some((FileType::Directory, _))) if remove_dir(place).is_ok() => return Ok(None),
        Ok(Some((kind, _))) => return Err(rejected(format!("{} stands in its place", kind_name(kind)))),
        Err(errno) => return Err(rejected(reason(errno))),
    }
    let mut file = match place.open() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|e| rejected(format!("the file here cannot be read: {}", plain(&e))))?,
    };
    match read::hash(&mut file) {
        Ok(Steady::Same(hashed, _)) => Ok(Some((Revision::from(hashed.digest), file))),
        Ok(Steady::Busy) => Err(rejected(read::BUSY.to_owned())),
        Err(e) => Err(rejected(format!("the file here cannot be read: {}", plain(&e)))),
    }
}

/// Whether what lies in the trash is a file with this revision.
fn holds(bin: &Bin, revision: &Revision) -> bool {
    let place = Place {
        dir: match bin.dir.try_clone() {
            Ok(dir) => dir,
            Err(_) => return false,
        },
        name: &bin.name,
    };
    let digest = place.open().and_then(|mut file| read::digest(&mut file));
    digest.is_ok_and(|digest| Revision::from(digest) == *revision)
}

fn removed_dir(root: Root<'_>, id: &DocId) -> Option<OwnedFd> {
    let place = Place::find(root, id).ok()?;
    remove_dir(&place).ok()?;
    Some(place.dir)
}

fn remove_dir(place: &Place<'_>) -> rustix::io::Result<()> {
    rustix::fs::unlinkat(&place.dir, place.name, rustix::fs::AtFlags::REMOVEDIR)
}

fn stale() -> End {
    End::Answer(Outcome::Stale)
}

fn rejected(reason: String) -> End {
    End::Answer(Outcome::Rejected(reason))
}

/// A full disk concerns everything; any other failure only this file.
fn failed(error: io::Error) -> End {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => End::Fault(error),
        io::ErrorKind::CrossesDevices => {
            rejected("it would lie on another file system than the folder, where kite cannot replace files safely".to_owned())
        }
        _ => rejected(format!("cannot be written: {}", plain(&error))),
    }
}

#[cfg(test)]
mod tests;
