//! A clock that never goes back and, where the system has one, counts suspension.

use std::time::Duration;

#[derive(Debug, Clone)]
pub(super) struct Clock {
    start: Moment,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { start: now() }
    }

    pub(super) fn elapsed(&self) -> Duration {
        since(&self.start)
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod system {
    use rustix::time::{ClockId, clock_gettime};
    use std::time::Duration;

    /// Linux counts suspension on this clock only; Apple's monotonic clock counts it by itself.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: ClockId = ClockId::Boottime;
    #[cfg(target_vendor = "apple")]
    const CLOCK: ClockId = ClockId::Monotonic;

    pub(super) type Moment = Duration;

    pub(super) fn now() -> Moment {
        let time = clock_gettime(CLOCK);
        Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), u32::try_from(time.tv_nsec).unwrap_or_default())
    }

    pub(super) fn since(start: &Moment) -> Duration {
        now().saturating_sub(*start)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod system {
    use std::time::{Duration, Instant};

    pub(super) type Moment = Instant;

    pub(super) fn now() -> Moment {
        Instant::now()
    }

    pub(super) fn since(start: &Moment) -> Duration {
        start.elapsed()
    }
}

use system::{Moment, now, since};
