//! The keys of a vault, all that this client knows.

use super::secret::Secret;
use crate::{
    Error, Result,
    server::journal::{PieceName, RecordName, VaultId, Writer},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// What a data key is called: nothing can be told of the key from it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyId(pub(super) [u8; 8]);

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::hex::write(&self.0, f)
    }
}

/// A key that seals files.
#[derive(Debug, Clone)]
pub(super) struct DataKey {
    pub(super) id: KeyId,
    pub(super) secret: Secret,
}

impl DataKey {
    pub(super) fn new(secret: Secret) -> Result<Self> {
        Ok(Self { id: KeyId(*secret.derive::<8>(&[], &[b"kitestring key id"])?), secret })
    }
}

/// The keys of a vault.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) vault: VaultId,
    /// Makes names and the marker, and never changes.
    pub(super) secret: Secret,
    /// The oldest first; there is always one.
    pub(super) data: Vec<DataKey>,
    /// The device parts of the writers that were revoked.
    pub(super) revoked: BTreeSet<[u8; 8]>,
    /// The keys that somebody has who was revoked.
    pub(super) closed: BTreeMap<KeyId, Closed>,
}

/// How far a key counts that somebody has who was revoked (E43).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Closed {
    /// The last checkpoint.
    pub(super) generation: u64,
    /// The last record of each writer.
    pub(super) records: BTreeMap<Writer, u64>,
}

impl Keys {
    pub(super) fn data_key(&self, id: KeyId) -> Option<&DataKey> {
        self.data.iter().find(|key| key.id == id)
    }

    /// The key with which files are sealed now.
    pub(super) fn current(&self) -> Option<&DataKey> {
        self.data.last()
    }

    /// What the marker says of itself (E30).
    pub(super) fn marker_tag(&self, epoch: u64, strategy: &str) -> Result<[u8; 32]> {
        let key = self.secret.derive::<32>(&[], &[b"kitestring marker"])?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&*key).map_err(|_| Error::internal("seal", "a key has no length"))?;
        mac.update(&self.vault.0);
        mac.update(&epoch.to_be_bytes());
        mac.update(strategy.as_bytes());
        Ok(mac.finalize().into_bytes().into())
    }
}

impl Keys {
    /// Whether a file counts that is sealed with this key: all do, unless somebody has the key who was revoked.
    pub(super) fn counts(&self, key: KeyId, path: &str) -> bool {
        let Some(closed) = self.closed.get(&key) else { return true };
        match path.split_once('/') {
            Some(("j", name)) => match (RecordName::parse(name), PieceName::parse_root(name)) {
                (Some(record), _) => closed.records.get(&record.writer).is_some_and(|last| record.seq <= *last),
                (_, Some(root)) => root.of.generation <= closed.generation,
                (None, None) => false,
            },
            Some(("c", name)) => PieceName::parse(name).is_some_and(|piece| piece.of.generation <= closed.generation),
            // Whoever names a part has its digest.
            Some(("p", _)) => true,
            _ => false,
        }
    }
}
