//! What a host gives to a running sync, and what it listens with.

use crate::{
    KiteError,
    record::{Level, Progress},
};
use kitestring::{Log, ProgressSink};
use std::sync::Arc;

/// Ends the calls it was given to, at once, with the error `cancelled`. What was done is kept.
#[derive(Debug, Default, uniffi::Object)]
pub struct CancelToken(pub(crate) kitestring::CancelToken);

#[uniffi::export]
impl CancelToken {
    /// Makes a token that is not cancelled.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Cancels; a second time is harmless.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// Hears how far a sync is, and what the client does. It must return quickly; what it raises is nobody's failure.
#[uniffi::export(with_foreign)]
pub trait Observer: Send + Sync {
    /// Hears how far a sync is.
    fn progress(&self, progress: Progress) -> Result<(), KiteError>;
    /// Hears a line of the log, for a developer: names of documents and files may appear; content, tokens and keys never do.
    fn log(&self, level: Level, line: String) -> Result<(), KiteError>;
}

pub(crate) fn progress_to(observer: Arc<dyn Observer>) -> ProgressSink {
    ProgressSink::new(move |progress| drop(observer.progress(progress.into())))
}

pub(crate) fn log_to(observer: Arc<dyn Observer>) -> Log {
    Log::new(move |level, line| drop(observer.log(level.into(), line.to_owned())))
}
