//! What tells of every change of a dataset.

use kitestring::{
    Digest, Drive, DrivePath, Result,
    drive::{Changed, GetOptions, Got, Version},
};
use std::collections::BTreeSet;

/// What tells of every change of a dataset on a drive. The file's version, or a digest of the names, is the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Telltale {
    /// A file that is written with every change (the head of a layout).
    File(DrivePath),
    /// A folder that gets a new name with every change (where a layout has no head).
    Folder(DrivePath),
}

/// The token of a file that does not exist; no version is empty.
const MISSING: &str = "";

impl Telltale {
    /// Returns its path.
    pub fn path(&self) -> &DrivePath {
        let (Self::File(path) | Self::Folder(path)) = self;
        path
    }

    /// Says whether it changed since the token, by one request, or by a listing.
    pub(super) async fn look(&self, drive: &dyn Drive, token: Option<&str>) -> Result<Changed> {
        match self {
            Self::File(file) => version(drive, file, token).await,
            Self::Folder(folder) => {
                let now = names(drive, folder).await?;
                Ok(if token == Some(&now) { Changed::No } else { Changed::Yes(now) })
            }
        }
    }
}

async fn version(drive: &dyn Drive, file: &DrivePath, token: Option<&str>) -> Result<Changed> {
    if !drive.capabilities().versions {
        return Ok(Changed::Unknown);
    }
    let unless = token.filter(|t| *t != MISSING).map(Version::new);
    let now = match drive.get(file.clone(), GetOptions { range: Some(0..0), unless }).await? {
        Got::Unchanged => return Ok(Changed::No),
        Got::File { version, .. } => version.as_str().to_owned(),
        Got::Missing => MISSING.to_owned(),
    };
    Ok(if token == Some(&now) { Changed::No } else { Changed::Yes(now) })
}

/// Returns a digest of the names in a folder.
async fn names(drive: &dyn Drive, folder: &DrivePath) -> Result<String> {
    let (mut names, mut cursor) = (BTreeSet::new(), None);
    loop {
        let page = drive.list_dir(folder.clone(), cursor).await?;
        names.extend(page.entries.into_iter().map(|entry| entry.name));
        cursor = page.next;
        if cursor.is_none() {
            // No name holds a slash.
            let all: Vec<String> = names.into_iter().collect();
            return Ok(Digest::of(all.join("/").as_bytes()).to_string());
        }
    }
}
