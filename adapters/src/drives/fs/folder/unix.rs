//! Folders on Unix: one handle each, names relative to it, symlinks never followed.

use super::{Identity, Kind};
use rustix::{
    fs::{self, AtFlags, CWD, Dir, FileType, Mode, OFlags},
    io::Errno,
};
use std::{
    fs::File,
    io,
    os::fd::{AsFd as _, OwnedFd},
    path::Path,
};

#[derive(Debug)]
pub(in super::super) struct Folder(OwnedFd);

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const NO_LINK: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC);

impl Folder {
    /// Opens the root of a drive, which may be a symlink.
    pub(in super::super) fn root(path: &Path) -> io::Result<Self> {
        Ok(Self(fs::openat(CWD, path, DIRECTORY, Mode::empty())?))
    }

    pub(in super::super) fn identity(&self) -> io::Result<Identity> {
        let stat = fs::fstat(&self.0)?;
        #[allow(clippy::unnecessary_cast, reason = "the width of these numbers differs between systems")]
        Ok(Some((stat.st_dev as u64, stat.st_ino as u64)))
    }

    /// Opens the folder `name` inside this one. A symlink is an error.
    pub(in super::super) fn enter(&self, name: &str) -> io::Result<Self> {
        Ok(Self(fs::openat(&self.0, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?))
    }

    /// Makes the folder `name` inside this one, if it is not there.
    pub(in super::super) fn make(&self, name: &str) -> io::Result<()> {
        match fs::mkdirat(&self.0, name, Mode::from_raw_mode(0o777)) {
            Err(Errno::EXIST) => Ok(()),
            made => Ok(made?),
        }
    }

    pub(in super::super) fn kind(&self, name: &str) -> io::Result<Option<Kind>> {
        let stat = match fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(None),
            stat => stat?,
        };
        Ok(Some(match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Kind::File {
                size: u64::try_from(stat.st_size).unwrap_or_default(),
                modified: u64::try_from(stat.st_mtime).unwrap_or_default(),
            },
            FileType::Directory => Kind::Folder,
            FileType::Symlink => Kind::Symlink,
            _ => Kind::Other,
        }))
    }

    /// Opens a file for reading; never waits for the other end of a pipe.
    pub(in super::super) fn read(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | NO_LINK;
        Ok(fs::openat(&self.0, name, flags, Mode::empty())?.into())
    }

    /// Creates a file that is not there yet.
    pub(in super::super) fn create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | NO_LINK;
        Ok(fs::openat(&self.0, name, flags, Mode::from_raw_mode(0o666))?.into())
    }

    /// Opens a lock file, creating it if it is not there.
    pub(in super::super) fn lock_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | NO_LINK;
        Ok(fs::openat(&self.0, name, flags, Mode::from_raw_mode(0o666))?.into())
    }

    /// Whether `name` still stands for this open file.
    pub(in super::super) fn names(&self, name: &str, file: &File) -> io::Result<bool> {
        let open = fs::fstat(file)?;
        match fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => Ok(false),
            there => {
                let there = there?;
                Ok((there.st_dev, there.st_ino) == (open.st_dev, open.st_ino))
            }
        }
    }

    pub(in super::super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(fs::renameat(&self.0, from, &self.0, to)?)
    }

    /// Renames unless `to` is there (`AlreadyExists`): in one step where the system can; the caller holds the
    /// drive's lock for where it cannot.
    pub(in super::super) fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
        match fs::renameat_with(&self.0, from, &self.0, to, fs::RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            renamed => return Ok(renamed?),
        }
        match fs::linkat(&self.0, from, &self.0, to, AtFlags::empty()) {
            Ok(()) => self.remove(from),
            Err(Errno::EXIST) => Err(io::ErrorKind::AlreadyExists.into()),
            // No hard links here, FAT for one.
            Err(_) if self.kind(to)?.is_none() => self.rename(from, to),
            Err(_) => Err(io::ErrorKind::AlreadyExists.into()),
        }
    }

    pub(in super::super) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Makes the names in this folder durable.
    pub(in super::super) fn sync(&self) -> io::Result<()> {
        match fs::fsync(&self.0) {
            // Some network and user-space file systems cannot sync folders, and need not.
            Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
            synced => Ok(synced?),
        }
    }

    /// Whether [`Folder::sync_disk`] makes everything durable that was written to this file system.
    ///
    /// Only file systems that are known to flush the device in `syncfs` (ext, XFS, Btrfs, F2FS, overlay) and those that keep
    /// nothing anyway (tmpfs). FUSE and FAT answer without doing it.
    #[cfg(target_os = "linux")]
    pub(in super::super) fn can_sync_disk(&self) -> bool {
        const KNOWN: [u64; 6] = [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x794c_7630, 0x0102_1994];
        #[allow(clippy::unnecessary_cast, reason = "the width of this number differs between systems")]
        fs::fstatfs(&self.0).is_ok_and(|stat| KNOWN.contains(&(stat.f_type as u64)))
    }

    #[cfg(not(target_os = "linux"))]
    pub(in super::super) fn can_sync_disk(&self) -> bool {
        false
    }

    /// Makes the whole file system durable. It reports the failures of writes since this handle was opened (Linux 5.8).
    #[cfg(target_os = "linux")]
    pub(in super::super) fn sync_disk(&self) -> io::Result<()> {
        Ok(fs::syncfs(&self.0)?)
    }

    #[cfg(not(target_os = "linux"))]
    pub(in super::super) fn sync_disk(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Starts a listing, which keeps this folder open.
    pub(in super::super) fn list(self) -> io::Result<Names> {
        Ok(Names { dir: Dir::read_from(self.0.as_fd())?, folder: self })
    }
}

/// An open listing.
#[derive(Debug)]
pub(in super::super) struct Names {
    dir: Dir,
    folder: Folder,
}

impl Names {
    pub(in super::super) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Returns the next name that is UTF-8 text.
    pub(in super::super) fn next_name(&mut self) -> io::Result<Option<String>> {
        while let Some(entry) = self.dir.read() {
            match entry?.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => return Ok(Some(name.to_owned())),
            }
        }
        Ok(None)
    }
}
