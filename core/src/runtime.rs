//! The port for time and randomness. The core has neither of its own, so a simulation can supply both.

use crate::Result;
use crate::maybe_send::{MaybeSend, MaybeSync};
use futures::future::{Either, select};
use macro_rules_attribute::apply;
use std::{future::Future, pin::pin, time::Duration};

/// Clock, timer and randomness.
#[apply(port!)]
pub trait Runtime: MaybeSend + MaybeSync {
    /// Returns the time since some fixed moment; it never goes back.
    fn now(&self) -> Duration;

    /// Returns the time since the Unix epoch by the device's clock. It is shown and written into leases;
    /// safety never rests on it.
    fn wall(&self) -> Duration;

    /// Waits.
    async fn sleep(&self, duration: Duration);

    /// Fills `bytes` with unpredictable bytes.
    ///
    /// # Errors
    /// `unavailable` if the system has none: an id or a key is never made of anything else.
    fn random(&self, bytes: &mut [u8]) -> Result<()>;
}

/// Returns 16 random bytes in hexadecimal.
pub(crate) fn random_id(runtime: &dyn Runtime) -> Result<String> {
    let mut bytes = [0; 16];
    runtime.random(&mut bytes)?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

/// Returns the device's clock in milliseconds since the Unix epoch.
pub(crate) fn wall_ms(runtime: &dyn Runtime) -> u64 {
    u64::try_from(runtime.wall().as_millis()).unwrap_or(u64::MAX)
}

/// Runs `work` until it ends or `limit` has passed; none then.
///
/// # Cancel safety
/// When the limit passes, `work` is dropped at its current await.
pub(crate) async fn within<T>(runtime: &dyn Runtime, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), runtime.sleep(limit)).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}
