//! Folders by path, for systems without folder handles.
//!
//! A symlink that is there is refused; one that somebody slips in between the check and the use is not noticed.

use super::{Identity, Kind};
use std::{
    fs::{self, File, OpenOptions, ReadDir},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::SystemTime,
};

#[derive(Debug)]
pub(in super::super) struct Folder(PathBuf);

#[cfg_attr(unix, allow(dead_code, reason = "on Unix this module is compiled for its tests only"))]
impl Folder {
    pub(in super::super) fn root(path: &Path) -> io::Result<Self> {
        if fs::metadata(path)?.is_dir() { Ok(Self(path.to_owned())) } else { Err(ErrorKind::NotADirectory.into()) }
    }

    pub(in super::super) fn identity(&self) -> io::Result<Identity> {
        Ok(None)
    }

    pub(in super::super) fn enter(&self, name: &str) -> io::Result<Self> {
        match self.kind(name)? {
            Some(Kind::Folder) => Ok(Self(self.0.join(name))),
            Some(_) => Err(ErrorKind::NotADirectory.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    pub(in super::super) fn make(&self, name: &str) -> io::Result<()> {
        match fs::create_dir(self.0.join(name)) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    }

    pub(in super::super) fn kind(&self, name: &str) -> io::Result<Option<Kind>> {
        let stat = match fs::symlink_metadata(self.0.join(name)) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            stat => stat?,
        };
        let age = stat.modified().ok().and_then(|m| m.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or_default();
        Ok(Some(match stat.file_type() {
            t if t.is_symlink() => Kind::Symlink,
            t if t.is_dir() => Kind::Folder,
            t if t.is_file() => Kind::File { size: stat.len(), modified: age.as_secs() },
            _ => Kind::Other,
        }))
    }

    pub(in super::super) fn read(&self, name: &str) -> io::Result<File> {
        match self.kind(name)? {
            Some(Kind::File { .. }) => File::open(self.0.join(name)),
            Some(Kind::Folder) => Err(ErrorKind::IsADirectory.into()),
            Some(_) => Err(ErrorKind::InvalidInput.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    pub(in super::super) fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(self.0.join(name))
    }

    pub(in super::super) fn lock_file(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(self.0.join(name))
    }

    /// Always yes: where this is used, an open file cannot be removed.
    pub(in super::super) fn names(&self, _name: &str, _file: &File) -> io::Result<bool> {
        Ok(true)
    }

    pub(in super::super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    pub(in super::super) fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        match fs::hard_link(self.0.join(from), self.0.join(to)) {
            Ok(()) => self.remove(from),
            // No hard links here: the caller holds the drive's lock.
            Err(_) if self.kind(to)?.is_none() => self.rename(from, to),
            Err(_) => Err(ErrorKind::AlreadyExists.into()),
        }
    }

    pub(in super::super) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    /// Nothing: folders have no handles to sync here, and NTFS logs its names by itself.
    pub(in super::super) fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    pub(in super::super) fn can_sync_disk(&self) -> bool {
        false
    }

    pub(in super::super) fn sync_disk(&self) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    pub(in super::super) fn list(self) -> io::Result<Names> {
        Ok(Names { dir: fs::read_dir(&self.0)?, folder: self })
    }
}

/// An open listing.
#[derive(Debug)]
pub(in super::super) struct Names {
    dir: ReadDir,
    folder: Folder,
}

#[cfg_attr(unix, allow(dead_code, reason = "on Unix this module is compiled for its tests only"))]
impl Names {
    pub(in super::super) fn folder(&self) -> &Folder {
        &self.folder
    }

    pub(in super::super) fn next_name(&mut self) -> io::Result<Option<String>> {
        for entry in self.dir.by_ref() {
            if let Ok(name) = entry?.file_name().into_string() {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_created_once_renamed_and_listed() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::root(dir.path()).unwrap();
        folder.create("a").unwrap();
        assert_eq!(folder.create("a").unwrap_err().kind(), ErrorKind::AlreadyExists);
        folder.create("b").unwrap();
        assert_eq!(folder.rename_new("a", "b").unwrap_err().kind(), ErrorKind::AlreadyExists);
        folder.rename_new("a", "c").unwrap();
        folder.make("d").unwrap();
        folder.make("d").unwrap();
        assert_eq!(folder.kind("a").unwrap(), None);
        assert_eq!(folder.kind("d").unwrap(), Some(Kind::Folder));
        let mut names = folder.list().unwrap();
        let mut found = Vec::new();
        while let Some(name) = names.next_name().unwrap() {
            found.push(name);
        }
        found.sort();
        assert_eq!(found, ["b", "c", "d"]);
    }

    #[cfg(unix)]
    #[test]
    fn symlinks_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc", dir.path().join("out")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("file")).unwrap();
        let folder = Folder::root(dir.path()).unwrap();
        assert!(folder.enter("out").is_err());
        assert!(folder.read("file").is_err());
        assert_eq!(folder.kind("out").unwrap(), Some(Kind::Symlink));
    }
}
