//! Drives in buckets of S3 and its kin: how their addresses are typed, and with which keys they are opened.
//!
//! A secret is never part of an address: it is written into files, and shown in lists of processes.

use crate::{
    connections::{AccessKeys, KEY, SECRET},
    layout::Layout,
};
use async_io::block_on;
use kitestring::{Drive as _, DrivePath, Error, ErrorKind, Result};
use kitestring_adapters::{
    NativeRuntime, S3,
    drives::s3::{Place, Style},
    http::{NativeHttp, address},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::{env, fmt, sync::Arc};

/// What stands before the bucket.
pub(crate) const SCHEME: &str = "s3";

/// What a folder or a value needs encoded to be part of a URL.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b':');

/// A folder in a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bucket {
    place: Place,
    /// Whether the store is said to let two writes pass that come at once.
    without_conditions: bool,
}

impl Bucket {
    /// Takes what was typed, and returns the query's `collection` beside it. Where it names no region, the environment says
    /// which region and store it is; the written form names both.
    ///
    /// # Errors
    /// `invalid_input` if it is no place.
    pub(crate) fn parse(typed: &str) -> Result<(Self, Option<String>)> {
        let rest = typed.get(SCHEME.len() + 1..).and_then(|rest| rest.strip_prefix("//"));
        let rest = rest.ok_or_else(|| invalid("a bucket is written s3://bucket/folder, with ?endpoint=https://host for another store"))?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (bucket, folder) = path.split_once('/').unwrap_or((path, ""));
        let folder = DrivePath::new(decoded(folder)?.trim_matches('/'))?.as_str().to_owned();
        let mut place = Place { bucket: bucket.to_owned(), folder, ..Place::default() };
        let (mut collection, mut without_conditions) = (None, false);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decoded(value)?;
            match (name, value.as_str()) {
                ("endpoint", _) => place.endpoint = Some(address(&value)?.as_str().trim_end_matches('/').to_owned()),
                ("region", _) => place.region = Some(value),
                ("style", "path") => place.style = Style::Path,
                ("style", "host") => place.style = Style::Host,
                ("conditions", "none") => without_conditions = true,
                ("collection", _) => collection = Some(value),
                _ => {
                    return Err(invalid(
                        "only endpoint=URL, region=NAME, style=path, style=host, conditions=none and collection=NAME may follow a bucket",
                    ));
                }
            }
        }
        complete(&mut place)?;
        let bucket = Self { place, without_conditions };
        // What is wrong with it is known before anything is asked for.
        bucket.drive(AccessKeys::nobody()).map(|_| (bucket, collection))
    }

    /// Takes what was typed, of which nothing else is known.
    ///
    /// # Errors
    /// As [`Bucket::parse`].
    pub(crate) fn parse_typed(typed: &str) -> Result<Self> {
        Self::parse(if typed.starts_with("s3:") { typed } else { "s3:" }).map(|(bucket, _)| bucket)
    }

    /// Opens the folder; with `make`, the bucket must be there. Otherwise nothing is sent.
    ///
    /// # Errors
    /// `unauthorized` if there are no keys; as [`S3::make_root`].
    pub(crate) fn open(&self, make: bool) -> Result<S3> {
        let keys = match AccessKeys::given()? {
            None => AccessKeys::kept(&self.store())?,
            given => given,
        };
        let none = || {
            let detail = format!("there are no keys for {}: run `kite connect s3 '{self}'`, or set {}", self.store(), how_to_sign_in());
            Error::new(ErrorKind::Unauthorized, "sign-in", detail)
        };
        let drive = self.drive(keys.ok_or_else(none)?)?;
        if make {
            block_on(drive.make_root())?;
        }
        Ok(drive)
    }

    /// Makes sure that the store accepts these keys.
    ///
    /// # Errors
    /// `unauthorized` if it does not; `not_found` if there is no such bucket; `unavailable`.
    pub(crate) fn check(&self, keys: &AccessKeys) -> Result<()> {
        block_on(self.drive(keys.clone())?.make_root())
    }

    fn drive(&self, keys: AccessKeys) -> Result<S3> {
        let drive = S3::new(Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()), &self.place, keys.into_keys())?;
        Ok(if self.without_conditions { drive.without_conditions() } else { drive })
    }

    /// Returns the bucket and its store, for which keys are kept.
    pub(crate) fn store(&self) -> String {
        match &self.place.endpoint {
            Some(endpoint) => format!("{endpoint}/{}", self.place.bucket),
            None => format!("s3://{}", self.place.bucket),
        }
    }

    /// Returns the layout of the dataset in this folder, if there is one.
    ///
    /// # Errors
    /// What the store answers.
    pub(crate) fn layout(&self, folder: &DrivePath) -> Result<Option<Layout>> {
        let drive = self.open(false)?;
        block_on(async {
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

/// Fills in what the environment says, of an address that names no region.
fn complete(place: &mut Place) -> Result<()> {
    if place.region.is_some() {
        return Ok(());
    }
    let variable = |names: &[&str]| names.iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    if place.endpoint.is_none()
        && let Some(endpoint) = variable(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
    {
        place.endpoint = Some(address(&endpoint)?.as_str().trim_end_matches('/').to_owned());
    }
    place.region = Some(variable(&["AWS_REGION", "AWS_DEFAULT_REGION"]).unwrap_or_else(|| "us-east-1".to_owned()));
    Ok(())
}

fn decoded(text: &str) -> Result<String> {
    Ok(percent_decode_str(text).decode_utf8().map_err(|_| invalid("the drive's URL is no text"))?.into_owned())
}

fn invalid(detail: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, "open", detail)
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { bucket, folder, endpoint, region, style } = &self.place;
        write!(f, "{SCHEME}://{bucket}")?;
        if !folder.is_empty() {
            write!(f, "/{}", utf8_percent_encode(folder, ENCODED))?;
        }
        write!(f, "?region={}", region.as_deref().unwrap_or_default())?;
        if let Some(endpoint) = endpoint {
            write!(f, "&endpoint={}", utf8_percent_encode(endpoint, ENCODED))?;
        }
        match style {
            Style::Usual => {}
            Style::Path => f.write_str("&style=path")?,
            Style::Host => f.write_str("&style=host")?,
        }
        if self.without_conditions { f.write_str("&conditions=none") } else { Ok(()) }
    }
}

/// Says how to sign in, for a store that refuses.
pub(crate) fn how_to_sign_in() -> String {
    format!("{KEY}=KEY {SECRET}=SECRET")
}

/// Whether the error came from a store.
pub(crate) fn met_by(error: &Error) -> bool {
    error.detail().starts_with("the S3 store at ")
}
