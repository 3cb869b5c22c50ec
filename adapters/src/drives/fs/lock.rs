//! The drive's lock: every write and deletion of every process passes through it, one at a time.
//!
//! The operating system releases it when its holder dies, so it needs no expiry.

use super::{folder::Folder, names::LOCK};
use std::{fs::File, io};

/// The lock, until dropped.
#[derive(Debug)]
pub(super) struct Held {
    _file: File,
}

/// Waits for the lock of the drive with this root.
pub(super) fn exclusive(root: &Folder) -> io::Result<Held> {
    loop {
        let file = root.lock_file(LOCK)?;
        match file.lock() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            locked => locked?,
        }
        // Somebody may have removed the file while we waited; a lock on it would exclude nobody.
        if root.names(LOCK, &file)? {
            return Ok(Held { _file: file });
        }
    }
}
