//! What the file system says of a file without its content being read.

use kitestring::Digest;
use rustix::fs::Stat;
use std::time::{Duration, SystemTime};

/// How long after its last change a file may still change again without its times showing it.
const TIME_GRAIN: Duration = Duration::from_secs(2);

/// Size, times and inode: as long as all of them stay, the content is taken to be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// The size in bytes.
    pub size: u64,
    /// The last change of the content, in nanoseconds since the Unix epoch.
    mtime: i128,
    /// The last change of the inode, in nanoseconds since the Unix epoch.
    ctime: i128,
    inode: u64,
}

impl Stamp {
    /// Takes what matters out of the answer of a stat call.
    pub fn of(stat: &Stat) -> Self {
        let nanos = |seconds: i128, rest: i128| seconds * 1_000_000_000 + rest;
        Self {
            size: u64::try_from(stat.st_size).unwrap_or(0),
            mtime: nanos(i128::from(stat.st_mtime), i128::from(stat.st_mtime_nsec)),
            ctime: nanos(i128::from(stat.st_ctime), i128::from(stat.st_ctime_nsec)),
            inode: stat.st_ino,
        }
    }

    /// Whether this is the stamp of a file with this inode.
    pub fn has_inode(&self, inode: u64) -> bool {
        self.inode == inode
    }

    /// Whether this is the same file, whatever its name and content.
    pub fn is_same_file(&self, before: &Self) -> bool {
        self.inode == before.inode
    }
}

/// A digest, and the stamp the file had while it was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hashed {
    /// The digest of the content.
    pub digest: Digest,
    /// What the file looked like.
    pub stamp: Stamp,
    /// When, in nanoseconds since the Unix epoch.
    at: i128,
}

impl Hashed {
    /// Notes a digest that was computed just now.
    pub fn now(digest: Digest, stamp: Stamp) -> Self {
        let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_nanos() as i128);
        Self { digest, stamp, at }
    }

    /// Returns the digest if a file that looks like `stamp` must still have it.
    ///
    /// A file that had changed less than two seconds before it was hashed is never trusted: it may have
    /// changed again within the grain of the file system's clock.
    pub fn still(&self, stamp: Stamp) -> Option<Digest> {
        let settled = self.at - stamp.mtime.max(stamp.ctime) >= TIME_GRAIN.as_nanos() as i128;
        (self.stamp == stamp && settled).then_some(self.digest)
    }

    /// Writes it as one line of text.
    pub fn to_line(self) -> String {
        let Stamp { size, mtime, ctime, inode } = self.stamp;
        format!("{} {size} {mtime} {ctime} {inode} {}", self.digest, self.at)
    }

    /// Reads it back; none if it is not such a line.
    pub fn from_line(line: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(line).ok()?.split(' ');
        let digest = Digest::from_hex(words.next()?)?;
        let size = words.next()?.parse().ok()?;
        let mtime = words.next()?.parse().ok()?;
        let ctime = words.next()?.parse().ok()?;
        let inode = words.next()?.parse().ok()?;
        let at = words.next()?.parse().ok()?;
        words.next().is_none().then_some(Self { digest, stamp: Stamp { size, mtime, ctime, inode }, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i128 = 1_000_000_000;

    fn hashed(age: i128) -> Hashed {
        let stamp = Stamp { size: 3, mtime: 100 * SECOND, ctime: 101 * SECOND, inode: 7 };
        Hashed { digest: Digest::of(b"abc"), stamp, at: 101 * SECOND + age }
    }

    #[test]
    fn a_file_hashed_right_after_a_change_is_hashed_again() {
        assert_eq!(hashed(2 * SECOND - 1).still(hashed(0).stamp), None);
        assert_eq!(hashed(2 * SECOND).still(hashed(0).stamp), Some(Digest::of(b"abc")));
    }

    #[test]
    fn any_difference_ends_the_trust() {
        let old = hashed(9 * SECOND);
        let Stamp { size, mtime, ctime, inode } = old.stamp;
        for changed in [
            Stamp { size: size + 1, ..old.stamp },
            Stamp { mtime: mtime - 1, ..old.stamp },
            Stamp { ctime: ctime - 1, ..old.stamp },
            Stamp { inode: inode + 1, ..old.stamp },
        ] {
            assert_eq!(old.still(changed), None);
        }
    }

    #[test]
    fn a_line_round_trips_and_nonsense_does_not() {
        let old = hashed(SECOND);
        assert_eq!(Hashed::from_line(old.to_line().as_bytes()), Some(old));
        for bad in ["", "x 1 2 3 4 5", &format!("{} 9", old.to_line())] {
            assert_eq!(Hashed::from_line(bad.as_bytes()), None);
        }
    }
}
