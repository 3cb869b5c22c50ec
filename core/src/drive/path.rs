//! Paths on a drive: checked once, never again.

use crate::{Error, Result};
use std::fmt;

/// A path of a file or folder on a drive: segments joined by `/`, below the drive's root.
///
/// The empty path is the root. No segment is empty, `.` or `..`; none holds a control character, `\` or `/`.
/// So a path never leaves the root, whatever the drive makes of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DrivePath(String);

impl DrivePath {
    /// Takes a text as a path.
    ///
    /// # Errors
    /// `invalid_input` if it breaks one of the rules above.
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        if text.is_empty() || text.split('/').all(Self::is_segment) {
            return Ok(Self(text));
        }
        Err(Error::invalid("path", "this is no path on a drive: a part is empty, `.`, `..` or holds a character that drives refuse")
            .about(text))
    }

    /// Returns the root.
    pub fn root() -> Self {
        Self(String::new())
    }

    /// Returns the path of `name` inside this folder.
    ///
    /// # Errors
    /// `invalid_input` if `name` is no segment.
    pub fn join(&self, name: &str) -> Result<Self> {
        if self.0.is_empty() { Self::new(name) } else { Self::new(format!("{}/{name}", self.0)) }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the segments; the root has none.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|s| !s.is_empty())
    }

    fn is_segment(text: &str) -> bool {
        !matches!(text, "" | "." | "..") && !text.chars().any(|c| c == '\\' || c.is_control())
    }
}

impl fmt::Display for DrivePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DrivePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leaves_the_root() {
        for bad in ["/", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\\b", "a\0b", "a\nb"] {
            assert!(DrivePath::new(bad).is_err(), "{bad:?}");
        }
        for good in ["", "a", "docs/ö b.json", "..a/b.."] {
            assert!(DrivePath::new(good).is_ok(), "{good:?}");
        }
        assert!(DrivePath::root().join("../x").is_err());
    }
}
