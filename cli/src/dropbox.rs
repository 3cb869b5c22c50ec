//! Drives in Dropbox: how their addresses are typed.
//!
//! A token is never part of an address: it is written into files, and shown in lists of processes.

use crate::{connections::Cloud, layout::Layout};
use async_io::block_on;
use kitestring::{Drive as _, DrivePath, Error, ErrorKind, Result};
use kitestring_adapters::{Dropbox, NativeRuntime, http::NativeHttp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use std::{fmt, sync::Arc};

/// What stands before the path.
pub(crate) const SCHEME: &str = "dropbox";

/// What a path needs encoded to be part of a URL: all that could end it, or be taken for something else.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A folder of Dropbox, as `/notes`; `/` is the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder(String);

impl Folder {
    /// Takes what was typed, without a query.
    ///
    /// # Errors
    /// `invalid_input` if it is no absolute path.
    pub(crate) fn parse(typed: &str) -> Result<Self> {
        let invalid = |detail: &str| Error::new(ErrorKind::InvalidInput, "open", detail);
        let rest = typed.get(SCHEME.len() + 1..).unwrap_or_default();
        if !rest.starts_with('/') || rest.starts_with("//") {
            return Err(invalid("a folder in Dropbox is written dropbox:/path, and its root dropbox:/"));
        }
        let decoded = percent_decode(rest.as_bytes()).decode_utf8().map_err(|_| invalid("the path in Dropbox is no text"))?;
        let path = DrivePath::new(decoded.trim_matches('/'))?;
        Ok(Self(format!("/{path}")))
    }

    /// Opens the folder, and makes it if `make` is set. Otherwise nothing is sent.
    ///
    /// # Errors
    /// As [`Cloud::tokens`]; as [`Dropbox::make_root`].
    pub(crate) fn open(&self, make: bool) -> Result<Dropbox> {
        let (http, runtime) = (Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()));
        let tokens = Cloud::Dropbox.tokens()?;
        let drive = match Cloud::Dropbox.emulator()? {
            None => Dropbox::new(http, runtime, &self.0, tokens),
            Some(service) => Dropbox::emulated(&service, http, runtime, &self.0, tokens),
        }?;
        if make {
            block_on(drive.make_root())?;
        }
        Ok(drive)
    }

    /// Whether the folder is there.
    ///
    /// # Errors
    /// What Dropbox answers.
    pub(crate) fn exists(&self) -> Result<bool> {
        block_on(self.open(false)?.has_root())
    }

    /// Returns the layout of the dataset in this folder, if there is one.
    ///
    /// # Errors
    /// What Dropbox answers.
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

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}:{}", utf8_percent_encode(&self.0, ENCODED))
    }
}
