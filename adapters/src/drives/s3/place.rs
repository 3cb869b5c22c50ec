//! Where a bucket is, and the keys of its objects.

use super::invalid;
use crate::http::address;
use kitestring::{DrivePath, Result};
use rusty_s3::UrlStyle;
use url::Url;

/// What a key may have (AWS, "Naming Amazon S3 objects").
const MAX_KEY_BYTES: usize = 1024;
/// The region of a store that has none, and of Amazon's where nobody names one.
const REGION: &str = "us-east-1";

/// How a bucket is addressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Style {
    /// By its own host at Amazon, unless its name has a dot, which no certificate covers; by a path elsewhere.
    #[default]
    Usual,
    /// By a path: `https://host/bucket/`.
    Path,
    /// By its own host: `https://bucket.host/`.
    Host,
}

/// Where a drive is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The name of the bucket.
    pub bucket: String,
    /// A folder in it, such as `apps/notes`; empty for the bucket itself.
    pub folder: String,
    /// The address of the store, such as `https://ID.r2.cloudflarestorage.com`; none for Amazon's.
    pub endpoint: Option<String>,
    /// The region, such as `eu-west-1`; none for `us-east-1`, which most stores but Amazon's take.
    pub region: Option<String>,
    /// How the bucket is addressed.
    pub style: Style,
}

/// A bucket, and the folder in it that is the drive's root.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    inner: rusty_s3::Bucket,
    folder: DrivePath,
    is_amazons: bool,
}

impl Bucket {
    pub(super) fn of(place: &Place) -> Result<Self> {
        let region = place.region.as_deref().unwrap_or(REGION);
        if region.is_empty() || !region.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
            return Err(invalid("open", "a region is written as eu-west-1"));
        }
        let folder = DrivePath::new(place.folder.trim_matches('/'))?;
        let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        let name = &place.bucket;
        if name.is_empty() || name.len() > 255 || !name.bytes().all(is_name) || name.bytes().all(|b| b == b'.') {
            return Err(invalid("open", "the name of a bucket has letters, digits, dots and hyphens"));
        }
        let endpoint = match &place.endpoint {
            Some(endpoint) => address(endpoint)?,
            None => address(&format!("https://s3.{region}.amazonaws.com"))?,
        };
        let is_amazons = endpoint.host_str().is_some_and(|host| host.ends_with(".amazonaws.com"));
        let style = match place.style {
            Style::Path => UrlStyle::Path,
            Style::Host => UrlStyle::VirtualHost,
            Style::Usual if is_amazons && !name.contains('.') => UrlStyle::VirtualHost,
            Style::Usual => UrlStyle::Path,
        };
        let inner = rusty_s3::Bucket::new(endpoint, style, name.clone(), region.to_owned());
        let inner = inner.map_err(|e| invalid("open", &format!("the store cannot have such a bucket at this address: {e}")))?;
        Ok(Self { inner, folder, is_amazons })
    }

    pub(super) fn url(&self) -> &Url {
        self.inner.base_url()
    }

    pub(super) fn name(&self) -> &str {
        self.inner.name()
    }

    pub(super) fn region(&self) -> &str {
        self.inner.region()
    }

    pub(super) fn is_amazons(&self) -> bool {
        self.is_amazons
    }

    /// Returns the address of a file, or of any other object by its key.
    pub(super) fn object(&self, key: &str) -> Url {
        self.inner.object_url(key)
    }

    /// Returns the key of a file.
    ///
    /// # Errors
    /// `invalid_input` if it is longer than a store holds.
    pub(super) fn key(&self, path: &DrivePath) -> Result<String> {
        let key = format!("{}{path}", self.prefix(&DrivePath::root()));
        if key.len() > MAX_KEY_BYTES {
            let short: String = path.as_str().chars().take(60).collect();
            return Err(invalid("path", "the name makes a key of more than the 1,024 bytes that a store holds").about(format!("{short}…")));
        }
        Ok(key)
    }

    /// Returns what the keys of all files below a folder begin with.
    pub(super) fn prefix(&self, dir: &DrivePath) -> String {
        [&self.folder, dir].iter().filter(|part| !part.as_str().is_empty()).map(|part| format!("{part}/")).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use kitestring::ErrorKind;

    fn url(place: &Place) -> String {
        let bucket = Bucket::of(place).unwrap();
        bucket.object(&bucket.key(&DrivePath::new("d/a b+c%2e").unwrap()).unwrap()).to_string()
    }

    #[test]
    fn a_bucket_is_addressed_as_its_store_wants_it() {
        let amazon = Place { bucket: "b".into(), region: Some("eu-west-1".into()), ..Place::default() };
        assert_eq!(url(&amazon), "https://b.s3.eu-west-1.amazonaws.com/d/a%20b%2Bc%252e");
        let dotted = Place { bucket: "b.c".into(), folder: "/x/y/".into(), ..Place::default() };
        assert_eq!(url(&dotted), "https://s3.us-east-1.amazonaws.com/b.c/x/y/d/a%20b%2Bc%252e");
        let other = Place { endpoint: Some("http://127.0.0.1:9000".into()), ..amazon.clone() };
        assert_eq!(url(&other), "http://127.0.0.1:9000/b/d/a%20b%2Bc%252e");
        let hosted = Place { endpoint: Some("https://s3.example".into()), style: Style::Host, ..amazon.clone() };
        assert_eq!(url(&hosted), "https://b.s3.example/d/a%20b%2Bc%252e");
        assert_eq!(url(&Place { style: Style::Path, ..amazon }), "https://s3.eu-west-1.amazonaws.com/b/d/a%20b%2Bc%252e");
    }

    #[test]
    fn what_is_no_place_is_refused() {
        let place = |bucket: &str| Place { bucket: bucket.into(), ..Place::default() };
        for wrong in [
            place(""),
            place("a/b"),
            place(".."),
            place("a@evil.example"),
            Place { folder: "a/../b".into(), ..place("b") },
            Place { region: Some("evil.example/".into()), ..place("b") },
            Place { endpoint: Some("http://s3.example".into()), ..place("b") },
            Place { endpoint: Some("https://key:secret@s3.example".into()), ..place("b") },
            Place { endpoint: Some("http://127.0.0.1".into()), style: Style::Host, ..place("b") },
        ] {
            let error = Bucket::of(&wrong).unwrap_err();
            assert!(error.kind == ErrorKind::InvalidInput && !error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_long_key_is_refused_and_not_shown_whole() {
        let bucket = Bucket::of(&Place { bucket: "b".into(), folder: "f".into(), ..Place::default() }).unwrap();
        assert!(bucket.key(&DrivePath::new("x".repeat(1022)).unwrap()).is_ok());
        let error = bucket.key(&DrivePath::new("x".repeat(1023)).unwrap()).unwrap_err();
        assert!(error.kind == ErrorKind::InvalidInput && error.to_string().len() < 300);
    }
}
