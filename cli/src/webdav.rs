//! Drives on WebDAV servers: how their addresses are typed, and who signs in.
//!
//! Neither a user name nor a password is ever part of an address: it is written into files, and shown in lists of processes.

use crate::{
    connections::{Login, PASSWORD, USER},
    layout::Layout,
};
use async_io::block_on;
use kitestring::{Drive as _, DrivePath, Error, ErrorKind, Result};
use kitestring_adapters::{
    NativeRuntime, WebDav,
    http::{Credentials, NativeHttp, address},
};
use std::{fmt, sync::Arc};

/// What stands before the address itself.
pub(crate) const SCHEMES: [&str; 2] = ["webdav+https", "webdav+http"];

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

    /// Takes what was typed, of which nothing else is known.
    ///
    /// # Errors
    /// As [`Address::parse`]; `invalid_input` if it is no address of a WebDAV server.
    pub(crate) fn parse_typed(typed: &str) -> Result<Self> {
        if !SCHEMES.iter().any(|scheme| typed.strip_prefix(scheme).is_some_and(|rest| rest.starts_with(':'))) {
            let detail = "a folder on a WebDAV server is written webdav+https://host/path";
            return Err(Error::new(ErrorKind::InvalidInput, "sign-in", detail));
        }
        Self::parse(typed)
    }

    /// Opens the folder, and makes it if `make` is set. Otherwise nothing is sent.
    ///
    /// # Errors
    /// `invalid_input` for half a pair of credentials; as [`WebDav::make_root`].
    pub(crate) fn open(&self, make: bool, layout: Layout) -> Result<WebDav> {
        let http = Arc::new(NativeHttp::new()?);
        let drive = WebDav::new(http, Arc::new(NativeRuntime::new()), &self.0, self.credentials()?)?;
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

    /// Takes the credentials out of the environment, or those that are kept for the server.
    fn credentials(&self) -> Result<Credentials> {
        let login = match Login::given()? {
            None => Login::kept(&self.server()?)?,
            given => given,
        };
        Ok(login.map_or(Credentials::None, Login::into_credentials))
    }

    /// Returns the server, without the path.
    ///
    /// # Errors
    /// As [`address`].
    pub(crate) fn server(&self) -> Result<String> {
        Ok(address(&self.0)?.origin().ascii_serialization())
    }

    /// Makes sure that the server accepts somebody.
    ///
    /// # Errors
    /// `unauthorized` if it does not; `unavailable`.
    pub(crate) fn check(&self, login: &Login) -> Result<()> {
        let (http, credentials) = (Arc::new(NativeHttp::new()?), login.clone().into_credentials());
        let drive = WebDav::new(http, Arc::new(NativeRuntime::new()), &self.0, credentials)?;
        block_on(drive.has_root()).map(|_| ())
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

/// Says how to sign in, for a server that refuses.
pub(crate) fn how_to_sign_in() -> String {
    format!("{USER}=NAME {PASSWORD}=PASSWORD")
}
