//! Drive URLs: `file:///absolute`, `file:relative`, a plain path, `webdav+https://host/path`, `dropbox:/path`,
//! `gdrive:appdata`, `onedrive:approot`, `github:owner/repository` or `s3://bucket/folder`; with
//! `?collection=NAME` for one dataset among several on the drive.

use crate::{
    config::Config,
    dropbox, gdrive, github,
    layout::{Layout, Telltale},
    onedrive, s3,
    webdav::{self, Address},
};
use kitestring::{Drive, DrivePath, Error, ErrorKind, MemoryDrive, Result};
use kitestring_adapters::{
    NativeRuntime,
    drives::fs::FsDrive,
    layers::{self, Asked, Collection, Watched, Within},
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

/// Where a dataset is: on a drive, or in a collection of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct DriveUrl {
    place: Place,
    collection: Option<Collection>,
}

/// Where a drive is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// A folder of this machine, by its absolute path.
    Folder(PathBuf),
    /// A folder on a WebDAV server.
    WebDav(Address),
    /// A folder in Dropbox.
    Dropbox(dropbox::Folder),
    /// A folder in Google Drive.
    GDrive(gdrive::Place),
    /// A branch of a repository of GitHub, or a folder in one.
    GitHub(github::Repository),
    /// A folder in OneDrive.
    OneDrive(onedrive::Place),
    /// A folder in a bucket of S3 or its kin.
    S3(s3::Bucket),
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
            Some(scheme) if webdav::SCHEMES.contains(&scheme) => {
                return Self::parse_remote(typed, |address| Ok(Place::WebDav(Address::parse(address)?)));
            }
            Some(dropbox::SCHEME) => return Self::parse_remote(typed, |address| Ok(Place::Dropbox(dropbox::Folder::parse(address)?))),
            Some(gdrive::SCHEME) => return Self::parse_remote(typed, |address| Ok(Place::GDrive(gdrive::Place::parse(address)?))),
            Some(github::SCHEME) => return Self::parse_remote(typed, |address| Ok(Place::GitHub(github::Repository::parse(address)?))),
            Some(onedrive::SCHEME) => return Self::parse_remote(typed, |address| Ok(Place::OneDrive(onedrive::Place::parse(address)?))),
            Some(s3::SCHEME) => return Self::parse_bucket(typed),
            Some(other) => return Err(unsupported(other, typed)),
        };
        if path.as_os_str().is_empty() {
            return Err(invalid("the drive's URL names no folder", typed));
        }
        let path = absolute(&path).map_err(|e| invalid(&format!("the drive's path cannot be made absolute: {e}"), typed))?;
        Ok(Self { place: Place::Folder(path), collection })
    }

    /// What is wrong is said without what was typed: it may hold a password.
    fn parse_remote(typed: &OsStr, place: impl FnOnce(&str) -> Result<Place>) -> Result<Self> {
        let text = typed.to_str().ok_or_else(|| Error::new(ErrorKind::InvalidInput, "open", "the drive's URL is no text"))?;
        let (address, query) = text.split_once('?').map_or((text, None), |(address, query)| (address, Some(query)));
        let place = place(address)?;
        let collection = query.map(|query| collection_of(query.as_bytes(), OsStr::new("the drive's URL"))).transpose()?;
        Ok(Self { place, collection })
    }

    /// A bucket has a query of its own.
    fn parse_bucket(typed: &OsStr) -> Result<Self> {
        let text = typed.to_str().ok_or_else(|| Error::new(ErrorKind::InvalidInput, "open", "the drive's URL is no text"))?;
        let (bucket, collection) = s3::Bucket::parse(text)?;
        Ok(Self { place: Place::S3(bucket), collection: collection.as_deref().map(Collection::new).transpose()? })
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
        Self { place: self.place.clone(), collection: None }
    }

    /// Returns the collection, if it is one.
    pub(crate) fn collection(&self) -> Option<&str> {
        self.collection.as_ref().map(Collection::as_str)
    }

    /// Opens the drive, which must exist, unless `make` is set. Whether it exists on a server is found out by its first use.
    /// `own` is where a drive may keep notes.
    ///
    /// # Errors
    /// As [`FsDrive::open`] or [`FsDrive::create`], or those of [`Address::open`]; `invalid_input` if others reach the same
    /// files in another way, where their locks and ours would not know of each other.
    pub(crate) fn open(&self, make: bool, layout: Layout, own: Option<&Path>) -> Result<Arc<dyn Drive>> {
        let drive: Arc<dyn Drive> = match &self.place {
            Place::Folder(path) => {
                let drive = if make { FsDrive::create(path) } else { FsDrive::open(path) }?;
                self.check_way(path)?;
                Arc::new(drive)
            }
            Place::WebDav(address) => Arc::new(address.open(make, layout)?),
            Place::Dropbox(folder) => Arc::new(folder.open(make)?),
            Place::GDrive(place) => Arc::new(place.open(make, layout, &self.dataset_path(), own)?),
            Place::GitHub(repository) => Arc::new(repository.open(make, layout, own)?),
            Place::OneDrive(place) => Arc::new(place.open(make)?),
            Place::S3(bucket) => Arc::new(bucket.open(make)?),
        };
        Ok(match &self.collection {
            Some(collection) => Arc::new(Within::new(drive, collection.path().clone())),
            None => drive,
        })
    }

    /// Opens the drive of a folder to look at it. One that the sync would make is taken to be empty.
    ///
    /// # Errors
    /// As [`DriveUrl::open`].
    pub(crate) fn open_to_look(&self, config: &Config) -> Result<Arc<dyn Drive>> {
        let is_missing = match &self.place {
            Place::WebDav(address) if config.drive_is_new => !address.exists()?,
            Place::Dropbox(folder) if config.drive_is_new => !folder.exists()?,
            Place::GDrive(place) if config.drive_is_new => !place.exists(config.layout)?,
            Place::GitHub(repository) if config.drive_is_new => !repository.exists()?,
            Place::OneDrive(place) if config.drive_is_new => !place.exists()?,
            _ => false,
        };
        match self.open(false, config.layout, None) {
            _ if is_missing => Ok(Arc::new(MemoryDrive::new())),
            Err(e) if e.kind == ErrorKind::NotFound && config.drive_is_new => Ok(Arc::new(MemoryDrive::new())),
            other => other,
        }
    }

    /// Returns the layout of the dataset, if there is one.
    ///
    /// # Errors
    /// What a server answers.
    pub(crate) fn layout(&self) -> Result<Option<Layout>> {
        match &self.place {
            Place::Folder(path) => Ok(Layout::found_in(&self.inside(path))),
            Place::WebDav(address) => address.layout(&self.dataset_path()),
            Place::Dropbox(folder) => folder.layout(&self.dataset_path()),
            Place::GDrive(place) => place.layout(&self.dataset_path()),
            Place::GitHub(repository) => repository.layout(&self.dataset_path()),
            Place::OneDrive(place) => place.layout(&self.dataset_path()),
            Place::S3(bucket) => bucket.layout(&self.dataset_path()),
        }
    }

    /// Opens the drive, which must exist, to wait for changes. `own` is where a drive may keep notes.
    ///
    /// # Errors
    /// As [`FsDrive::open`].
    pub(crate) fn watched(&self, telltale: Telltale, own: &Path) -> Result<Arc<dyn Drive>> {
        let dataset = self.dataset_path();
        let path = match &self.place {
            Place::Folder(path) => path,
            Place::WebDav(address) => return Ok(Arc::new(address.open(false, Layout::Journal)?)),
            Place::Dropbox(folder) => return Ok(Arc::new(folder.open(false)?)),
            Place::GitHub(repository) => return Ok(Arc::new(repository.open(false, Layout::Journal, Some(own))?)),
            Place::S3(bucket) => return Ok(Arc::new(bucket.open(false)?)),
            Place::GDrive(place) => return asked(Arc::new(place.open(false, Layout::Journal, &dataset, Some(own))?), telltale, &dataset),
            Place::OneDrive(place) => return asked(Arc::new(place.open(false)?), telltale, &dataset),
        };
        let drive = Arc::new(FsDrive::open(path)?);
        Ok(Arc::new(match telltale {
            Telltale::File(file) => Watched::new(drive, path, dataset.join(file)?),
            Telltale::Folder(folder) => Watched::folder(drive, path, dataset.join(folder)?),
        }))
    }

    /// Returns the path of the dataset on the drive.
    fn dataset_path(&self) -> DrivePath {
        self.collection.as_ref().map_or_else(DrivePath::root, |collection| collection.path().clone())
    }

    fn inside(&self, path: &Path) -> PathBuf {
        self.collection.as_ref().map_or_else(|| path.to_owned(), |collection| path.join(collection.as_str()))
    }

    fn check_way(&self, own: &Path) -> Result<()> {
        let (is_drive, is_dataset) = (|path: &Path| path.join(LOCK).exists(), |path: &Path| Layout::found_in(path).is_some());
        let detail = match &self.collection {
            Some(collection) if is_drive(&own.join(collection.as_str())) => {
                format!("the folder {collection} of this drive is in use as a drive of its own: name that folder, without a collection")
            }
            None if is_dataset(own) && !is_drive(own) && own.parent().is_some_and(is_drive) => {
                "this folder is a collection of the drive above it: name that drive, and the folder with --collection".to_owned()
            }
            _ => return Ok(()),
        };
        Err(invalid(&detail, own.as_os_str()))
    }

    /// Returns the path of the dataset's folder, if it is on this machine: the drive's, or that of the collection in it.
    pub(crate) fn dataset(&self) -> Option<PathBuf> {
        self.folder().map(|path| self.inside(path))
    }

    /// Returns the path of the drive's folder, if it is on this machine.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Folder(path) => Some(path),
            Place::WebDav(_) | Place::Dropbox(_) | Place::GDrive(_) | Place::GitHub(_) | Place::OneDrive(_) | Place::S3(_) => None,
        }
    }

    /// Returns the repository of the drive, if it is in one.
    pub(crate) fn repository(&self) -> Option<&github::Repository> {
        if let Place::GitHub(repository) = &self.place { Some(repository) } else { None }
    }

    /// Returns the drive as people know it: a path, or an address.
    pub(crate) fn shown(&self) -> String {
        match &self.place {
            Place::Folder(path) => path.display().to_string(),
            Place::WebDav(address) => address.to_string(),
            Place::Dropbox(folder) => folder.to_string(),
            Place::GDrive(place) => place.to_string(),
            Place::GitHub(repository) => repository.to_string(),
            Place::OneDrive(place) => place.to_string(),
            Place::S3(bucket) => bucket.to_string(),
        }
    }

    /// Returns the dataset as people know it.
    pub(crate) fn shown_dataset(&self) -> String {
        self.dataset().map_or_else(|| self.to_string(), |path| path.display().to_string())
    }

    /// Whether both name the same dataset, by whatever path.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let real = |url: &Self| canonical(url.folder()?).ok();
        let same_folder = || real(self).is_some_and(|path| real(other) == Some(path));
        self.collection == other.collection && (self.place == other.place || same_folder())
    }
}

