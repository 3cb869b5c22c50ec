//! Paths of the drive as paths of Dropbox.

use kitestring::{DrivePath, Error, ErrorKind, Result};

/// So many characters a name may have (rclone).
const MAX_NAME: usize = 255;

/// The folder that is the drive's root.
#[derive(Debug, Clone)]
pub(super) struct Root(DrivePath);

impl Root {
    pub(super) fn parse(folder: &str) -> Result<Self> {
        if !folder.is_empty() && !folder.starts_with('/') {
            let detail = "a folder of Dropbox is written with a slash before it, such as /notes";
            return Err(Error::new(ErrorKind::InvalidInput, "open", detail).about(folder));
        }
        let path = DrivePath::new(folder.trim_matches('/'))?;
        check(&path)?;
        Ok(Self(path))
    }

    /// Whether it is the root of the account, which is always there.
    pub(super) fn is_top(&self) -> bool {
        self.0.as_str().is_empty()
    }

    /// Returns the path by which Dropbox knows one of the drive.
    pub(super) fn full(&self, path: &DrivePath) -> Result<String> {
        check(path)?;
        let parts = [self.0.as_str(), path.as_str()].into_iter().filter(|part| !part.is_empty());
        Ok(parts.map(|part| format!("/{part}")).collect())
    }
}

/// A longer name is refused before it is sent: arguments stand in headers, which may not be long.
fn check(path: &DrivePath) -> Result<()> {
    if path.segments().all(|name| name.chars().count() <= MAX_NAME) {
        return Ok(());
    }
    let shown: String = path.as_str().chars().take(60).chain(['…']).collect();
    Err(Error::new(ErrorKind::InvalidInput, "path", "the name is longer than the 255 characters that Dropbox holds").about(shown))
}
