//! One kite at a time in a folder.

use crate::folder::OWN;
use kitestring::{Error, ErrorKind, Result};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::MetadataExt as _,
    path::Path,
    process, thread,
    time::{Duration, Instant},
};

/// The name of the lock file inside kite's own folder. It holds the process id of the kite at work.
pub(crate) const FILE: &str = "lock";

/// How long another kite is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// The lock, held until it is dropped or the process ends in whatever way.
#[derive(Debug)]
pub(crate) struct FolderLock(#[allow(dead_code, reason = "closing the file gives the lock back")] File);

impl FolderLock {
    /// Takes the lock of a folder in which `.kite` exists, waiting up to 10 seconds.
    ///
    /// # Errors
    /// `locked`, naming the process that holds it; `state` if the lock file cannot be used.
    pub(crate) fn take(folder: &Path) -> Result<Self> {
        let mut file = Self::acquire(folder, true)?;
        let pid = process::id().to_string();
        let note = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(pid.as_bytes()));
        note.map_err(|e| unusable(folder, &e))?;
        Ok(Self(file))
    }

    /// Takes the lock without writing anything; none if the folder has no lock file yet.
    ///
    /// # Errors
    /// As `take`.
    pub(crate) fn take_quietly(folder: &Path) -> Result<Option<Self>> {
        if !folder.join(OWN).join(FILE).exists() {
            return Ok(None);
        }
        Self::acquire(folder, false).map(|file| Some(Self(file)))
    }

    fn acquire(folder: &Path, write: bool) -> Result<File> {
        let path = folder.join(OWN).join(FILE);
        let started = Instant::now();
        loop {
            let opened = OpenOptions::new().read(true).write(write).create(write).truncate(false).open(&path);
            let mut file = opened.map_err(|e| unusable(folder, &e))?;
            match file.try_lock() {
                // `kite unlink` removes the file: a lock on what has no name any more is none.
                Ok(()) if is_at(&file, &path) => return Ok(file),
                Ok(()) => {}
                Err(TryLockError::Error(e)) => return Err(unusable(folder, &e)),
                Err(TryLockError::WouldBlock) if started.elapsed() >= PATIENCE => return Err(held(folder, &mut file)),
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            }
        }
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    let same = |a: std::fs::Metadata, b: std::fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
    file.metadata().and_then(|a| path.metadata().map(|b| same(a, b))).unwrap_or(false)
}

fn held(folder: &Path, file: &mut File) -> Error {
    let mut pid = String::new();
    let who = match file.read_to_string(&mut pid) {
        Ok(_) if !pid.trim().is_empty() => format!("process {}", pid.trim()),
        _ => "another process".to_owned(),
    };
    let detail = format!("another kite is at work in this folder ({who}); wait for it to end, then try again");
    Error::new(ErrorKind::Locked { owner: Some(who), until_ms: 0 }, "lock", detail).about(folder.display().to_string())
}

fn unusable(folder: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::State, "lock", format!("{OWN}/{FILE} cannot be used: {error}")).about(folder.display().to_string())
}
