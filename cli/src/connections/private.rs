//! Small files that only their owner can read.

use kitestring::{Error, ErrorKind, Result};
use std::{
    fs::{DirBuilder, File, remove_file},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::Path,
};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// More than any credentials.
const MAX_BYTES: u64 = 64 << 10;

/// Reads a file; none if it is not there.
///
/// # Errors
/// `state` if it cannot be read, or if others can.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let file = match File::open(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|e| failed(path, &e.to_string()))?,
    };
    let found = file.metadata().map_err(|e| failed(path, &e.to_string()))?;
    if found.mode() & 0o077 != 0 {
        return Err(failed(path, "others than its owner can use it; disconnect, connect again, and think of another password"));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(found.len().min(MAX_BYTES)).unwrap_or_default()));
    file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(|e| failed(path, &e.to_string()))?;
    Ok(Some(bytes))
}

/// Writes a file, or replaces it: durable, and never half of it.
///
/// # Errors
/// `state` if that fails; then the old one is there.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        // Of mode 0600.
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|e: io::Error| failed(path, &e.to_string()))
}

/// Removes a file, and says whether it was there.
///
/// # Errors
/// `state` if that fails.
pub(super) fn remove(path: &Path) -> Result<bool> {
    match remove_file(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        other => other.map(|()| true).map_err(|e| failed(path, &e.to_string())),
    }
}

pub(super) fn failed(path: &Path, why: &str) -> Error {
    Error::new(ErrorKind::State, "sign-in", format!("the file with the credentials cannot be used: {why}"))
        .about(path.display().to_string())
}
