//! Drives in Dropbox: how their addresses are typed, and who signs in.
//!
//! A token is never part of an address: it is written into files, and shown in lists of processes.

use crate::layout::Layout;
use async_io::block_on;
use kitestring::{Drive as _, DrivePath, Error, ErrorKind, Result};
use kitestring_adapters::{
    Dropbox, NativeRuntime,
    http::{FixedToken, NativeHttp, Secret},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use std::{env, fmt, sync::Arc};

/// What stands before the path.
pub(crate) const SCHEME: &str = "dropbox";

const TOKEN: &str = "KITE_DROPBOX_TOKEN";
/// Another service in the place of Dropbox, on this machine only: an emulator.
const EMULATOR: &str = "KITE_DROPBOX_EMULATOR";

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
    /// `unauthorized` if there is no token; as [`Dropbox::make_root`].
    pub(crate) fn open(&self, make: bool) -> Result<Dropbox> {
        let (http, runtime) = (Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()));
        let tokens = Arc::new(FixedToken::new(token()?));
        let drive = match given(EMULATOR)? {
            None => Dropbox::new(http, runtime, &self.0, tokens),
            // Nobody who can set a variable shall send the token elsewhere.
            Some(service) if !service.starts_with("http://") => Err(Error::new(
                ErrorKind::InvalidInput,
                "open",
                format!("{EMULATOR} is an address of plain http on this machine, or not set"),
            )),
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

/// Takes the token out of the environment.
fn token() -> Result<Secret> {
    let lacking = || Error::new(ErrorKind::Unauthorized, "open", format!("{TOKEN} is not set: Dropbox wants a token of an app"));
    given(TOKEN)?.map(|token| Secret::new(token.trim())).ok_or_else(lacking)
}

fn given(name: &str) -> Result<Option<String>> {
    let not_text = |_| Error::new(ErrorKind::InvalidInput, "open", format!("{name} is no text"));
    env::var_os(name).filter(|value| !value.is_empty()).map(|value| value.into_string().map_err(not_text)).transpose()
}

/// Whether an error is of a drive in Dropbox.
pub(crate) fn is_met_by(error: &Error) -> bool {
    error.detail().contains("Dropbox")
}

/// Says how to sign in, for when a token is not accepted.
pub(crate) fn how_to_sign_in() -> String {
    format!("{TOKEN}=TOKEN")
}
