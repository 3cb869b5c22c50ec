//! What opens a sealed vault: more methods of the client.

use super::Client;
use crate::{
    Encryption, KiteError,
    record::{KeySlot, Revocation, SyncOptions},
};
use std::sync::Arc;

#[uniffi::export]
impl Client {
    /// Gives 32 bytes that open this vault as the passphrase does, for a system's store of keys: never to be shown. None if
    /// the vault is not sealed, or was not opened by a sync yet.
    pub fn vault_key(&self) -> Result<Option<Vec<u8>>, KiteError> {
        self.ask("key", || Ok(self.client.vault_key().map(|key| key.bytes().to_vec())))
    }

    /// Opens the keyring as it is on the drive now, without a sync.
    pub async fn look_for_keys(&self) -> Result<(), KiteError> {
        self.call("key", self.client.look_for_keys()).await
    }

    /// Lists what opens the vault. A sync or `look_for_keys` comes first.
    pub fn keys(&self) -> Result<Vec<KeySlot>, KiteError> {
        self.ask("key", || Ok(self.client.keys()?.into_iter().map(KeySlot::from).collect()))
    }

    /// Lets another passphrase or key open the vault.
    pub async fn add_key(&self, label: String, encryption: Arc<Encryption>) -> Result<KeySlot, KiteError> {
        self.call("key", async { Ok(self.client.add_key(&label, encryption.0.clone()).await?.into()) }).await
    }

    /// Lets a passphrase or key open the vault no longer.
    pub async fn remove_key(&self, id: String) -> Result<(), KiteError> {
        self.call("key", self.client.remove_key(&id)).await
    }

    /// Seals with a new key from now on; `keep` is what else opens the vault, as given to `add_key`.
    #[uniffi::method(default(keep = []))]
    pub async fn rotate_key(&self, keep: Vec<Arc<Encryption>>) -> Result<(), KiteError> {
        let keep = keep.iter().map(|kept| kept.0.clone()).collect();
        self.call("key", self.client.rotate_key(keep)).await
    }

    /// Revokes a device: what it writes from then on counts for nobody.
    #[uniffi::method(default(options = None))]
    pub async fn revoke(&self, revocation: Revocation, options: Option<SyncOptions>) -> Result<KeySlot, KiteError> {
        self.call("key", async { Ok(self.client.revoke(revocation.into(), SyncOptions::of(options)?).await?.into()) }).await
    }
}
