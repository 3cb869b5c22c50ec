//! What the file system says of a file without its content being read.

use kitestring::Digest;
use rustix::fs::Stat;
use std::time::{Duration, SystemTime};

/// How long after its last change a file may still change again without its times showing it.
const TIME_GRAIN: Duration = Duration::from_secs(2);

/// Begins every record. What does not begin so is not read, and its file is hashed again.
const FORM: u8 = 1;

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

    /// The same, but noted so much later.
    #[cfg(test)]
    pub fn later(self, by: Duration) -> Self {
        Self { at: self.at + by.as_nanos() as i128, ..self }
    }

    /// Returns the digest if a file that looks like `stamp` must still have it.
    ///
    /// A file that had changed less than two seconds before it was hashed is never trusted: it may have
    /// changed again within the grain of the file system's clock.
    pub fn still(&self, stamp: Stamp) -> Option<Digest> {
        let settled = self.at - stamp.mtime.max(stamp.ctime) >= TIME_GRAIN.as_nanos() as i128;
        (self.stamp == stamp && settled).then_some(self.digest)
    }

    /// Writes it as a record: a form that costs nothing to read, as a scan reads one for each file.
    pub fn to_bytes(self) -> Vec<u8> {
        let Stamp { size, mtime, ctime, inode } = self.stamp;
        let mut bytes = vec![FORM];
        bytes.extend(self.digest.as_bytes());
        [size, inode].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        [mtime, ctime, self.at].iter().for_each(|time| bytes.extend(time.to_le_bytes()));
        bytes
    }

    /// Reads it back; none if it is no such record, or one of another form.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[FORM])?;
        let (digest, rest) = rest.split_first_chunk()?;
        let (size, rest) = rest.split_first_chunk()?;
        let (inode, rest) = rest.split_first_chunk()?;
        let (mtime, rest) = rest.split_first_chunk()?;
        let (ctime, rest) = rest.split_first_chunk()?;
        let at = rest.try_into().ok()?;
        let [size, inode] = [size, inode].map(|number| u64::from_le_bytes(*number));
        let [mtime, ctime, at] = [mtime, ctime, at].map(|time| i128::from_le_bytes(*time));
        Some(Self { digest: Digest::from_bytes(*digest), stamp: Stamp { size, mtime, ctime, inode }, at })
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
    fn a_record_round_trips_and_nonsense_does_not() {
        let old = hashed(SECOND);
        let bytes = old.to_bytes();
        assert_eq!(Hashed::from_bytes(&bytes), Some(old));
        let text = format!("{} 3 100000000000 101000000000 7 102000000000", old.digest);
        for bad in [&b""[..], &bytes[1..], &bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), text.as_bytes()] {
            assert_eq!(Hashed::from_bytes(bad), None);
        }
        let other = [&[FORM + 1], &bytes[1..]].concat();
        assert_eq!(Hashed::from_bytes(&other), None);
    }
}
