//! Google Drive, as far as a drive uses it: v3, and of v2 what has conditions.
//!
//! Who has a token has an account: each token names one of its own, which is made at its first use. Some words at the
//! beginning of a token mean something: `expired`, `readonly`, and `full` (an account with room for 10,000 bytes). The tokens of
//! [`SignIn`] name the account of whoever has signed in.
//!
//! Faithful where a drive could be wrong: names that are not unique, searches that lag behind, ids that are made before, tags
//! that move by themselves, conditions of v2 and none of v3, field masks, pages, parts, both kinds of upload, revisions with those
//! that are kept for ever, and the forms of errors. Not there: shared drives, rights, comments, exports, batches, and limits that a
//! test does not set. What Google does with the id of a deleted file is not documented; here it stays taken. Nor is by which words
//! it refuses to delete the last revision, or to keep more than 200; here by words of our own.
#![allow(clippy::indexing_slicing, reason = "a test may fail, and JSON is made so")]

mod account;
mod answer;
mod fields;
mod files;
mod media;
mod reply;
mod revisions;
mod search;
mod upload;

use crate::{server, sign_in::SignIn};
use account::Account;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// 403 `userRateLimitExceeded`.
    UserRate,
    /// 403 `rateLimitExceeded`.
    Rate,
    /// 429, with `Retry-After`.
    TooManyRequests,
    /// 403 `dailyLimitExceeded`.
    Daily,
    /// 503.
    Unavailable,
    /// The request is carried out, and answered by 503.
    CarriedOut,
    /// Half of a piece of a session is taken, and answered by 503.
    Cut,
    /// A list of revisions does not know the newest one yet.
    Stale,
    /// A web page, as a network sends it that wants a login.
    WebPage,
}

/// A running emulator. It ends with the process.
#[derive(Debug, Clone)]
pub struct GDriveEmulator {
    address: String,
    service: Arc<Service>,
}

#[derive(Debug)]
struct Service {
    sign_in: Arc<SignIn>,
    accounts: Mutex<BTreeMap<String, Arc<Mutex<Account>>>>,
    failures: Mutex<BTreeMap<String, VecDeque<Failure>>>,
    requests: Mutex<Vec<String>>,
    settings: Mutex<Settings>,
}

/// How unpleasant it is.
#[derive(Debug, Clone, Copy, Default)]
struct Settings {
    /// So long a search does not know what happened.
    lag: Duration,
    /// So often the tag of a file moves by itself after each upload.
    moves: u32,
}

impl GDriveEmulator {
    /// Starts one on this machine.
    ///
    /// # Panics
    /// If there is no port left.
    pub fn start() -> Self {
        let service = Arc::new(Service {
            sign_in: Arc::new(SignIn::new(false)),
            accounts: Mutex::default(),
            failures: Mutex::default(),
            requests: Mutex::default(),
            settings: Mutex::default(),
        });
        let own = service.clone();
        let address = server::start(move |asked| own.answer(&asked));
        Self { address, service }
    }

    /// Returns its address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns where one signs in.
    pub fn sign_in(&self) -> Arc<SignIn> {
        self.service.sign_in.clone()
    }

    /// Returns which calls were made since the last time, in order, as `GET drive/v3/files/{id}`.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.service.requests.lock().unwrap())
    }

    /// Lets the next requests of a call fail.
    pub fn fail(&self, call: &str, failures: &[Failure]) {
        self.service.failures.lock().unwrap().entry(call.to_owned()).or_default().extend(failures);
    }

    /// Lets searches lag behind for so long.
    pub fn lag(&self, lag: Duration) {
        self.service.settings.lock().unwrap().lag = lag;
    }

    /// Lets the tag of a file move so often by itself after each upload.
    pub fn move_tags(&self, times: u32) {
        self.service.settings.lock().unwrap().moves = times;
    }

    /// Makes another file of that name beside the first one, as another program would, and returns its id.
    pub fn duplicate(&self, token: &str, name: &str, bytes: &[u8]) -> Option<String> {
        self.service.account(token).lock().unwrap().duplicate(name, bytes)
    }

    /// Deletes the old revisions of all files that are not kept for ever, as Google does after a month.
    pub fn purge(&self, token: &str) {
        self.service.account(token).lock().unwrap().purge();
    }

    /// Returns how many revisions the files of that name have.
    pub fn revisions(&self, token: &str, name: &str) -> usize {
        self.service.account(token).lock().unwrap().revisions(name)
    }

    /// Writes the first file of that name as another program does, or makes it in the hidden folder: as a revision that is kept
    /// or not. Returns the ids of the file and of the revision.
    pub fn write_as_another(&self, token: &str, name: &str, bytes: &[u8], is_kept: bool) -> (String, String) {
        self.service.account(token).lock().unwrap().write_as_another(name, bytes, is_kept)
    }

    /// Makes a file in the hidden folder as another program does that knows none of that name.
    pub fn make_as_another(&self, token: &str, name: &str, bytes: &[u8]) {
        self.service.account(token).lock().unwrap().make_as_another(name, bytes);
    }

    /// Deletes the revision at this place of the first file of that name.
    pub fn remove_revision(&self, token: &str, name: &str, at: usize) {
        self.service.account(token).lock().unwrap().remove_revision(name, at);
    }

    /// Returns how many files of that name there are.
    pub fn count(&self, token: &str, name: &str) -> usize {
        self.service.account(token).lock().unwrap().count(name)
    }

    /// Deletes all that is in an account, as its user may do with the data of an app.
    pub fn clear(&self, token: &str) {
        self.service.account(token).lock().unwrap().remove_all();
    }

    /// Deletes all files of that name behind everybody's back, with what is in them.
    pub fn remove(&self, token: &str, name: &str) {
        self.service.account(token).lock().unwrap().remove_named(name);
    }
}

impl Service {
    fn account(&self, token: &str) -> Arc<Mutex<Account>> {
        self.accounts.lock().unwrap().entry(token.to_owned()).or_insert_with(|| Arc::new(Mutex::new(Account::new(token)))).clone()
    }

    fn failure(&self, call: &str) -> Option<Failure> {
        self.failures.lock().unwrap().get_mut(call)?.pop_front()
    }
}
