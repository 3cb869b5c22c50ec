//! Tokens of GitHub, from the environment, or kept: one file for each repository, since a fine-grained token is made for few.

use super::{dir, invalid, private, variable};
use kitestring::Result;
use kitestring_adapters::http::Secret;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fs, path::PathBuf};
use zeroize::Zeroizing;

/// What has the token, for this program.
pub(crate) const TOKEN: &str = "KITE_GITHUB_TOKEN";
/// What has it for other programs too.
const SHARED: &str = "GITHUB_TOKEN";
const EMULATOR: &str = "KITE_GITHUB_EMULATOR";

const PREFIX: &str = "github-";
/// What the name of a repository needs encoded to be the name of a file.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct AccessToken(Secret);

/// The written form.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    repository: Cow<'a, str>,
    #[serde(borrow)]
    token: Cow<'a, str>,
}

impl AccessToken {
    /// Takes what was typed; none if that was nothing.
    pub(crate) fn typed(token: &str) -> Option<Self> {
        let token = token.trim();
        (!token.is_empty()).then(|| Self(Secret::new(token)))
    }

    /// Takes what the environment has, if it has it.
    ///
    /// # Errors
    /// `invalid_input` if it is no text.
    pub(crate) fn given() -> Result<Option<Self>> {
        let given = match variable(TOKEN)? {
            None => variable(SHARED)?,
            given => given,
        };
        Ok(given.as_deref().and_then(Self::typed))
    }

    /// Returns what is kept for a repository.
    ///
    /// # Errors
    /// `state` if it cannot be read, or if others can.
    pub(crate) fn kept(repository: &str) -> Result<Option<Self>> {
        // Without a place for it, nothing is kept.
        let Ok(path) = file(repository) else { return Ok(None) };
        let Some(bytes) = private::read(&path)? else { return Ok(None) };
        match serde_json::from_slice::<Written<'_>>(&bytes) {
            Ok(written) if written.repository.eq_ignore_ascii_case(repository) => Ok(Self::typed(&written.token)),
            // Why is not said: it would show what is there.
            _ => Err(private::failed(&path, "it holds something else; disconnect, and connect again")),
        }
    }

    /// Keeps it for a repository.
    ///
    /// # Errors
    /// `state` if that fails.
    pub(crate) fn keep(&self, repository: &str) -> Result<()> {
        let written = Written { repository: repository.into(), token: self.0.expose().into() };
        let bytes = Zeroizing::new(serde_json::to_vec(&written).map_err(|e| invalid(&e.to_string()))?);
        private::write(&file(repository)?, &bytes)
    }

    /// Deletes what is kept for a repository, and says whether there was anything.
    ///
    /// # Errors
    /// `state` if that fails.
    pub(crate) fn forget(repository: &str) -> Result<bool> {
        private::remove(&file(repository)?)
    }

    /// Returns the repositories for which something is kept.
    ///
    /// # Errors
    /// `state` if there is no place for it.
    pub(crate) fn repositories() -> Result<Vec<String>> {
        let names = fs::read_dir(dir()?).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let decoded = |name: String| Some(percent_decode_str(name.strip_prefix(PREFIX)?).decode_utf8().ok()?.into_owned());
        let mut repositories: Vec<String> = names.filter_map(decoded).collect();
        repositories.sort();
        Ok(repositories)
    }

    /// The address of another service in the place of GitHub, for tests.
    ///
    /// # Errors
    /// `invalid_input` if it is not of plain http: nobody who can set a variable shall send tokens elsewhere. Whether it is on
    /// this machine is for whoever takes it to look at.
    pub(crate) fn emulator() -> Result<Option<String>> {
        let given = variable(EMULATOR)?;
        if given.as_ref().is_some_and(|server| !server.starts_with("http://")) {
            return Err(invalid(&format!("{EMULATOR} is an address of plain http on this machine, or not set")));
        }
        Ok(given)
    }

    /// What a drive takes.
    pub(crate) fn into_secret(self) -> Secret {
        self.0
    }
}

fn file(repository: &str) -> Result<PathBuf> {
    // GitHub knows no case in a name.
    Ok(dir()?.join(format!("{PREFIX}{}", utf8_percent_encode(&repository.to_ascii_lowercase(), ENCODED))))
}
