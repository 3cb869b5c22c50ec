//! Drives in OneDrive: how their addresses are typed.
//!
//! A token is never part of an address: it is written into files, and shown in lists of processes.

use crate::{connections::Cloud, layout::Layout};
use async_io::block_on;
use kitestring::{Drive as _, DrivePath, Error, ErrorKind, Result};
use kitestring_adapters::{NativeRuntime, OneDrive, http::NativeHttp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use std::{fmt, sync::Arc};

/// What stands before the place.
pub(crate) const SCHEME: &str = "onedrive";

const APP_ROOT: &str = "approot";

/// What a path needs encoded to be part of a URL: all that could end it, or be taken for something else.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The folder of the app, or one that people see, as `/notes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    AppRoot,
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
        if rest == APP_ROOT {
            return Ok(Self::AppRoot);
        }
        let how = "the app's own folder in OneDrive is written onedrive:approot, and another one there onedrive:/path";
        let path = rest.strip_prefix('/').filter(|path| !path.starts_with('/')).ok_or_else(|| invalid(how))?;
        let decoded = percent_decode(path.as_bytes()).decode_utf8().map_err(|_| invalid("the path in OneDrive is no text"))?;
        let path = DrivePath::new(decoded.trim_end_matches('/'))?;
        if path.as_str().is_empty() {
            return Err(invalid(how));
        }
        Ok(Self::Folder(format!("/{path}")))
    }

    /// Opens the folder, and makes it if `make` is set. Otherwise nothing is sent.
    ///
    /// # Errors
    /// As [`Cloud::tokens`]; as [`OneDrive::make_root`].
    pub(crate) fn open(&self, make: bool) -> Result<OneDrive> {
        let (http, runtime) = (Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()));
        let tokens = Cloud::Onedrive.tokens()?;
        let drive = match (Cloud::Onedrive.emulator()?, self.path()) {
            (None, None) => OneDrive::in_app_folder(http, runtime, tokens),
            (None, Some(folder)) => OneDrive::in_folder(http, runtime, folder, tokens),
            (Some(service), folder) => OneDrive::emulated(&service, http, runtime, folder, tokens),
        }?;
        if make {
            block_on(drive.make_root())?;
        }
        Ok(drive)
    }

    fn path(&self) -> Option<&str> {
        match self {
            Self::AppRoot => None,
            Self::Folder(path) => Some(path),
        }
    }

    /// Whether the folder is there.
    ///
    /// # Errors
    /// What OneDrive answers.
    pub(crate) fn exists(&self) -> Result<bool> {
        block_on(self.open(false)?.has_root())
    }

    /// Returns the layout of the dataset in this folder, if there is one.
    ///
    /// # Errors
    /// What OneDrive answers.
    pub(crate) fn layout(&self, folder: &DrivePath) -> Result<Option<Layout>> {
        let drive = self.open(false)?;
        block_on(async {
            if !drive.has_root().await? {
                return Ok(None);
            }
            let (mut files, mut cursor) = (Vec::new(), None);
            loop {
                let page = drive.list_dir(folder.clone(), cursor).await?;
                files.extend(page.entries.into_iter().filter(|entry| !entry.is_dir).map(|entry| entry.name));
                match page.next {
                    Some(next) => cursor = Some(next),
                    None => return Ok(Layout::told_by(|name| files.iter().any(|file| file == name))),
                }
            }
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            None => write!(f, "{SCHEME}:{APP_ROOT}"),
            Some(path) => write!(f, "{SCHEME}:{}", utf8_percent_encode(path, ENCODED)),
        }
    }
}
