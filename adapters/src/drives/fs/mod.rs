//! A drive in a local folder, shared by any number of processes of one machine.
//!
//! `write` tells how a file gets its name, `read` what a version is, `folder` why no path leaves the root.

mod alive;
mod delete;
mod fault;
mod folder;
mod listing;
mod lock;
mod names;
mod read;
mod root;
mod target;
mod write;

use alive::{Alive, Caller};
use blocking::unblock;
use kitestring::{
    Drive, DrivePath, Error, ErrorKind, Result, apply,
    drive::{Capabilities, Condition, GetOptions, Got, Listing, PutFile, Version},
    port,
};
use listing::Listings;
use root::Root;
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A [`Drive`] in a local folder.
///
/// Every condition is honoured, also between processes, by a lock file (`.kite.lock`) in the root; a file is never
/// seen half-written, and is durable when the call returns. That holds for the programs of one machine that use
/// this drive. A folder that another service copies to other machines (Dropbox, Syncthing, iCloud) carries
/// neither the lock nor the order of writes to them.
///
/// A symlink below the root is an error (`invalid_input`), and is left out of listings, as are names that are not
/// UTF-8 and the drive's own files. While a listing is under way, a name that is written anew may come twice or,
/// on some file systems, be passed over.
///
/// # Errors
/// `invalid_input` for a name that the file system cannot store, `quota_exceeded` for a full disk, `unavailable` for
/// everything else that the disk answers, with [`Retry::Never`](kitestring::Retry::Never) if a permission is lacking. If the
/// root itself is gone, or another folder stands in its place, the answer is `unavailable`, and nothing is created anew.
///
/// # Cancel safety
/// A call that is dropped takes effect as a whole or not at all (a batch: per file), and begins no effect after
/// the drop that it had not begun before.
///
/// # Examples
/// ```
/// use kitestring::{Drive, DrivePath, drive::{Condition, GetOptions, Got}};
/// use kitestring_adapters::FsDrive;
///
/// # let home = tempfile::tempdir()?;
/// # futures::executor::block_on(async {
/// let drive = FsDrive::create(home.path().join("drive"))?;
/// let path = DrivePath::new("notes/milk.json")?;
/// let version = drive.put(path.clone(), b"1 litre".to_vec(), Condition::Absent).await?;
/// let got = drive.get(path, GetOptions::default()).await?;
/// assert_eq!(got, Got::File { bytes: b"1 litre".to_vec(), version });
/// # Ok::<(), kitestring::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FsDrive {
    root: Arc<Root>,
    listings: Arc<Listings>,
}

impl FsDrive {
    /// Opens the drive in the folder `root`, which may be a symlink.
    ///
    /// # Errors
    /// `not_found` if there is no such folder; `invalid_input` if it is something else; `unavailable` if it cannot be opened.
    pub fn open(root: impl AsRef<Path>) -> Result<Self> {
        let path = absolute(root.as_ref())?;
        let root = Root::at(path.clone()).map_err(|e| unopened(&path, e))?;
        Ok(Self { root: Arc::new(root), listings: Arc::new(Listings::new()) })
    }

    /// Makes the folder `root` if it is not there, but no folder above it, and opens the drive in it.
    ///
    /// # Errors
    /// As [`FsDrive::open`]; `not_found` if the folder above is not there.
    pub fn create(root: impl AsRef<Path>) -> Result<Self> {
        let path = absolute(root.as_ref())?;
        match std::fs::create_dir(&path) {
            Ok(()) => sync_above(&path).map_err(|e| unopened(&path, e))?,
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(unopened(path.parent().unwrap_or(&path), e)),
        }
        Self::open(path)
    }

    /// Returns the folder.
    pub fn root(&self) -> &Path {
        self.root.path()
    }
}

/// Runs a blocking call with what it needs.
async fn run<T: Send + 'static>(root: &Arc<Root>, call: impl FnOnce(&Root, &Alive) -> T + Send + 'static) -> T {
    let caller = Caller::new();
    let (root, alive) = (Arc::clone(root), caller.alive());
    let answer = unblock(move || call(&root, &alive)).await;
    drop(caller);
    answer
}

#[apply(port!)]
impl Drive for FsDrive {
    fn capabilities(&self) -> Capabilities {
        Capabilities { parallel: 16, ..Capabilities::FULL }
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        run(&self.root, move |root, _| read::get(root, path.as_str(), &options)).await
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        let mut answers = self.put_many(vec![PutFile { path, bytes, condition }]).await;
        answers.pop().unwrap_or_else(|| Err(Error::new(ErrorKind::Internal, "put", "a file was left without an answer")))
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        run(&self.root, move |root, alive| delete::delete(root, path.as_str(), &condition, alive)).await
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        let listings = Arc::clone(&self.listings);
        run(&self.root, move |root, _| listings.page(root, dir.as_str(), cursor.as_deref())).await
    }

    async fn put_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        run(&self.root, move |root, alive| write::put_many(root, files, alive, &mut |_| ())).await
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|e| unopened(path, e))
}

/// Makes the name of a new root durable.
fn sync_above(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |above| folder::Folder::root(above)?.sync())
}

fn unopened(path: &Path, error: io::Error) -> Error {
    let name = path.display();
    let (kind, detail) = match error.kind() {
        io::ErrorKind::NotFound => (ErrorKind::NotFound, format!("there is no folder {name}: is the disk mounted?")),
        io::ErrorKind::NotADirectory => (ErrorKind::InvalidInput, format!("{name} is not a folder")),
        _ => (ErrorKind::Unavailable, format!("{name} cannot be opened: {error}")),
    };
    Error::new(kind, "open", detail).about(name.to_string()).caused_by(error)
}

#[cfg(test)]
mod tests;
