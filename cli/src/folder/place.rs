//! Finding a file by its id, one directory at a time, so that no symbolic link on the way is ever followed.

use super::{
    names::{Names, same_name},
    paths::names_of,
    stamp::Stamp,
};
use kitestring::DocId;
use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{AtFlags, FileType, Mode, OFlags},
    io::Errno,
};
use std::{fs::File, io};

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens a directory inside another.
pub(super) fn open_dir(at: BorrowedFd<'_>, name: impl rustix::path::Arg) -> rustix::io::Result<OwnedFd> {
    rustix::fs::openat(at, name, DIRECTORY, Mode::empty())
}

/// The folder, and how its disk treats names.
#[derive(Clone, Copy)]
pub(super) struct Root<'a> {
    pub dir: BorrowedFd<'a>,
    pub names: Names,
}

impl<'a> Root<'a> {
    /// A directory in which every name is its own.
    pub fn exact(dir: BorrowedFd<'a>) -> Self {
        Self { dir, names: Names::default() }
    }
}

/// Where a file is, or would be.
pub(super) struct Place<'a> {
    /// The directory that holds it.
    pub dir: OwnedFd,
    /// Its name there.
    pub name: &'a str,
}

/// Why a place cannot be had.
pub(super) enum NoPlace {
    /// A directory on the way does not exist, or is a file: nothing can be there.
    Nothing,
    /// The disk takes a name on the way for that of something else that is there.
    Twin(Twin),
    /// No file may be there, for this reason.
    Refused(String),
}

/// What a disk has under another name that it takes for the same.
#[derive(Debug)]
pub(super) struct Twin {
    /// The path of the other.
    pub path: String,
    /// What the other looks like, if it is a file and has the place of the file that was asked for.
    pub stamp: Option<Stamp>,
}

impl Twin {
    /// Says why a file cannot be here.
    pub fn why(&self) -> String {
        same_name(&self.path)
    }
}

impl<'a> Place<'a> {
    /// Finds the place of `id` under `root`.
    pub fn find(root: Root<'_>, id: &'a DocId) -> Result<Self, NoPlace> {
        Self::walk(root, id, |_, _, errno| match errno {
            Errno::NOENT | Errno::NOTDIR => Err(NoPlace::Nothing),
            other => Err(NoPlace::Refused(reason(other))),
        })
    }

    /// Finds the place of `id` under `root`, making the directories on the way. `made` receives each directory
    /// that got a new entry by this.
    pub fn make(root: Root<'_>, id: &'a DocId, mut made: impl FnMut(BorrowedFd<'_>)) -> Result<Self, NoPlace> {
        Self::walk(root, id, |at, name, errno| {
            if errno != Errno::NOENT {
                let what = if errno == Errno::NOTDIR { "a file stands where a directory is needed".to_owned() } else { reason(errno) };
                return Err(NoPlace::Refused(format!("{what}: {name}")));
            }
            match rustix::fs::mkdirat(at, name, Mode::from_raw_mode(0o777)) {
                Ok(()) => made(at),
                Err(Errno::EXIST) => {}
                Err(e) => return Err(NoPlace::Refused(reason(e))),
            }
            open_dir(at, name).map_err(|e| NoPlace::Refused(reason(e)))
        })
    }

    fn walk(
        root: Root<'_>,
        id: &'a DocId,
        mut otherwise: impl FnMut(BorrowedFd<'_>, &str, Errno) -> Result<OwnedFd, NoPlace>,
    ) -> Result<Self, NoPlace> {
        let names = names_of(id).map_err(NoPlace::Refused)?;
        let Some((name, parents)) = names.split_last() else { return Err(NoPlace::Nothing) };
        let mut dir = root.dir.try_clone_to_owned().map_err(|e| NoPlace::Refused(e.to_string()))?;
        let twin = |dir: BorrowedFd<'_>, depth: usize, name: &str| match root.names.twin(dir, name) {
            Ok(None) => Ok(()),
            Ok(Some(other)) => {
                let is_file = depth == parents.len();
                let stamp = is_file.then(|| look(dir, other.as_str()).ok().flatten()).flatten().map(|(_, stamp)| stamp);
                let above = names.get(..depth).unwrap_or_default().iter().map(|name| format!("{name}/"));
                Err(NoPlace::Twin(Twin { path: above.chain([other]).collect(), stamp }))
            }
            Err(errno) => Err(NoPlace::Refused(reason(errno))),
        };
        for (depth, parent) in parents.iter().enumerate() {
            twin(dir.as_fd(), depth, parent)?;
            dir = match open_dir(dir.as_fd(), *parent) {
                Ok(next) => next,
                Err(Errno::NOTDIR | Errno::LOOP) if is_link(dir.as_fd(), parent) => {
                    return Err(NoPlace::Refused(format!("`{parent}` is a symbolic link, and kite never follows one")));
                }
                Err(errno) => otherwise(dir.as_fd(), parent, errno)?,
            };
        }
        twin(dir.as_fd(), parents.len(), name)?;
        Ok(Self { dir, name })
    }

    /// Says what is at the place; none if nothing is.
    pub fn look(&self) -> rustix::io::Result<Option<(FileType, Stamp)>> {
        look(self.dir.as_fd(), self.name)
    }

    /// Opens the regular file at the place.
    ///
    /// # Errors
    /// `NotFound` if there is none; `InvalidInput`, with the reason, if it is something else.
    pub fn open(&self) -> io::Result<File> {
        open_file(self.dir.as_fd(), self.name)
    }
}

/// Opens the regular file with this name in a directory.
///
/// # Errors
/// `NotFound` if there is none; `InvalidInput`, with the reason, if it is something else.
pub(super) fn open_file(dir: BorrowedFd<'_>, name: &str) -> io::Result<File> {
    // Without NONBLOCK, opening a FIFO would wait for a writer.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(dir, name, flags, Mode::empty()) {
        Ok(fd) => File::from(fd),
        Err(errno) => {
            return match look(dir, name) {
                Ok(Some((kind, _))) if kind != FileType::RegularFile => Err(not_a_file(kind)),
                _ => Err(errno.into()),
            };
        }
    };
    match FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode) {
        FileType::RegularFile => Ok(file),
        kind => Err(not_a_file(kind)),
    }
}

/// Says what has this name in a directory, without following a link; none if nothing has.
pub(super) fn look(dir: BorrowedFd<'_>, name: impl rustix::path::Arg) -> rustix::io::Result<Option<(FileType, Stamp)>> {
    match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some((FileType::from_raw_mode(stat.st_mode), Stamp::of(&stat)))),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Names a kind of directory entry that is no document.
pub(super) fn kind_name(kind: FileType) -> &'static str {
    match kind {
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a FIFO (named pipe)",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Directory => "a directory",
        _ => "neither file nor directory",
    }
}

/// Says a system error for people.
pub(super) fn reason(errno: Errno) -> String {
    plain(&io::Error::from(errno))
}

/// Says a system error for people: without the number that Rust appends.
pub(super) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error") {
        Some(end) => text.get(..end).unwrap_or(&text).to_lowercase(),
        None => text,
    }
}

fn not_a_file(kind: FileType) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("is {}, not a file", kind_name(kind)))
}

fn is_link(dir: BorrowedFd<'_>, name: &str) -> bool {
    matches!(look(dir, name), Ok(Some((FileType::Symlink, _))))
}
