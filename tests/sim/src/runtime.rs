//! Virtual time and repeatable randomness.

use kitestring::{Runtime, apply, port};
use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

/// Where virtual time begins: 2026-01-01 in Unix time.
const EPOCH: Duration = Duration::from_secs(1_767_225_600);

/// One clock for everybody. It moves only when the executor says so.
#[derive(Debug, Default)]
pub struct Clock(Mutex<Timers>);

#[derive(Debug, Default)]
struct Timers {
    now: Duration,
    waiting: BTreeMap<(Duration, u64), Waker>,
    made: u64,
}

impl Clock {
    /// Returns the time since the world began.
    pub fn now(&self) -> Duration {
        self.timers().now
    }

    /// Returns the true time since the Unix epoch.
    pub fn wall(&self) -> Duration {
        EPOCH + self.now()
    }

    /// Lets time pass while nobody does anything; timers that end meanwhile fire at the next run.
    pub fn pass(&self, duration: Duration) {
        let mut timers = self.timers();
        timers.now += duration;
        let now = timers.now;
        let later = timers.waiting.split_off(&(now, u64::MAX));
        for (_, waker) in std::mem::replace(&mut timers.waiting, later) {
            waker.wake();
        }
    }

    /// Jumps to the next timer; false if there is none.
    pub fn advance(&self) -> bool {
        let mut timers = self.timers();
        let Some(((at, _), waker)) = timers.waiting.pop_first() else { return false };
        timers.now = timers.now.max(at);
        drop(timers);
        waker.wake();
        true
    }

    fn timers(&self) -> MutexGuard<'_, Timers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Sleep {
    clock: Arc<Clock>,
    until: Duration,
    key: Option<(Duration, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let clock = Arc::clone(&self.clock);
        let mut timers = clock.timers();
        if let Some(key) = self.key.take() {
            timers.waiting.remove(&key);
        }
        if timers.now >= self.until {
            return Poll::Ready(());
        }
        timers.made += 1;
        let key = (self.until, timers.made);
        timers.waiting.insert(key, context.waker().clone());
        self.key = Some(key);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.clock.timers().waiting.remove(&key);
        }
    }
}

/// Waits until so much time has passed.
pub(crate) async fn sleep(clock: &Arc<Clock>, duration: Duration) {
    let until = clock.now() + duration;
    Sleep { clock: Arc::clone(clock), until, key: None }.await;
}

/// The [`Runtime`] of one seat.
#[derive(Debug)]
pub struct SimRuntime {
    clock: Arc<Clock>,
    ahead: Mutex<Duration>,
    random: Mutex<SplitMix>,
}

impl SimRuntime {
    /// Makes a runtime whose wall clock is `ahead` of the true time and whose random bytes follow from `seed`.
    pub fn new(clock: Arc<Clock>, ahead: Duration, seed: u64) -> Self {
        Self { clock, ahead: Mutex::new(ahead), random: Mutex::new(SplitMix::new(seed)) }
    }

    /// Sets the wall clock to be `ahead` of the true time.
    pub fn set_ahead(&self, ahead: Duration) {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = ahead;
    }
}

#[apply(port!)]
impl Runtime for SimRuntime {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn wall(&self) -> Duration {
        EPOCH + *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) + self.clock.now()
    }

    async fn sleep(&self, duration: Duration) {
        sleep(&self.clock, duration).await;
    }

    fn random(&self, bytes: &mut [u8]) -> kitestring::Result<()> {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in bytes.chunks_mut(8) {
            for (byte, value) in chunk.iter_mut().zip(random.next().to_le_bytes()) {
                *byte = value;
            }
        }
        Ok(())
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, repeatable, good enough to draw schedules.
#[derive(Debug, Clone)]
pub struct SplitMix(u64);

impl SplitMix {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Draws the next number.
    #[allow(clippy::should_implement_trait, reason = "an endless generator is no iterator here")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Draws a number below `bound` (at least 1).
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
}
