//! `.kite/tmp`: contents on their way into the folder. Whatever is found there at the start is left over from
//! a command that was killed, and of no use: what had been in the folder is never here.

use super::place::open_dir;
use kitestring::{Digest, StagedPart};
use rustix::{
    fd::{AsFd as _, BorrowedFd, OwnedFd},
    fs::{AtFlags, Mode, OFlags},
    io::Errno,
};
use std::{
    fs::File,
    io::{self, Write as _},
    os::unix::fs::FileExt as _,
    path::Path,
    thread,
};

/// The name of the folder inside kite's own.
pub(crate) const TMP: &str = "tmp";

/// How many files are made durable at once: a disk takes many such requests together.
const PARALLEL: usize = 16;

/// Removes what an earlier command left.
pub(super) fn clean(own: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(own.join(TMP)) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Opens `.kite/tmp`, making it if need be.
pub(super) fn open(own: BorrowedFd<'_>) -> rustix::io::Result<OwnedFd> {
    match rustix::fs::mkdirat(own, TMP, Mode::from_raw_mode(0o700)) {
        Ok(()) | Err(Errno::EXIST) => open_dir(own, TMP),
        Err(errno) => Err(errno),
    }
}

/// Writes a whole content. It is durable only after [`sync`].
pub(super) fn write(tmp: &OwnedFd, name: &str, bytes: &[u8]) -> io::Result<()> {
    create(tmp, name)?.write_all(bytes)
}

/// Waits until these contents are on the disk. A name that does not exist is no error here.
pub(super) fn sync(tmp: &OwnedFd, names: &[&str]) -> io::Result<()> {
    let one = |name: &str| match open_part(tmp, name) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        file => file?.sync_data(),
    };
    thread::scope(|scope| {
        let share = names.len().div_ceil(PARALLEL).max(1);
        let workers: Vec<_> = names.chunks(share).map(|names| scope.spawn(move || names.iter().try_for_each(|name| one(name)))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| Err(io::Error::other("a thread failed"))))
    })
}

/// Takes a part of a content.
pub(super) fn add_part(tmp: &OwnedFd, part: &StagedPart) -> io::Result<()> {
    let name = name_of(part.id.as_str(), part.revision.as_str());
    let file = if part.offset == 0 { create(tmp, &name)? } else { open_part(tmp, &name)? };
    file.write_all_at(&part.bytes, part.offset)
}

/// Opens a content that lies here.
///
/// # Errors
/// `NotFound` if there is none.
pub(super) fn content(tmp: &OwnedFd, name: &str) -> io::Result<File> {
    open_part(tmp, name)
}

/// Removes contents that are not needed. What stays behind is removed at the next start.
pub(super) fn discard(tmp: &OwnedFd, names: Vec<&str>) {
    for name in names {
        let _ = rustix::fs::unlinkat(tmp, name, AtFlags::empty());
    }
}

/// Names the file in which the parts of one content gather.
pub(super) fn name_of(id: &str, revision: &str) -> String {
    Digest::of(format!("{id}\0{revision}").as_bytes()).to_string()
}

/// Makes an empty content to be written into.
pub(super) fn create(tmp: &OwnedFd, name: &str) -> io::Result<File> {
    // Never into a file that exists: it could by now have a second name in the folder.
    match rustix::fs::unlinkat(tmp, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(errno) => return Err(errno.into()),
    }
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(tmp.as_fd(), name, flags, Mode::from_raw_mode(0o666))?.into())
}

fn open_part(tmp: &OwnedFd, name: &str) -> io::Result<File> {
    Ok(rustix::fs::openat(tmp.as_fd(), name, OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?.into())
}
