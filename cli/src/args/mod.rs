//! What can be typed.

mod care;
mod files;
mod keys;
mod services;
mod syncing;

pub(crate) use care::{BreakLock, Compact, Doctor, Export, Import, Migrate, Move, Place};
pub(crate) use files::{Conflicts, Empty, Keep, Log, Resolve, Restore, RestoreVersion, Trash};
pub(crate) use keys::{Key, KeyAdd, KeyList, KeyRemove, KeyRevoke, KeyRotate};
pub(crate) use services::{
    Connect, ConnectTo, Disconnect, DisconnectFrom, GitHubRepository, S3Bucket, SignInOptions, SignOutOptions, WebDavServer,
};
pub(crate) use syncing::{Lower, Lowered, SetUp, Status, Sync, Unlock, Warning, Watch};

use clap::{Args as ClapArgs, Parser, Subcommand};
use std::path::{Path, PathBuf};

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
    Compact(Compact),
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
    /// Move the vault of a folder to another drive, or follow one that was moved
    Move(Move),
    /// Bring the vault of a folder from the classic layout to the journal layout; programs made for db-to-cloud cannot follow
    Migrate(Migrate),
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
            Self::Trash(Trash::List(folder)) | Self::Key(Key::Code(folder)) => folder,
            Self::Sync(Sync { folder, .. })
            | Self::Compact(Compact { folder, .. })
            | Self::Status(Status { folder, .. })
            | Self::Trash(Trash::Restore(Restore { folder, .. }) | Trash::Empty(Empty { folder, .. }))
            | Self::Watch(Watch { folder, .. })
            | Self::Conflicts(Conflicts { folder, .. })
            | Self::Resolve(Resolve { folder, .. })
            | Self::Log(Log { folder, .. })
            | Self::Restore(RestoreVersion { folder, .. })
            | Self::Lower(Lower { folder, .. })
            | Self::Move(Move { folder, .. })
            | Self::Migrate(Migrate { folder, .. })
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
            Self::Watch(Watch { unlock, .. }) | Self::Migrate(Migrate { unlock, .. }) => unlock.clone(),
            Self::Move(Move { key_file, .. }) => Unlock { key_file: key_file.clone(), ..Unlock::default() },
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
