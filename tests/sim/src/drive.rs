//! The drive of a world: files with versions, requests in the air, and snapshots.

mod plain;
mod sight;

pub use sight::{Hidden, Listings};

use kitestring::{
    Drive, DrivePath, Encryption, Error, Result, apply,
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    port,
};
use plain::Plain;
use sight::Sight;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A file.
#[derive(Debug, Clone)]
pub struct File {
    /// Its content.
    pub bytes: Arc<[u8]>,
    /// Its version: no two contents share one.
    pub version: u64,
    /// When it was written, counted in writes of the drive.
    pub at: u64,
    /// Who wrote it.
    pub seat: usize,
}

/// Everything on a drive at some moment.
pub type Files = BTreeMap<String, File>;

/// A write: under way, or late.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who asked.
    pub seat: usize,
    /// Which file.
    pub path: DrivePath,
    /// The content; none deletes.
    pub bytes: Option<Vec<u8>>,
    /// Under which condition.
    pub condition: Condition,
    /// How many writes the drive had seen when it was sent.
    pub sent: u64,
}

/// A write that took place.
#[derive(Debug)]
pub struct Effect {
    /// The version that it made.
    pub version: Version,
    /// What it replaced.
    pub before: Option<File>,
}

/// The drive of a world. See the module.
#[derive(Debug)]
pub struct SimDrive {
    capabilities: Capabilities,
    listings: Listings,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    files: Files,
    writes: u64,
    /// Requests that may still take effect.
    air: Vec<Request>,
    /// What the seats do not see.
    sight: Sight,
    /// What the drive of a seat claims, where that is not what the drive can do.
    claims: BTreeMap<usize, Capabilities>,
    /// Whether it was ever put back.
    turned_back: bool,
    /// When files were deleted.
    gone: BTreeMap<String, u64>,
    /// When the sync of a seat began.
    begun: BTreeMap<usize, u64>,
    /// What is on it, if it is sealed.
    plain: Option<Plain>,
}

impl SimDrive {
    /// Makes an empty drive.
    pub fn new(capabilities: Capabilities, listings: Listings) -> Self {
        Self { capabilities, listings, inner: Mutex::default() }
    }

    /// Looks through what is sealed from now on, with what opens it.
    pub fn look_through(&self, encryption: Encryption) {
        self.inner().plain = Some(Plain::new(encryption));
    }

    /// Says what the drive can do.
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Says what the drive of a seat claims.
    pub fn claimed(&self, seat: usize) -> Capabilities {
        self.inner().claims.get(&seat).copied().unwrap_or(self.capabilities)
    }

    /// Lets the drive of a seat claim this; none for what the drive can do.
    pub fn claim(&self, seat: usize, capabilities: Option<Capabilities>) {
        let claims = &mut self.inner().claims;
        match capabilities {
            Some(capabilities) => claims.insert(seat, capabilities),
            None => claims.remove(&seat),
        };
    }

    /// Whether the drive was ever put back.
    pub fn was_turned_back(&self) -> bool {
        self.inner().turned_back
    }

    /// Returns the drive as one seat reaches it.
    pub fn of_seat(self: &Arc<Self>, seat: usize) -> Arc<dyn Drive> {
        Arc::new(SeatDrive { drive: Arc::clone(self), seat })
    }

