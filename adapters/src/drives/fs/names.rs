//! The names that the drive keeps for itself.

use std::hash::{BuildHasher as _, RandomState};

/// The permanent lock file in the root. It is never removed: a lock on a removed file excludes nobody. It stays empty, so
/// that two machines which both make one in a folder that is copied between them have no conflict about it.
pub(super) const LOCK: &str = ".kite.lock";

/// Dropbox copies no name that begins with `.~`, Nextcloud and ownCloud none with `.~` in it, others none that ends with
/// `.tmp`. Syncthing copies it; a copy does no harm, and goes when the file has its name.
const PREFIX: &str = ".~kite-";
const SUFFIX: &str = ".tmp";

/// Returns a fresh name for a file that is being written.
pub(super) fn temporary() -> String {
    // Each hasher is seeded anew; `create` refuses a name that is taken all the same.
    format!("{PREFIX}{:016x}{SUFFIX}", RandomState::new().hash_one(std::process::id()))
}

/// Whether this is a name of a file that is being written.
pub(super) fn is_temporary(name: &str) -> bool {
    name.len() > PREFIX.len() + SUFFIX.len() && begins(name, PREFIX) && ends(name, SUFFIX)
}

/// Whether the drive keeps this name for itself, on file systems that fold case too.
pub(super) fn is_reserved(name: &str) -> bool {
    name.eq_ignore_ascii_case(LOCK) || is_temporary(name)
}

fn begins(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

fn ends(name: &str, suffix: &str) -> bool {
    name.len().checked_sub(suffix.len()).and_then(|at| name.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_reserved() {
        for ours in [".kite.lock", ".KITE.lock", &temporary(), ".~KITE-x.TMP"] {
            assert!(is_reserved(ours), "{ours}");
        }
        for theirs in ["kite.lock", ".~kite-.tmp", ".~kite-a", "a.tmp", "", "ö", ".~kite-é", ".kite"] {
            assert!(!is_reserved(theirs), "{theirs}");
        }
        assert_ne!(temporary(), temporary());
    }
}
