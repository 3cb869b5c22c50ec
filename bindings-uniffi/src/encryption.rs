//! What opens a sealed vault.

use crate::{KiteError, contain::contained};
use kitestring::{Error, ErrorKind, PassphraseCost};
use std::sync::Arc;

/// The passphrase or the key of a sealed vault. It shows nothing, and is wiped when it is dropped.
#[derive(Debug, uniffi::Object)]
pub struct Encryption(pub(crate) kitestring::Encryption);

#[uniffi::export]
impl Encryption {
    /// Opens with a passphrase. The first sync with it computes for about half a second; what `Client.vault_key` gives saves
    /// that afterwards. An empty one is `invalid_input`.
    #[uniffi::constructor]
    pub fn passphrase(text: &str) -> Result<Arc<Self>, KiteError> {
        contained("open", || kitestring::Encryption::passphrase(text).map(|made| Arc::new(Self(made))))
    }

    /// Opens with 32 bytes that the user keeps, or that `Client.vault_key` gave: never with ones that were made of a word.
    #[uniffi::constructor]
    pub fn key(bytes: Vec<u8>) -> Result<Arc<Self>, KiteError> {
        let wrong = |_| Error::new(ErrorKind::InvalidInput, "open", "a key has 32 bytes");
        contained("open", || Ok(Arc::new(Self(kitestring::Encryption::key(bytes.try_into().map_err(wrong)?)))))
    }

    /// Pads what this client writes, so that sizes tell less: by at most 12 %, by 3 % or so on average.
    pub fn padded(&self) -> Arc<Self> {
        Arc::new(Self(self.0.clone().padded()))
    }

    /// Chooses what trying a passphrase costs (Argon2id): memory in KiB, passes, lanes. Only a new vault, or a new
    /// passphrase, asks for it. `invalid_input` if it is outside of the limits.
    pub fn with_cost(&self, memory_kib: u32, passes: u32, lanes: u32) -> Result<Arc<Self>, KiteError> {
        contained("open", || self.0.clone().with_cost(PassphraseCost { memory_kib, passes, lanes }).map(|made| Arc::new(Self(made))))
    }
}
