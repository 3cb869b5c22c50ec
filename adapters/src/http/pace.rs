//! How many requests are under way, how many are sent in a time, and when none is.

use async_lock::{Semaphore, SemaphoreGuard};
use kitestring::Runtime;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// At most so many requests in each window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How many.
    pub requests: u32,
    /// In how long.
    pub per: Duration,
}

/// Keeps the requests of one drive apart.
#[derive(Debug)]
pub(super) struct Pace {
    slots: Semaphore,
    budget: Option<Budget>,
    clock: Mutex<Clock>,
}

#[derive(Debug, Default)]
struct Clock {
    /// Before this moment nothing is sent: the service has asked for it.
    paused_until: Duration,
    window_began: Duration,
    sent: u32,
}

impl Pace {
    pub(super) fn new(parallel: u32, budget: Option<Budget>) -> Self {
        Self { slots: Semaphore::new(parallel.max(1) as usize), budget, clock: Mutex::default() }
    }

    /// Waits for its turn, which lasts until the answer is dropped.
    pub(super) async fn turn(&self, runtime: &dyn Runtime) -> SemaphoreGuard<'_> {
        let slot = self.slots.acquire().await;
        while let Some(wait) = self.wait(runtime.now()) {
            runtime.sleep(wait).await;
        }
        slot
    }

    /// Sends nothing for so long.
    pub(super) fn pause(&self, now: Duration, wait: Duration) {
        let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        clock.paused_until = clock.paused_until.max(now.saturating_add(wait));
    }

    /// Counts a request, or says how long none may be sent.
    fn wait(&self, now: Duration) -> Option<Duration> {
        let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        if clock.paused_until > now {
            return Some(clock.paused_until - now);
        }
        let Budget { requests, per } = self.budget?;
        let ends = clock.window_began.saturating_add(per);
        if clock.sent > 0 && now < ends && clock.sent >= requests.max(1) {
            return Some(ends - now);
        }
        if clock.sent == 0 || now >= ends {
            (clock.window_began, clock.sent) = (now, 0);
        }
        clock.sent += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_budget_is_kept_and_begins_anew_with_each_window() {
        let pace = Pace::new(1, Some(Budget { requests: 2, per: SECOND * 10 }));
        assert_eq!([pace.wait(SECOND), pace.wait(SECOND * 2), pace.wait(SECOND * 3)], [None, None, Some(SECOND * 8)]);
        assert_eq!([pace.wait(SECOND * 11), pace.wait(SECOND * 12), pace.wait(SECOND * 13)], [None, None, Some(SECOND * 8)]);
    }

    #[test]
    fn a_pause_holds_for_everybody_and_is_never_shortened() {
        let pace = Pace::new(1, None);
        pace.pause(SECOND, SECOND * 9);
        pace.pause(SECOND, SECOND);
        assert_eq!([pace.wait(SECOND * 4), pace.wait(SECOND * 10)], [Some(SECOND * 6), None]);
    }
}
