//! One drive with one fault of many.

mod list;
mod read;
mod write;

use kitestring::{
    Drive, DrivePath, Error, ErrorKind, Result, apply,
    drive::{Capabilities, Changed, Condition, GetOptions, Got, Listing, PutFile, Version},
    port,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    task::Poll,
    time::Duration,
};

/// What is wrong with the drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    // Names.
    RootIsAFile,
    TildeIsHome,
    FoldsCase,
    CutsNames,
    LongNamesAreUnavailable,
    FolderReplacesFile,
    // Reading.
    VersionReadAfterwards,
    MissingIsAnError,
    AlwaysUnchanged,
    IgnoresUnless,
    RangeOffByOne,
    RangeHasItsOwnVersion,
    ReadsStale,
    GoneIsMissing,
    VersionIsSize,
    InventsVersions,
    // Writing.
    TornWrite,
    TextOnly,
    WritesInPlace,
    WritesAndRefuses,
    AnswersBackwards,
    AnswersBeforeWriting,
    BatchStops,
    BatchForgets,
    ListsTemporaries,
    // Conditions.
    IgnoresAbsent,
    IgnoresMatches,
    LooksFirst,
    SameBytesPass,
    ImitatesConditions,
    ClaimsChange,
    OneAtATime,
    // Deleting.
    DeletesOnce,
    DeletesAlways,
    DeletedLingers,
    DeletesInTwoSteps,
    KeepsFolders,
    // Listing.
    ListsLowerCase,
    ListsNoFolders,
    MissingFolderIsAnError,
    SizesInBlocks,
    PagesForEver,
    OldCursorsEnd,
    ListsLess,
    ListsTheDeleted,
    // Errors and notices.
    OddKinds,
    ShowsContent,
    SaysNothingChanged,
}
use Fault::*;

/// A drive with a fault. Clones are one drive.
#[derive(Clone)]
pub(crate) struct Planted(Arc<Inner>);

struct Inner {
    drive: Arc<dyn Drive>,
    fault: Fault,
    calls: AtomicU64,
    gone: AtomicBool,
    busy: AtomicBool,
    /// What a fault keeps for later: earlier answers by path.
    before: Mutex<BTreeMap<String, Got>>,
    deleted: Mutex<BTreeSet<String>>,
}

impl Planted {
    pub(crate) fn new(drive: Arc<dyn Drive>, fault: Fault) -> Self {
        let inner = Inner {
            drive,
            fault,
            calls: AtomicU64::new(0),
            gone: AtomicBool::new(false),
            busy: AtomicBool::new(false),
            before: Mutex::default(),
            deleted: Mutex::default(),
        };
        Self(Arc::new(inner))
    }

    /// Takes the root away.
    pub(crate) fn pull_out(&self) {
        self.0.gone.store(true, SeqCst);
    }

    fn is(&self, fault: Fault) -> bool {
        self.0.fault == fault
    }

    fn before(&self) -> MutexGuard<'_, BTreeMap<String, Got>> {
        self.0.before.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deleted(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.deleted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn whole(&self, path: &DrivePath) -> Result<Got> {
        self.0.drive.get(path.clone(), GetOptions::default()).await
    }

    /// Where a path leads.
    fn mapped(&self, path: DrivePath) -> Result<DrivePath> {
        let text = path.as_str();
        let cut = |s: &str| s.chars().take(200).collect::<String>();
        match self.0.fault {
            FoldsCase => DrivePath::new(text.to_lowercase()),
            CutsNames => DrivePath::new(text.split('/').map(cut).collect::<Vec<_>>().join("/")),
            TildeIsHome if text.ends_with("/~") => DrivePath::new("home"),
            RootIsAFile if text.is_empty() => DrivePath::new("index"),
            LongNamesAreUnavailable if text.split('/').any(|s| s.len() > 255) => Err(failed(ErrorKind::Unavailable)),
            _ => Ok(path),
        }
    }
}

/// Lets others run.
async fn pause() {
    std::thread::sleep(Duration::from_millis(1));
    let mut waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn failed(kind: ErrorKind) -> Error {
    Error::new(kind, "call", "the fault says so")
}

#[apply(port!)]
impl Drive for Planted {
    fn capabilities(&self) -> Capabilities {
        let claims = self.0.drive.capabilities();
        let odd = self.is(ClaimsChange) && self.0.calls.fetch_add(1, SeqCst) > 2;
        Capabilities { create: claims.create && !odd, ..claims }
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        read::get(self, self.mapped(path)?, options).await
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        if self.is(OneAtATime) {
            if self.0.busy.swap(true, SeqCst) {
                return Err(failed(ErrorKind::RateLimited));
            }
            pause().await;
            self.0.busy.store(false, SeqCst);
        }
        write::put(self, self.mapped(path)?, bytes, condition).await
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        write::delete(self, self.mapped(path)?, condition).await
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        list::page(self, dir, cursor).await
    }

    async fn put_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        write::put_many(self, files).await
    }

    async fn changed_since(&self, token: Option<String>) -> Result<Changed> {
        if self.is(SaysNothingChanged) {
            return Ok(if token.is_some() { Changed::No } else { Changed::Yes("1".to_owned()) });
        }
        self.0.drive.changed_since(token).await
    }

    async fn wait_for_change(&self, token: Option<String>, timeout: Duration) -> Result<Changed> {
        std::thread::sleep(timeout.min(Duration::from_millis(100)));
        self.changed_since(token).await
    }
}
