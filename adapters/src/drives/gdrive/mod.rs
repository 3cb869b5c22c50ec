//! A drive in Google Drive: in the hidden folder of the app, or in a folder that people see (API v3, and v2 for conditions).
//!
//! Google Drive knows files by id. Names are not unique, and a search by name may not know yet what was written a moment ago.
//! So nothing that has to be certain rests on a name: a small file, the table of names, says which id a path has, and is
//! replaced under `If-Match`, which only v2 has. Whoever makes a file enters it there, and of several who enter the same path
//! one succeeds. Each path is the whole name of a file; there are no folders inside of the drive's own.
//! In the classic layout clients of db-to-cloud are there too, who know no table, and the lock is theirs (`classic`, `lock`).
//! `spec/adapters.md` tells what else Google Drive does, and how it was tried.

mod classic;
mod create;
mod doubles;
mod known;
mod line;
mod list;
mod lock;
mod model;
mod names;
mod notes;
mod read;
mod refusal;
mod remove;
mod revisions;
mod root;
mod routes;
mod session;
mod write;

use crate::http::{Call, Credentials, Http, Repeat, Rules, TokenSource, Web, address as service_address};
use async_lock::Mutex as Turn;
use classic::Classic;
pub use classic::Maker;
use kitestring::{
    Drive, DrivePath, Error, ErrorKind, Result, Runtime, apply,
    drive::{Capabilities, Condition, GetOptions, Got, Listing, PutFile, Version},
    port,
};
use known::Known;
pub use notes::Notes;
use root::Place;
use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};
use url::Url;

/// So many requests may be under way at once. Google publishes none but a quota for each minute; rclone sends as many.
const PARALLEL: u32 = 8;
/// So long a search may not know a new file. Google promises nothing; seconds were seen.
const SETTLES: Duration = Duration::from_secs(5);

/// A [`Drive`] in Google Drive.
///
/// What is written is found by everybody at once, but in the folders of [`GDrive::with_one_writer_in`]: a file in one of those is
/// found by others when a search knows it, which may take a while; until then it is missing and not listed.
///
/// # Errors
/// `unauthorized` if the token is not accepted, or may not do that; `invalid_input` for a file above 5 MB that is to be
/// replaced under a condition; `quota_exceeded`; `rate_limited`; `unavailable` for everything else, and if the drive's folder
/// is gone, or was never made.
///
/// # Cancel safety
/// A call that is dropped has taken effect as a whole or not at all; a batch, for each file. It may leave a file behind that
/// no listing of the drive names.
///
/// # Examples
/// ```no_run
/// use kitestring_adapters::{GDrive, NativeRuntime, http::{FixedToken, NativeHttp, Secret}};
/// use std::sync::Arc;
///
/// # async fn connect(token: String) -> kitestring::Result<()> {
/// let (http, runtime) = (Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()));
/// let drive = GDrive::in_app_data(http, runtime, Arc::new(FixedToken::new(Secret::new(token))))?;
/// drive.make_root().await?;
/// # Ok(())
/// # }
/// ```
pub struct GDrive {
    web: Web,
    service: Url,
    place: Place,
    one_writer: BTreeSet<String>,
    /// Set where clients of db-to-cloud may write too.
    classic: Option<Classic>,
    settles: Duration,
    known: Known,
    /// Who changes the table of names: one task at a time, since two could only refuse each other.
    naming: Turn<()>,
    notes: Option<Arc<dyn Notes>>,
    runtime: Arc<dyn Runtime>,
}

impl GDrive {
    /// Takes the hidden folder that the app has in the account. Nothing is sent.
    ///
    /// # Errors
    /// None but those of [`Web::new`].
    pub fn in_app_data(http: Arc<dyn Http>, runtime: Arc<dyn Runtime>, tokens: Arc<dyn TokenSource>) -> Result<Self> {
        Self::on(service_address(routes::SERVICE)?, Place::AppData, http, runtime, tokens)
    }

