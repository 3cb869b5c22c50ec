//! Whatever happens behind a call, it comes back as one of our errors: a panic is `internal`.

use crate::KiteError;
use futures::FutureExt as _;
use kitestring::{Error, ErrorKind, Result};
use std::{future::Future, panic::AssertUnwindSafe};

/// Runs a call that does not wait.
pub(crate) fn contained<T>(operation: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T, KiteError> {
    Ok(caught(work).unwrap_or_else(|| Err(panicked(operation)))?)
}

/// Runs a call that waits.
pub(crate) async fn contained_async<T>(operation: &'static str, work: impl Future<Output = Result<T>>) -> Result<T, KiteError> {
    Ok(caught_async(work).await.unwrap_or_else(|| Err(panicked(operation)))?)
}

/// Returns what the work answers; none if it panics.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Returns what the work answers; none if it panics.
pub(crate) async fn caught_async<T>(work: impl Future<Output = T>) -> Option<T> {
    AssertUnwindSafe(work).catch_unwind().await.ok()
}

pub(crate) fn panicked(operation: &'static str) -> Error {
    Error::new(ErrorKind::Internal, operation, "a fault of the library: open a new client")
}