/// A drive that is asked what it holds.
fn asked(drive: Arc<dyn Drive>, telltale: Telltale, dataset: &DrivePath) -> Result<Arc<dyn Drive>> {
    let tells = match telltale {
        Telltale::File(file) => layers::Telltale::File(dataset.join(file)?),
        Telltale::Folder(folder) => layers::Telltale::Folder(dataset.join(folder)?),
    };
    Ok(Arc::new(Asked::new(drive, Arc::new(NativeRuntime::new()), tells)))
}

impl fmt::Display for DriveUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Folder(path) => write!(f, "file://{}", percent_encode(path.as_os_str().as_bytes(), ENCODED))?,
            Place::WebDav(address) => address.fmt(f)?,
            Place::Dropbox(folder) => folder.fmt(f)?,
            Place::GDrive(place) => place.fmt(f)?,
            Place::GitHub(repository) => repository.fmt(f)?,
            Place::OneDrive(place) => place.fmt(f)?,
            Place::S3(bucket) => bucket.fmt(f)?,
        }
        let mark = if matches!(self.place, Place::S3(_)) { '&' } else { '?' };
        self.collection.iter().try_for_each(|collection| write!(f, "{mark}collection={collection}"))
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

/// A URL is not shown: it may hold a password.
fn unsupported(scheme: &str, typed: &OsStr) -> Error {
    let typed = typed.to_string_lossy();
    let hint = match scheme {
        _ if !typed.contains("://") => format!(" (a path with a colon is written ./{typed})"),
        "http" | "https" => format!(" (a folder on a WebDAV server is written webdav+{scheme}://…)"),
        _ => String::new(),
    };
    let detail = format!(
        "this version has no drive for `{scheme}:`; it has file:///absolute/path, file:relative/path, plain paths, \
         webdav+https://host/path, dropbox:/path, gdrive:appdata, gdrive:/name, onedrive:approot, onedrive:/path and s3://bucket/folder{hint}"
    );
    Error::new(ErrorKind::Unsupported, "open", detail)
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
            assert_eq!(parse(typed).unwrap().folder(), Some(&*path), "{typed}");
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
        assert_eq!((url.folder(), url.collection()), (Some(Path::new("/a")), Some("photos")));
        assert_eq!(parse("/a?collection=photos").unwrap().folder(), Some(Path::new("/a?collection=photos")), "a plain path has no query");
        let typed = |url: &str, name| parse(url).unwrap().with_collection(name);
        assert_eq!(typed("/a", Some("photos")).unwrap(), url);
        assert_eq!(typed("file:/a?collection=photos", Some("photos")).unwrap(), url);
        assert_eq!(typed("file:/a?collection=photos", None).unwrap(), url);
        assert_eq!(typed("file:/a?collection=photos", Some("notes")).unwrap_err().kind, ErrorKind::InvalidInput);
        assert!(!url.is_same(&parse("/a").unwrap()));
    }

    #[test]
    fn a_folder_in_a_cloud_comes_back() {
        for (typed, shown) in [
            ("dropbox:/", "dropbox:/"),
            ("dropbox:/notes/", "dropbox:/notes"),
            ("dropbox:/a b/%C3%A9%3F?collection=photos", "dropbox:/a%20b/%C3%A9%3F?collection=photos"),
            ("gdrive:appdata", "gdrive:appdata"),
            ("gdrive:/appdata/", "gdrive:/appdata"),
            ("gdrive:/a b%3F?collection=photos", "gdrive:/a%20b%3F?collection=photos"),
            ("onedrive:approot", "onedrive:approot"),
            ("onedrive:/approot/", "onedrive:/approot"),
            ("onedrive:/a b/%C3%A9?collection=photos", "onedrive:/a%20b/%C3%A9?collection=photos"),
        ] {
            let url = parse(typed).unwrap();
            assert_eq!((url.to_string().as_str(), &parse(&url.to_string()).unwrap()), (shown, &url));
        }
        let dropbox = ["dropbox:", "dropbox:notes", "dropbox://notes", "dropbox:/a//b", "dropbox:/..", "dropbox:/a?token=canary"];
        let gdrive = ["gdrive:", "gdrive:notes", "gdrive:/", "gdrive:/a/b", "gdrive:/..", "gdrive:appdata?token=canary"];
        let onedrive = ["onedrive:", "onedrive:notes", "onedrive:/", "onedrive://a", "onedrive:/a/../b", "onedrive:approot?token=canary"];
        for wrong in dropbox.into_iter().chain(gdrive).chain(onedrive) {
            let error = parse(wrong).unwrap_err();
            assert!(error.kind == ErrorKind::InvalidInput && !format!("{error:?}").contains("canary"), "{error:?}");
        }
    }

    #[test]
    fn a_bucket_comes_back_and_holds_no_secret() {
        for (typed, written) in [
            ("s3://notes?region=eu-west-1", "s3://notes?region=eu-west-1"),
            (
                "s3://notes/a b/%C3%A9%3F/?endpoint=http://127.0.0.1:9000/&region=x&style=path&conditions=none&collection=photos",
                "s3://notes/a%20b/%C3%A9%3F?region=x&endpoint=http://127.0.0.1:9000&style=path&conditions=none&collection=photos",
            ),
        ] {
            let url = parse(typed).unwrap();
            assert_eq!((url.to_string().as_str(), &parse(written).unwrap()), (written, &url));
            assert!(url.is_same(&parse(written).unwrap()) && url.folder().is_none());
        }
        for bad in [
            "s3:notes",
            "s3://",
            "s3://a@b/x?region=canary",
            "s3://notes/../x?region=r",
            "s3://notes?region=r&secret=canary",
            "s3://notes?region=r&endpoint=https://key:canary@host",
            "s3://notes?region=r&endpoint=http://host/canary",
            "s3://notes?region=r&style=canary",
        ] {
            let error = parse(bad).unwrap_err();
            assert!(error.kind == ErrorKind::InvalidInput && !format!("{error:?}").contains("canary"), "{error:?}");
        }
    }

    #[test]
    fn a_webdav_address_comes_back_and_holds_no_secret() {
        for (typed, written) in [
            ("webdav+https://Cloud.example/a%20b/", "webdav+https://cloud.example/a%20b"),
            ("webdav+http://127.0.0.1:81/x?collection=photos", "webdav+http://127.0.0.1:81/x?collection=photos"),
            ("webdav+https://cloud.example", "webdav+https://cloud.example"),
        ] {
            let url = parse(typed).unwrap();
            assert_eq!(url.to_string(), written);
            assert!(url.is_same(&parse(written).unwrap()) && url.folder().is_none() && url.dataset().is_none());
        }
        for bad in [
            "webdav+https://ann:canary@cloud.example/",
            "webdav+https://canary@cloud.example/",
            "webdav+https://cloud.example/?password=canary",
            "webdav+https://cloud.example/#canary",
            "webdav+http://cloud.example/canary",
            "webdav+ftp://ann:canary@cloud.example/",
            "https://ann:canary@cloud.example/",
        ] {
            let error = parse(bad).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        }
        assert!(parse("https://cloud.example/").unwrap_err().detail().contains("webdav+https://"));
    }

    #[test]
    fn other_schemes_and_hosts_are_refused() {
        assert_eq!(parse("sftp:/x").unwrap_err().kind, ErrorKind::Unsupported);
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
