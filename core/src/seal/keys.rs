//! The keys of a vault, all that this client knows.

use super::secret::Secret;
use crate::{
    Error, Result,
    server::journal::{PieceName, VaultId},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::{collections::BTreeSet, fmt};

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
    /// How many of the data keys, from the oldest on, are closed.
    pub(super) closed: usize,
    /// The checkpoint that counts although its key is closed: it has all that does.
    pub(super) root: Option<PieceName>,
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
    fn is_closed(&self, key: KeyId) -> bool {
        self.data.iter().take(self.closed).any(|closed| closed.id == key)
    }

    /// Whether a file counts that is sealed with this key: all do, unless the key is closed. `for_bodies` says that it was
    /// named by something that counts, and that what is read is compared with a digest there.
    pub(super) fn counts(&self, key: KeyId, path: &str, for_bodies: bool) -> bool {
        if !self.is_closed(key) {
            return true;
        }
        match path.split_once('/') {
            Some(("j", name)) => for_bodies || self.root.is_some() && self.root == PieceName::parse_root(name),
            // Whoever names a part has its digest, and the name of a checkpoint's file has its hash.
            Some(("p" | "c", _)) => true,
            _ => false,
        }
    }
}
