//! What can be typed.

use crate::layout::Layout;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use kitestring::PairingCode;
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

const EXIT_CODES: &str = "Exit codes of sync: 0 in sync; 2 in sync, conflicts wait; 3 in sync, files were skipped; 1 failed.";

/// Keeps a folder in step with a drive: any place that stores files.
#[derive(Debug, Parser)]
#[command(name = "kite", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Write what happens to stderr, line by line
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sync a folder; with --drive, set it up first
    Sync(Sync),
    /// Keep a folder in step until it is stopped
    Watch(Watch),
    /// Show what is known of a folder, without asking the drive
    Status(Status),
    /// List the files that both sides changed
    Conflicts(Conflicts),
    /// Settle a conflict
    Resolve(Resolve),
    /// List, restore or empty what syncs have replaced or deleted
    #[command(subcommand)]
    Trash(Trash),
    /// List what a file was and is, the newest first
    Log(Log),
    /// Make a file what it was; what is here now goes to the trash in .kite
    Restore(RestoreVersion),
    /// Gather what the drive holds in many small files, and delete what is no longer needed; syncs do this by themselves
    Compact(Folder),
    /// Change how the vault's records are found to a way that asks less of the drive; there is no way back
    Lower(Lower),
    /// List, add, remove or replace what opens a sealed vault
    #[command(subcommand)]
    Key(Key),
    /// Read a whole vault, say what is the matter with it, and repair what can be repaired safely
    Doctor(Doctor),
    /// Copy a whole vault into one file, as it is: a sealed one stays sealed
    Export(Export),
    /// Copy a vault out of such a file into an empty place
    Import(Import),
    /// Remove the lock that a device has left on the drive, after showing it and asking
    BreakLock(BreakLock),
    /// Forget the drive of a folder; no file is touched
    Unlink(Unlink),
    /// Sign in to a service, for every folder with a drive there; without a service, list where you are signed in
    Connect(Connect),
    /// Sign out of a service: its tokens are given back and deleted here
    Disconnect(Disconnect),
}

/// A folder, and how to answer.
#[derive(Debug, ClapArgs)]
pub(crate) struct Folder {
    /// The synced folder
    pub folder: PathBuf,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

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

/// The options of `kite break-lock`.
#[derive(Debug, ClapArgs)]
pub(crate) struct BreakLock {
    #[command(flatten)]
    pub place: Place,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

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
    /// which KITE_WEBDAV_USER and KITE_WEBDAV_PASSWORD sign in; dropbox:/path, for which KITE_DROPBOX_TOKEN does; or
    /// gdrive:appdata or gdrive:/name, for which KITE_GDRIVE_TOKEN does; or s3://bucket/folder, with ?endpoint=URL for
    /// another store than Amazon's, for which AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY do
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

const SEALED: &str = "Sealed vaults";

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

/// The options of `kite conflicts`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Conflicts {
    #[command(flatten)]
    pub folder: Folder,
    /// Show how the two sides of one file differ
    #[arg(long, value_name = "FILE")]
    pub diff: Option<String>,
}

/// The options of `kite resolve`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Resolve {
    #[command(flatten)]
    pub folder: Folder,
    /// The file, by its path in the folder
    pub file: String,
    /// Which side to keep; `both` puts the drive's copy beside the local file
    #[arg(long, value_enum)]
    pub keep: Keep,
}

/// Which side of a conflict to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Keep {
    /// The file in the folder
    Local,
    /// The file on the drive; the local one goes to the trash in .kite
    Remote,
    /// The local file, with the drive's copy beside it
    Both,
}

/// What to do with the trash.
#[derive(Debug, Subcommand)]
pub(crate) enum Trash {
    /// List what is in the trash, the latest first
    List(Folder),
    /// Bring files back, or all files of a directory; what has taken its place goes to the trash in turn
    Restore(Restore),
    /// Destroy what is in the trash
    Empty(Empty),
}

/// The options of `kite trash restore`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Restore {
    #[command(flatten)]
    pub folder: Folder,
    /// The files or directories, by their paths in the folder
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<String>,
    /// Which one, by the time at which it left as `kite trash list` shows it [default: the latest]
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Where to put the file [default: where it was]
    #[arg(long, value_name = "PATH")]
    pub to: Option<String>,
}

/// The options of `kite trash empty`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Empty {
    #[command(flatten)]
    pub folder: Folder,
    /// Only what left at least so many days ago
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    pub older_than: u32,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// The options of `kite log`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Log {
    #[command(flatten)]
    pub folder: Folder,
    /// The file, by its path in the folder, from here, or from the root; it may be deleted now
    pub file: String,
}

/// The options of `kite restore`.
#[derive(Debug, ClapArgs)]
pub(crate) struct RestoreVersion {
    #[command(flatten)]
    pub folder: Folder,
    /// The file, by its path in the folder, from here, or from the root; it may be deleted now
    pub file: String,
    /// Which version, as `kite log` shows it; its first characters are enough if no other version begins so
    pub revision: String,
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

/// The options of `kite unlink`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Unlink {
    #[command(flatten)]
    pub folder: Folder,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Even if edits wait to be pushed or conflicts to be settled
    #[arg(long)]
    pub force: bool,
}

/// The options of `kite connect`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Connect {
    /// Where to.
    #[command(subcommand)]
    pub to: Option<ConnectTo>,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub json: bool,
}

