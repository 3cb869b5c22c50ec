//! Errors in both directions: one variant per code, each with the same record.

use kitestring::{Error, ErrorKind, Retry};
use std::{fmt, time::Duration};

/// What an error says, whatever its code.
#[derive(Clone, Default, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct ErrorInfo {
    /// The stable name of the kind.
    pub code: String,
    /// What was being done.
    pub operation: String,
    /// The file or document concerned, if there is one.
    #[uniffi(default = None)]
    pub subject: Option<String>,
    /// One sentence for people.
    pub detail: String,
    /// When to make the same call again: zero is at once, none is never.
    #[uniffi(default = None)]
    pub retry_after: Option<Duration>,
    /// `locked`: the holder's id, if it wrote one.
    #[uniffi(default = None)]
    pub owner: Option<String>,
    /// `locked`: when the lock says it ends, in milliseconds since the Unix epoch.
    #[uniffi(default = None)]
    pub until_ms: Option<u64>,
    /// `mass_delete`: how many deletions wait.
    #[uniffi(default = None)]
    pub deletes: Option<u64>,
    /// `mass_delete`: of how many documents.
    #[uniffi(default = None)]
    pub of: Option<u64>,
    /// `moved`: where the vault is now; none if that is sealed and nothing was given to open it.
    #[uniffi(default = None)]
    pub to: Option<String>,
    /// `rollback`: the last position that this client has seen.
    #[uniffi(default = None)]
    pub remembered: Option<u64>,
    /// `rollback`: the last position found now.
    #[uniffi(default = None)]
    pub found: Option<u64>,
    /// `host_older`: how many documents went back.
    #[uniffi(default = None)]
    pub reverted: Option<u64>,
    /// `host_older`: of how many that changed.
    #[uniffi(default = None)]
    pub changed: Option<u64>,
}

impl fmt::Display for ErrorInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.code, self.operation, self.detail)?;
        self.subject.iter().try_for_each(|subject| write!(f, " ({subject})"))
    }
}

/// The same sentence: Python shows an exception by the `Debug` text of what it holds.
impl fmt::Debug for ErrorInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! errors {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $kind:expr;)*) => {
        /// An error, by what the caller does about it.
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
        pub enum KiteError {
            $(
                $(#[$doc])*
                #[error("{info}")]
                $variant {
                    /// What it says.
                    info: ErrorInfo,
                },
            )*
        }

        impl From<ErrorInfo> for KiteError {
            fn from(info: ErrorInfo) -> Self {
                match info.code.as_str() {
                    $($code => Self::$variant { info },)*
                    // A code that this list does not know yet.
                    _ => Self::Internal { info },
                }
            }
        }

        impl KiteError {
            fn into_parts(self) -> (ErrorKind, ErrorInfo) {
                match self {
                    $(Self::$variant { info } => {
                        let kind: fn(&ErrorInfo) -> ErrorKind = $kind;
                        (kind(&info), info)
                    })*
                }
            }
        }

        #[cfg(test)]
        const VARIANTS: &[(&str, fn(&ErrorInfo) -> ErrorKind)] = &[$(($code, $kind)),*];
    };
}

errors! {
    /// The drive refuses these credentials: sign in again.
    Unauthorized = "unauthorized", |_| ErrorKind::Unauthorized;
    /// The drive asks for fewer requests: wait.
    RateLimited = "rate_limited", |_| ErrorKind::RateLimited;
    /// The drive or the network does not answer: try later.
    Unavailable = "unavailable", |_| ErrorKind::Unavailable;
    /// Another client holds the lock: wait, or break it.
    Locked = "locked", |i| ErrorKind::Locked { owner: i.owner.clone(), until_ms: i.until_ms.unwrap_or_default() };
    /// What was named is not there: refresh the list.
    NotFound = "not_found", |_| ErrorKind::NotFound;
    /// The thing changed since it was looked at: look again, then retry.
    Condition = "condition", |_| ErrorKind::Condition;
    /// No space left on the drive or the device: free some.
    QuotaExceeded = "quota_exceeded", |_| ErrorKind::QuotaExceeded;
    /// Bytes that cannot be what they claim to be.
    Corrupt = "corrupt", |_| ErrorKind::Corrupt;
    /// The vault is encrypted and this key does not open it.
    WrongKey = "wrong_key", |_| ErrorKind::WrongKey;
    /// The drive holds another vault than the one this client joined: ask the user.
    VaultChanged = "vault_changed", |_| ErrorKind::VaultChanged;
    /// The vault was moved to another place: ask the user.
    Moved = "moved", |i| ErrorKind::Moved { to: i.to.clone() };
    /// The vault is older than what this client has already seen: warn the user.
    Rollback = "rollback", |i| ErrorKind::Rollback {
        remembered: i.remembered.unwrap_or_default(), found: i.found.unwrap_or_default()
    };
    /// More than half of the documents would be deleted: ask the user.
    MassDelete = "mass_delete", |i| ErrorKind::MassDelete { deletes: i.deletes.unwrap_or_default(), of: i.of.unwrap_or_default() };
    /// Most of what changed here is what it was one version earlier: ask the user.
    HostOlder = "host_older", |i| ErrorKind::HostOlder {
        reverted: i.reverted.unwrap_or_default(), changed: i.changed.unwrap_or_default()
    };
    /// The drive or the client lacks an ability that is needed.
    Unsupported = "unsupported", |_| ErrorKind::Unsupported;
    /// The state or the vault was written by a newer version of this library.
    NeedsNewerVersion = "needs_newer_version", |_| ErrorKind::NeedsNewerVersion;
    /// The host application failed or broke its contract.
    Application = "application", |_| ErrorKind::Application;
    /// The client's own storage failed.
    State = "state", |_| ErrorKind::State;
    /// The call was cancelled, or the client is closed.
    Cancelled = "cancelled", |_| ErrorKind::Cancelled;
    /// The call itself is wrong.
    InvalidInput = "invalid_input", |_| ErrorKind::InvalidInput;
    /// A fault of this library.
    Internal = "internal", |_| ErrorKind::Internal;
}

