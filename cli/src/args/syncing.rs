//! What can be typed to sync, and to look at what a sync has done.

use super::{EXIT_CODES, Folder};
use crate::layout::Layout;
use clap::{Args as ClapArgs, ValueEnum};
use kitestring::PairingCode;
use std::{ffi::OsString, path::PathBuf};

/// The options of `kite status`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Status {
    #[command(flatten)]
    pub folder: Folder,
    /// List what is ignored
    #[arg(long)]
    pub ignored: bool,
}

const SET_UP: &str = "Set-up, needed the first time only";

/// What sets a folder up. Needed the first time only; later it must be the same, or left out.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct SetUp {
    /// Where the drive is: a folder, as a path or a file: URL, made if its parent exists; webdav+https://host/path, for
    /// which KITE_WEBDAV_USER and KITE_WEBDAV_PASSWORD sign in; dropbox:/path, for which KITE_DROPBOX_TOKEN does;
    /// gdrive:appdata or gdrive:/name, for which KITE_GDRIVE_TOKEN does; onedrive:approot or onedrive:/path, for which
    /// KITE_ONEDRIVE_TOKEN does; s3://bucket/folder, with ?endpoint=URL for another store than
    /// Amazon's, for which AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY do; or
    /// github:owner/repository/folder#branch, for which KITE_GITHUB_TOKEN or GITHUB_TOKEN does
    #[arg(long, value_name = "URL", help_heading = SET_UP)]
    pub drive: Option<OsString>,
    /// One dataset of several on the drive, in a folder of this name there; the same as ?collection=NAME at the end of
    /// a file: URL
    #[arg(long, value_name = "NAME", help_heading = SET_UP)]
    pub collection: Option<String>,
    /// How to lay the files out on the drive [default: journal]
    #[arg(long, value_enum, help_heading = SET_UP)]
    pub layout: Option<Layout>,
    /// The drive's folder is copied between machines by another program, such as Syncthing or Dropbox; noticed by
    /// itself where that program leaves its marks
    #[arg(long, help_heading = SET_UP)]
    pub shared_folder: bool,
    /// The name of this device, for people on other devices [default: the host name]
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
}

pub(super) const SEALED: &str = "Sealed vaults";

/// What seals a vault that is made, and opens one that is sealed. A passphrase is asked for, or taken from
/// KITE_PASSPHRASE.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct Unlock {
    /// Seal the vault if there is none yet, and accept only a sealed one; the passphrase is asked for, or in
    /// KITE_PASSPHRASE
    #[arg(long, help_heading = SEALED)]
    pub encrypt: bool,
    /// The same, with a key instead of a passphrase: a file of 64 hexadecimal digits that nobody else may read
    #[arg(long, value_name = "PATH", help_heading = SEALED)]
    pub key_file: Option<PathBuf>,
    /// The same, and ask each time: keep nothing that opens the vault, until --encrypt is given without this
    #[arg(long, help_heading = SEALED)]
    pub ask: bool,
    /// A key file to use if there is nothing else.
    #[arg(skip)]
    pub last_key_file: Option<PathBuf>,
    /// Whether a vault may be made in the place of one that is gone.
    #[arg(skip)]
    pub anew: bool,
}

impl Unlock {
    /// Whether a vault that is made now is to be sealed.
    pub(crate) fn seals(&self) -> bool {
        self.encrypt || self.ask || self.key_file.is_some()
    }
}

/// The options of `kite sync`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Sync {
    #[command(flatten)]
    pub folder: Folder,
    #[command(flatten)]
    pub set_up: SetUp,
    #[command(flatten)]
    pub unlock: Unlock,
    /// Only say what would be done: nothing is written anywhere
    #[arg(long)]
    pub dry_run: bool,
    /// Read every file, even if its size and times have not changed
    #[arg(long)]
    pub checksum: bool,
    /// How long to wait for another device's lock; only the classic layout has one
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub wait: u64,
    /// Go on in spite of a warning; may be repeated
    #[arg(long, value_enum, value_name = "WARNING")]
    pub yes: Vec<Warning>,
    /// What `kite key code` shows on another device: the drive must hold that vault, and nothing older, before anything is pushed
    #[arg(long, value_name = "CODE")]
    pub pairing: Option<PairingCode>,
}

const WATCH_CODES: &str = "With --json, each event is one object on a line of its own.

Exit codes: 0 stopped by Ctrl-C or a signal, everything written is whole; 128 plus the signal's number if a sync was cut short \
(5 seconds after the first signal, or at once by a second one); 1 failed: the message says what to do before it is started again.";

/// The options of `kite watch`.
#[derive(Debug, ClapArgs)]
#[command(after_help = WATCH_CODES)]
pub(crate) struct Watch {
    #[command(flatten)]
    pub folder: Folder,
    #[command(flatten)]
    pub set_up: SetUp,
    #[command(flatten)]
    pub unlock: Unlock,
    /// How often to look at the drive, and at the folder where the system notices no changes
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub every: u64,
}

impl Watch {
    /// Returns the sync that the watch begins with.
    pub(crate) fn as_sync(&self) -> Sync {
        let Folder { folder, json } = &self.folder;
        Sync {
            folder: Folder { folder: folder.clone(), json: *json },
            set_up: self.set_up.clone(),
            unlock: self.unlock.clone(),
            dry_run: false,
            checksum: false,
            wait: 10,
            yes: Vec::new(),
            pairing: None,
        }
    }
}

/// A warning that the user may overrule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Warning {
    /// More than half of the files (and at least 20) would be deleted
    MassDelete,
    /// The drive holds another dataset than last time
    VaultChanged,
    /// The drive is older than it was last time
    Rollback,
    /// Most of what changed here (and at least 20 files) is what it was one version earlier
    HostOlder,
}

/// The options of `kite lower`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Lower {
    #[command(flatten)]
    pub folder: Folder,
    /// How every device is to find the vault's records
    #[arg(value_enum)]
    pub strategy: Lowered,
}

/// What a vault can be lowered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lowered {
    /// By numbered files, each made once: for drives that replace no file under a condition
    Slots,
    /// By listing them: for drives without conditions, and for folders that another program copies between machines
    Listing,
}
