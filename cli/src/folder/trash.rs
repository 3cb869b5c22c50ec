//! The trash: what a sync replaces or deletes is moved to `.kite/trash/<UTC time>/<path>`, never destroyed.

use super::place::open_dir;
use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{AtFlags, Mode},
    io::Errno,
};
use std::time::{SystemTime, UNIX_EPOCH};

/// The name of the trash inside kite's own folder.
pub(crate) const TRASH: &str = "trash";

/// How many folders of one second are tried.
const MAX_TRIES: u32 = 1000;

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
pub(super) fn bin(own: BorrowedFd<'_>, path: &str) -> rustix::io::Result<Bin> {
    let stamp = utc_stamp(SystemTime::now());
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

/// Writes a time as `2026-11-20T16-53-23Z`: sortable, and a file name everywhere.
fn utc_stamp(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}-{minute:02}-{second:02}Z")
}

/// Turns days since the Unix epoch into year, month and day, counting years from March so that the leap day
/// is the last (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn stamps_are_utc() {
        let at = |seconds| utc_stamp(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00-00-00Z");
        assert_eq!(at(951_782_400), "2000-02-29T00-00-00Z");
        assert_eq!(at(1_767_225_599), "2025-12-31T23-59-59Z");
        assert_eq!(at(4_102_444_800), "2100-01-01T00-00-00Z");
    }

    #[test]
    fn nothing_in_the_trash_is_ever_in_the_way() {
        let keep = tempfile::tempdir().unwrap();
        let own: OwnedFd = std::fs::File::open(keep.path()).unwrap().into();
        for path in ["a", "a", "a/b", "a", "a/b/c", "a/b"] {
            let bin = bin(own.as_fd(), path).unwrap();
            rustix::fs::openat(&bin.dir, &bin.name, rustix::fs::OFlags::CREATE | rustix::fs::OFlags::EXCL, Mode::RWXU).unwrap();
        }
    }
}