impl From<Error> for KiteError {
    fn from(error: Error) -> Self {
        let mut info = ErrorInfo {
            code: error.kind.code().to_owned(),
            operation: error.operation().to_owned(),
            subject: error.subject().map(str::to_owned),
            detail: error.detail().to_owned(),
            retry_after: match error.retry {
                Retry::Now => Some(Duration::ZERO),
                Retry::After(time) => Some(time),
                Retry::Never => None,
            },
            ..ErrorInfo::default()
        };
        match error.into_kind() {
            ErrorKind::Locked { owner, until_ms } => (info.owner, info.until_ms) = (owner, Some(until_ms)),
            ErrorKind::Moved { to } => info.to = to,
            ErrorKind::MassDelete { deletes, of } => (info.deletes, info.of) = (Some(deletes), Some(of)),
            ErrorKind::Rollback { remembered, found } => (info.remembered, info.found) = (Some(remembered), Some(found)),
            ErrorKind::HostOlder { reverted, changed } => (info.reverted, info.changed) = (Some(reverted), Some(changed)),
            _ => {}
        }
        Self::from(info)
    }
}

/// What stands as the operation of an exception that is none of ours, until its port is known.
const UNEXPECTED: &str = "callback";

/// What a method of the host raised that is none of ours.
impl From<uniffi::UnexpectedUniFFICallbackError> for KiteError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Error::new(ErrorKind::Application, UNEXPECTED, error.reason).into()
    }
}

/// A port that an object of the host's language may be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Port {
    Application,
    Drive,
    #[cfg(feature = "http")]
    Http,
    State,
}

impl Port {
    /// What an exception is that is none of ours.
    pub(crate) fn kind(self) -> ErrorKind {
        match self {
            Self::Application => ErrorKind::Application,
            Self::Drive => ErrorKind::Unavailable,
            #[cfg(feature = "http")]
            Self::Http => ErrorKind::Unavailable,
            Self::State => ErrorKind::State,
        }
    }
}

/// Makes the core's error of what the host's method `operation` raised.
pub(crate) fn raised_by(port: Port, operation: &'static str) -> impl Fn(KiteError) -> Error {
    move |error| {
        let (kind, info) = error.into_parts();
        if info.operation == UNEXPECTED {
            return Error::new(port.kind(), operation, info.detail);
        }
        let retry = match info.retry_after {
            Some(Duration::ZERO) => Retry::Now,
            Some(time) => Retry::After(time),
            None => Retry::Never,
        };
        let made = Error::new(kind, operation, info.detail).with_retry(retry);
        info.subject.into_iter().fold(made, Error::about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of `spec/errors.md`: code and advice.
    fn table() -> Vec<(&'static str, &'static str)> {
        let rows = include_str!("../../spec/errors.md").lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
        rows.filter_map(|row| Some((row.split_once('`')?.0, row.rsplit_once("| ")?.1))).collect()
    }

    #[test]
    fn the_variants_are_the_codes_of_the_specification_and_so_is_their_advice() {
        let advice = |retry: Retry| match retry {
            Retry::Now => "now".to_owned(),
            Retry::Never => "never".to_owned(),
            Retry::After(time) => format!("after {} s", time.as_secs()),
        };
        let made = |kind: fn(&ErrorInfo) -> ErrorKind| Error::new(kind(&ErrorInfo::default()), "get", "a sentence");
        let ours: Vec<(&str, String)> = VARIANTS.iter().map(|(code, kind)| (*code, advice(made(*kind).retry))).collect();
        let theirs: Vec<(&str, String)> = table().into_iter().map(|(code, advice)| (code, advice.to_owned())).collect();
        assert_eq!(ours, theirs);
        assert_eq!(ours.iter().map(|(code, _)| *code).collect::<Vec<_>>(), ErrorKind::CODES);
    }

    #[test]
    fn what_is_no_error_of_ours_is_that_of_its_port() {
        for (port, code) in [(Port::Application, "application"), (Port::Drive, "unavailable"), (Port::State, "state")] {
            let raised = KiteError::from(uniffi::UnexpectedUniFFICallbackError::new("OSError"));
            assert_eq!(raised_by(port, "get")(raised).kind.code(), code);
        }
    }

    #[test]
    fn every_code_has_its_variant_and_crosses_both_ways() {
        for (code, kind) in VARIANTS {
            let info = ErrorInfo { owner: Some("phone".into()), deletes: Some(21), of: Some(40), ..ErrorInfo::default() };
            let there = KiteError::from(Error::new(kind(&info), "get", "a sentence").about("a file"));
            let back = raised_by(Port::Application, "get")(there.clone());
            assert_eq!(back.kind.code(), *code);
            assert_eq!(KiteError::from(back), there);
        }
    }
}
