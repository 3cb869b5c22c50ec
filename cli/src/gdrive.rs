//! Drives in Google Drive: how their addresses are typed.
//!
//! A token is never part of an address: it is written into files, and shown in lists of processes.

use crate::{connections::Cloud, layout::Layout, notes::FileNotes};
use async_io::block_on;
use kitestring::{Drive as _, DrivePath, Error, ErrorKind, Result};
use kitestring_adapters::{GDrive, NativeRuntime, drives::gdrive::Maker, http::NativeHttp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use std::{fmt, path::Path, sync::Arc};

/// What stands before the place.
pub(crate) const SCHEME: &str = "gdrive";

const APP_DATA: &str = "appdata";
/// The notes of the drive, beside the state. They may be lost.
const NOTES: &str = "gdrive.json";

/// The folders of the journal layout in which each file has one writer.
pub(crate) const RECORDS: &[&str] = &["j", "p", "c", "k", "v"];

/// What a name needs encoded to be part of a URL: all that could end it, or be taken for something else.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The app's hidden folder, or one at the top of Google Drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    AppData,
    Folder(String),
}

impl Place {
    /// Takes what was typed, without a query.
    ///
    /// # Errors
    /// `invalid_input` if it is neither.
    pub(crate) fn parse(typed: &str) -> Result<Self> {
        let invalid = |detail: &str| Error::new(ErrorKind::InvalidInput, "open", detail);
        let rest = typed.get(SCHEME.len() + 1..).unwrap_or_default();
        if rest == APP_DATA {
            return Ok(Self::AppData);
        }
        let how = "the app's own folder in Google Drive is written gdrive:appdata, and a folder that you see there gdrive:/name";
        let name = rest.strip_prefix('/').ok_or_else(|| invalid(how))?;
        let decoded = percent_decode(name.as_bytes()).decode_utf8().map_err(|_| invalid("the folder's name is no text"))?;
        let path = DrivePath::new(decoded.trim_end_matches('/'))?;
        if path.as_str().is_empty() || path.segments().count() > 1 {
            return Err(invalid(how));
        }
        Ok(Self::Folder(path.to_string()))
    }

    /// Opens the folder for a dataset in it, and makes the drive if `make` is set. Otherwise nothing is sent. `own` is where the
    /// notes are.
    ///
    /// # Errors
    /// As [`Cloud::tokens`]; as [`GDrive::make_root`].
    pub(crate) fn open(&self, make: bool, layout: Layout, dataset: &DrivePath, own: Option<&Path>) -> Result<GDrive> {
        let (http, runtime) = (Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()));
        let tokens = Cloud::Gdrive.tokens()?;
        let drive = match (Cloud::Gdrive.emulator()?, self.name()) {
            (None, None) => GDrive::in_app_data(http, runtime, tokens),
            (None, Some(folder)) => GDrive::in_folder(http, runtime, folder, tokens),
            (Some(service), folder) => GDrive::emulated(&service, http, runtime, folder, tokens),
        }?;
        let drive = match layout {
            Layout::Journal => drive.with_one_writer_in(RECORDS),
            Layout::Classic => drive.with_classic_layout_in(dataset)?,
        };
        let drive = match own {
            Some(own) => drive.with_notes(Arc::new(FileNotes::at(own.join(NOTES)))),
            None => drive,
        };
        if make {
            block_on(drive.make_root())?;
        }
        Ok(drive)
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::AppData => None,
            Self::Folder(name) => Some(name),
        }
    }

    /// Whether the drive is there, for a folder of this layout.
    ///
    /// # Errors
    /// `unsupported` if only db-to-cloud was here yet: to read what it has written, the drive must be made. What Google Drive
    /// answers.
    pub(crate) fn exists(&self, layout: Layout) -> Result<bool> {
        match block_on(self.look()?.maker())? {
            Some(Maker::DbToCloud) if layout == Layout::Classic => {
                let detail = "this drive was used by db-to-cloud only: kite reads it when it has synced with it, and not before";
                Err(Error::new(ErrorKind::Unsupported, "open", detail).about(self.to_string()))
            }
            maker => Ok(maker == Some(Maker::Kitestring)),
        }
    }

    fn look(&self) -> Result<GDrive> {
        self.open(false, Layout::Journal, &DrivePath::root(), None)
    }

    /// Returns the layout of the dataset in this folder of the drive, if there is one.
    ///
    /// # Errors
    /// What Google Drive answers.
    pub(crate) fn layout(&self, folder: &DrivePath) -> Result<Option<Layout>> {
        let drive = self.look()?;
        block_on(async {
            match drive.maker().await? {
                Some(Maker::Kitestring) => {}
                // It knows no folders.
                Some(Maker::DbToCloud) => return Ok(folder.as_str().is_empty().then_some(Layout::Classic)),
                None => return Ok(None),
            }
            let entries = drive.list_dir(folder.clone(), None).await?.entries;
            Ok(Layout::told_by(|name| entries.iter().any(|entry| !entry.is_dir && entry.name == name)))
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            None => write!(f, "{SCHEME}:{APP_DATA}"),
            Some(name) => write!(f, "{SCHEME}:/{}", utf8_percent_encode(name, ENCODED)),
        }
    }
}
