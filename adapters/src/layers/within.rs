//! A layer that makes a folder of a drive a drive of its own.

use kitestring::{
    Drive, DrivePath, Error, ErrorKind, Result, apply,
    drive::{Capabilities, Changed, Condition, GetOptions, Got, Listing, PutFile, Version},
    port,
};
use std::{fmt, sync::Arc, time::Duration};

/// A folder of another drive, as a [`Drive`].
///
/// Several datasets can so share one drive without ever seeing each other's files, each in a folder of its own, such
/// as that of a [`Collection`](super::Collection); a dataset may lie in the root beside them. Everything goes through
/// at the cost of a longer path: conditions, batches, cursors and capabilities are those of the drive underneath. The
/// folder is made by the first write. Errors name the whole path.
///
/// All who use the dataset must reach it in the same way. Another [`FsDrive`](crate::FsDrive) whose root is the
/// folder itself would have a lock of its own, and the conditions of the two would not hold against each other.
///
/// # Examples
/// An application with two collections on one drive:
/// ```
/// use kitestring::{Drive, DrivePath, MemoryDrive, drive::{Condition, GetOptions, Got}};
/// use kitestring_adapters::layers::{Collection, Within};
/// use std::sync::Arc;
///
/// # futures::executor::block_on(async {
/// let drive: Arc<dyn Drive> = Arc::new(MemoryDrive::new());
/// let notes = Within::new(drive.clone(), Collection::new("notes")?.path().clone());
/// let photos = Within::new(drive.clone(), Collection::new("photos")?.path().clone());
/// // Each is the drive of a client of its own: `Client::open(application, state, Arc::new(notes), options)`.
///
/// let head = DrivePath::new("meta.json")?;
/// notes.put(head.clone(), b"{}".to_vec(), Condition::Absent).await?;
/// assert_eq!(photos.get(head, GetOptions::default()).await?, Got::Missing);
/// # Ok::<(), kitestring::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Within {
    drive: Arc<dyn Drive>,
    folder: DrivePath,
}

impl Within {
    /// Takes `folder` of `drive` as the root; the empty path changes nothing.
    pub fn new(drive: Arc<dyn Drive>, folder: DrivePath) -> Self {
        Self { drive, folder }
    }

    /// Returns the folder on the drive underneath.
    pub fn folder(&self) -> &DrivePath {
        &self.folder
    }

    fn below(&self, path: &DrivePath) -> Result<DrivePath> {
        if path.as_str().is_empty() { Ok(self.folder.clone()) } else { self.folder.join(path.as_str()) }
    }

    /// What is to be written must not be the folder itself: where there is none yet, it would become a file.
    fn file(&self, path: &DrivePath) -> Result<DrivePath> {
        if path.as_str().is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "put", "this is the drive's root, not a file"));
        }
        self.below(path)
    }
}

impl fmt::Debug for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Within").field("folder", &self.folder).finish_non_exhaustive()
    }
}

#[apply(port!)]
impl Drive for Within {
    fn capabilities(&self) -> Capabilities {
        self.drive.capabilities()
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.drive.get(self.below(&path)?, options).await
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.drive.put(self.file(&path)?, bytes, condition).await
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.drive.delete(self.below(&path)?, condition).await
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        // A listing holds the last segments only, so nothing is to be taken off.
        self.drive.list_dir(self.below(&dir)?, cursor).await
    }

    async fn put_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        let mut refused = Vec::new();
        let mut below = Vec::with_capacity(files.len());
        for (n, file) in files.into_iter().enumerate() {
            match self.file(&file.path) {
                Ok(path) => below.push(PutFile { path, ..file }),
                Err(e) => refused.push((n, e)),
            }
        }
        let mut results = self.drive.put_many(below).await;
        for (n, e) in refused {
            results.insert(n.min(results.len()), Err(e));
        }
        results
    }

    /// As the drive underneath answers: also of files outside the folder.
    async fn changed_since(&self, token: Option<String>) -> Result<Changed> {
        self.drive.changed_since(token).await
    }

    /// As the drive underneath answers: also of files outside the folder.
    async fn wait_for_change(&self, token: Option<String>, timeout: Duration) -> Result<Changed> {
        self.drive.wait_for_change(token, timeout).await
    }
}
