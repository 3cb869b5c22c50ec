//! How a dataset is laid out on its drive, and how to tell by what lies there: two vaults in one folder would each take
//! the drive for their own, so a folder is never set up beside a vault of the other layout.

use crate::{classic_file::FileFormat, drive_url::DriveUrl, output::quote::shell};
use clap::ValueEnum;
use kitestring::{Error, ErrorKind, JournalOptions, Result, Strategy, server::classic::ClassicOptions};
use serde::{Deserialize, Serialize};
use std::{fmt, path::Path, sync::Arc};

/// How files are laid out on a drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Layout {
    /// The files of db-to-cloud 0.8, for drives that its clients use too
    Classic,
    /// Immutable records: few requests, and safe on every drive
    Journal,
}

/// What a watch of a drive looks at, by its path in the dataset's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telltale {
    /// A file that is written with every change.
    File(&'static str),
    /// A folder that gets a new name with every change.
    Folder(&'static str),
}

impl Layout {
    /// Returns the layout of a configuration that names none: there was only one.
    pub(crate) fn unnamed() -> Self {
        Self::Classic
    }

    /// Returns the layout of the dataset in this folder, if there is one.
    pub(crate) fn found_in(dataset: &Path) -> Option<Self> {
        Self::told_by(|name| dataset.join(name).is_file())
    }

    /// Returns the layout of a dataset by the files that it has, if it has any.
    pub(crate) fn told_by(has: impl Fn(&str) -> bool) -> Option<Self> {
        match (has("vault"), has("meta.json") || has("kitestring.json")) {
            (true, _) => Some(Self::Journal),
            (false, true) => Some(Self::Classic),
            (false, false) => None,
        }
    }

    /// Returns the layout of a new folder for which none is asked.
    ///
    /// # Errors
    /// `invalid_input` if there is a classic vault: whoever joins its clients is to know.
    pub(crate) fn for_new_folder(drive: &DriveUrl) -> Result<Self> {
        if drive.layout()? == Some(Self::Classic) {
            let detail = "the drive holds a vault of the classic layout: add --layout classic to join it, or choose an empty drive folder";
            return Err(other(detail, drive));
        }
        Ok(Self::Journal)
    }

    /// Makes sure that there is no vault of the other layout, for a folder that has this one.
    ///
    /// # Errors
    /// `invalid_input` if there is.
    pub(crate) fn check(self, drive: &DriveUrl, folder_is_new: bool, folder: &Path) -> Result<()> {
        // Of a server it is asked once: a vault that is another one since is noticed by the sync.
        if !folder_is_new && drive.folder().is_none() {
            return Ok(());
        }
        let Some(found) = drive.layout()?.filter(|found| *found != self) else { return Ok(()) };
        let detail = if folder_is_new {
            format!("the drive holds a vault of the {found} layout: use --layout {found} to join it, or choose an empty drive folder")
        } else {
            let again = shell(&folder.to_string_lossy());
            format!(
                "this folder was set up for a vault of the {self} layout, but the drive holds one of the {found} layout: to join that, \
                 `kite unlink {again}`, then set it up anew with --layout {found}"
            )
        };
        Err(other(detail, drive))
    }

    /// Returns the layout for a client. A vault that this client makes finds its records by `strategy`, or by the best
    /// one that the drive can serve.
    pub(crate) fn for_client(self, strategy: Option<Strategy>) -> kitestring::Layout {
        match self {
            Self::Classic => kitestring::Layout::Classic(ClassicOptions { format: Arc::new(FileFormat), ..ClassicOptions::default() }),
            Self::Journal => kitestring::Layout::Journal(journal(strategy)),
        }
    }

    /// Returns what changes on the drive with every change of a dataset.
    pub(crate) fn telltale(self, strategy: Option<Strategy>) -> Telltale {
        match self {
            Self::Classic => Telltale::File("meta.json"),
            Self::Journal => match strategy {
                Some(Strategy::CompareAndSwap) | None => Telltale::File("head"),
                Some(Strategy::Slots) => Telltale::Folder("h"),
                Some(Strategy::Listing) => Telltale::Folder("j"),
            },
        }
    }

    /// Returns the name, as it is typed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Journal => "journal",
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Returns how a vault of the journal layout is made: it finds its records by `strategy`, or by the best one that the drive can serve.
pub(crate) fn journal(strategy: Option<Strategy>) -> JournalOptions {
    JournalOptions { strategy, ..JournalOptions::default() }
}

fn other(detail: impl Into<String>, drive: &DriveUrl) -> Error {
    Error::new(ErrorKind::InvalidInput, "open", detail).about(drive.shown_dataset())
}
