//! The trash: what a sync replaces or deletes is moved to `.kite/trash/<UTC time>-<why>/<path>`, never destroyed
//! before thirty days are over.

mod stored;
mod time;

pub(crate) use stored::{Expired, Item, Trash};
pub(crate) use time::{utc_stamp, utc_text};

use super::place::open_dir;
use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{AtFlags, Mode},
    io::Errno,
};
use std::time::SystemTime;

/// The name of the trash inside kite's own folder.
pub(crate) const TRASH: &str = "trash";

/// How many folders of one second are tried.
const MAX_TRIES: u32 = 1000;

/// Why something is in the trash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Another content took its place.
    Replaced,
    /// It was deleted.
    Deleted,
}

impl Why {
    /// Returns the word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Deleted => "deleted",
        }
    }
}

/// A free place in the trash.
pub(super) struct Bin {
    /// The directory.
    pub dir: OwnedFd,
    /// The name, which nothing has there.
    pub name: String,
    /// The directories that lead to it, to be made durable.
    pub parents: Vec<OwnedFd>,
}

/// Finds a free place for what was at `path`, making the directories on the way.
///
/// `own` is kite's folder. Two things that were at one path within a second, or a file and a directory of one
/// name, end up in different folders of the trash.
pub(super) fn bin(own: BorrowedFd<'_>, why: Why, path: &str) -> rustix::io::Result<Bin> {
    let stamp = format!("{}-{}", utc_stamp(SystemTime::now()), why.word());
    for n in 1..=MAX_TRIES {
        let top = if n == 1 { stamp.clone() } else { format!("{stamp}-{n}") };
        match place(own, &top, path) {
            Err(Errno::EXIST | Errno::NOTDIR) => {}
            other => return other,
        }
    }
    Err(Errno::EXIST)
}

fn place(own: BorrowedFd<'_>, top: &str, path: &str) -> rustix::io::Result<Bin> {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut dir = own.try_clone_to_owned().map_err(|_| Errno::MFILE)?;
    let mut parents = Vec::new();
    for folder in [TRASH, top].into_iter().chain(folders.split('/').filter(|f| !f.is_empty())) {
        match rustix::fs::mkdirat(&dir, folder, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
        let next = open_dir(dir.as_fd(), folder)?;
        parents.push(std::mem::replace(&mut dir, next));
    }
    match rustix::fs::statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => Ok(Bin { dir, name: name.to_owned(), parents }),
        Ok(_) => Err(Errno::EXIST),
        Err(errno) => Err(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_the_trash_is_ever_in_the_way() {
        let keep = tempfile::tempdir().unwrap();
        let own: OwnedFd = std::fs::File::open(keep.path()).unwrap().into();
        for path in ["a", "a", "a/b", "a", "a/b/c", "a/b"] {
            let bin = bin(own.as_fd(), Why::Deleted, path).unwrap();
            rustix::fs::openat(&bin.dir, &bin.name, rustix::fs::OFlags::CREATE | rustix::fs::OFlags::EXCL, Mode::RWXU).unwrap();
        }
    }
}
