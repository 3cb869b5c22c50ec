//! A layer that notices changes of a drive in a local folder.
//!
//! One thing tells all: a file or folder of the drive. What it is like is the token, so that an answer is always right, also
//! where a network file system keeps notices to itself; the system's notices only say when to look.

use super::telltale::Telltale;
use event_listener::Event;
use futures::future::{Either, select};
use kitestring::{
    Drive, DrivePath, Result, apply,
    drive::{Capabilities, Changed, Condition, GetOptions, Got, Listing, PutFile, Version},
    port,
};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Answers [`Drive::changed_since`] and [`Drive::wait_for_change`] for a drive in a local folder, by one file or folder of
/// it.
///
/// Where the system has no notices for the folder, `wait_for_change` looks when its time is over, at the cost of one
/// request, or of a listing. Everything else goes through.
///
/// # Errors
/// Those of the drive underneath.
///
/// # Cancel safety
/// A call that is dropped has changed nothing.
pub struct Watched {
    drive: Arc<dyn Drive>,
    tells: Telltale,
    root: PathBuf,
    /// Where on the disk what tells is.
    local: PathBuf,
    noticed: Arc<Event>,
    /// None while the system gives no notices.
    notices: Mutex<Option<Notices>>,
}

/// What the system watches.
struct Notices {
    /// The deepest folder that exists on the way to what tells.
    folder: PathBuf,
    _watcher: RecommendedWatcher,
}

impl Watched {
    /// Watches the file `head` of `drive`, which lies in the local folder `root`.
    pub fn new(drive: Arc<dyn Drive>, root: &Path, head: DrivePath) -> Self {
        Self::by(drive, root, Telltale::File(head))
    }

    /// Watches the names in the folder `folder` of `drive`, which lies in the local folder `root`.
    pub fn folder(drive: Arc<dyn Drive>, root: &Path, folder: DrivePath) -> Self {
        Self::by(drive, root, Telltale::Folder(folder))
    }

    fn by(drive: Arc<dyn Drive>, root: &Path, tells: Telltale) -> Self {
        let local = tells.path().segments().fold(root.to_owned(), |path, segment| path.join(segment));
        Self { drive, tells, root: root.to_owned(), local, noticed: Arc::new(Event::new()), notices: Mutex::default() }
    }

    async fn look(&self, token: Option<&str>) -> Result<Changed> {
        self.tells.look(&*self.drive, token).await
    }

    /// Makes sure that the system gives notices, as far as it can.
    fn begin(&self) {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        let on_the_way = self.local.ancestors().take_while(|folder| folder.starts_with(&self.root));
        let deepest = on_the_way.into_iter().find(|folder| folder.is_dir());
        if deepest != notices.as_ref().map(|n| n.folder.as_path()) {
            *notices = deepest.and_then(|folder| self.watch(folder).ok());
        }
    }

    /// The folder may stand elsewhere by now, or another one in its place.
    fn end(&self) {
        *self.notices.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Watches what tells in `folder`, the next folder on the way to it, or all of `folder` if that itself tells.
    fn watch(&self, folder: &Path) -> notify::Result<Notices> {
        let name = self.local.strip_prefix(folder).ok().and_then(|below| below.components().next()).map(|c| c.as_os_str().to_owned());
        let (real, noticed) = (folder.canonicalize()?, self.noticed.clone());
        let itself = real.clone();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let concerns = |path: &PathBuf| *path == itself || name.is_none() || path.file_name() == name.as_deref();
            let tells =
                event.map_or(true, |e| !matches!(e.kind, EventKind::Access(_)) && (e.need_rescan() || e.paths.iter().any(concerns)));
            if tells {
                noticed.notify(usize::MAX);
            }
        })?;
        watcher.watch(&real, RecursiveMode::NonRecursive)?;
        Ok(Notices { folder: folder.to_owned(), _watcher: watcher })
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("local", &self.local).finish_non_exhaustive()
    }
}

#[apply(port!)]
impl Drive for Watched {
    fn capabilities(&self) -> Capabilities {
        self.drive.capabilities()
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.drive.get(path, options).await
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.drive.put(path, bytes, condition).await
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.drive.delete(path, condition).await
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.drive.list_dir(dir, cursor).await
    }

    async fn put_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        self.drive.put_many(files).await
    }

    async fn changed_since(&self, token: Option<String>) -> Result<Changed> {
        self.look(token.as_deref()).await
    }

    async fn wait_for_change(&self, token: Option<String>, timeout: Duration) -> Result<Changed> {
        let ends = Instant::now().checked_add(timeout);
        loop {
            self.begin();
            // Listens before it looks: what happens in between is noticed.
            let listener = self.noticed.listen();
            let found = self.look(token.as_deref()).await.inspect_err(|_| self.end())?;
            let left = ends.map_or(timeout, |ends| ends.saturating_duration_since(Instant::now()));
            if found != Changed::No || left.is_zero() {
                return Ok(found);
            }
            if let Either::Right(_) = select(listener, async_io::Timer::after(left)).await {
                return self.look(token.as_deref()).await.inspect_err(|_| self.end());
            }
        }
    }
}
