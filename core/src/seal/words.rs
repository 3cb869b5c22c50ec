//! What is said where sealing and the vault do not fit: in every build, also in one that seals nothing.

use crate::{Error, ErrorKind};

/// What is said whenever a vault does not open (E36): which of these it is, nobody can tell from what is on the drive.
const DOES_NOT_OPEN: &str = "this passphrase or key does not open the vault: it is not the right one, another device has changed it, \
     the vault was never sealed, or somebody has changed what is on the drive; compare with a device that still syncs, \
     and do not go on without a passphrase";

/// One answer for a wrong passphrase, a wrong key, and a keyring or a marker that was tampered with (E36).
pub(crate) fn does_not_open() -> Error {
    Error::new(ErrorKind::WrongKey, "sync", DOES_NOT_OPEN)
}

/// For a vault that is sealed, where nothing was given to open it.
pub(crate) fn nothing_given() -> Error {
    Error::new(ErrorKind::WrongKey, "sync", "the vault is sealed: open it with its passphrase or key")
}

/// For a vault that is met for the first time and says that it is not sealed, where something was given to open it. It is the
/// same as ever: the drive may lie. But another passphrase is of no use.
pub(crate) fn says_it_is_not_sealed() -> Error {
    Error::invalid("sync", DOES_NOT_OPEN)
}

/// For a vault that was joined as one that is not sealed, where something was given to open it.
pub(crate) fn not_sealed() -> Error {
    let detail = "the vault is not sealed, and never will be: open it without a passphrase or key, or make another one";
    Error::invalid("sync", detail)
}
