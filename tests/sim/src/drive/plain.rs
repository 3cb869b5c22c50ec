//! What a sealed drive holds, to whoever has the keys: the eyes and the watch read this, and never the clients.

use super::{File, Files};
use kitestring::{Encryption, Unsealed};
use serde::Deserialize;
use std::{collections::BTreeMap, fmt};

/// The files of a sealed drive, under the names and with the contents that the layout gave them. What is not sealed with a
/// key of the vault is shown as it lies there.
pub(super) struct Plain {
    encryption: Encryption,
    /// Every key that a keyring of a vault ever had: what the drive has lost is still known here.
    vaults: BTreeMap<String, Unsealed>,
    /// The vault that the marker names, or has named last.
    current: Option<String>,
    pub(super) files: Files,
}

/// As much of a marker as is of interest.
#[derive(Deserialize)]
struct Marker {
    vault: String,
}

impl Plain {
    pub(super) fn new(encryption: Encryption) -> Self {
        Self { encryption, vaults: BTreeMap::new(), current: None, files: Files::new() }
    }

    /// What the layout calls the file with this path.
    pub(super) fn path(&self, path: &str) -> String {
        self.vault().and_then(|vault| vault.logical(path)).unwrap_or_else(|| path.to_owned())
    }

    /// A file was written or deleted.
    pub(super) fn wrote(&mut self, path: &str, all: &Files) {
        let file = all.get(path);
        if let Some(file) = file {
            self.learn(path, file);
        }
        if path == "vault" {
            return self.look_again(all);
        }
        let logical = self.path(path);
        match file {
            Some(file) => drop(self.files.insert(logical.clone(), self.opened(&logical, file))),
            None => drop(self.files.remove(&logical)),
        }
    }

    /// Everything is another.
    pub(super) fn look_again(&mut self, all: &Files) {
        let marker = all.get("vault").and_then(|file| serde_json::from_slice::<Marker>(&file.bytes).ok());
        if let Some(marker) = marker {
            self.current = Some(marker.vault);
        }
        self.files =
            all.iter().map(|(path, file)| (self.path(path), file)).map(|(path, file)| (path.clone(), self.opened(&path, file))).collect();
    }

    fn learn(&mut self, path: &str, file: &File) {
        let Some(opened) = Unsealed::open(path, &file.bytes, &self.encryption) else { return };
        match self.vaults.get_mut(&opened.vault()) {
            Some(known) => known.join(&opened),
            None => drop(self.vaults.insert(opened.vault(), opened)),
        }
    }

    fn vault(&self) -> Option<&Unsealed> {
        self.vaults.get(self.current.as_ref()?)
    }

    fn opened(&self, logical: &str, file: &File) -> File {
        let content = self.vault().filter(|_| Unsealed::key_of(&file.bytes).is_some()).and_then(|vault| vault.read(logical, &file.bytes));
        content.map_or_else(|| file.clone(), |content| File { bytes: content.into(), ..file.clone() })
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plain").field("vaults", &self.vaults).finish_non_exhaustive()
    }
}
