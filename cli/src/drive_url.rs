//! Drive URLs: `file:///absolute`, `file:relative`, or a plain path; with `?collection=NAME` for one dataset among
//! several on the drive.

use crate::layout::{Layout, Telltale};
use kitestring::{Drive, DrivePath, Error, ErrorKind, Result};
use kitestring_adapters::{
    drives::fs::FsDrive,
    layers::{Collection, Watched, Within},
};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, percent_encode};
use serde::{Deserialize, Serialize};
use std::{
    ffi::{OsStr, OsString},
    fmt, fs, io,
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Component, Path, PathBuf},
    sync::Arc,
};

/// What a path needs encoded to be part of a URL.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'<').add(b'>').add(b'?').add(b'`').add(b'{').add(b'}');

/// What a folder drive keeps in its root, to lock it.
const LOCK: &str = ".kite.lock";

/// Where a dataset is: today always a folder, by its absolute path, or a collection in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct DriveUrl {
    path: PathBuf,
    collection: Option<Collection>,
}

impl DriveUrl {
    /// Takes what was typed; a relative path is one from the current directory.
    ///
    /// # Errors
    /// `unsupported` for a scheme that does not exist, `invalid_input` for a URL that is none.
    pub(crate) fn parse(typed: &OsStr) -> Result<Self> {
        let (path, collection) = match scheme_of(typed.as_bytes()) {
            None => (PathBuf::from(typed), None),
            Some("file") => {
                let rest = typed.as_bytes().get("file:".len()..).unwrap_or_default();
                let mut halves = rest.splitn(2, |b| *b == b'?');
                let path = path_of(halves.next().unwrap_or_default(), typed)?;
                (path, halves.next().map(|query| collection_of(query, typed)).transpose()?)
            }
            Some(other) => return Err(unsupported(other, typed)),
        };
        if path.as_os_str().is_empty() {
            return Err(invalid("the drive's URL names no folder", typed));
        }
        let path = absolute(&path).map_err(|e| invalid(&format!("the drive's path cannot be made absolute: {e}"), typed))?;
        Ok(Self { path, collection })
    }

    /// Adds a collection that was typed by itself.
    ///
    /// # Errors
    /// `invalid_input` if the name is none, or if the URL names another.
    pub(crate) fn with_collection(mut self, name: Option<&str>) -> Result<Self> {
        let Some(name) = name else { return Ok(self) };
        let collection = Collection::new(name)?;
        if self.collection.as_ref().is_some_and(|own| *own != collection) {
            return Err(invalid("the drive's URL names another collection than --collection", OsStr::new(&self.to_string())));
        }
        self.collection = Some(collection);
        Ok(self)
    }

    /// Returns the drive that the collection is on.
    pub(crate) fn without_collection(&self) -> Self {
        Self { path: self.path.clone(), collection: None }
    }

    /// Returns the collection, if it is one.
    pub(crate) fn collection(&self) -> Option<&str> {
        self.collection.as_ref().map(Collection::as_str)
    }

    /// Opens the drive, which must exist, unless `make` is set.
    ///
    /// # Errors
    /// As [`FsDrive::open`] or [`FsDrive::create`]; `invalid_input` if others reach the same files in another way, where
    /// their locks and ours would not know of each other.
    pub(crate) fn open(&self, make: bool) -> Result<Arc<dyn Drive>> {
        let drive = if make { FsDrive::create(&self.path) } else { FsDrive::open(&self.path) }?;
        self.check_way()?;
        Ok(match &self.collection {
            Some(collection) => Arc::new(Within::new(Arc::new(drive), collection.path().clone())),
            None => Arc::new(drive),
        })
    }

