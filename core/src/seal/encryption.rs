//! What a host gives to open a sealed vault.

use super::secret::Secret;
use crate::{Error, Result};
use std::{fmt, sync::Arc};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// The passphrase or the key of a sealed vault. It shows nothing, and is wiped when it is dropped.
///
/// A vault is sealed when it is made, or never: with an unsealed vault it is `invalid_input`.
#[derive(Clone)]
pub struct Encryption {
    pub(super) given: Given,
    pub(super) padded: bool,
    pub(super) cost: PassphraseCost,
}

#[derive(Clone)]
pub(super) enum Given {
    Passphrase(Arc<Zeroizing<String>>),
    Key(Secret),
}

/// 32 bytes that open a sealed vault as its passphrase or key does, without what a passphrase costs: until the passphrase is
/// changed. For a system's store of keys; never to be shown, or written where the vault is.
#[derive(Clone)]
pub struct VaultKey(pub(super) Secret);

/// What trying one passphrase costs: Argon2id (RFC 9106). Only a new vault, or a new passphrase, asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassphraseCost {
    /// Memory in KiB: 19,456 (19 MiB) to 1,048,576 (1 GiB).
    pub memory_kib: u32,
    /// How many passes over it: 2 to 64.
    pub passes: u32,
    /// How many lanes: 1 to 16. More of them take no less time here.
    pub lanes: u32,
}

impl PassphraseCost {
    /// The least that is accepted, from a host as from a vault.
    pub const LEAST: Self = Self { memory_kib: 19 << 10, passes: 2, lanes: 1 };
    const MOST: Self = Self { memory_kib: 1 << 20, passes: 64, lanes: 16 };

    pub(super) fn is_accepted(&self) -> bool {
        let within = |value: u32, least: u32, most: u32| (least..=most).contains(&value);
        within(self.memory_kib, Self::LEAST.memory_kib, Self::MOST.memory_kib)
            && within(self.passes, Self::LEAST.passes, Self::MOST.passes)
            && within(self.lanes, Self::LEAST.lanes, Self::MOST.lanes)
    }
}

impl Default for PassphraseCost {
    /// 64 MiB, 10 passes, 1 lane: see `spec/decisions/0008-sealing.md` for what that takes.
    fn default() -> Self {
        Self { memory_kib: 64 << 10, passes: 10, lanes: 1 }
    }
}

impl Encryption {
    /// Opens with a passphrase. It is taken in Unicode's form NFC, so that every keyboard gives the same.
    ///
    /// The first sync with it computes for about half a second in place; [`crate::Client::vault_key`] saves that afterwards.
    ///
    /// # Errors
    /// `invalid_input` if it is empty.
    pub fn passphrase(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::invalid("open", "the passphrase is empty"));
        }
        let normal: Zeroizing<String> = Zeroizing::new(text.nfc().collect());
        Ok(Self::of(Given::Passphrase(Arc::new(normal))))
    }

    /// Opens with 32 bytes that the user keeps: never with ones that were made of a word.
    pub fn key(bytes: [u8; 32]) -> Self {
        Self::of(Given::Key(Secret::new(bytes)))
    }

    fn of(given: Given) -> Self {
        Self { given, padded: false, cost: PassphraseCost::default() }
    }

    /// Pads what this client writes, so that sizes tell less: by at most 12 %, by 3 % or so on average.
    #[must_use]
    pub fn padded(self) -> Self {
        Self { padded: true, ..self }
    }

    /// Chooses what trying a passphrase costs, if this client makes the vault or the passphrase.
    ///
    /// # Errors
    /// `invalid_input` if it is outside of the limits.
    pub fn with_cost(self, cost: PassphraseCost) -> Result<Self> {
        if !cost.is_accepted() {
            return Err(Error::invalid("open", "the cost of a passphrase is outside of its limits"));
        }
        Ok(Self { cost, ..self })
    }
}

impl VaultKey {
    /// Takes bytes that [`VaultKey::bytes`] gave.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The bytes, for a system's store of keys.
    pub fn bytes(&self) -> &[u8; 32] {
        self.0.bytes()
    }
}

impl From<VaultKey> for Encryption {
    fn from(VaultKey(secret): VaultKey) -> Self {
        Self::of(Given::Key(secret))
    }
}

impl fmt::Debug for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = match &self.given {
            Given::Passphrase(_) => "a passphrase",
            Given::Key(_) => "a key",
        };
        write!(f, "Encryption({given})")
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultKey")
    }
}
