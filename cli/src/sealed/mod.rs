//! Sealed vaults: where the passphrase or key comes from, and what of it is kept. Nothing here is ever shown, and no
//! passphrase is ever written.
//!
//! | file | what it does |
//! | --- | --- |
//! | `opening.rs` | finds what opens the vault of a folder, for one command |
//! | `passphrase.rs` | passphrases from the environment and the terminal |
//! | `key_file.rs` | files with a key, as text |
//! | `kept.rs` | what is kept after a sync, so that nobody is asked again |

mod kept;
mod key_file;
mod opening;
mod passphrase;

pub(crate) use kept::Sealed;
pub(crate) use key_file::KeyFile;
pub(crate) use opening::{Next, Opening};
pub(crate) use passphrase::{Passphrase, is_somebody_here};
