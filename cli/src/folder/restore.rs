//! Restoring from the trash. What has taken the place meanwhile goes to the trash in turn.

use super::{
    Item, TRASH,
    durable::Changed,
    place::{Place, Root, open_dir, plain},
    read, stage,
    tree::Tree,
    write::{Batch, End, Ready, chmod},
};
use kitestring::{DocId, Outcome, Revision};
use rustix::fd::AsFd as _;
use std::{io, os::unix::fs::PermissionsExt as _};

/// The name of the content on its way.
const NAME: &str = "restored";

/// What restoring a file did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restored {
    /// Nothing had the place.
    New,
    /// What had the place is in the trash now.
    Replacing,
    /// The same content was there already.
    Same,
}

impl Tree {
    /// Brings a file out of the trash to `to`. It stays in the trash until it is durably there.
    ///
    /// # Errors
    /// The reason, if it cannot be there; nothing is changed then.
    pub(crate) fn restore(&self, item: &Item, to: &DocId) -> io::Result<Restored> {
        let own = self.own()?;
        let top = open_dir(open_dir(own.as_fd(), TRASH)?.as_fd(), item.top.as_str())?;
        let path = DocId::new(item.path.clone()).map_err(io::Error::other)?;
        let kept = Place::find(Root::exact(top.as_fd()), &path).map_err(|_| io::Error::from(io::ErrorKind::NotFound))?;
        let mut batch = Batch { root: self.root(), own: own.as_fd(), changed: Changed::default() };
        let there = batch.revision(to).map_err(said)?;

        let tmp = self.tmp()?;
        let mut file = kept.open()?;
        let mode = file.metadata()?.permissions().mode() & 0o777;
        io::copy(&mut file, &mut stage::create(&tmp, NAME)?)?;
        stage::sync(&tmp, &[NAME])?;
        let revision = Revision::from(read::digest(&mut stage::content(&tmp, NAME)?)?);
        if there.as_ref() == Some(&revision) {
            stage::discard(&tmp, vec![NAME]);
            return Ok(Restored::Same);
        }
        let ready = Ready { dir: tmp.as_fd(), name: NAME, revision };
        chmod(&ready, mode)?;
        batch.put(to, &ready, there.as_ref()).map_err(said)?;
        batch.changed.sync()?;
        take_out(&kept, &top, &path);
        Ok(if there.is_some() { Restored::Replacing } else { Restored::New })
    }

    /// Returns the revision of the file that is there now; none if no file is.
    ///
    /// # Errors
    /// The reason, if no file can be there, or if it cannot be read.
    pub(crate) fn revision(&self, id: &DocId) -> io::Result<Option<Revision>> {
        let own = self.own()?;
        Batch { root: self.root(), own: own.as_fd(), changed: Changed::default() }.revision(id).map_err(said)
    }
}

/// Takes the file out of the trash, and the directories that this empties. What stays behind is a copy too many.
fn take_out(kept: &Place<'_>, top: &rustix::fd::OwnedFd, path: &DocId) {
    let _ = rustix::fs::unlinkat(&kept.dir, kept.name, rustix::fs::AtFlags::empty());
    let mut path = path.as_str();
    while let Some((parent, _)) = path.rsplit_once('/') {
        path = parent;
        let Ok(id) = DocId::new(path) else { return };
        let Ok(place) = Place::find(Root::exact(top.as_fd()), &id) else { return };
        if rustix::fs::unlinkat(&place.dir, place.name, rustix::fs::AtFlags::REMOVEDIR).is_err() {
            return;
        }
    }
}

fn said(end: End) -> io::Error {
    match end {
        End::Answer(Outcome::Rejected(why)) => io::Error::other(why),
        End::Answer(_) => io::Error::other("the file there is being changed; try again"),
        End::Fault(e) => io::Error::new(e.kind(), plain(&e)),
    }
}
