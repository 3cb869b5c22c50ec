//! How files with bodies are read: their front first, which tells how long their head part is. What follows is read by
//! ranges, as far as it is needed, so that a file takes no more memory than what is asked of it.

use super::wire::Flaw;
use crate::{
    Drive, DrivePath,
    drive::{GetOptions, Got},
};
use std::ops::Range;

/// Of a file whose bodies are wanted. Nearly all files are shorter, and read by one request: they are full at 4 MiB, and end
/// with the push that fills them (J44).
pub(super) const FRONT_BYTES: u64 = 15 << 19;
/// Of a file whose bodies may not be needed.
const LEAST_BYTES: u64 = 64 << 10;

/// How much of a file is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Much {
    /// All of it; what is behind the front comes later.
    Whole,
    /// Its head part; more may come with it.
    Head,
}

/// The front of a file: its head part, and as much behind it as came with that.
pub(crate) struct Front {
    head_len: usize,
    pub(crate) bytes: Vec<u8>,
}

impl Front {
    pub(crate) fn head(&self) -> &[u8] {
        self.bytes.get(..self.head_len).unwrap_or_default()
    }

    /// Where the first frame begins in the file.
    pub(crate) fn head_len(&self) -> u64 {
        self.head_len as u64
    }
}

/// Reads the front of a file; none if the file is missing. `head_len` tells from its first bytes how long the head part is.
pub(crate) async fn front(
    drive: &dyn Drive,
    path: DrivePath,
    much: Much,
    head_len: fn(&[u8]) -> Result<u64, Flaw>,
) -> crate::Result<Option<Result<Front, Flaw>>> {
    let first = if much == Much::Whole { FRONT_BYTES } else { LEAST_BYTES };
    let Some(mut bytes) = part(drive, &path, 0..first).await? else { return Ok(None) };
    let len = match head_len(&bytes) {
        Ok(len) => len,
        Err(flaw) => return Ok(Some(Err(flaw))),
    };
    // A file that is shorter than it says may have been read while it was written: it is asked for the rest too.
    let read = bytes.len() as u64;
    if len > read {
        let Some(rest) = part(drive, &path, read..len).await? else { return Ok(None) };
        bytes.extend(rest);
    }
    let head_len = usize::try_from(len).ok().filter(|len| *len <= bytes.len());
    Ok(Some(head_len.map(|head_len| Front { head_len, bytes }).ok_or(Flaw::Malformed("it ends too early"))))
}

async fn part(drive: &dyn Drive, path: &DrivePath, range: Range<u64>) -> crate::Result<Option<Vec<u8>>> {
    Ok(match drive.get(path.clone(), GetOptions { range: Some(range), unless: None }).await? {
        Got::File { bytes, .. } => Some(bytes),
        Got::Missing | Got::Unchanged => None,
    })
}
