//! What SQLite's errors mean to the caller.

use kitestring::{Error, ErrorKind, Retry};
use rusqlite::ErrorCode;
use std::{path::Path, time::Duration};

/// After what time a busy file is worth another try.
const BUSY_RETRY: Duration = Duration::from_secs(1);

/// Translates an error of SQLite.
pub(super) fn fault(operation: &'static str, path: &Path, error: rusqlite::Error) -> Error {
    let (kind, detail) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => (ErrorKind::QuotaExceeded, "the disk has no room for the client's state: free some".to_owned()),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => (ErrorKind::State, damaged().to_owned()),
        Some(ErrorCode::ReadOnly) => (ErrorKind::State, read_only().to_owned()),
        Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            (ErrorKind::State, "the file cannot be opened: does its folder exist, and may this user write in it?".to_owned())
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (ErrorKind::State, "another program keeps the file busy: close it, or try again".to_owned())
        }
        _ => (ErrorKind::State, format!("the client's state cannot be used: {error}")),
    };
    let retry = if is_busy(&error) { Retry::After(BUSY_RETRY) } else { Retry::Never };
    state(operation, path, kind, detail).with_retry(retry).caused_by(error)
}

/// Whether another connection holds the file.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Makes an error about the file.
pub(super) fn state(operation: &'static str, path: &Path, kind: ErrorKind, detail: impl Into<String>) -> Error {
    Error::new(kind, operation, detail).about(path.display().to_string())
}

pub(super) fn read_only() -> &'static str {
    "the file is read-only: give this user the right to write it and its folder"
}

fn damaged() -> &'static str {
    "the file is damaged or no SQLite database: restore it from a backup, or move it away and sync anew"
}
