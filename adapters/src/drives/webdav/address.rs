//! Paths of the drive as URLs of the server, and back.

use crate::http::address;
use kitestring::{DrivePath, Error, ErrorKind, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

/// Everything but what RFC 3986, 2.3 calls unreserved: no server takes that for anything else.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What the disks of servers hold of one name, in bytes; some answer a longer one with a fault of their own.
const MAX_NAME_BYTES: usize = 255;

/// The folder that is the drive's root.
#[derive(Debug, Clone)]
pub(super) struct Root(Url);

impl Root {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut url = address(text)?;
        // Apache, nginx and others answer a folder without a slash at its end by a redirect, or not at all.
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self(url))
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }

    pub(super) fn file(&self, path: &DrivePath) -> Result<Url> {
        self.below(path, "")
    }

    pub(super) fn folder(&self, path: &DrivePath) -> Result<Url> {
        if path.as_str().is_empty() { Ok(self.0.clone()) } else { self.below(path, "/") }
    }

    fn below(&self, path: &DrivePath, end: &str) -> Result<Url> {
        let segments: Vec<String> = path.segments().map(|segment| utf8_percent_encode(segment, ENCODED).to_string()).collect();
        if path.segments().any(|segment| segment.len() > MAX_NAME_BYTES) {
            let detail = "the name is longer than the 255 bytes that the disks of WebDAV servers hold";
            return Err(Error::new(ErrorKind::InvalidInput, "path", detail).about(shortened(path.as_str())));
        }
        let text = format!("{}{}{end}", self.0, segments.join("/"));
        Url::parse(&text).map_err(|e| Error::new(ErrorKind::Internal, "path", e.to_string()).about(path.as_str()))
    }

    /// Returns the root, then the folder above it, and so on up to the server's own.
    pub(super) fn upwards(&self) -> impl Iterator<Item = Url> {
        let above = |url: &Url| url.join("..").ok().filter(|above| above.path().len() < url.path().len());
        std::iter::successors(Some(self.0.clone()), above)
    }
}

fn shortened(path: &str) -> String {
    let mut short: String = path.chars().take(60).collect();
    if short.len() < path.len() {
        short.push('…');
    }
    short
}

/// Returns the segments of a URL, or of a path alone, as they are without percent signs: servers encode differently, and some
/// give whole URLs. None if they are no Unicode.
pub(super) fn segments(href: &str) -> Option<Vec<String>> {
    let path = match href.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => href,
    };
    let decoded = |segment: &str| percent_decode_str(segment).decode_utf8().ok().map(|text| text.into_owned());
    path.split('/').filter(|segment| !segment.is_empty()).map(decoded).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn every_name_is_found_again_and_stays_below_the_root() {
        let root = Root::parse("https://h/a%20b").unwrap();
        for name in ["a b", "%2e%2e", "..%2f", "?x#y", "é", "a+b@c;d,e:f&g", "C:", "\u{ffff}"] {
            let url = root.file(&DrivePath::new(format!("d/{name}")).unwrap()).unwrap();
            assert!(url.as_str().starts_with("https://h/a%20b/d/"), "{url}");
            assert_eq!(segments(url.path()).unwrap(), ["a b", "d", name]);
            assert_eq!(segments(url.as_str()).unwrap(), ["a b", "d", name]);
        }
        assert_eq!(root.folder(&DrivePath::root()).unwrap().as_str(), "https://h/a%20b/");
    }

    #[test]
    fn a_long_name_is_refused_and_not_shown_whole() {
        let root = Root::parse("https://h/").unwrap();
        assert!(root.file(&DrivePath::new("ö".repeat(127)).unwrap()).is_ok());
        let error = root.file(&DrivePath::new("ö".repeat(128)).unwrap()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
        assert!(error.to_string().len() < 300);
    }

    #[test]
    fn the_way_up_ends_at_the_server() {
        let up = |text: &str| Root::parse(text).unwrap().upwards().map(|url| url.path().to_owned()).collect::<Vec<_>>();
        assert_eq!(up("https://h/a/b"), ["/a/b/", "/a/", "/"]);
        assert_eq!(up("https://h"), ["/"]);
    }
}
