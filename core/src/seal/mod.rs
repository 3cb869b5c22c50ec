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
//! | `unsealed.rs` | looks into a vault from outside, for tests |

mod drive;
mod encryption;
mod file;
#[cfg(test)]
mod garbage;
mod keyring;
mod keys;
mod manage;
mod names;
mod secret;
mod slot;
mod strays;
mod unsealed;
mod vault;

pub use encryption::{Encryption, PassphraseCost, VaultKey};
pub use manage::{KeySlot, Revocation};
#[doc(hidden)]
pub use unsealed::Unsealed;

pub(crate) use drive::SealedDrive;
pub(crate) use keys::Closing;
pub(crate) use vault::{MarkerTag, Sealing};

#[cfg(test)]
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
