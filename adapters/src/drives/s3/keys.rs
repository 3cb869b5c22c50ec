//! Who asks, and how requests are signed: by their query (AWS, "Authenticating requests: using query parameters"), with
//! `rusty-s3`. What is signed so needs no header, which a web page would have to ask leave for.

use super::invalid;
use crate::http::{Method, Response, Secret};
use httpdate::parse_http_date;
use jiff::Timestamp;
use kitestring::{Error, ErrorKind, Result, Runtime};
use rusty_s3::signing::sign;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::SystemTime,
};
use url::Url;

/// How long a signature holds. As much as a store lets a clock be wrong.
const HOLDS_SECONDS: u64 = 15 * 60;
/// A clock that is so far off may be why a request was refused: far less than a store allows.
const OFF_SECONDS: i64 = 60;

/// What a store knows its users by.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The access key, which is no secret.
    pub id: String,
    /// The secret access key.
    pub secret: Secret,
    /// The token of a session, with keys that end.
    pub session: Option<Secret>,
}

/// Signs requests.
pub(super) struct Signer {
    keys: Keys,
    region: String,
    runtime: Arc<dyn Runtime>,
    /// How far the clock of the store is ahead of ours, as far as that was found out.
    ahead_seconds: AtomicI64,
}

impl Signer {
    pub(super) fn new(keys: Keys, region: String, runtime: Arc<dyn Runtime>) -> Result<Self> {
        let is_word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        if !is_word(&keys.id) || !is_word(keys.secret.expose()) || keys.session.as_ref().is_some_and(|token| !is_word(token.expose())) {
            return Err(invalid("open", "an access key, its secret and a session token are words of ASCII: one of them is none"));
        }
        Ok(Self { keys, region, runtime, ahead_seconds: AtomicI64::new(0) })
    }

    /// Returns the address with a query and a signature, which holds for a quarter of an hour.
    pub(super) fn signed(&self, method: Method, url: Url, query: &[(&str, &str)]) -> Result<Url> {
        let method = match method {
            Method::Get => rusty_s3::Method::Get,
            Method::Post => rusty_s3::Method::Post,
            Method::Put => rusty_s3::Method::Put,
            Method::Delete => rusty_s3::Method::Delete,
            Method::Head => rusty_s3::Method::Head,
            other => return Err(Error::new(ErrorKind::Internal, "sign", format!("no store knows {}", other.as_str()))),
        };
        let now = Timestamp::from_second(self.time());
        let now = now.map_err(|_| Error::new(ErrorKind::Unavailable, "sign", "the clock of this machine makes no sense: set it"))?;
        let mut query = query.to_vec();
        query.sort_unstable();
        let (secret, session) = (self.keys.secret.expose(), self.keys.session.as_ref().map(Secret::expose));
        let none = std::iter::empty();
        Ok(sign(&now, method, url, &self.keys.id, secret, session, &self.region, HOLDS_SECONDS, query.iter().copied(), none))
    }

    /// Returns the time, as the store has it, in seconds since 1970.
    pub(super) fn time(&self) -> i64 {
        self.now() + self.ahead_seconds.load(Relaxed)
    }

    /// Takes the time from the answer, if ours is another one. True if a request that was refused is to be signed again.
    pub(super) fn correct(&self, response: &Response) -> bool {
        let Some(ahead) = self.ahead_of_us(response) else { return false };
        let before = self.ahead_seconds.swap(ahead, Relaxed);
        (ahead - before).abs() > OFF_SECONDS
    }

    /// How many seconds the clock of the store is ahead of ours, if it says what time it is there.
    fn ahead_of_us(&self, response: &Response) -> Option<i64> {
        let date = parse_http_date(response.header("date")?.trim()).ok()?;
        let there = date.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(i64::try_from(there.as_secs()).ok()? - self.now())
    }

    fn now(&self) -> i64 {
        i64::try_from(self.runtime.wall().as_secs()).unwrap_or(i64::MAX / 2)
    }
}
