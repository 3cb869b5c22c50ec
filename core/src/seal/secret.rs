//! 32 secret bytes, and keys made of them.

use crate::{Error, Result, Runtime};
use hkdf::Hkdf;
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

/// 32 bytes that are never shown, and wiped when they are dropped.
#[derive(Clone)]
pub(super) struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    pub(super) fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(super) fn random(runtime: &dyn Runtime) -> Result<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        runtime.random(&mut *bytes)?;
        Ok(Self(bytes))
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Derives a key: HKDF-SHA256 (RFC 5869). `info` is taken as if it were one text.
    pub(super) fn derive<const N: usize>(&self, salt: &[u8], info: &[&[u8]]) -> Result<Zeroizing<[u8; N]>> {
        let mut key = Zeroizing::new([0; N]);
        let derived = Hkdf::<Sha256>::new(Some(salt), &*self.0).expand_multi_info(info, &mut *key);
        // Never zeros for a key, whatever happens.
        derived.map_err(|_| Error::internal("seal", "a key of that length cannot be derived"))?;
        Ok(key)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}
