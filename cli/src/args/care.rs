//! What can be typed to care for a vault.

use super::{
    Folder,
    syncing::{SEALED, Unlock},
};
use clap::Args as ClapArgs;
use std::path::PathBuf;

/// A vault, and how to answer.
#[derive(Debug, ClapArgs)]
pub(crate) struct Place {
    /// A synced folder, or the drive's own address as kite sync --drive takes it
    #[arg(value_name = "FOLDER|URL")]
    pub place: PathBuf,
    /// One dataset of several on the drive
    #[arg(long, value_name = "NAME")]
    pub collection: Option<String>,
    /// Open the vault with this key; a passphrase is taken from KITE_PASSPHRASE, or asked for
    #[arg(long, value_name = "PATH", help_heading = SEALED)]
    pub key_file: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// The options of `kite compact`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Compact {
    #[command(flatten)]
    pub folder: Folder,
    /// Of a drive in GitHub: put one commit in the place of the whole history of the branch, with all that somebody else has
    /// committed to it. The files stay as they are; there is no way back
    #[arg(long)]
    pub squash: bool,
}

const DOCTOR_CODES: &str = "Exit codes: 0 nothing is wrong, or it is repaired; 2 something is open; 1 failed.";

/// The options of `kite doctor`.
#[derive(Debug, ClapArgs)]
#[command(after_help = DOCTOR_CODES)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub place: Place,
    /// Repair what can be repaired safely; nothing is deleted. With a synced folder more can be repaired than by the address
    /// of the drive: what the folder has is written again
    #[arg(long)]
    pub repair: bool,
}

/// The options of `kite export`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Export {
    #[command(flatten)]
    pub place: Place,
    /// Where to put it; a file that is there is never written over
    pub file: PathBuf,
}

/// The options of `kite import`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Import {
    /// What `kite export` has made
    pub file: PathBuf,
    /// Where the vault is to be: an empty place, as kite sync --drive takes it. An import that was interrupted there goes on
    #[arg(value_name = "URL")]
    pub drive: PathBuf,
    /// One dataset of several on the drive
    #[arg(long, value_name = "NAME")]
    pub collection: Option<String>,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// The options of `kite move`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Move {
    #[command(flatten)]
    pub folder: Folder,
    /// Where the vault is to be: an empty place, as kite sync --drive takes it. A move that was interrupted goes on. With
    /// --follow, where the vault is now, if that is called otherwise here than where it was moved from
    #[arg(value_name = "URL", required_unless_present = "follow")]
    pub drive: Option<PathBuf>,
    /// One dataset of several on the drive
    #[arg(long, value_name = "NAME", requires = "drive")]
    pub collection: Option<String>,
    /// Go where another device has moved the vault, after showing the address and asking
    #[arg(long)]
    pub follow: bool,
    /// Do not ask
    #[arg(long, requires = "follow")]
    pub yes: bool,
    /// Open the vault with this key; a passphrase is taken from KITE_PASSPHRASE, or asked for
    #[arg(long, value_name = "PATH", help_heading = SEALED)]
    pub key_file: Option<PathBuf>,
}

const MIGRATED: &str = "On each other device: kite move FOLDER --follow.";

/// The options of `kite migrate`.
#[derive(Debug, ClapArgs)]
#[command(after_help = MIGRATED)]
pub(crate) struct Migrate {
    #[command(flatten)]
    pub folder: Folder,
    /// Where the vault is to be: an empty place, as kite sync --drive takes it; if nothing is said, the collection `kitestring` of the
    /// drive where it is. A migration that was interrupted goes on
    #[arg(value_name = "URL")]
    pub drive: Option<PathBuf>,
    /// One dataset of several on the drive
    #[arg(long, value_name = "NAME", requires = "drive")]
    pub collection: Option<String>,
    #[command(flatten)]
    pub unlock: Unlock,
    /// How long to wait for another device's lock
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub wait: u64,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// The options of `kite break-lock`.
#[derive(Debug, ClapArgs)]
pub(crate) struct BreakLock {
    #[command(flatten)]
    pub place: Place,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}
