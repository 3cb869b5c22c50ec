//! The names of collections: several datasets that share one drive.

use kitestring::{DrivePath, Error, ErrorKind, Result};
use std::fmt;

/// What the layouts write into the root of a drive, as far as a collection could have the name: a dataset may lie there
/// beside the collections.
const LAYOUT: &[&str] = &["c", "changes", "docs", "h", "head", "j", "p", "v", "vault"];
/// What Windows takes for devices, with a digit behind the last two; a drive may end up on such a disk.
const DEVICES: &[&str] = &["aux", "con", "nul", "prn"];
const NUMBERED_DEVICES: &[&str] = &["com", "lpt"];

/// The name of a collection: one dataset among several on a drive, in a folder of that name in the root.
///
/// It has 1 to 64 characters: small letters `a` to `z`, digits, `-` and `_`, the first of them a letter or a digit. So
/// no drive takes two names for one, and none refuses it. The names of the layouts' own files and folders (`c`, `changes`,
/// `docs`, `head`, `j`, `p`, `vault`) and of Windows' devices (`con`, `com1`, ...) are taken: a dataset in the root itself
/// never meets a collection.
///
/// # Examples
/// ```
/// use kitestring::ErrorKind;
/// use kitestring_adapters::layers::Collection;
///
/// assert_eq!(Collection::new("photos-2026")?.as_str(), "photos-2026");
/// assert_eq!(Collection::new("../photos").unwrap_err().kind, ErrorKind::InvalidInput);
/// # Ok::<(), kitestring::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Collection {
    name: String,
    path: DrivePath,
}

impl Collection {
    /// The most characters, and bytes, of a name.
    pub const MAX_BYTES: usize = 64;

    /// Takes a text as a name.
    ///
    /// # Errors
    /// `invalid_input` if it breaks one of the rules above.
    pub fn new(name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        if let Some(why) = refusal(&name) {
            let detail = format!(
                "this is no name for a collection: {why}; a name has 1 to {} of a-z, 0-9, - and _, and begins with a letter or a digit",
                Self::MAX_BYTES
            );
            return Err(Error::new(ErrorKind::InvalidInput, "open", detail).about(name));
        }
        Ok(Self { path: DrivePath::new(name.clone())?, name })
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Returns the folder of the collection on its drive.
    pub fn path(&self) -> &DrivePath {
        &self.path
    }
}

impl fmt::Display for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.name, f)
    }
}

fn refusal(name: &str) -> Option<&'static str> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if name.is_empty() {
        return Some("it is empty");
    }
    if name.len() > Collection::MAX_BYTES {
        return Some("it is too long");
    }
    if !name.chars().all(fits) {
        return Some("it holds another character");
    }
    if name.starts_with(['-', '_']) {
        return Some("it begins with a sign");
    }
    if LAYOUT.contains(&name) {
        return Some("a dataset without a collection has a file or a folder of this name");
    }
    is_device(name).then_some("Windows has a device of this name")
}

fn is_device(name: &str) -> bool {
    let (stem, last) = name.split_at(name.len().saturating_sub(1));
    DEVICES.contains(&name) || (NUMBERED_DEVICES.contains(&stem) && last.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folders_that_every_drive_can_hold() {
        for good in ["a", "0", "photos", "a-b_c-1", "com", "com10", "docs2", "lpt", &"x".repeat(64)] {
            assert_eq!(Collection::new(good).unwrap().path().as_str(), good);
        }
        let long = "x".repeat(65);
        let bad = [
            "",
            ".",
            "..",
            "a/b",
            "/a",
            "a.json",
            "meta.json",
            ".kite",
            "Photos",
            "ü",
            "a b",
            "a\\b",
            "a\0",
            "-a",
            "_a",
            "docs",
            "changes",
            "j",
            "vault",
            "con",
            "nul",
            "com1",
            "lpt0",
            &long,
        ];
        for bad in bad {
            let error = Collection::new(bad).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidInput, "{bad:?}");
            assert!(error.detail().contains("1 to 64"), "{error}");
        }
    }
}
