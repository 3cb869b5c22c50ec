//! Access keys of S3 stores, from the environment, or kept: one file for each bucket.

use super::{dir, invalid, private, variable};
use kitestring::{Error, Result};
use kitestring_adapters::{drives::s3::Keys, http::Secret};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fs, path::PathBuf};
use zeroize::Zeroizing;

/// What has the access key, for this and other programs.
pub(crate) const KEY: &str = "AWS_ACCESS_KEY_ID";
/// What has its secret.
pub(crate) const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const SESSION: &str = "AWS_SESSION_TOKEN";

const PREFIX: &str = "s3-";
/// What the name of a bucket needs encoded to be the name of a file.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.');

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct AccessKeys(Keys);

/// The written form.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    store: Cow<'a, str>,
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    secret: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    session: Option<Cow<'a, str>>,
}

impl AccessKeys {
    /// Takes what was typed.
    pub(crate) fn typed(key: &str, secret: String) -> Self {
        Self(Keys { id: key.trim().to_owned(), secret: Secret::new(secret), session: None })
    }

    /// Keys of nobody, to look at a place without asking for anything.
    pub(crate) fn nobody() -> Self {
        Self::typed("nobody", "nothing".to_owned())
    }

    /// Takes what the environment has, if it has it.
    ///
    /// # Errors
    /// `invalid_input` for one half of it.
    pub(crate) fn given() -> Result<Option<Self>> {
        let session = variable(SESSION)?.map(Secret::new);
        match (variable(KEY)?, variable(SECRET)?) {
            (None, None) => Ok(None),
            (Some(id), Some(secret)) => Ok(Some(Self(Keys { id, secret: Secret::new(secret), session }))),
            (Some(_), None) => Err(half(KEY, SECRET)),
            (None, Some(_)) => Err(half(SECRET, KEY)),
        }
    }

    /// Returns what is kept for a bucket.
    ///
    /// # Errors
    /// `state` if it cannot be read, or if others can.
    pub(crate) fn kept(store: &str) -> Result<Option<Self>> {
        // Without a place for it, nothing is kept.
        let Ok(path) = file(store) else { return Ok(None) };
        let Some(bytes) = private::read(&path)? else { return Ok(None) };
        match serde_json::from_slice::<Written<'_>>(&bytes) {
            Ok(Written { store: own, key, secret, session }) if own == store => {
                Ok(Some(Self(Keys { id: key.into_owned(), secret: Secret::new(secret), session: session.map(Secret::new) })))
            }
            // Why is not said: it would show what is there.
            _ => Err(private::failed(&path, "it holds something else; disconnect, and connect again")),
        }
    }

    /// Keeps it for a bucket.
    ///
    /// # Errors
    /// `state` if that fails.
    pub(crate) fn keep(&self, store: &str) -> Result<()> {
        let Keys { id, secret, session } = &self.0;
        let session = session.as_ref().map(|token| token.expose().into());
        let written = Written { store: store.into(), key: id.into(), secret: secret.expose().into(), session };
        let bytes = Zeroizing::new(serde_json::to_vec(&written).map_err(|e| invalid(&e.to_string()))?);
        private::write(&file(store)?, &bytes)
    }

    /// Deletes what is kept for a bucket, and says whether there was anything.
    ///
    /// # Errors
    /// `state` if that fails.
    pub(crate) fn forget(store: &str) -> Result<bool> {
        private::remove(&file(store)?)
    }

    /// Returns the buckets for which something is kept.
    ///
    /// # Errors
    /// `state` if there is no place for it.
    pub(crate) fn stores() -> Result<Vec<String>> {
        let names = fs::read_dir(dir()?).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let decoded = |name: String| Some(percent_decode_str(name.strip_prefix(PREFIX)?).decode_utf8().ok()?.into_owned());
        let mut stores: Vec<String> = names.filter_map(decoded).collect();
        stores.sort();
        Ok(stores)
    }

    /// The access key, which is no secret.
    pub(crate) fn key(&self) -> &str {
        &self.0.id
    }

    /// What a drive takes.
    pub(crate) fn into_keys(self) -> Keys {
        self.0
    }
}

fn file(store: &str) -> Result<PathBuf> {
    Ok(dir()?.join(format!("{PREFIX}{}", utf8_percent_encode(store, ENCODED))))
}

fn half(given: &str, lacking: &str) -> Error {
    invalid(&format!("{given} is set and {lacking} is not: set both, or neither"))
}
