//! Where kite keeps what belongs to the user and not to a folder.

use std::{env, path::PathBuf};

/// `kite` in `$XDG_STATE_HOME`, or in `~/.local/state`, as the XDG Base Directory Specification has it.
pub(crate) fn state_dir() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("kite"))
}
