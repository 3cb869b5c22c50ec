//! Sealed vaults: what is on the drive says nothing to whoever has no key, and nothing is taken for the vault's that was not
//! sealed with one. `spec/sealed.md` has the rules by number.
//!
//! Sealing lies below the layout, as a drive ([`drive::SealedDrive`]): the layout reads and writes what it always does,
//! under the names that it always has.
//!
//! | file | what it does |
//! | --- | --- |
//! | `encryption.rs` | what a host gives: a passphrase or a key |
//! | `secret.rs` | 32 secret bytes, and keys made of them |
//! | `keys.rs` | the keys of a vault |
//! | `file.rs` | seals and opens files, whole or in part |
//! | `names.rs` | the names of sealed files |
//! | `slot.rs`, `keyring.rs` | the file that has the keys, wrapped |
//! | `drive.rs` | a drive on which everything is sealed |
//! | `vault.rs` | makes, opens and remembers the keyring of a vault |
//! | `manage.rs` | changes who can open it |
//! | `strays.rs` | takes over the keys of two keyrings that were written at once |
//! | `look.rs` | how the keyring lies on the drive, for whoever cares for a vault |
//! | `closing.rs`, `words.rs` | what also a build without the feature `sealed` must know and say |
//! | `absent.rs` | what stands for all this in such a build |
//! | `unsealed.rs` | looks into a vault from outside, for tests |

#[cfg(not(feature = "sealed"))]
mod absent;
mod closing;
#[cfg(feature = "sealed")]
mod drive;
#[cfg(feature = "sealed")]
mod encryption;
#[cfg(feature = "sealed")]
mod file;
#[cfg(test)]
#[cfg(feature = "sealed")]
mod garbage;
#[cfg(feature = "sealed")]
mod keyring;
#[cfg(feature = "sealed")]
mod keys;
#[cfg(feature = "sealed")]
mod look;
#[cfg(feature = "sealed")]
mod manage;
#[cfg(feature = "sealed")]
mod names;
#[cfg(feature = "sealed")]
mod secret;
#[cfg(feature = "sealed")]
mod slot;
#[cfg(feature = "sealed")]
mod strays;
#[cfg(feature = "sealed")]
mod unsealed;
#[cfg(feature = "sealed")]
mod vault;
pub(crate) mod words;

#[cfg(feature = "sealed")]
pub use encryption::{Encryption, PassphraseCost, VaultKey};
#[cfg(feature = "sealed")]
pub use manage::{KeySlot, Revocation};
#[cfg(feature = "sealed")]
#[doc(hidden)]
pub use unsealed::Unsealed;

#[cfg(not(feature = "sealed"))]
pub(crate) use absent::{SealedDrive, Sealing};
pub(crate) use closing::Closing;
#[cfg(feature = "sealed")]
pub(crate) use drive::SealedDrive;
#[cfg(feature = "sealed")]
pub(crate) use vault::Sealing;

/// What the marker of a sealed vault says.
pub(crate) type MarkerTag = [u8; 32];

#[cfg(test)]
#[cfg(feature = "sealed")]
mod testing {
    use crate::{Result, Runtime};
    use macro_rules_attribute::apply;
    use std::{
        sync::atomic::{AtomicU8, Ordering::SeqCst},
        time::Duration,
    };

    /// Random bytes that are the same in every run.
    #[derive(Default)]
    pub(super) struct Counting(AtomicU8);

    impl From<u8> for Counting {
        fn from(first: u8) -> Self {
            Self(first.into())
        }
    }

    #[apply(port!)]
    impl Runtime for Counting {
        fn now(&self) -> Duration {
            Duration::ZERO
        }

        fn wall(&self) -> Duration {
            Duration::ZERO
        }

        async fn sleep(&self, _duration: Duration) {}

        fn random(&self, bytes: &mut [u8]) -> Result<()> {
            bytes.iter_mut().for_each(|byte| *byte = self.0.fetch_add(1, SeqCst));
            Ok(())
        }
    }
}