/// Where somebody can sign in.
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectTo {
    /// Dropbox, as the app whose key is in KITE_DROPBOX_APP_KEY
    Dropbox(SignInOptions),
    /// Google Drive, as the desktop app in KITE_GDRIVE_CLIENT_ID and KITE_GDRIVE_CLIENT_SECRET
    Gdrive(SignInOptions),
    /// A WebDAV server; user and password are asked for, or in KITE_WEBDAV_USER and KITE_WEBDAV_PASSWORD
    Webdav(WebDavServer),
    /// A bucket of Amazon S3 or its kin; the keys are asked for, or in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
    S3(S3Bucket),
}

/// How to sign in.
#[derive(Debug, ClapArgs)]
pub(crate) struct SignInOptions {
    /// The app key or client id of your app at the service; the next time it is known
    #[arg(long, value_name = "ID")]
    pub app: Option<String>,
    /// Open no browser: open the address that is shown on any device, and paste the code or the address of the last page
    #[arg(long)]
    pub no_browser: bool,
    /// Let the browser come back to this port of 127.0.0.1, for a service at which the app must name its port
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
}

/// Which server.
#[derive(Debug, ClapArgs)]
pub(crate) struct WebDavServer {
    /// The address of a folder there, as kite sync --drive takes it; the password counts for the whole server
    #[arg(value_name = "webdav+https://HOST/PATH")]
    pub address: String,
}

/// A bucket.
#[derive(Debug, ClapArgs)]
pub(crate) struct S3Bucket {
    /// The bucket, as kite sync --drive takes it; the keys count for the whole bucket
    #[arg(value_name = "s3://BUCKET?endpoint=URL&region=NAME")]
    pub address: String,
}

/// The options of `kite disconnect`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Disconnect {
    /// Where from.
    #[command(subcommand)]
    pub from: DisconnectFrom,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub json: bool,
}

/// Where somebody can sign out.
#[derive(Debug, Subcommand)]
pub(crate) enum DisconnectFrom {
    /// Dropbox
    Dropbox(SignOutOptions),
    /// Google Drive
    Gdrive(SignOutOptions),
    /// A WebDAV server: the password is deleted here
    Webdav(WebDavServer),
    /// A bucket of Amazon S3 or its kin: the keys are deleted here
    S3(S3Bucket),
}

/// How to sign out.
#[derive(Debug, ClapArgs)]
pub(crate) struct SignOutOptions {
    /// Only delete what is kept here, without asking the service
    #[arg(long)]
    pub local: bool,
}

impl Command {
    /// Returns the vault that the command is about, if it is about one rather than a folder.
    fn place(&self) -> Option<&Place> {
        match self {
            Self::BreakLock(BreakLock { place, .. }) | Self::Doctor(Doctor { place, .. }) | Self::Export(Export { place, .. }) => {
                Some(place)
            }
            _ => None,
        }
    }

    /// Returns what the command is about, as it was typed, if it is about anything, and whether it answers in JSON.
    pub(crate) fn subject(&self) -> Option<(&Path, bool)> {
        if let Self::Import(Import { drive, json, .. }) = self {
            return Some((drive, *json));
        }
        let place = self.place().map(|place| (place.place.as_path(), place.json));
        place.or_else(|| self.folder().map(|folder| (folder.folder.as_path(), folder.json)))
    }

    /// Returns the folder that the command is about, if it is about one.
    fn folder(&self) -> Option<&Folder> {
        Some(match self {
            Self::Connect(_) | Self::Disconnect(_) | Self::BreakLock(_) | Self::Doctor(_) | Self::Export(_) | Self::Import(_) => {
                return None;
            }
            Self::Trash(Trash::List(folder)) | Self::Compact(folder) | Self::Key(Key::Code(folder)) => folder,
            Self::Sync(Sync { folder, .. })
            | Self::Status(Status { folder, .. })
            | Self::Trash(Trash::Restore(Restore { folder, .. }) | Trash::Empty(Empty { folder, .. }))
            | Self::Watch(Watch { folder, .. })
            | Self::Conflicts(Conflicts { folder, .. })
            | Self::Resolve(Resolve { folder, .. })
            | Self::Log(Log { folder, .. })
            | Self::Restore(RestoreVersion { folder, .. })
            | Self::Lower(Lower { folder, .. })
            | Self::Key(
                Key::List(KeyList { folder, .. })
                | Key::Add(KeyAdd { folder, .. })
                | Key::Remove(KeyRemove { folder, .. })
                | Key::Rotate(KeyRotate { folder, .. })
                | Key::Revoke(KeyRevoke { folder, .. }),
            )
            | Self::Unlink(Unlink { folder, .. }) => folder,
        })
    }

    /// Returns what was typed to open the vault.
    pub(crate) fn unlock(&self) -> Unlock {
        if let Some(place) = self.place() {
            return Unlock { key_file: place.key_file.clone(), ..Unlock::default() };
        }
        match self {
            Self::Sync(Sync { unlock, yes, .. }) => Unlock { anew: yes.contains(&Warning::VaultChanged), ..unlock.clone() },
            Self::Watch(Watch { unlock, .. }) => unlock.clone(),
            Self::Key(
                Key::List(KeyList { key_file, .. })
                | Key::Add(KeyAdd { key_file, .. })
                | Key::Remove(KeyRemove { key_file, .. })
                | Key::Revoke(KeyRevoke { key_file, .. }),
            ) => Unlock { key_file: key_file.clone(), ..Unlock::default() },
            Self::Key(Key::Rotate(KeyRotate { key_file, .. })) => Unlock { last_key_file: key_file.first().cloned(), ..Unlock::default() },
            _ => Unlock::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_holds_together() {
        super::Args::command().debug_assert();
    }
}
