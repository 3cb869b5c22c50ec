//! What the store's errors mean to the caller.

use kitestring::{Error, ErrorKind, Retry};
use std::{io, path::Path, time::Duration};

/// After what time a file that is in use is worth another try.
const BUSY_RETRY: Duration = Duration::from_secs(1);

/// Translates an error of the store.
pub(super) fn fault(operation: &'static str, path: &Path, error: redb::Error) -> Error {
    use redb::Error as Redb;
    let (kind, detail) = match &error {
        Redb::DatabaseAlreadyOpen => {
            let detail = "another program has the file open, and only one may: close it, or wait for it to end, then try again";
            let busy = state(operation, path, ErrorKind::State, detail);
            return busy.with_retry(Retry::After(BUSY_RETRY)).caused_by(error);
        }
        Redb::Corrupted(_) | Redb::TableTypeMismatch { .. } | Redb::TableDoesNotExist(_) | Redb::RepairAborted => {
            (ErrorKind::State, damaged())
        }
        Redb::UpgradeRequired(_) => (ErrorKind::State, "an older store wrote the file: move it away and sync anew"),
        Redb::Io(e) => io_fault(e),
        _ => return state(operation, path, ErrorKind::State, format!("the client's state cannot be used: {error}")).caused_by(error),
    };
    state(operation, path, kind, detail).caused_by(error)
}

/// Translates an error of the system.
pub(super) fn io_fault(error: &io::Error) -> (ErrorKind, &'static str) {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            (ErrorKind::QuotaExceeded, "the disk has no room for the client's state: free some")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            (ErrorKind::State, "the file is read-only: give this user the right to read and write it and its folder")
        }
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => {
            (ErrorKind::State, "the file cannot be opened: does its folder exist, and is it a file?")
        }
        // Also how the store says that a file is none of its own, or ends too early.
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput => (ErrorKind::State, damaged()),
        _ => (ErrorKind::State, "the disk does not read or write the client's state: check it, then open the client again"),
    }
}

/// Makes an error about the file.
pub(super) fn state(operation: &'static str, path: &Path, kind: ErrorKind, detail: impl Into<String>) -> Error {
    Error::new(kind, operation, detail).about(path.display().to_string())
}

pub(super) fn damaged() -> &'static str {
    "the file is damaged or not the state of a client: restore it from a backup, or move it away and sync anew"
}
