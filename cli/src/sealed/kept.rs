//! What opens the vault of a folder, kept for the next command: 32 bytes, in a file for this user only, in the user's
//! state directory. It is never in the folder, which may be copied, backed up or shared.

use super::key_file::{Key, KeyFile};
use crate::state_dir::state_dir;
use kitestring::{Error, ErrorKind, Result, Runtime as _};
use kitestring_adapters::runtime::NativeRuntime;
use serde::{Deserialize, Serialize};
use std::{fs, io, os::unix::fs::DirBuilderExt as _, path::Path};

/// That a folder's vault is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sealed {
    /// The name under which its key is kept: random.
    pub(super) kept_as: String,
    /// Whether it is asked for each time, and kept nowhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ask: bool,
}

impl Sealed {
    /// Chooses a name that no other folder has.
    ///
    /// # Errors
    /// Those of the system's randomness.
    pub(crate) fn new() -> Result<Self> {
        let mut name = [0; 16];
        NativeRuntime::new().random(&mut name)?;
        Ok(Self { kept_as: name.iter().map(|byte| format!("{byte:02x}")).collect(), ask: false })
    }

    /// The same for a copy of the folder, with what is kept.
    ///
    /// # Errors
    /// Those of the system's randomness.
    pub(crate) fn copied(&self) -> Result<Self> {
        let copy = Self { ask: self.ask, ..Self::new()? };
        // If that fails, it is asked for.
        if let Ok(Some(key)) = self.kept() {
            let _ = copy.keep(&key);
        }
        Ok(copy)
    }

    /// Where the key is.
    fn file(&self) -> Result<KeyFile> {
        let is_name = !self.kept_as.is_empty() && self.kept_as.bytes().all(|b| b.is_ascii_hexdigit());
        let dir = state_dir().filter(|_| is_name).ok_or_else(|| failed("there is no state directory: set HOME or XDG_STATE_HOME"))?;
        Ok(KeyFile::at(dir.join("keys").join(&self.kept_as)))
    }

    /// Returns what was kept, if anything was.
    ///
    /// # Errors
    /// As [`KeyFile::read`].
    pub(crate) fn kept(&self) -> Result<Option<Key>> {
        match self.file() {
            Ok(file) => file.read(),
            Err(_) => Ok(None),
        }
    }

    /// Keeps a key: all of it or nothing.
    ///
    /// # Errors
    /// `state` if that fails.
    pub(crate) fn keep(&self, key: &Key) -> Result<()> {
        let file = self.file()?;
        let dir = file.path().parent().unwrap_or(Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|e| failed(&e.to_string()))?;
        let next = KeyFile::at(file.path().with_extension("next"));
        next.remove()?;
        next.make(key)?;
        let put = || fs::File::open(dir).and_then(|dir| fs::rename(next.path(), file.path()).and_then(|()| dir.sync_all()));
        put().map_err(|e: io::Error| failed(&e.to_string()))
    }

    /// Forgets what was kept.
    ///
    /// # Errors
    /// As [`KeyFile::remove`].
    pub(crate) fn forget(&self) -> Result<()> {
        let Ok(file) = self.file() else { return Ok(()) };
        KeyFile::at(file.path().with_extension("next")).remove()?;
        file.remove()
    }
}

fn failed(why: &str) -> Error {
    Error::new(ErrorKind::State, "open", format!("what opens the vault cannot be kept: {why}"))
}
