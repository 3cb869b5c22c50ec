//! The root of a drive, and the way from there to a file.

use super::{
    fault::Call,
    folder::{Folder, Identity, Kind},
    lock::{self, Held},
    names::{LOCK, is_reserved},
};
use kitestring::{ErrorKind, Result};
use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How many folders are remembered as durable before all are forgotten.
const REMEMBERED: usize = 1024;

#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    identity: Mutex<Identity>,
    /// Folders whose own name is known to be on the disk.
    durable: Mutex<BTreeSet<String>>,
}

/// Where a name lives: the folders from the root down, and the name in the last one.
#[derive(Debug)]
pub(super) struct Place<'a> {
    chain: Chain,
    pub(super) name: &'a str,
}

impl Place<'_> {
    pub(super) fn folder(&self) -> &Folder {
        self.chain.last()
    }

    pub(super) fn root(&self) -> &Folder {
        &self.chain.root
    }
}

/// Open folders from the root down.
#[derive(Debug)]
pub(super) struct Chain {
    root: Folder,
    below: Vec<Folder>,
}

impl Chain {
    pub(super) fn last(&self) -> &Folder {
        self.below.last().unwrap_or(&self.root)
    }

    pub(super) fn into_last(mut self) -> Folder {
        self.below.pop().unwrap_or(self.root)
    }
}

/// What to do about a folder that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lacking {
    Make,
    Leave,
}

impl Root {
    /// Takes a folder that exists as a root.
    pub(super) fn at(path: PathBuf) -> io::Result<Self> {
        let identity = Folder::root(&path)?.identity()?;
        Ok(Self { path, identity: Mutex::new(identity), durable: Mutex::default() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn call<'a>(&'a self, operation: &'static str, path: &'a str) -> Call<'a> {
        Call { operation, path, root: &self.path }
    }

    /// Opens the root, and makes sure that it is still the drive.
    ///
    /// An empty mount point must not pass for the drive whose disk was pulled out: a folder with another identity is
    /// the drive only if the lock file of the drive is in it, as it is after the disk was mounted again.
    pub(super) fn open(&self, call: &Call<'_>) -> Result<Folder> {
        let folder = Folder::root(&self.path).map_err(|e| call.gone(e))?;
        let found = folder.identity().map_err(|e| call.gone(e))?;
        let mut known = locked(&self.identity);
        if found != *known {
            let marked = folder.kind(LOCK).map_err(|e| call.fault(e))?;
            if !matches!(marked, Some(Kind::File { .. })) {
                return Err(call.unmounted());
            }
            *known = found;
            locked(&self.durable).clear();
        }
        Ok(folder)
    }

    /// Waits for the drive's lock.
    pub(super) fn lock(&self, root: &Folder) -> io::Result<Held> {
        lock::exclusive(root)
    }

    /// Opens the folders on the way to a file; none if one is lacking.
    pub(super) fn place<'a>(&self, call: &Call<'a>) -> Result<Option<Place<'a>>> {
        let (parent, name) = split(call.path);
        self.check_name(call, name)?;
        Ok(self.chain(call, parent, Lacking::Leave)?.map(|chain| Place { chain, name }))
    }

    /// Opens the folders down to `dir`; none if one is lacking and is not to be made.
    pub(super) fn chain(&self, call: &Call<'_>, dir: &str, lacking: Lacking) -> Result<Option<Chain>> {
        let mut chain = Chain { root: self.open(call)?, below: Vec::new() };
        for name in dir.split('/').filter(|s| !s.is_empty()) {
            self.check_name(call, name)?;
            let Some(next) = step(call, chain.last(), name, lacking)? else { return Ok(None) };
            chain.below.push(next);
        }
        Ok(Some(chain))
    }

    /// Refuses the names that the drive keeps for itself.
    pub(super) fn check_name(&self, call: &Call<'_>, name: &str) -> Result<()> {
        if is_reserved(name) { Err(call.invalid("this name is reserved for the drive's own files")) } else { Ok(()) }
    }

    /// Makes the names in the last folder durable, and the names of the folders above it unless they are known to be.
    ///
    /// A folder that is already there may have been made a moment ago by somebody who has not synced it yet, so each
    /// is synced once by each process.
    pub(super) fn sync(&self, chain: &Chain, dir: &str) -> io::Result<()> {
        chain.last().sync()?;
        if locked(&self.durable).contains(dir) {
            return Ok(());
        }
        chain.below.iter().rev().skip(1).chain([&chain.root]).try_for_each(Folder::sync)?;
        self.remember(dir);
        Ok(())
    }

    /// Remembers that the names of this folder and of those above it are on the disk.
    pub(super) fn remember(&self, dir: &str) {
        let mut durable = locked(&self.durable);
        if durable.len() >= REMEMBERED {
            durable.clear();
        }
        durable.insert(dir.to_owned());
    }
}

/// Splits a path into its folder and its last segment.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn step(call: &Call<'_>, folder: &Folder, name: &str, lacking: Lacking) -> Result<Option<Folder>> {
    let entered = match folder.enter(name) {
        Err(e) if e.kind() == io::ErrorKind::NotFound && lacking == Lacking::Make => {
            folder.make(name).map_err(|e| call.fault(e))?;
            folder.enter(name)
        }
        entered => entered,
    };
    let error = match entered {
        Ok(next) => return Ok(Some(next)),
        Err(e) => e,
    };
    if error.kind() == io::ErrorKind::NotFound {
        return if lacking == Lacking::Make { Err(call.error(ErrorKind::Unavailable, VANISHED).caused_by(error)) } else { Ok(None) };
    }
    match folder.kind(name) {
        Ok(Some(Kind::Symlink)) => Err(call.symlink()),
        Ok(Some(Kind::File { .. } | Kind::Other)) if lacking == Lacking::Leave => Ok(None),
        _ => Err(call.fault(error)),
    }
}

/// What is said when something that was just there is gone.
pub(super) const VANISHED: &str = "somebody removed the file or a folder above it while it was being written";

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
