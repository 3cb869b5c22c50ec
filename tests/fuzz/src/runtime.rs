//! Virtual time: it moves when everybody waits, and a sync that waits for too long has hung.

use kitestring::{Result, Runtime, apply, port};
use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    task::{Poll, Waker},
    time::Duration,
};

/// Unix time at the beginning: later than anything in the golden vault.
const EPOCH: Duration = Duration::from_secs(1_767_225_600);

/// One clock for everybody.
#[derive(Debug, Default)]
pub(crate) struct VirtualRuntime {
    clock: Arc<Mutex<Clock>>,
    random: AtomicU64,
}

#[derive(Debug, Default)]
struct Clock {
    now: Duration,
    last: u64,
    waiting: BTreeMap<(Duration, u64), Waker>,
}

/// Takes a timer out of the clock when its future is dropped.
struct Timer {
    clock: Arc<Mutex<Clock>>,
    key: Option<(Duration, u64)>,
}

impl VirtualRuntime {
    /// Lets time pass.
    pub(crate) fn pass(&self, duration: Duration) {
        locked(&self.clock).now += duration;
    }

    /// Jumps to the next timer; false if nobody waits for one.
    pub(crate) fn advance(&self) -> bool {
        let mut clock = locked(&self.clock);
        let Some(((at, _), waker)) = clock.waiting.pop_first() else { return false };
        clock.now = clock.now.max(at);
        drop(clock);
        waker.wake();
        true
    }
}

fn locked(clock: &Mutex<Clock>) -> MutexGuard<'_, Clock> {
    clock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Timer {
    fn forget(&mut self) {
        if let Some(key) = self.key.take() {
            locked(&self.clock).waiting.remove(&key);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.forget();
    }
}

#[apply(port!)]
impl Runtime for VirtualRuntime {
    fn now(&self) -> Duration {
        locked(&self.clock).now
    }

    fn wall(&self) -> Duration {
        EPOCH + self.now()
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.now().saturating_add(duration);
        let mut timer = Timer { clock: self.clock.clone(), key: None };
        poll_fn(|context| {
            timer.forget();
            let mut clock = locked(&self.clock);
            if clock.now >= until {
                return Poll::Ready(());
            }
            clock.last += 1;
            let key = (until, clock.last);
            clock.waiting.insert(key, context.waker().clone());
            timer.key = Some(key);
            Poll::Pending
        })
        .await;
    }

    fn random(&self, bytes: &mut [u8]) -> Result<()> {
        for byte in bytes {
            let n = self.random.fetch_add(1, SeqCst).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            *byte = (n >> 32) as u8;
        }
        Ok(())
    }
}