    /// Returns every file with its content.
    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        self.inner().files.iter().map(|(path, file)| (path.clone(), file.bytes.to_vec())).collect()
    }

    /// Returns a file, as the layout knows it.
    pub fn file(&self, path: &str) -> Option<File> {
        self.inner().shown().get(path).cloned()
    }

    /// Returns the bytes of a file, as the drive has them.
    pub fn as_it_lies(&self, path: &str) -> Option<Arc<[u8]>> {
        self.inner().files.get(path).map(|file| Arc::clone(&file.bytes))
    }

    /// Returns what the layout calls a file of the drive.
    pub fn called(&self, path: &str) -> String {
        self.inner().plain.as_ref().map_or_else(|| path.to_owned(), |plain| plain.path(path))
    }

    /// Returns when a file was written or deleted last, counted in writes of the drive.
    pub fn touched(&self, path: &str) -> u64 {
        let inner = self.inner();
        inner.files.get(path).map(|file| file.at).or_else(|| inner.gone.get(path).copied()).unwrap_or(0)
    }

    /// Notes that a sync of this seat begins.
    pub fn begin(&self, seat: usize) {
        let mut inner = self.inner();
        let writes = inner.writes;
        inner.begun.insert(seat, writes);
    }

    /// An earlier sync of this seat is under way still: what it does began when that did.
    pub fn began_earlier(&self, seat: usize, writes: u64) {
        self.inner().begun.insert(seat, writes);
    }

    /// Returns when the sync of this seat began, counted in writes of the drive.
    pub fn begun(&self, seat: usize) -> u64 {
        self.inner().begun.get(&seat).copied().unwrap_or(0)
    }

    /// Returns how many writes the drive has seen.
    pub fn writes(&self) -> u64 {
        self.inner().writes
    }

    /// Lets what comes from now on be listed late again, if the drive lists so.
    pub fn cloud_over(&self) {
        self.inner().sight.cloud_over();
    }

    /// Copies everything, as a backup would.
    pub fn backup(&self) -> Files {
        self.inner().files.clone()
    }

    /// Returns everything, as the layout knows it.
    pub fn snapshot(&self) -> Files {
        self.inner().shown().clone()
    }

    /// Puts everything back to what it was. With `renumber`, each file has a version that it never had.
    pub fn restore(&self, mut files: Files, renumber: bool) {
        let mut inner = self.inner();
        for file in files.values_mut() {
            inner.writes += 1;
            file.at = inner.writes;
            if renumber {
                file.version = inner.writes;
            }
        }
        inner.files = files;
        inner.look_again();
        inner.turned_back = true;
        inner.sight.forget();
        inner.air.clear();
    }

    /// Loses the newest keyring, as somebody would who does not know what it is.
    pub fn lose_keyring(&self) -> Option<String> {
        let mut inner = self.inner();
        let newest =
            inner.files.range("k/".to_owned()..).map(|(path, _)| path).take_while(|path| path.starts_with("k/")).last().cloned()?;
        inner.files.remove(&newest);
        inner.look_again();
        Some(newest)
    }

    /// Lets a seat read what is there now until it writes, or until [`SimDrive::catch_up`].
    pub fn lag(&self, seat: usize) {
        let Inner { files, sight, .. } = &mut *self.inner();
        sight.lag(seat, files);
    }

    /// Hides from a seat one of the files that others have written, the newest first, until [`SimDrive::catch_up`].
    /// What everybody must see to be in the same vault is never hidden.
    pub fn hide(&self, seat: usize, nth: usize, how: Hidden) -> Option<String> {
        let Inner { files, sight, .. } = &mut *self.inner();
        let mut foreign: Vec<_> = files.iter().filter(|(path, file)| file.seat != seat && path.contains('/')).collect();
        foreign.sort_by_key(|(_, file)| std::cmp::Reverse(file.at));
        let path = foreign.get(nth).map(|(path, _)| (*path).clone())?;
        sight.hide(seat, path.clone(), how);
        Some(path)
    }

    /// Lets everybody see everything at once, from now on.
    pub fn clear_up(&self) {
        self.inner().sight.clear_up();
    }

    /// Lets a seat see everything.
    pub fn catch_up(&self, seat: usize) {
        self.inner().sight.catch_up(seat);
    }

    /// Keeps a request that may take effect later.
    pub fn send(&self, request: Request) {
        self.inner().air.push(request);
    }

    /// Returns how many requests may still take effect.
    pub fn in_air(&self) -> usize {
        self.inner().air.len()
    }

    /// Takes a request out of the air.
    pub fn land(&self, nth: usize) -> Option<Request> {
        let mut inner = self.inner();
        let count = inner.air.len();
        (count > 0).then(|| inner.air.remove(nth % count))
    }

    /// Writes or deletes.
    ///
    /// # Errors
    /// `condition`.
    pub fn write(&self, request: Request) -> Result<Effect> {
        let mut inner = self.inner();
        inner.sight.wrote(request.seat);
        let path = request.path.as_str();
        if !self.holds(&inner.files, &request) {
            return Err(refused(if request.bytes.is_some() { "put" } else { "delete" }).about(path));
        }
        inner.writes += 1;
        let writes = inner.writes;
        let before = match request.bytes {
            Some(bytes) => {
                inner.files.insert(path.to_owned(), File { bytes: bytes.into(), version: writes, at: writes, seat: request.seat })
            }
            None => {
                inner.gone.insert(path.to_owned(), writes);
                inner.files.remove(path)
            }
        };
        if let Inner { plain: Some(plain), files, .. } = &mut *inner {
            plain.wrote(path, files);
        }
        Ok(Effect { version: version(writes), before })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request would be granted now.
    pub fn would(&self, request: &Request) -> bool {
        self.holds(&self.inner().files, request)
    }

    fn holds(&self, files: &Files, request: &Request) -> bool {
        let found = files.get(request.path.as_str());
        match &request.condition {
            Condition::Absent if self.capabilities.create => found.is_none(),
            Condition::Matches(wanted) if self.capabilities.replace => found.is_some_and(|f| version(f.version) == *wanted),
            _ => true,
        }
    }
}

impl Inner {
    /// The files, as the layout knows them.
    fn shown(&self) -> &Files {
        self.plain.as_ref().map_or(&self.files, |plain| &plain.files)
    }

    fn look_again(&mut self) {
        if let Some(plain) = &mut self.plain {
            plain.look_again(&self.files);
        }
    }
}

/// The drive as one seat reaches it.
struct SeatDrive {
    drive: Arc<SimDrive>,
    seat: usize,
}

impl SeatDrive {
    fn write(&self, path: DrivePath, bytes: Option<Vec<u8>>, condition: Condition) -> Result<Version> {
        let sent = self.drive.writes();
        self.drive.write(Request { seat: self.seat, path, bytes, condition, sent }).map(|effect| effect.version)
    }
}

#[apply(port!)]
impl Drive for SeatDrive {
    fn capabilities(&self) -> Capabilities {
        self.drive.claimed(self.seat)
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        let Inner { files, sight, .. } = &*self.drive.inner();
        Ok(sight.read(files, self.drive.capabilities.versions, self.seat, &path, &options))
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.write(path, Some(bytes), condition)
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.write(path, None, condition).map(drop)
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        let Inner { files, sight, .. } = &mut *self.drive.inner();
        Ok(sight.list(files, self.drive.listings, self.seat, &dir, cursor.as_deref()))
    }
}

pub(crate) fn refused(operation: &'static str) -> Error {
    Error::new(kitestring::ErrorKind::Condition, operation, "the file is not as expected")
}

fn version(n: u64) -> Version {
    Version::new(format!("v{n}"))
}
