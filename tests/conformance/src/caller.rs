//! A drive's calls, waited for: a test reads as what it does.

use crate::{Check, Stop};
use futures::executor::block_on;
use kitestring::{
    Drive, DrivePath, ErrorKind, Result,
    drive::{Capabilities, Condition, DirEntry, GetOptions, Got, Listing, PutFile, Version},
};
use std::{fmt, ops::Range, sync::Arc};

/// More pages than any test's folder has.
const PAGES: usize = 5000;

/// One client of a storage.
#[derive(Clone)]
pub struct Caller(pub(crate) Arc<dyn Drive>);

impl Caller {
    /// Returns the drive, for calls that are not to be waited for.
    pub fn drive(&self) -> &Arc<dyn Drive> {
        &self.0
    }

    /// Returns what the drive claims.
    pub fn claims(&self) -> Capabilities {
        self.0.capabilities()
    }

    /// Writes a file.
    ///
    /// # Errors
    /// What the drive answers.
    pub fn put(&self, path: &str, bytes: impl AsRef<[u8]>, condition: Condition) -> Result<Version> {
        block_on(self.0.put(DrivePath::new(path)?, bytes.as_ref().to_vec(), condition))
    }

    /// Writes several files.
    ///
    /// # Errors
    /// None; each file has its own answer.
    pub fn put_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        block_on(self.0.put_many(files))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// What the drive answers.
    pub fn get(&self, path: &str) -> Result<Got> {
        block_on(self.0.get(DrivePath::new(path)?, GetOptions::default()))
    }

    /// Reads a file unless it has this version.
    ///
    /// # Errors
    /// What the drive answers.
    pub fn get_unless(&self, path: &str, unless: &Version) -> Result<Got> {
        block_on(self.0.get(DrivePath::new(path)?, GetOptions { unless: Some(unless.clone()), range: None }))
    }

    /// Reads a part of a file.
    ///
    /// # Errors
    /// What the drive answers.
    pub fn get_range(&self, path: &str, range: Range<u64>) -> Result<Got> {
        block_on(self.0.get(DrivePath::new(path)?, GetOptions { unless: None, range: Some(range) }))
    }

    /// Deletes a file.
    ///
    /// # Errors
    /// What the drive answers.
    pub fn delete(&self, path: &str, condition: Condition) -> Result<()> {
        block_on(self.0.delete(DrivePath::new(path)?, condition))
    }

    /// Asks for one page of a listing.
    ///
    /// # Errors
    /// What the drive answers.
    pub fn page(&self, dir: &str, cursor: Option<String>) -> Result<Listing> {
        block_on(self.0.list_dir(DrivePath::new(dir)?, cursor))
    }

    /// Reads a file that must be there.
    ///
    /// # Errors
    /// Broken if it is not.
    pub fn file(&self, path: &str) -> Check<(Vec<u8>, Version)> {
        match self.get(path)? {
            Got::File { bytes, version } => Ok((bytes, version)),
            other => Err(Stop::Broken(format!("{path} was written and is answered as {other:?}"))),
        }
    }

    /// Reads the bytes of a file that must be there.
    ///
    /// # Errors
    /// Broken if it is not.
    pub fn bytes(&self, path: &str) -> Check<Vec<u8>> {
        Ok(self.file(path)?.0)
    }

    /// Lists a whole folder, page by page, in the order of names.
    ///
    /// # Errors
    /// Broken if it never ends.
    pub fn list(&self, dir: &str) -> Check<Vec<DirEntry>> {
        let (mut entries, mut cursor) = (Vec::new(), None);
        for _ in 0..PAGES {
            let page = self.page(dir, cursor)?;
            entries.extend(page.entries);
            match page.next {
                Some(next) => cursor = Some(next),
                None => {
                    entries.sort_by(|a, b| (&a.name, a.is_dir).cmp(&(&b.name, b.is_dir)));
                    entries.dedup_by(|a, b| a.name == b.name && a.is_dir == b.is_dir);
                    return Ok(entries);
                }
            }
        }
        Err(Stop::Broken(format!("the listing of {dir:?} did not end after {PAGES} pages")))
    }

    /// Lists the names in a folder; those of folders end in `/`.
    ///
    /// # Errors
    /// Broken if the listing never ends.
    pub fn names(&self, dir: &str) -> Check<Vec<String>> {
        let name = |e: DirEntry| if e.is_dir { format!("{}/", e.name) } else { e.name };
        Ok(self.list(dir)?.into_iter().map(name).collect())
    }

    /// Writes a file that the storage may refuse for its name; whether it took it.
    ///
    /// # Errors
    /// Broken for every other error.
    pub fn put_if_it_can(&self, path: &str, bytes: impl AsRef<[u8]>, condition: Condition) -> Check<bool> {
        match self.put(path, bytes, condition) {
            Ok(_) => Ok(true),
            Err(e) if e.kind == ErrorKind::InvalidInput => Ok(false),
            Err(e) => {
                Err(Stop::Broken(format!("a name that cannot be stored is `invalid_input`, but {path:?} gave `{}`: {e}", e.kind.code())))
            }
        }
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Caller").field(&self.claims()).finish()
    }
}
