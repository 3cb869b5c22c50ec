//! What a status means to the caller, where the drive knows nothing better.

use super::{Call, Response, origin::host_of};
use kitestring::{Error, ErrorKind, Retry};
use std::time::Duration;
use url::Url;

/// Who answers: the frame of every error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) drive: &'a str,
    pub(super) url: &'a Url,
    pub(super) call: &'a Call,
}

impl Frame<'_> {
    /// The service has answered with a status that is no answer to the request.
    pub(super) fn refused(&self, response: &Response, wait: Option<Duration>) -> Error {
        let (kind, what) = meaning(response);
        let error = self.error(kind, &format!("answered {}: {what}", response.status));
        match (&error.kind, wait) {
            (ErrorKind::RateLimited | ErrorKind::Unavailable, Some(wait)) => error.with_retry(Retry::After(wait)),
            _ => error,
        }
    }

    /// There was no answer.
    pub(super) fn unanswered(&self, error: Error) -> Error {
        let (kind, retry) = (error.kind.clone(), error.retry);
        let detail = error.detail().to_owned();
        self.error(kind, &format!("gave no answer: {detail}")).with_retry(retry).caused_by(error)
    }

    pub(super) fn error(&self, kind: ErrorKind, what: &str) -> Error {
        let Call { operation, subject, .. } = self.call;
        let error = Error::new(kind, operation, format!("{} at {} {what}", self.drive, host_of(self.url)));
        if subject.is_empty() { error } else { error.about(subject.clone()) }
    }
}

fn meaning(response: &Response) -> (ErrorKind, &'static str) {
    use ErrorKind::{InvalidInput, QuotaExceeded, RateLimited, Unauthorized, Unavailable};
    match response.status {
        200..=299 if response.is_html() => {
            (Unavailable, "a web page instead of what was asked for; is there a network that wants a login, or is the address wrong?")
        }
        401 => (Unauthorized, "the user name, password or token is not accepted; sign in again"),
        403 => (Unauthorized, "this account may not do that there; check its rights"),
        407 => (Unavailable, "a proxy on the way wants credentials"),
        413 => (InvalidInput, "the file is too large for this server; its limit would have to be raised"),
        414 => (InvalidInput, "the name is too long for this server"),
        423 => (Unavailable, "another program has locked the file; it is tried again later"),
        429 => (RateLimited, "too many requests; it goes on later"),
        507 => (QuotaExceeded, "there is no space left; free some, or get more"),
        511 => (Unavailable, "the network wants a login first; open a web page"),
        500..=599 => (Unavailable, "the server has a fault of its own; it is tried again later"),
        _ => (Unavailable, "that makes no sense here; is the address that of a folder on such a server?"),
    }
}
