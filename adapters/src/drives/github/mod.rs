//! A drive in a branch of a repository of GitHub (REST API and GraphQL API).
//!
//! A commit is made on top of one that the request names, or not at all. So every condition that held there holds at the
//! write, and this drive claims both: a vault has a head that is replaced by compare-and-swap. A commit takes any number of
//! files, and all of them at once. `spec/adapters.md` tells what else GitHub does, and how it was tried.

mod commit;
mod create;
mod gather;
mod judge;
mod large;
mod limits;
mod list;
mod notes;
mod object;
mod place;
mod read;
mod routes;
mod squash;
mod tip;
mod tree;

pub use notes::Notes;
pub use place::{BRANCH, Place};

use crate::http::{Budget, Call, Credentials, Http, Repeat, Rules, TokenSource, Web, address as service_address};
use async_lock::Mutex as Turn;
use commit::written;
use gather::{Action, Change, Queue};
use kitestring::{
    Drive, DrivePath, Result, Runtime, apply,
    drive::{Capabilities, Changed, Condition, GetOptions, Got, Listing, PutFile, Version},
    port,
};
use limits::Limits;
use place::Spot;
use read::Kept;
use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};
use tip::Known;
use url::Url;

/// So many requests may be under way at once. GitHub allows a hundred.
const PARALLEL: u32 = 8;
/// GitHub allows 80 requests in a minute that make something ("Rate limits for the REST API", secondary limits).
const WRITES: Budget = Budget { requests: 60, per: Duration::from_secs(60) };

/// A [`Drive`] in a branch of a repository of GitHub, or in a folder there.
///
/// Every write is a commit; those that are asked for at once become one. The version of a file is git's id of its content, so
/// that a content that was replaced and put back has its old version again; no file of a vault comes back to what it was.
///
/// A folder has no existence of its own. If the branch or the repository is gone, every call is `unavailable`.
///
/// # Errors
/// `unauthorized` if the token is not accepted, or may not do that; `invalid_input` for a name that git does not hold, and for
/// a file above 39 MiB; `rate_limited`; `unavailable` for everything else, also for a repository that the token does not see.
///
/// # Cancel safety
/// A call that is dropped has taken effect as a whole or not at all; a batch, for each hundred files.
///
/// # Examples
/// ```no_run
/// use kitestring_adapters::{GitHub, NativeRuntime, drives::github::Place, http::{FixedToken, NativeHttp, Secret}};
/// use std::sync::Arc;
///
/// # async fn connect(token: String) -> kitestring::Result<()> {
/// let (http, runtime) = (Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()));
/// let place = Place { owner: "me".into(), repository: "notes".into(), ..Place::default() };
/// let drive = GitHub::new(http, runtime, &place, Arc::new(FixedToken::new(Secret::new(token))))?;
/// drive.make_root().await?;
/// # Ok(())
/// # }
/// ```
pub struct GitHub {
    reading: Web,
    writing: Web,
    service: Url,
    spot: Spot,
    one_writer: BTreeSet<String>,
    known: Turn<Known>,
    clock: AtomicU64,
    queue: Queue,
    /// Who commits: one at a time.
    turn: Turn<()>,
    kept: Kept,
    parts: Turn<()>,
    notes: Option<Arc<dyn Notes>>,
    runtime: Arc<dyn Runtime>,
}

impl GitHub {
    /// Takes a place. Nothing is sent.
    ///
    /// # Errors
    /// `invalid_input` if the place is none.
    pub fn new(http: Arc<dyn Http>, runtime: Arc<dyn Runtime>, place: &Place, tokens: Arc<dyn TokenSource>) -> Result<Self> {
        Self::on("https://api.github.com/", http, runtime, place, tokens, Some(WRITES))
    }

    /// The same with another service in the place of GitHub: an emulator. Writes are as many as are asked for.
    ///
    /// # Errors
    /// `invalid_input` also if the address is none, or one of plain `http` outside of this machine.
    pub fn emulated(
        service: &str,
        http: Arc<dyn Http>,
        runtime: Arc<dyn Runtime>,
        place: &Place,
        tokens: Arc<dyn TokenSource>,
    ) -> Result<Self> {
        Self::on(service, http, runtime, place, tokens, None)
    }

    fn on(
        service: &str,
        http: Arc<dyn Http>,
        runtime: Arc<dyn Runtime>,
        place: &Place,
        tokens: Arc<dyn TokenSource>,
        budget: Option<Budget>,
    ) -> Result<Self> {
        let (service, spot) = (service_address(service)?, Spot::of(place)?);
        let http: Arc<dyn Http> = Arc::new(Limits::new(http, runtime.clone()));
        let web = |parallel, budget| {
            let rules = Rules { parallel, budget, ..Rules::new("GitHub") };
            Web::new(http.clone(), runtime.clone(), &[&service], Credentials::Bearer(tokens.clone()), rules)
        };
        let (reading, writing) = (web(PARALLEL, None)?, web(1, budget)?);
        let (known, queue, turn, kept, parts) = (Turn::default(), Queue::default(), Turn::new(()), Kept::default(), Turn::new(()));
        Ok(Self {
            reading,
            writing,
            service,
            spot,
            one_writer: BTreeSet::new(),
            known,
            clock: AtomicU64::new(1),
            queue,
            turn,
            kept,
            parts,
            notes: None,
            runtime,
        })
    }

    /// Says in which folders each file has one writer, who writes it once. A file there that was seen is read without asking
    /// whether the branch has moved.
    #[must_use]
    pub fn with_one_writer_in(mut self, folders: &[&str]) -> Self {
        self.one_writer = folders.iter().map(|&folder| folder.to_owned()).collect();
        self
    }

    /// Keeps notes from one run of the program to the next: a program that was just started need not ask again for what the
    /// branch held.
    #[must_use]
    pub fn with_notes(mut self, notes: Arc<dyn Notes>) -> Self {
        self.notes = Some(notes);
        self
    }

    fn has_one_writer(&self, path: &DrivePath) -> bool {
        path.as_str().rsplit('/').nth(1).is_some_and(|folder| self.one_writer.contains(folder))
    }
}

fn call(operation: &'static str, subject: &str, repeat: Repeat) -> Call {
    Call { operation, subject: subject.to_owned(), repeat }
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitHub").field("spot", &self.spot).field("reading", &self.reading).finish_non_exhaustive()
    }
}

#[apply(port!)]
impl Drive for GitHub {
    fn capabilities(&self) -> Capabilities {
        // That an answer knows the newest commit is nowhere promised.
        Capabilities { parallel: PARALLEL, consistent: false, ..Capabilities::FULL }
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.read(&path, options).await
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        let mut answers = self.write_many(vec![PutFile { path, bytes, condition }]).await;
        answers.pop().unwrap_or_else(|| written(Ok(None)))
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        let full = self.spot.full(&path)?;
        let answers = self.carry_out(vec![Change { path, full, action: Action::Delete, condition }]).await;
        answers.into_iter().try_for_each(|answer| answer.map(|_| ()))
    }

    async fn list_dir(&self, dir: DrivePath, _cursor: Option<String>) -> Result<Listing> {
        self.list(&dir).await
    }

    async fn put_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        self.write_many(files).await
    }

    async fn changed_since(&self, token: Option<String>) -> Result<Changed> {
        self.changed(token).await
    }

    async fn wait_for_change(&self, token: Option<String>, timeout: Duration) -> Result<Changed> {
        self.runtime.sleep(timeout).await;
        self.changed(token).await
    }
}

#[cfg(test)]
mod tests;
