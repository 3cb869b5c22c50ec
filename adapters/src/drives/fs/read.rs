//! Reading, and the version that belongs to what was read.
//!
//! A version is the first 160 bits of the SHA-256 of the content. Times, sizes and inode numbers are no versions: a
//! file can be replaced within one tick of the clock by one of the same size that reuses the inode. The price is that
//! every read, one of a range too, passes the whole file through the hash, in bounded memory.

use super::{
    folder::{Folder, Kind},
    root::Root,
};
use kitestring::{
    Digest, ErrorKind, Result,
    drive::{GetOptions, Got, Version},
};
use std::{
    fs::File,
    io::{self, Read as _},
    ops::Range,
};

/// How many bytes are read at once.
const BUFFER: usize = 128 * 1024;
/// How many hexadecimal digits of the digest make a version.
const DIGITS: usize = 40;

pub(super) fn get(root: &Root, path: &str, options: &GetOptions) -> Result<Got> {
    let call = root.call("get", path);
    let Some(place) = root.place(&call)? else { return Ok(Got::Missing) };
    if place.name.is_empty() {
        return Ok(Got::Missing);
    }
    let mut file = match open(place.folder(), place.name).map_err(|e| call.fault(e))? {
        Opened::File(file) => file,
        Opened::Missing => return Ok(Got::Missing),
        Opened::Symlink => return Err(call.symlink()),
        Opened::Other => return Err(call.invalid("what has this name on the disk is no file: a device, a pipe or a socket")),
    };
    let wanted = options.range.clone().unwrap_or(0..u64::MAX);
    let (bytes, version) = match read(&mut file, &wanted) {
        Err(e) if e.kind() == io::ErrorKind::OutOfMemory => {
            return Err(call.error(ErrorKind::Unavailable, "the file does not fit into memory: read it in ranges").caused_by(e));
        }
        read => read.map_err(|e| call.fault(e))?,
    };
    if options.unless.as_ref() == Some(&version) {
        return Ok(Got::Unchanged);
    }
    Ok(Got::File { bytes, version })
}

/// Returns the version of a file; none if there is no file of that name.
pub(super) fn version_of(folder: &Folder, name: &str) -> io::Result<Option<Version>> {
    match open(folder, name)? {
        Opened::File(mut file) => Ok(Some(read(&mut file, &(0..0))?.1)),
        _ => Ok(None),
    }
}

/// Returns the version of a file with this content.
pub(super) fn version(digest: &Digest) -> Version {
    let mut text = digest.to_string();
    text.truncate(DIGITS);
    Version::new(text)
}

enum Opened {
    File(File),
    Missing,
    Symlink,
    Other,
}

fn open(folder: &Folder, name: &str) -> io::Result<Opened> {
    let error = match folder.read(name) {
        Ok(file) => {
            let kind = file.metadata()?.file_type();
            return Ok(match () {
                () if kind.is_file() => Opened::File(file),
                () if kind.is_dir() => Opened::Missing,
                () => Opened::Other,
            });
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Opened::Missing),
        Err(e) => e,
    };
    match folder.kind(name) {
        Ok(Some(Kind::Symlink)) => Ok(Opened::Symlink),
        Ok(Some(Kind::Other)) => Ok(Opened::Other),
        Ok(Some(Kind::Folder)) => Ok(Opened::Missing),
        _ => Err(error),
    }
}

/// Reads a whole file from one open handle, keeps the bytes of `wanted` and returns the version of the whole.
fn read(file: &mut File, wanted: &Range<u64>) -> io::Result<(Vec<u8>, Version)> {
    let size = file.metadata()?.len();
    let mut kept = Vec::new();
    let expected = usize::try_from(wanted.end.min(size).saturating_sub(wanted.start)).unwrap_or(usize::MAX);
    kept.try_reserve_exact(expected)?;
    let mut digest = Digest::builder();
    let mut buffer = vec![0; BUFFER];
    let mut at = 0_u64;
    loop {
        let part = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => buffer.get(..n).unwrap_or_default(),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        digest.update(part);
        kept.extend_from_slice(overlap(part, at, wanted));
        at += part.len() as u64;
    }
    Ok((kept, version(&digest.finish())))
}

/// Returns the bytes of `part`, which begins at `at`, that are inside `wanted`.
fn overlap<'a>(part: &'a [u8], at: u64, wanted: &Range<u64>) -> &'a [u8] {
    let clamp = |n: u64| usize::try_from(n.saturating_sub(at)).unwrap_or(usize::MAX).min(part.len());
    part.get(clamp(wanted.start)..clamp(wanted.end)).unwrap_or_default()
}
