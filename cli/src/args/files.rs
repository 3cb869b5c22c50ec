//! What can be typed about single files.

use super::Folder;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};

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
