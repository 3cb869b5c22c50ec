//! An open folder, and what can be done with the names in it.
//!
//! On Unix everything goes through the handle of the folder, so that nobody can slip a symlink into the path
//! between a check and its use. Elsewhere paths are checked just before use.

#[cfg(any(not(unix), test))]
mod portable;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(super) use portable::{Folder, Names};
#[cfg(unix)]
pub(super) use unix::{Folder, Names};

/// Which folder stands at a path: changes when another file system is mounted there. None where the system cannot tell.
pub(super) type Identity = Option<(u64, u64)>;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File {
        size: u64,
        /// Seconds since the Unix epoch; tells abandoned temporary files, never versions.
        modified: u64,
    },
    Folder,
    Symlink,
    Other,
}
