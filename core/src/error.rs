//! One error type. A kind exists only if the caller acts differently on it; retry advice is data.

use std::{
    error::Error as StdError,
    fmt,
    ops::{Deref, DerefMut},
    time::Duration,
};

/// The result of every fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, by what the caller does about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The drive refuses these credentials: sign in again.
    Unauthorized,
    /// The drive asks for fewer requests: wait as [`Retry`] says.
    RateLimited,
    /// The drive or the network does not answer: try later.
    Unavailable,
    /// Another client holds the lock: wait, or break it.
    Locked {
        /// The holder's id as it wrote it, if it wrote one.
        owner: Option<String>,
        /// When the lock says it ends, in milliseconds since the Unix epoch.
        until_ms: u64,
    },
    /// What was named is not there: refresh the list.
    NotFound,
    /// The thing changed since it was looked at: look again, then retry.
    Condition,
    /// No space left on the drive or the device: free some.
    QuotaExceeded,
    /// Bytes that cannot be what they claim to be.
    Corrupt,
    /// The vault is encrypted and this key does not open it.
    WrongKey,
    /// The drive holds another vault than the one this client joined: ask the user.
    VaultChanged,
    /// The vault was moved to another place: ask the user, and follow it ([`Client::follow`](crate::Client::follow)).
    Moved {
        /// The address of that place, as whoever moved it wrote it; none if it is sealed and nothing was given to open it.
        to: Option<String>,
    },
    /// The vault is older than what this client has already seen: warn the user.
    Rollback {
        /// The last position in the log that this client has seen.
        remembered: u64,
        /// The last position found now.
        found: u64,
    },
    /// More than half of the documents (and at least 20) would be deleted: ask the user.
    MassDelete {
        /// How many deletions wait.
        deletes: u64,
        /// Of how many documents.
        of: u64,
    },
    /// Most of what changed here (and at least 20 documents) is exactly what it was one version earlier: the host's
    /// documents look as if an older copy of them was put back. Ask the user.
    HostOlder {
        /// How many documents went back.
        reverted: u64,
        /// Of how many that changed.
        changed: u64,
    },
    /// The drive or the client lacks an ability that is needed.
    Unsupported,
    /// The state or the vault was written by a newer version of this library.
    NeedsNewerVersion,
    /// The host application failed or broke its contract.
    Application,
    /// The client's own storage failed.
    State,
    /// The call was cancelled, or the client is closed.
    Cancelled,
    /// The call itself is wrong.
    InvalidInput,
    /// A fault of this library.
    Internal,
}

impl ErrorKind {
    /// Every code, so that a binding can prove that it knows them all.
    pub const CODES: [&str; 21] = [
        "unauthorized",
        "rate_limited",
        "unavailable",
        "locked",
        "not_found",
        "condition",
        "quota_exceeded",
        "corrupt",
        "wrong_key",
        "vault_changed",
        "moved",
        "rollback",
        "mass_delete",
        "host_older",
        "unsupported",
        "needs_newer_version",
        "application",
        "state",
        "cancelled",
        "invalid_input",
        "internal",
    ];

    /// Returns the stable name of the kind; it crosses every language boundary and never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Locked { .. } => "locked",
            Self::NotFound => "not_found",
            Self::Condition => "condition",
            Self::QuotaExceeded => "quota_exceeded",
            Self::Corrupt => "corrupt",
            Self::WrongKey => "wrong_key",
            Self::VaultChanged => "vault_changed",
            Self::Moved { .. } => "moved",
            Self::Rollback { .. } => "rollback",
            Self::MassDelete { .. } => "mass_delete",
            Self::HostOlder { .. } => "host_older",
            Self::Unsupported => "unsupported",
            Self::NeedsNewerVersion => "needs_newer_version",
            Self::Application => "application",
            Self::State => "state",
            Self::Cancelled => "cancelled",
            Self::InvalidInput => "invalid_input",
            Self::Internal => "internal",
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::RateLimited => Retry::After(Duration::from_secs(30)),
            Self::Unavailable | Self::Locked { .. } => Retry::After(Duration::from_secs(10)),
            Self::Condition | Self::Cancelled => Retry::Now,
            _ => Retry::Never,
        }
    }
}

/// When it makes sense to make the same call again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// At once.
    Now,
    /// After this time.
    After(Duration),
    /// Not without a change of something else.
    Never,
}

/// An error: its kind, whether to retry, what was being done to what, and one sentence.
///
/// Neither `Display` nor `Debug` ever shows a token, a key or a document's content. It is one pointer, since nearly every call
/// may return one; what it says is read as if it were its own: `error.kind`, `error.retry`.
pub struct Error(Box<ErrorParts>);

/// What an [`Error`] says.
pub struct ErrorParts {
    /// What the caller acts on.
    pub kind: ErrorKind,
    /// When to try again.
    pub retry: Retry,
    operation: &'static str,
    subject: Option<String>,
    detail: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl ErrorParts {
    fn place(&self) -> String {
        self.subject.as_ref().map(|subject| format!(" ({subject})")).unwrap_or_default()
    }
}

impl Deref for Error {
    type Target = ErrorParts;

    fn deref(&self) -> &ErrorParts {
        &self.0
    }
}

impl DerefMut for Error {
    fn deref_mut(&mut self) -> &mut ErrorParts {
        &mut self.0
    }
}

impl Error {
    /// Makes an error of `kind` met in `operation` (a word such as `"get"`), with one sentence for people.
    pub fn new(kind: ErrorKind, operation: &'static str, detail: impl Into<String>) -> Self {
        Self::with(kind, operation, detail.into())
    }

    #[cold]
    fn with(kind: ErrorKind, operation: &'static str, detail: String) -> Self {
        let retry = kind.retry();
        Self(Box::new(ErrorParts { kind, retry, operation, subject: None, detail, source: None }))
    }

    /// Names the file or document concerned.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.0.subject = Some(subject.into());
        self
    }

    /// Keeps the error underneath.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Replaces the advice that the kind gives by default.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Returns what the caller acts on, alone.
    pub fn into_kind(self) -> ErrorKind {
        self.0.kind
    }

    /// Returns what was being done.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// Returns the file or document concerned, if there is one.
    pub fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// Returns one sentence for people.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    pub(crate) fn invalid(operation: &'static str, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, operation, detail)
    }

    pub(crate) fn corrupt(operation: &'static str, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Corrupt, operation, detail)
    }

    pub(crate) fn condition(operation: &'static str, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Condition, operation, detail)
    }

    pub(crate) fn internal(operation: &'static str, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, operation, detail)
    }

    pub(crate) fn cancelled(operation: &'static str) -> Self {
        Self::new(ErrorKind::Cancelled, operation, "the call was cancelled or the client is closed")
    }

    /// Whether the thing changed since it was looked at.
    pub(crate) fn is_condition(&self) -> bool {
        self.kind == ErrorKind::Condition
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}{}", self.0.operation, self.0.detail, self.0.place())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ErrorParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.kind.code())
            .field("retry", &self.retry)
            .field("operation", &self.operation)
            .field("subject", &self.subject)
            .field("detail", &self.detail)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_where_and_why_and_keeps_its_cause() {
        let cause = std::io::Error::other("the disk says no");
        let error = Error::new(ErrorKind::Unavailable, "put", "the drive does not answer").about("docs/a.json").caused_by(cause);
        assert_eq!(error.to_string(), "put: the drive does not answer (docs/a.json)");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("the disk says no"));
        assert_eq!(error.retry, Retry::After(Duration::from_secs(10)));
    }
}
