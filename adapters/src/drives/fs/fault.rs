//! What the file system's errors mean to the caller.

use kitestring::{Error, ErrorKind, Retry};
use std::{io, path::Path};

/// Which call is under way, on what: the frame of every error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) operation: &'static str,
    pub(super) path: &'a str,
    pub(super) root: &'a Path,
}

impl Call<'_> {
    /// Translates an error that the operating system gave for this path.
    pub(super) fn fault(&self, error: io::Error) -> Error {
        use io::ErrorKind as Io;
        match error.kind() {
            _ if is_bad_name(&error) => {
                self.invalid("this file system cannot store a file of that name: it is too long or holds a character it refuses")
            }
            Io::NotADirectory | Io::IsADirectory | Io::DirectoryNotEmpty => {
                self.invalid("a file and a folder on this drive want the same name")
            }
            Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge => {
                self.error(ErrorKind::QuotaExceeded, "the disk, or this user's share of it, has no room for the file")
            }
            Io::PermissionDenied => {
                let full = self.root.join(self.path);
                let detail = format!("this program has no permission to {} {}", self.permission(), full.display());
                self.error(ErrorKind::Unavailable, detail).with_retry(Retry::Never)
            }
            Io::ReadOnlyFilesystem => {
                let detail = format!("{} is on a disk that is mounted for reading only", self.root.display());
                self.error(ErrorKind::Unavailable, detail).with_retry(Retry::Never)
            }
            _ => self.error(ErrorKind::Unavailable, format!("the disk answered with an error: {error}")),
        }
        .caused_by(error)
    }

    /// The root cannot be opened.
    pub(super) fn gone(&self, error: io::Error) -> Error {
        use io::ErrorKind as Io;
        match error.kind() {
            Io::NotFound | Io::NotADirectory => self.unmounted().caused_by(error),
            _ => self.fault(error),
        }
    }

    /// The root is not there, or is not what it was.
    pub(super) fn unmounted(&self) -> Error {
        self.error(ErrorKind::Unavailable, format!("the drive folder is gone: is the disk mounted? ({})", self.root.display()))
    }

    pub(super) fn symlink(&self) -> Error {
        self.invalid("the path leads through a symbolic link, and this drive follows none")
    }

    pub(super) fn refused(&self) -> Error {
        self.error(ErrorKind::Condition, "the file is not as expected")
    }

    pub(super) fn invalid(&self, detail: impl Into<String>) -> Error {
        self.error(ErrorKind::InvalidInput, detail)
    }

    pub(super) fn error(&self, kind: ErrorKind, detail: impl Into<String>) -> Error {
        Error::new(kind, self.operation, detail).about(self.path)
    }

    fn permission(&self) -> &'static str {
        match self.operation {
            "get" | "list" => "read",
            "delete" => "delete",
            _ => "write",
        }
    }
}

fn is_bad_name(error: &io::Error) -> bool {
    // Linux file systems with a character set of their own say EILSEQ, for which the standard library has no kind.
    #[cfg(unix)]
    if rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::ILSEQ) {
        return true;
    }
    matches!(error.kind(), io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput)
}
