//! What can be typed about what opens a sealed vault.

use super::Folder;
use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

/// What to do with what opens a sealed vault.
#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// List the passphrases and keys that open the vault, and the devices that have written to it
    List(KeyList),
    /// Let another passphrase open the vault, or a new key; the passphrase is asked for, or in KITE_NEW_PASSPHRASE
    Add(KeyAdd),
    /// Let a passphrase or key open the vault no longer; whoever has used it keeps what it has
    Remove(KeyRemove),
    /// Seal everything from now on with another key, under the same passphrases
    Rotate(KeyRotate),
    /// Revoke a device that is lost: nothing that it writes counts any longer, and only a new passphrase or key opens the
    /// vault; it is asked for, or in KITE_NEW_PASSPHRASE
    Revoke(KeyRevoke),
    /// Show a code that tells a new device which vault this is, and how far it goes: for `kite sync --pairing`
    Code(Folder),
}

/// The options of `kite key list`.
#[derive(Debug, ClapArgs)]
pub(crate) struct KeyList {
    #[command(flatten)]
    pub folder: Folder,
    /// Open the vault with this key
    #[arg(long, value_name = "PATH")]
    pub key_file: Option<PathBuf>,
}

/// The options of `kite key add`.
#[derive(Debug, ClapArgs)]
pub(crate) struct KeyAdd {
    #[command(flatten)]
    pub folder: Folder,
    /// What people call it, 1 to 64 bytes; whoever sees the drive can read it [default: passphrase, or key]
    #[arg(long, value_name = "LABEL")]
    pub label: Option<String>,
    /// Make a key instead, in a new file that only you can read
    #[arg(long, value_name = "PATH")]
    pub new_key_file: Option<PathBuf>,
    /// Open the vault with this key
    #[arg(long, value_name = "PATH")]
    pub key_file: Option<PathBuf>,
}

/// The options of `kite key remove`.
#[derive(Debug, ClapArgs)]
pub(crate) struct KeyRemove {
    #[command(flatten)]
    pub folder: Folder,
    /// Which one, as `kite key list` shows it; its first characters are enough if no other one begins so
    pub id: String,
    /// Open the vault with this key
    #[arg(long, value_name = "PATH")]
    pub key_file: Option<PathBuf>,
}

/// The options of `kite key rotate`.
#[derive(Debug, ClapArgs)]
pub(crate) struct KeyRotate {
    #[command(flatten)]
    pub folder: Folder,
    /// A key that opens the vault and is to go on doing so; may be repeated. Passphrases are asked for
    #[arg(long, value_name = "PATH")]
    pub key_file: Vec<PathBuf>,
}

/// The options of `kite key revoke`.
#[derive(Debug, ClapArgs)]
pub(crate) struct KeyRevoke {
    #[command(flatten)]
    pub folder: Folder,
    /// Which one, as `kite key list` shows it: its name, or the first characters of its id
    #[arg(required_unless_present = "unlisted")]
    pub device: Option<String>,
    /// One that has never written to the vault, and so is not listed
    #[arg(long, conflicts_with = "device")]
    pub unlisted: bool,
    /// What people call the new passphrase or key, 1 to 64 bytes; whoever sees the drive can read it [default: passphrase, or
    /// key]
    #[arg(long, value_name = "LABEL")]
    pub label: Option<String>,
    /// Make a key instead of a passphrase, in a new file that only you can read
    #[arg(long, value_name = "PATH")]
    pub new_key_file: Option<PathBuf>,
    /// A key that the device never had, and that goes on opening the vault; may be repeated
    #[arg(long, value_name = "PATH")]
    pub keep: Vec<PathBuf>,
    /// Open the vault with this key
    #[arg(long, value_name = "PATH")]
    pub key_file: Option<PathBuf>,
}