    /// Opens the drive, which must exist, to wait for changes.
    ///
    /// # Errors
    /// As [`FsDrive::open`].
    pub(crate) fn watched(&self, telltale: Telltale) -> Result<Arc<dyn Drive>> {
        let dataset = self.collection.as_ref().map_or_else(DrivePath::root, |collection| collection.path().clone());
        let drive = Arc::new(FsDrive::open(&self.path)?);
        Ok(Arc::new(match telltale {
            Telltale::File(file) => Watched::new(drive, &self.path, dataset.join(file)?),
            Telltale::Folder(folder) => Watched::folder(drive, &self.path, dataset.join(folder)?),
        }))
    }

    fn check_way(&self) -> Result<()> {
        let (is_drive, is_dataset) = (|path: &Path| path.join(LOCK).exists(), |path: &Path| Layout::found_in(path).is_some());
        let detail = match &self.collection {
            Some(collection) if is_drive(&self.path.join(collection.as_str())) => {
                format!("the folder {collection} of this drive is in use as a drive of its own: name that folder, without a collection")
            }
            None if is_dataset(&self.path) && !is_drive(&self.path) && self.path.parent().is_some_and(is_drive) => {
                "this folder is a collection of the drive above it: name that drive, and the folder with --collection".to_owned()
            }
            _ => return Ok(()),
        };
        Err(invalid(&detail, self.path.as_os_str()))
    }

    /// Returns the path of the dataset's folder: the drive's, or that of the collection in it.
    pub(crate) fn dataset(&self) -> PathBuf {
        self.collection.as_ref().map_or_else(|| self.path.clone(), |collection| self.path.join(collection.as_str()))
    }

    /// Returns the path of the drive's folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether both name the same dataset, by whatever path.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let same_folder = || canonical(&self.path).is_ok_and(|a| canonical(&other.path).is_ok_and(|b| a == b));
        self.collection == other.collection && (self.path == other.path || same_folder())
    }
}

impl fmt::Display for DriveUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "file://{}", percent_encode(self.path.as_os_str().as_bytes(), ENCODED))?;
        self.collection.iter().try_for_each(|collection| write!(f, "?collection={collection}"))
    }
}

impl From<DriveUrl> for String {
    fn from(url: DriveUrl) -> Self {
        url.to_string()
    }
}

impl TryFrom<String> for DriveUrl {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(OsStr::new(&text))
    }
}

/// Returns the canonical path of something that need not exist yet, as long as its parent does.
pub(crate) fn canonical(path: &Path) -> io::Result<PathBuf> {
    match (fs::canonicalize(path), path.parent(), path.file_name()) {
        (Err(e), Some(parent), Some(name)) if e.kind() == io::ErrorKind::NotFound => Ok(canonical(parent)?.join(name)),
        (other, _, _) => other,
    }
}

/// Makes a path absolute. `..` is resolved through links, as the shell would; other links stay as they were
/// typed, for the one to a mounted disk may point elsewhere tomorrow.
fn absolute(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    if path.components().any(|c| c == Component::ParentDir) { canonical(&path) } else { Ok(path.components().collect()) }
}

/// Returns the scheme of a URL. One letter is none, and neither is anything with a slash before the colon.
fn scheme_of(typed: &[u8]) -> Option<&str> {
    let colon = typed.iter().position(|b| *b == b':')?;
    let scheme = std::str::from_utf8(typed.get(..colon)?).ok()?;
    let fits = scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    fits.then_some(if scheme.eq_ignore_ascii_case("file") { "file" } else { scheme })
}

fn path_of(rest: &[u8], typed: &OsStr) -> Result<PathBuf> {
    let path = match rest.strip_prefix(b"//") {
        None => rest,
        Some(rest) => {
            let slash = rest.iter().position(|b| *b == b'/').unwrap_or(rest.len());
            let (host, path) = rest.split_at(slash);
            if !host.is_empty() && !host.eq_ignore_ascii_case(b"localhost") {
                return Err(invalid("a file URL cannot name another computer: write file:///absolute/path, or the plain path", typed));
            }
            path
        }
    };
    let decoded: Vec<u8> = percent_decode(path).collect();
    if decoded.contains(&0) {
        return Err(invalid("a path cannot hold a NUL character", typed));
    }
    Ok(PathBuf::from(OsString::from_vec(decoded)))
}

