//! Clock, timer and randomness of the operating system.

use kitestring::{Error, ErrorKind, Result, Runtime, apply, port};
use std::time::{Duration, SystemTime};

mod clock;

use clock::Clock;

/// The [`Runtime`] of a native program; it works under any async executor.
///
/// [`Runtime::now`] counts the time during which the device was suspended, where the system has such a clock
/// (Linux, Android, Apple, Windows): a lease must not look fresh after a night's sleep. [`Runtime::sleep`] waits
/// by a clock that may stand still during suspension, so a wait can end late, never early.
#[derive(Debug, Clone)]
pub struct NativeRuntime {
    clock: Clock,
}

impl NativeRuntime {
    /// Starts the clock at zero.
    pub fn new() -> Self {
        Self { clock: Clock::start() }
    }
}

impl Default for NativeRuntime {
    fn default() -> Self {
        Self::new()
    }
}

#[apply(port!)]
impl Runtime for NativeRuntime {
    fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    fn wall(&self) -> Duration {
        // A device whose clock stands before 1970 reads as 1970.
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    async fn sleep(&self, duration: Duration) {
        async_io::Timer::after(duration).await;
    }

    fn random(&self, bytes: &mut [u8]) -> Result<()> {
        let detail = "the system gives no random bytes; without them no id and no key can be made";
        getrandom::fill(bytes).map_err(|e| Error::new(ErrorKind::Unavailable, "random", detail).caused_by(e))
    }
}
