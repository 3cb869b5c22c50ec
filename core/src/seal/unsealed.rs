//! Looks into a sealed vault from outside: for the simulator, the fuzzers and the golden vaults. Not for programs, which
//! have a client.

use super::{
    Encryption,
    file::{self, HEADER_BYTES, Header},
    keyring::{self, KeyringName, Locked},
    keys::Keys,
    names::Names,
    slot::Slot,
};
use crate::{Result, Runtime, hex};
use std::{fmt, ops::Range, sync::Arc};

/// The keys of a vault, as its keyrings give them.
#[derive(Clone)]
pub struct Unsealed {
    name: KeyringName,
    keys: Keys,
    names: Arc<Names>,
    slots: Vec<Slot>,
}

impl Unsealed {
    /// Opens the keyring with this path; none if it makes no sense, or does not open.
    pub fn open(path: &str, file: &[u8], encryption: &Encryption) -> Option<Self> {
        let name = KeyringName::parse(path.strip_prefix("k/")?)?;
        let open = Locked::decode(file, &name).ok()?.open(encryption).ok()??;
        Some(Self { name, names: Arc::new(Names::new(&open.keys.secret).ok()?), keys: open.keys, slots: open.slots })
    }

    /// Whether a keyring of this vault could have this body: what somebody writes who has its keys.
    pub fn could_be_a_body(&self, body: &[u8]) -> bool {
        keyring::decode_body(self.keys.vault, body).is_ok()
    }

    /// The vault's id, in hexadecimal digits.
    pub fn vault(&self) -> String {
        self.keys.vault.to_string()
    }

    /// The names of the data keys, the oldest first.
    pub fn data_keys(&self) -> Vec<[u8; 8]> {
        self.keys.data.iter().map(|key| key.id.0).collect()
    }

    /// What people call the slots.
    pub fn labels(&self) -> Vec<String> {
        self.slots.iter().map(|slot| slot.label.clone()).collect()
    }

    /// Takes over the keys of another keyring of this vault.
    pub fn join(&mut self, other: &Self) {
        let new = other.keys.data.iter().filter(|key| self.keys.data_key(key.id).is_none());
        let new: Vec<_> = new.cloned().collect();
        self.keys.data.extend(new);
    }

    /// The key under which a file is sealed; none if it is not sealed.
    pub fn key_of(file: &[u8]) -> Option<[u8; 8]> {
        Header::read(file).map(|header| header.key.0)
    }

    /// What the layout calls the file with this path; none if it has no name of this vault.
    pub fn logical(&self, path: &str) -> Option<String> {
        match path.split_once('/') {
            Some((folder, name)) if Names::are_in(folder) => Some(format!("{folder}/{}", self.names.decrypt(folder, name)?)),
            _ => Some(path.to_owned()),
        }
    }

    /// The path on the drive of what the layout calls so; none if no vault gives such a name.
    pub fn on_drive(&self, logical: &str) -> Option<String> {
        match logical.split_once('/') {
            Some((folder, name)) if Names::are_in(folder) => Some(format!("{folder}/{}", self.names.encrypt(folder, name)?)),
            _ => Some(logical.to_owned()),
        }
    }

    /// The content of a file; none if it is not what was sealed under this name.
    pub fn read(&self, logical: &str, file: &[u8]) -> Option<Vec<u8>> {
        let sealed = file.get(HEADER_BYTES as usize..)?;
        file::open(&self.keys, logical, &Header::read(file)?, 0, sealed.to_vec(), &(0..u64::MAX)).ok()?
    }

    /// A part of the content of a file, from no more of it than is needed.
    pub fn read_part(&self, logical: &str, file: &[u8], content: Range<u64>) -> Option<Vec<u8>> {
        let header = Header::read(file)?;
        let (span, first) = header.span(&content);
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(file.len());
        let sealed = file.get(place(span.start)..place(span.end))?;
        file::open(&self.keys, logical, &header, first, sealed.to_vec(), &content).ok()?
    }

    /// Seals a file.
    ///
    /// # Errors
    /// Those of the runtime's randomness.
    pub fn seal(&self, logical: &str, content: &[u8], padded: bool, runtime: &dyn Runtime) -> Result<Vec<u8>> {
        file::seal(&self.keys, logical, content, padded, runtime)
    }
}

impl fmt::Debug for Unsealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut id = String::new();
        hex::push(&self.keys.vault.0, &mut id);
        write!(f, "Unsealed({id}, {})", self.name)
    }
}