/// Reads what stands behind the question mark.
fn collection_of(query: &[u8], typed: &OsStr) -> Result<Collection> {
    let name = query.strip_prefix(b"collection=").and_then(|name| std::str::from_utf8(name).ok());
    let Some(name) = name else {
        return Err(invalid("only ?collection=NAME may follow the path; a question mark in the path itself is written %3F", typed));
    };
    Collection::new(name)
}

fn unsupported(scheme: &str, typed: &OsStr) -> Error {
    let typed = typed.to_string_lossy();
    let hint = if typed.contains("://") { String::new() } else { format!(" (a path with a colon is written ./{typed})") };
    let detail =
        format!("this version has no drive for `{scheme}:`; it has file:///absolute/path, file:relative/path and plain paths{hint}");
    Error::new(ErrorKind::Unsupported, "open", detail).about(typed)
}

fn invalid(detail: &str, typed: &OsStr) -> Error {
    Error::new(ErrorKind::InvalidInput, "open", detail).about(typed.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(typed: &str) -> Result<DriveUrl> {
        DriveUrl::parse(OsStr::new(typed))
    }

    #[test]
    fn every_form_names_an_absolute_path() {
        let here = std::env::current_dir().unwrap();
        for (typed, path) in [
            ("/a/b", "/a/b".into()),
            ("/a//b/./c/", "/a/b/c".into()),
            ("file:///a%20b/%25", "/a b/%".into()),
            ("file://localhost/x", "/x".into()),
            ("FILE:/x", "/x".into()),
            ("a%20b", here.join("a%20b")),
            ("file:a%20b", here.join("a b")),
            ("./c:d", here.join("c:d")),
            ("c:d", here.join("c:d")),
        ] {
            assert_eq!(parse(typed).unwrap().path(), path, "{typed}");
        }
    }

    #[test]
    fn the_written_form_comes_back() {
        for typed in ["/a b/ü%#?", "/x:y", "file:///a%FFb", "file:///a%3Fb?collection=photos"] {
            let url = parse(typed).unwrap();
            assert_eq!(parse(&url.to_string()).unwrap(), url, "{typed}");
        }
    }

    #[test]
    fn a_collection_is_part_of_the_url_or_typed_by_itself() {
        let url = parse("file:///a?collection=photos").unwrap();
        assert_eq!((url.path(), url.collection()), (Path::new("/a"), Some("photos")));
        assert_eq!(parse("/a?collection=photos").unwrap().path(), Path::new("/a?collection=photos"), "a plain path has no query");
        let typed = |url: &str, name| parse(url).unwrap().with_collection(name);
        assert_eq!(typed("/a", Some("photos")).unwrap(), url);
        assert_eq!(typed("file:/a?collection=photos", Some("photos")).unwrap(), url);
        assert_eq!(typed("file:/a?collection=photos", None).unwrap(), url);
        assert_eq!(typed("file:/a?collection=photos", Some("notes")).unwrap_err().kind, ErrorKind::InvalidInput);
        assert!(!url.is_same(&parse("/a").unwrap()));
    }

    #[test]
    fn other_schemes_and_hosts_are_refused() {
        assert_eq!(parse("dropbox:/x").unwrap_err().kind, ErrorKind::Unsupported);
        assert_eq!(parse("file://server/x").unwrap_err().kind, ErrorKind::InvalidInput);
        for typed in [
            "",
            "file:",
            "file:///a%00b",
            "file:?collection=a",
            "file:/a?",
            "file:/a?b=c",
            "file:/a?collection=B",
            "file:/a?collection=a&b=c",
        ] {
            assert_eq!(parse(typed).unwrap_err().kind, ErrorKind::InvalidInput, "{typed}");
        }
    }
}
