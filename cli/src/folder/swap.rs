//! Two atomic steps that the standard library lacks, and what to do where the file system lacks them too.

use rustix::{
    fd::BorrowedFd,
    fs::{AtFlags, RenameFlags, linkat, renameat, renameat_with, unlinkat},
    io::Errno,
};

/// Moves a file to a name that nothing has.
///
/// # Errors
/// `EXIST` if something has it.
pub(super) fn move_new(from: BorrowedFd<'_>, old: &str, to: BorrowedFd<'_>, new: &str) -> rustix::io::Result<()> {
    match renameat_with(from, old, to, new, RenameFlags::NOREPLACE) {
        Err(errno) if is_lacking(errno) => move_by_link(from, old, to, new),
        other => other,
    }
}

/// Makes two files change places.
pub(super) fn exchange(a: BorrowedFd<'_>, a_name: &str, b: BorrowedFd<'_>, b_name: &str) -> rustix::io::Result<()> {
    match renameat_with(a, a_name, b, b_name, RenameFlags::EXCHANGE) {
        Err(errno) if is_lacking(errno) => exchange_by_link(a, a_name, b, b_name),
        other => other,
    }
}

/// A link is refused if the name is taken, so nothing is ever replaced.
fn move_by_link(from: BorrowedFd<'_>, old: &str, to: BorrowedFd<'_>, new: &str) -> rustix::io::Result<()> {
    match linkat(from, old, to, new, AtFlags::empty()) {
        // Neither step is there, as on FAT: the look and the move are two steps, a hair's breadth apart.
        Err(errno) if errno == Errno::PERM || is_lacking(errno) => match rustix::fs::statat(to, new, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Err(Errno::EXIST),
            Err(Errno::NOENT) => renameat(from, old, to, new),
            Err(errno) => Err(errno),
        },
        Err(errno) => Err(errno),
        Ok(()) => unlinkat(from, old, AtFlags::empty()),
    }
}

/// Keeps `b` under a second name, so that it survives being replaced: name `a` has it in the end, and name `b`
/// is never without a file.
fn exchange_by_link(a: BorrowedFd<'_>, a_name: &str, b: BorrowedFd<'_>, b_name: &str) -> rustix::io::Result<()> {
    let kept = format!("{a_name}~");
    let kept = if kept.len() > 255 { "replaced~".to_owned() } else { kept };
    match linkat(b, b_name, a, &kept, AtFlags::empty()) {
        Err(errno) if errno == Errno::PERM || is_lacking(errno) => renameat(b, b_name, a, &kept)?,
        other => other?,
    }
    renameat(a, a_name, b, b_name)?;
    renameat(a, &kept, a, a_name)
}

fn is_lacking(errno: Errno) -> bool {
    [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOTSUP].contains(&errno)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fd::{AsFd as _, OwnedFd};
    use std::fs;

    fn with_two_files(test: impl Fn(BorrowedFd<'_>, &dyn Fn(&str) -> Option<String>)) {
        let dir = tempfile::tempdir().unwrap();
        let read = |name: &str| fs::read_to_string(dir.path().join(name)).ok();
        fs::write(dir.path().join("a"), "A").unwrap();
        fs::write(dir.path().join("b"), "B").unwrap();
        let fd: OwnedFd = fs::File::open(dir.path()).unwrap().into();
        test(fd.as_fd(), &read);
    }

    #[test]
    fn a_move_replaces_nothing_with_and_without_the_systems_help() {
        for step in [move_new, move_by_link] {
            with_two_files(|dir, read| {
                assert_eq!(step(dir, "a", dir, "b"), Err(Errno::EXIST));
                assert_eq!((read("a").as_deref(), read("b").as_deref()), (Some("A"), Some("B")));
                step(dir, "a", dir, "c").unwrap();
                assert_eq!((read("a"), read("c").as_deref()), (None, Some("A")));
            });
        }
    }

    #[test]
    fn an_exchange_keeps_both_with_and_without_the_systems_help() {
        for step in [exchange, exchange_by_link] {
            with_two_files(|dir, read| {
                step(dir, "a", dir, "b").unwrap();
                assert_eq!((read("a").as_deref(), read("b").as_deref()), (Some("B"), Some("A")));
                assert_eq!(read("a~"), None);
            });
        }
    }
}