    /// Takes a folder at the top of the account's Drive, by its name. Nothing is sent.
    ///
    /// # Errors
    /// `invalid_input` if the name is empty.
    pub fn in_folder(http: Arc<dyn Http>, runtime: Arc<dyn Runtime>, folder: &str, tokens: Arc<dyn TokenSource>) -> Result<Self> {
        Self::on(service_address(routes::SERVICE)?, Place::folder(folder)?, http, runtime, tokens)
    }

    /// The same with another service in the place of Google's: an emulator. No folder stands for the app's own.
    ///
    /// # Errors
    /// `invalid_input` also if the address is none, or one of plain `http` outside of this machine.
    pub fn emulated(
        service: &str,
        http: Arc<dyn Http>,
        runtime: Arc<dyn Runtime>,
        folder: Option<&str>,
        tokens: Arc<dyn TokenSource>,
    ) -> Result<Self> {
        let place = folder.map_or(Ok(Place::AppData), Place::folder)?;
        Self::on(service_address(service)?, place, http, runtime, tokens)
    }

    fn on(service: Url, place: Place, http: Arc<dyn Http>, runtime: Arc<dyn Runtime>, tokens: Arc<dyn TokenSource>) -> Result<Self> {
        let rules = Rules { parallel: PARALLEL, ..Rules::new("Google Drive") };
        let web = Web::new(http, runtime.clone(), &[&service], Credentials::Bearer(tokens), rules)?;
        let (known, naming, one_writer) = (Known::default(), Turn::new(()), BTreeSet::new());
        Ok(Self { web, service, place, one_writer, classic: None, settles: SETTLES, known, naming, notes: None, runtime })
    }

    /// Says in which folders of the drive each file has one writer, ever, who never writes it under a condition. There a new
    /// file takes one request, and is not entered in the table of names. A folder is named by its last segment.
    ///
    /// For the records of the journal layout these are `j`, `p`, `c`, `k` and `v`. In a folder that several clients write it
    /// is wrong: of two who write one name, one would go unnoticed.
    #[must_use]
    pub fn with_one_writer_in(mut self, folders: &[&str]) -> Self {
        self.one_writer = folders.iter().map(|&folder| folder.to_owned()).collect();
        self
    }

    /// Gives the drive a place for its notes, so that the next run of the program need not search for what this one has found.
    #[must_use]
    pub fn with_notes(mut self, notes: Arc<dyn Notes>) -> Self {
        self.notes = Some(notes);
        self
    }

    /// Says how long [`GDrive::make_root`] waits before it looks whether another device has made the drive too; five seconds
    /// if nothing is said.
    #[must_use]
    pub fn settling_for(mut self, time: Duration) -> Self {
        self.settles = time;
        self
    }

    /// Whether the path is in a folder whose files have one writer each.
    fn has_one_writer(&self, path: &DrivePath) -> bool {
        path.as_str().rsplit('/').nth(1).is_some_and(|folder| self.one_writer.contains(folder))
    }

    fn error(&self, call: &Call, kind: ErrorKind, what: &str) -> Error {
        self.web.error(call, &self.service, kind, what)
    }

    fn senseless(&self, call: &Call) -> Error {
        self.error(call, ErrorKind::Unavailable, "gave an answer that makes no sense; is there a network that wants a login?")
    }
}

fn call(operation: &'static str, subject: &str, repeat: Repeat) -> Call {
    Call { operation, subject: subject.to_owned(), repeat }
}

impl fmt::Debug for GDrive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GDrive").field("place", &self.place).field("web", &self.web).finish_non_exhaustive()
    }
}

#[apply(port!)]
impl Drive for GDrive {
    fn capabilities(&self) -> Capabilities {
        // Nowhere is it promised that `If-Match` holds for two requests of the same moment, and a listing lags behind.
        Capabilities { parallel: PARALLEL, exact: false, consistent: false, ..Capabilities::FULL }
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        if self.is_lock(&path) { self.read_lock(&path, options).await } else { self.read(&path, options).await }
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.write(PutFile { path, bytes, condition }).await
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        if self.is_lock(&path) { self.delete_lock(&path, &condition).await } else { self.remove(&path, &condition).await }
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.list(&dir, cursor).await
    }

    async fn put_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        self.write_many(files).await
    }
}

#[cfg(test)]
mod tests;
