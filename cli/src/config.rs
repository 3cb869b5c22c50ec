//! `.kite/config.json`: what the folder syncs with.

use crate::{drive_url::DriveUrl, folder::OWN, home::Home, layout::Layout, output::quote::shell, sealed::Sealed, sharing};
use kitestring::{Error, ErrorKind, Result, Strategy};
use serde::{Deserialize, Serialize};
use std::{fs, io, io::Write as _, path::Path, time::SystemTime};

/// The name of the file inside kite's own folder.
pub(crate) const FILE: &str = "config.json";

/// The format this version reads and writes.
const FORMAT: u32 = 1;

/// What the folder syncs with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Config {
    /// The format of this file.
    pub format: u32,
    /// The drive.
    pub drive: DriveUrl,
    /// How the dataset is laid out there.
    #[serde(default = "Layout::unnamed")]
    pub layout: Layout,
    /// Whether the user has said that another program copies the drive's folder between machines.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared_folder: bool,
    /// The name of this device.
    pub device: String,
    /// Whether the drive has never been reached: only then may its folder still be made. Later, a missing one
    /// is a disk that is not mounted.
    #[serde(default)]
    pub drive_is_new: bool,
    /// What is kept of the vault's key, if the vault is sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
    /// Where the folder is at home; none if an earlier version set it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<Home>,
}

impl Config {
    /// Describes a folder that is about to be set up.
    pub(crate) fn new(drive: DriveUrl, layout: Layout, device: String) -> Self {
        Self { format: FORMAT, drive, layout, shared_folder: false, device, drive_is_new: true, sealed: None, home: None }
    }

    /// Describes the same folder with its vault in another place, where it always has the journal layout.
    pub(crate) fn moved_to(&self, drive: DriveUrl) -> Self {
        let shared_folder = self.shared_folder && drive.without_collection().is_same(&self.drive.without_collection());
        Self { drive, layout: Layout::Journal, shared_folder, drive_is_new: false, ..self.clone() }
    }

    /// Returns who copies the drive's folder between machines, if somebody does. That may begin at any time.
    pub(crate) fn copier(&self) -> Option<&'static str> {
        self.drive.dataset().and_then(|dataset| sharing::copier(&dataset)).or(self.shared_folder.then_some(sharing::SOMEBODY))
    }

    /// Returns the strategy of a vault that this folder makes; none for the best one that the drive can serve.
    pub(crate) fn strategy(&self) -> Option<Strategy> {
        self.copier().map(|_| Strategy::Listing)
    }

    /// Reads the configuration of a folder; none if it is not set up.
    ///
    /// # Errors
    /// `state` if it cannot be read, `needs_newer_version` if a newer kite wrote it.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(OWN).join(FILE);
        let bytes = match fs::read(&path) {
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(None),
            other => other.map_err(|e| failed("cannot be read", &path, &e.to_string()))?,
        };
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let damaged = |e: serde_json::Error| {
            let way_out = format!("`kite unlink {} --force` forgets it", shell(&folder.to_string_lossy()));
            failed("makes no sense", &path, &format!("{e}; {way_out}"))
        };
        if serde_json::from_slice::<Format>(&bytes).map_err(damaged)?.format > FORMAT {
            let detail = "a newer kite has set up this folder: install that version";
            return Err(Error::new(ErrorKind::NeedsNewerVersion, "open", detail).about(path.display().to_string()));
        }
        serde_json::from_slice(&bytes).map(Some).map_err(damaged)
    }

    /// Writes the configuration: all of it or nothing, and durable on return.
    ///
    /// # Errors
    /// `state` if that fails.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let own = folder.join(OWN);
        let (next, path) = (own.join("config.json.next"), own.join(FILE));
        let write = || {
            let mut file = fs::File::create(&next)?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&next, &path)?;
            fs::File::open(&own)?.sync_all()
        };
        write().map_err(|e: io::Error| failed("cannot be written", &path, &e.to_string()))
    }
}

/// Lets a watch of the folder know that a sync has something new to do. Without one, or if that fails, the next sync
/// does it.
pub(crate) fn touch(folder: &Path) {
    let _ = fs::File::open(folder.join(OWN).join(FILE)).and_then(|file| file.set_modified(SystemTime::now()));
}

fn failed(what: &str, path: &Path, why: &str) -> Error {
    Error::new(ErrorKind::State, "open", format!("the folder's configuration {what}: {why}")).about(path.display().to_string())
}
