//! Directories whose entries changed in a batch: each is made durable once, at its end.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    io,
};

/// The directories of one batch.
#[derive(Default)]
pub(super) struct Changed(BTreeMap<(u64, u64), OwnedFd>);

impl Changed {
    /// Notes that entries of this directory changed.
    pub fn add(&mut self, dir: BorrowedFd<'_>) -> io::Result<()> {
        let stat = rustix::fs::fstat(dir)?;
        // The device number is 32 bits wide on some systems.
        #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
        let key = (stat.st_dev as u64, stat.st_ino);
        if let Entry::Vacant(new) = self.0.entry(key) {
            new.insert(dir.try_clone_to_owned()?);
        }
        Ok(())
    }

    /// Waits until every one of them is on the disk.
    pub fn sync(self) -> io::Result<()> {
        self.0.values().try_for_each(|dir| Ok(rustix::fs::fsync(dir.as_fd())?))
    }
}
