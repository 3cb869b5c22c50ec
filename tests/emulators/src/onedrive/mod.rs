//! OneDrive, as far as a drive uses it: Microsoft Graph v1.0, with the addresses of contents and of uploads under the same
//! address.
//!
//! Who has a token has an account: each token names one of its own, which is made at its first use. Some words at the
//! beginning of a token mean something: `expired`, `readonly`, `full` (an account with room for 1,000 bytes), `unhashed`
//! (files have no hash), and `app` (only the folder of the app may be used); the token `busy` is always too fast. The tokens
//! of [`SignIn`] name the account of whoever has signed in.
//!
//! Faithful where a drive could be wrong: conditions, tags that move by themselves, names without case and forbidden ones,
//! forms of errors, addresses of contents that take no token, sessions and their pieces, pages, and limits. Not there:
//! `delta`, copies, versions, and thumbnails; sessions never expire, and nothing is limited that a test does not limit.

mod account;
mod answer;
mod content;
mod hash;
mod item;
mod names;
mod routes;
mod sessions;
mod upload;

use crate::{
    server::{self, Reply},
    sign_in::SignIn,
};
use account::Account;
use answer::{refused, slow_down};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// 429, which asks for a second.
    TooManyRequests,
    /// 503, which asks for a second.
    Unavailable,
    /// The request is carried out, and answered by 500.
    CarriedOut,
    /// 509: too much was read.
    Bandwidth,
    /// 409 `resourceModified`, although nobody has.
    Modified,
    /// 409 `nameAlreadyExists`, although nothing has: two have made one folder at once.
    Taken,
    /// 404, although it is there: what was written is not everywhere yet.
    NotYet,
    /// The content is that of the version before.
    OldContent,
    /// The address of a content or an upload holds no longer.
    Expired,
}

/// A running emulator. It ends with the process.
#[derive(Debug, Clone)]
pub struct OneDriveEmulator {
    address: String,
    service: Arc<Service>,
}

#[derive(Debug)]
struct Service {
    sign_in: Arc<SignIn>,
    accounts: Mutex<BTreeMap<String, Arc<Mutex<Account>>>>,
    failures: Mutex<BTreeMap<String, VecDeque<Failure>>>,
    requests: Mutex<Vec<String>>,
    /// How often a tag moves by itself after an upload.
    moves: Mutex<u32>,
    /// For how long a new file is not found by its path.
    lag: Mutex<Duration>,
}

impl OneDriveEmulator {
    /// Starts one on this machine.
    ///
    /// # Panics
    /// If there is no port left.
    pub fn start() -> Self {
        let service = Arc::new(Service {
            sign_in: Arc::new(SignIn::new(true)),
            accounts: Mutex::default(),
            failures: Mutex::default(),
            requests: Mutex::default(),
            moves: Mutex::default(),
            lag: Mutex::default(),
        });
        let own = service.clone();
        let address = server::start(move |asked| own.answer(&asked));
        Self { address, service }
    }

    /// Returns its address, which stands for all hosts of the service.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns where one signs in.
    pub fn sign_in(&self) -> Arc<SignIn> {
        self.service.sign_in.clone()
    }

    /// Returns what was asked for since the last call, in order, such as `GET item`, `PUT content` and `GET download`.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.service.requests.lock().unwrap())
    }

    /// Lets the next requests of a kind fail.
    pub fn fail(&self, request: &str, failures: &[Failure]) {
        self.service.failures.lock().unwrap().entry(request.to_owned()).or_default().extend(failures);
    }

    /// Lets the tag of each file that is uploaded move so often by itself.
    pub fn move_tags(&self, times: u32) {
        *self.service.moves.lock().unwrap() = times;
    }

    /// Lets new files be found by their paths only after so long.
    pub fn lag(&self, lag: Duration) {
        *self.service.lag.lock().unwrap() = lag;
    }

    /// Lets all pages that were begun be too old.
    pub fn reset_pages(&self, token: &str) {
        self.open(token).lock().unwrap().epoch += 1;
    }

    /// Writes a file as another program would, by its path from the root of the account.
    pub fn write(&self, token: &str, path: &str, bytes: &[u8]) {
        self.open(token).lock().unwrap().write(path, bytes);
    }

    /// Deletes a file or folder behind everybody's back.
    pub fn remove(&self, token: &str, path: &str) {
        self.open(token).lock().unwrap().remove_at(path);
    }

    /// Renames a file or folder behind everybody's back.
    pub fn rename(&self, token: &str, path: &str, name: &str) {
        self.open(token).lock().unwrap().rename_at(path, name);
    }

    /// Returns how many files there are whose names end so.
    pub fn count(&self, token: &str, end: &str) -> usize {
        self.open(token).lock().unwrap().count(end)
    }

    fn open(&self, token: &str) -> Arc<Mutex<Account>> {
        self.service.account(token)
    }
}

/// The path of the folder of the app, from the root of the account.
pub(crate) const APP_FOLDER: &str = "Apps/kitestring";

impl Service {
    fn account(&self, token: &str) -> Arc<Mutex<Account>> {
        self.accounts.lock().unwrap().entry(token.to_owned()).or_insert_with(|| Arc::new(Mutex::new(Account::new(token)))).clone()
    }

    fn failure(&self, request: &str) -> Option<Failure> {
        self.failures.lock().unwrap().get_mut(request)?.pop_front()
    }

    fn settings(&self) -> (u32, Duration) {
        (*self.moves.lock().unwrap(), *self.lag.lock().unwrap())
    }

    /// Opens an account, with the settings of now.
    fn opened<'a>(&self, account: &'a Mutex<Account>) -> MutexGuard<'a, Account> {
        let mut open = account.lock().unwrap();
        (open.moves, open.lag) = self.settings();
        open
    }
}

impl Failure {
    /// The answer, for failures that are one.
    fn reply(self) -> Option<Reply> {
        Some(match self {
            Self::TooManyRequests => slow_down(429, "activityLimitReached"),
            Self::Unavailable => slow_down(503, "serviceNotAvailable"),
            Self::Bandwidth => refused(509, "bandwidthLimitExceeded"),
            Self::Modified => refused(409, "resourceModified"),
            Self::Taken => refused(409, "nameAlreadyExists"),
            Self::NotYet => refused(404, "itemNotFound"),
            Self::Expired => refused(401, "unauthenticated"),
            Self::CarriedOut | Self::OldContent => return None,
        })
    }
}
