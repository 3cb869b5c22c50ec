//! Reading a file so that what comes out is one moment's content, not a mixture.

use super::stamp::{Hashed, Stamp};
use kitestring::Digest;
use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::fs::FileExt as _,
    thread,
    time::Duration,
};

/// How often a file that keeps changing is read.
const ATTEMPTS: u32 = 3;
/// How long to wait in between.
const PAUSE: Duration = Duration::from_millis(50);
/// How much is read at a time, in bytes.
const CHUNK: usize = 256 * 1024;

/// What reading a file gave.
#[derive(Debug)]
pub(super) enum Steady<T> {
    /// The file stayed the same while it was read.
    Same(T, Stamp),
    /// It changed each time.
    Busy,
}

/// What the skip report says of a file that changes all the time.
pub(super) const BUSY: &str = "is being written by another program; the next sync takes it";

/// Runs `read` until the file was the same before and after.
pub(super) fn steady<T>(file: &mut File, mut read: impl FnMut(&mut File, Stamp) -> io::Result<T>) -> io::Result<Steady<T>> {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            thread::sleep(PAUSE);
        }
        let before = stamp_of(file)?;
        file.seek(SeekFrom::Start(0))?;
        let value = read(file, before)?;
        if stamp_of(file)? == before {
            return Ok(Steady::Same(value, before));
        }
    }
    Ok(Steady::Busy)
}

/// Reads a whole file, and its digest.
pub(super) fn whole(file: &mut File) -> io::Result<Steady<(Vec<u8>, Digest)>> {
    steady(file, |file, stamp| {
        let mut bytes = Vec::with_capacity(usize::try_from(stamp.size).unwrap_or(0));
        file.read_to_end(&mut bytes)?;
        let digest = Digest::of(&bytes);
        Ok((bytes, digest))
    })
}

/// Computes a file's digest in bounded memory.
pub(super) fn hash(file: &mut File) -> io::Result<Steady<Hashed>> {
    steady(file, |file, stamp| Ok(Hashed::now(digest(file)?, stamp)))
}

/// Reads at most `length` bytes at `offset`; none if the file no longer looks like `stamp`.
pub(super) fn part(file: &File, stamp: Stamp, offset: u64, length: u64) -> io::Result<Option<Vec<u8>>> {
    let length = length.min(stamp.size.saturating_sub(offset));
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    match file.read_exact_at(&mut bytes, offset) {
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    Ok((stamp_of(file)? == stamp).then_some(bytes))
}

/// Computes the digest from the current position to the end.
pub(super) fn digest(file: &mut File) -> io::Result<Digest> {
    let (mut digest, mut buffer) = (Digest::builder(), vec![0; CHUNK]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(digest.finish()),
            Ok(n) => digest.update(buffer.get(..n).unwrap_or_default()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

fn stamp_of(file: &File) -> io::Result<Stamp> {
    Ok(Stamp::of(&rustix::fs::fstat(file)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn a_file_that_changes_while_it_is_read_is_read_again() {
        let mut file = tempfile::tempfile().unwrap();
        let mut writer = file.try_clone().unwrap();
        let mut reads = 0;
        let read = steady(&mut file, |file, _| {
            reads += 1;
            if reads == 1 {
                writer.write_all(b"more")?;
            }
            file.seek(SeekFrom::Start(0))?;
            digest(file)
        });
        assert!(matches!(read.unwrap(), Steady::Same(d, _) if d == Digest::of(b"more")));
        assert_eq!(reads, 2);
    }

    #[test]
    fn a_file_that_never_stands_still_is_busy() {
        let mut file = tempfile::tempfile().unwrap();
        let mut writer = file.try_clone().unwrap();
        assert!(matches!(steady(&mut file, |_, _| writer.write_all(b"x")).unwrap(), Steady::Busy));
    }

    #[test]
    fn parts_are_those_of_one_content() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let stamp = stamp_of(&file).unwrap();
        assert_eq!(part(&file, stamp, 8, 100).unwrap().as_deref(), Some(&b"89"[..]));
        assert_eq!(part(&file, stamp, 10, 5).unwrap().as_deref(), Some(&b""[..]));
        file.set_len(9).unwrap();
        assert_eq!(part(&file, stamp, 0, 4).unwrap(), None);
        assert_eq!(part(&file, stamp, 8, 2).unwrap(), None);
    }
}
