//! Drives on WebDAV servers: how their addresses are typed, and who signs in.
//!
//! Neither a user name nor a password is ever part of an address: it is written into files, and shown in lists of processes.

use crate::layout::Layout;
use async_io::block_on;
use kitestring::{Drive as _, DrivePath, Error, ErrorKind, Result};
use kitestring_adapters::{
    NativeRuntime, WebDav,
    http::{Credentials, NativeHttp, Secret, address},
};
use std::{env, fmt, sync::Arc};

/// What stands before the address itself.
pub(crate) const SCHEMES: [&str; 2] = ["webdav+https", "webdav+http"];

const USER: &str = "KITE_WEBDAV_USER";
const PASSWORD: &str = "KITE_WEBDAV_PASSWORD";

/// The address of a folder on a WebDAV server, without `webdav+` and without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address(String);

impl Address {
    /// Takes what was typed.
    ///
    /// # Errors
    /// As [`address`].
    pub(crate) fn parse(typed: &str) -> Result<Self> {
        let rest = typed.get("webdav+".len()..).unwrap_or_default();
        Ok(Self(address(rest)?.as_str().trim_end_matches('/').to_owned()))
    }

    /// Opens the folder, and makes it if `make` is set. Otherwise nothing is sent.
    ///
    /// # Errors
    /// `invalid_input` for half a pair of credentials; as [`WebDav::make_root`].
    pub(crate) fn open(&self, make: bool, layout: Layout) -> Result<WebDav> {
        let http = Arc::new(NativeHttp::new()?);
        let drive = WebDav::new(http, Arc::new(NativeRuntime::new()), &self.0, credentials()?)?;
        // There the lock of db-to-cloud is all that keeps its clients and ours apart.
        let drive = if layout == Layout::Classic { drive.claiming_create() } else { drive };
        if make {
            block_on(drive.make_root())?;
        }
        Ok(drive)
    }

    /// Whether the folder is there.
    ///
    /// # Errors
    /// What the server answers.
    pub(crate) fn exists(&self) -> Result<bool> {
        block_on(self.open(false, Layout::Journal)?.has_root())
    }

    /// Returns the layout of the dataset in this folder, if there is one.
    ///
    /// # Errors
    /// What the server answers.
    pub(crate) fn layout(&self, folder: &DrivePath) -> Result<Option<Layout>> {
        let drive = self.open(false, Layout::Journal)?;
        block_on(async {
            let entries = match drive.list_dir(folder.clone(), None).await {
                Err(_) if !drive.has_root().await? => return Ok(None),
                listed => listed?.entries,
            };
            Ok(Layout::told_by(|name| entries.iter().any(|entry| !entry.is_dir && entry.name == name)))
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "webdav+{}", self.0)
    }
}

/// Takes the credentials out of the environment.
fn credentials() -> Result<Credentials> {
    let given = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let text = |name: &str| {
        let not_text = |_| Error::new(ErrorKind::InvalidInput, "open", format!("{name} is no text"));
        given(name).map(|value| value.into_string().map_err(not_text)).transpose()
    };
    match (text(USER)?, text(PASSWORD)?) {
        (None, None) => Ok(Credentials::None),
        (Some(user), Some(password)) => Ok(Credentials::Basic { user, password: Secret::new(password) }),
        (Some(_), None) => Err(half(USER, PASSWORD)),
        (None, Some(_)) => Err(half(PASSWORD, USER)),
    }
}

fn half(given: &str, lacking: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, "open", format!("{given} is set and {lacking} is not: set both, or neither"))
}

/// Says how to sign in, for a server that refuses.
pub(crate) fn how_to_sign_in() -> String {
    format!("{USER}=NAME {PASSWORD}=PASSWORD")
}
