//! Dropbox, as far as a drive uses it: API v2, all three hosts under one address.
//!
//! Who has a token has an account: each token names one of its own, which is made at its first use. Some words at the
//! beginning of a token mean something: `expired`, `revoked`, `malformed`, `readonly`, and `full` (an account with room for
//! 1,000 bytes); the tokens `busy-json`, `busy-text` and `busy-writes` are always too fast. The tokens of [`SignIn`] name the
//! account of whoever has signed in.
//!
//! Faithful where a drive could be wrong: conditions and the rule of identical bytes, names without case, forms of errors,
//! types of requests, pages, dead cursors, limits, and one writer at a time. Not there: content hashes of uploads are not
//! checked, sessions never expire, a revision that was replaced cannot be read, and nothing is limited that a test does not
//! limit.

mod account;
mod commit;
mod listing;
mod names;
mod read;
mod replies;
mod routes;
mod sessions;

use crate::{
    server::{self, Reply},
    sign_in::SignIn,
};
use account::Account;
use replies::{refused, slow_down, slow_down_in_text};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// 429 in JSON.
    TooManyRequests,
    /// 429 in plain text.
    TooManyRequestsInText,
    /// 429: somebody else writes.
    TooManyWrites,
    /// 409: the same, said of the file. In a batch it is said of the first file, and the others are written.
    Contended,
    /// 503.
    Unavailable,
    /// The request is carried out, and answered by 500.
    CarriedOut,
    /// The answer of a longpoll asks to stay away for a second.
    Backoff,
}

/// A running emulator. It ends with the process.
#[derive(Debug, Clone)]
pub struct DropboxEmulator {
    address: String,
    service: Arc<Service>,
}

#[derive(Debug)]
struct Service {
    sign_in: Arc<SignIn>,
    accounts: Mutex<BTreeMap<String, Arc<Account>>>,
    failures: Mutex<BTreeMap<String, VecDeque<Failure>>>,
    requests: Mutex<Vec<String>>,
    /// How long a write holds its namespace; who comes meanwhile is refused.
    hold: Mutex<Option<Duration>>,
}

impl DropboxEmulator {
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
            hold: Mutex::default(),
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

    /// Returns which routes were asked for since the last call, in order.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.service.requests.lock().unwrap())
    }

    /// Lets the next requests of a route fail.
    pub fn fail(&self, route: &str, failures: &[Failure]) {
        self.service.failures.lock().unwrap().entry(route.to_owned()).or_default().extend(failures);
    }

    /// Lets a write hold its namespace for so long, and refuses who comes meanwhile.
    pub fn hold_writes(&self, hold: Option<Duration>) {
        *self.service.hold.lock().unwrap() = hold;
    }

    /// Lets all cursors of an account die.
    pub fn reset_cursors(&self, token: &str) {
        let account = self.service.account(token);
        account.tree().epoch += 1;
        account.changed.notify_all();
    }

    /// Writes a file as another program would.
    pub fn write(&self, token: &str, path: &str, bytes: &[u8]) {
        self.service.account(token).tree().write(path, bytes.to_vec());
    }

    /// Returns how many files there are whose paths end so.
    pub fn count(&self, token: &str, end: &str) -> usize {
        self.service.account(token).tree().count(end)
    }

    /// Deletes a file or folder behind everybody's back.
    pub fn remove(&self, token: &str, path: &str) {
        self.service.account(token).tree().remove(path);
    }
}

impl Service {
    fn account(&self, token: &str) -> Arc<Account> {
        self.accounts.lock().unwrap().entry(token.to_owned()).or_insert_with(|| Arc::new(new_account(token))).clone()
    }

    fn failure(&self, route: &str) -> Option<Failure> {
        self.failures.lock().unwrap().get_mut(route)?.pop_front()
    }
}

fn new_account(token: &str) -> Account {
    let account = Account::default();
    account.tree().room = token.starts_with("full").then_some(1000);
    account
}

impl Failure {
    /// The answer, for failures that are one.
    fn reply(self, route: &str) -> Option<Reply> {
        let write = |error| refused(&serde_json::json!({".tag": "path", "reason": error, "upload_session_id": "none"}));
        let contended = serde_json::json!({".tag": "too_many_write_operations"});
        Some(match self {
            Self::TooManyRequests => slow_down("too_many_requests", 1),
            Self::TooManyRequestsInText => slow_down_in_text(1),
            Self::TooManyWrites => slow_down("too_many_write_operations", 1),
            Self::Contended if route == "upload" => write(contended),
            Self::Contended if route == "delete_v2" => refused(&contended),
            Self::Unavailable => Reply::new(503, "text/plain", ""),
            Self::Contended | Self::CarriedOut | Self::Backoff => return None,
        })
    }
}
