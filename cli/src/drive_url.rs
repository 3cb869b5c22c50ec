//! Drive URLs: `file:///absolute`, `file:relative`, or a plain path.

use kitestring::{Error, ErrorKind, Result};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, percent_encode};
use serde::{Deserialize, Serialize};
use std::{
    ffi::{OsStr, OsString},
    fmt, fs, io,
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Component, Path, PathBuf},
};

/// What a path needs encoded to be part of a URL.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'<').add(b'>').add(b'?').add(b'`').add(b'{').add(b'}');

/// Where a drive is: today always a folder, by its absolute path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct DriveUrl(PathBuf);

impl DriveUrl {
    /// Takes what was typed; a relative path is one from the current directory.
    ///
    /// # Errors
    /// `unsupported` for a scheme that does not exist, `invalid_input` for a URL that is none.
    pub(crate) fn parse(typed: &OsStr) -> Result<Self> {
        let path = match scheme_of(typed.as_bytes()) {
            None => PathBuf::from(typed),
            Some("file") => path_of(typed.as_bytes().get("file:".len()..).unwrap_or_default(), typed)?,
            Some(other) => return Err(unsupported(other, typed)),
        };
        if path.as_os_str().is_empty() {
            return Err(invalid("the drive's URL names no folder", typed));
        }
        Ok(Self(absolute(&path).map_err(|e| invalid(&format!("the drive's path cannot be made absolute: {e}"), typed))?))
    }

    /// Returns the path of the drive's folder.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Whether both name the same folder, by whatever path.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self == other || canonical(&self.0).is_ok_and(|a| canonical(&other.0).is_ok_and(|b| a == b))
    }
}

impl fmt::Display for DriveUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "file://{}", percent_encode(self.0.as_os_str().as_bytes(), ENCODED))
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
        for typed in ["/a b/ü%#?", "/x:y", "file:///a%FFb"] {
            let url = parse(typed).unwrap();
            assert_eq!(parse(&url.to_string()).unwrap(), url, "{typed}");
        }
    }

    #[test]
    fn other_schemes_and_hosts_are_refused() {
        assert_eq!(parse("dropbox:/x").unwrap_err().kind, ErrorKind::Unsupported);
        assert_eq!(parse("file://server/x").unwrap_err().kind, ErrorKind::InvalidInput);
        for typed in ["", "file:", "file:///a%00b"] {
            assert_eq!(parse(typed).unwrap_err().kind, ErrorKind::InvalidInput, "{typed}");
        }
    }
}
