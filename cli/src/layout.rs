//! How a dataset is laid out on its drive, and how to tell by what lies there: two vaults in one folder would each take
//! the drive for their own, so a folder is never set up beside a vault of the other layout.

use crate::{classic_file::FileFormat, stand_in};
use clap::ValueEnum;
use kitestring::{Strategy, server::classic::ClassicOptions};
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

impl Layout {
    /// Returns the layout of a configuration that names none: there was only one.
    pub(crate) fn unnamed() -> Self {
        Self::Classic
    }

    /// Returns the layout of the dataset in this folder, if there is one.
    pub(crate) fn found_in(dataset: &Path) -> Option<Self> {
        let has = |name: &str| dataset.join(name).is_file();
        match (has("vault"), has("meta.json") || has("kitestring.json")) {
            (true, _) => Some(Self::Journal),
            (false, true) => Some(Self::Classic),
            (false, false) => None,
        }
    }

    /// Returns the layout for a client. A vault that this client makes finds its records by `strategy`, or by the best
    /// one that the drive can serve.
    pub(crate) fn for_client(self, strategy: Option<Strategy>) -> kitestring::Layout {
        match self {
            Self::Classic => kitestring::Layout::Classic(ClassicOptions { format: Arc::new(FileFormat), ..ClassicOptions::default() }),
            Self::Journal => stand_in::layout(strategy),
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
