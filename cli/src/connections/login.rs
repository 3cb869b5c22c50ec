//! User names and passwords of servers, from the environment, or kept: one for each server.

use super::{dir, invalid, private, variable};
use kitestring::{Error, Result};
use kitestring_adapters::http::{Credentials, Secret};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fs, path::PathBuf};
use zeroize::Zeroizing;

/// What has the user name, for programs.
pub(crate) const USER: &str = "KITE_WEBDAV_USER";
/// What has the password.
pub(crate) const PASSWORD: &str = "KITE_WEBDAV_PASSWORD";

const PREFIX: &str = "webdav-";
/// What the address of a server needs encoded to be the name of a file.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.');

/// Who signs in, and how.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// The written form.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    server: Cow<'a, str>,
    #[serde(borrow)]
    user: Cow<'a, str>,
    #[serde(borrow)]
    password: Cow<'a, str>,
}

impl Login {
    /// Takes what the environment has, if it has it.
    ///
    /// # Errors
    /// `invalid_input` for one half of it.
    pub(crate) fn given() -> Result<Option<Self>> {
        match (variable(USER)?, variable(PASSWORD)?) {
            (None, None) => Ok(None),
            (Some(user), Some(password)) => Ok(Some(Self { user, password: Secret::new(password) })),
            (Some(_), None) => Err(half(USER, PASSWORD)),
            (None, Some(_)) => Err(half(PASSWORD, USER)),
        }
    }

    /// Returns what is kept for a server.
    ///
    /// # Errors
    /// `state` if it cannot be read, or if others can.
    pub(crate) fn kept(server: &str) -> Result<Option<Self>> {
        // Without a place for it, nothing is kept.
        let Ok(path) = file(server) else { return Ok(None) };
        let Some(bytes) = private::read(&path)? else { return Ok(None) };
        match serde_json::from_slice::<Written<'_>>(&bytes) {
            Ok(written) if written.server == server => {
                Ok(Some(Self { user: written.user.into_owned(), password: Secret::new(written.password) }))
            }
            // Why is not said: it would show what is there.
            _ => Err(private::failed(&path, "it holds something else; disconnect, and connect again")),
        }
    }

    /// Keeps it for a server.
    ///
    /// # Errors
    /// `state` if that fails.
    pub(crate) fn keep(&self, server: &str) -> Result<()> {
        let written = Written { server: server.into(), user: (&self.user).into(), password: self.password.expose().into() };
        let bytes = Zeroizing::new(serde_json::to_vec(&written).map_err(|e| invalid(&e.to_string()))?);
        private::write(&file(server)?, &bytes)
    }

    /// Deletes what is kept for a server, and says whether there was anything.
    ///
    /// # Errors
    /// `state` if that fails.
    pub(crate) fn forget(server: &str) -> Result<bool> {
        private::remove(&file(server)?)
    }

    /// Returns the servers for which something is kept.
    ///
    /// # Errors
    /// `state` if there is no place for it.
    pub(crate) fn servers() -> Result<Vec<String>> {
        let names = fs::read_dir(dir()?).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let decoded =
            |name: String| Some(percent_encoding::percent_decode_str(name.strip_prefix(PREFIX)?).decode_utf8().ok()?.into_owned());
        let mut servers: Vec<String> = names.filter_map(decoded).collect();
        servers.sort();
        Ok(servers)
    }

    /// What a drive takes.
    pub(crate) fn into_credentials(self) -> Credentials {
        Credentials::Basic { user: self.user, password: self.password }
    }
}

fn file(server: &str) -> Result<PathBuf> {
    Ok(dir()?.join(format!("{PREFIX}{}", utf8_percent_encode(server, ENCODED))))
}

fn half(given: &str, lacking: &str) -> Error {
    invalid(&format!("{given} is set and {lacking} is not: set both, or neither"))
}
