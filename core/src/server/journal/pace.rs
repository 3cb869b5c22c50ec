//! How fast the line is, as far as transfers have shown, and so how much is sent or read in one piece.
//!
//! Whatever is cut off in the middle of a piece begins the piece anew. So a piece is what travels in [`PIECE_TIME`]: on a fast
//! line a whole file. On a slow one it is less in a sync that has just begun, for such a sync may be one of many that are
//! stopped soon: what a stopped client loses is a small part of what it has done. What was learned is remembered in the
//! state, or every sync would begin with a small piece.

use super::standing::{json, parse};
use crate::{Result, Runtime, State, StateRecord};
use serde::{Deserialize, Serialize};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub(super) const PACE: &str = "server/pace";
/// A piece travels about so long,
const PIECE_TIME: Duration = Duration::from_millis(500);
/// or, where that is fewer bytes than this, or where clients were stopped in the middle of pieces,
const SLOW_BYTES: u64 = 1 << 20;
/// for this part of the time that the sync has lasted.
const PART: u32 = 16;
/// The first piece that is sent or read has at most this many bytes.
const FIRST_BYTES: u64 = 64 << 10;
/// A piece has at least this many bytes.
const LEAST_BYTES: u64 = 16 << 10;
/// A piece has at most this many bytes: more than what the largest file has that is written at once.
const MOST_BYTES: u64 = 8 << 20;
/// What is smaller tells how long a request takes, not how fast the line is.
const TELLING_BYTES: u64 = 8 << 10;
/// A transfer that took less may have waited for something else: that the line is slower is believed when the next one says so too.
const TELLING_TIME: Duration = Duration::from_millis(400);
/// A way that nothing is known of is taken to be this part as fast as the other: lines mostly send slower than they receive.
const OTHER_WAY: u64 = 8;
/// How many syncs that end well stay wary after one that was cut off.
const WARY_SYNCS: u8 = 4;
/// What travels longer than this is worth a record in the state.
const DEAR: Duration = Duration::from_millis(50);

/// Which way bytes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Up,
    Down,
}

/// What is known of the line, in one sync.
pub(super) struct Pace {
    runtime: Arc<dyn Runtime>,
    begun: Duration,
    /// Pieces have so many bytes, whatever the line is like.
    fixed: Option<u64>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Whether the state was asked.
    recalled: bool,
    /// Whether the state has something else.
    changed: bool,
    remembered: Remembered,
    /// How long a request takes that moves next to nothing, up and down.
    latency: Ways<Duration>,
    /// How fast the line seemed the last time, if that was slower than it is taken to be, and short.
    doubted: Ways<u64>,
}

/// What is known of each way, as far as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Ways<T> {
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    up: Option<T>,
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    down: Option<T>,
}

/// What is known of the line from sync to sync.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    /// Bytes a second.
    #[serde(default = "Default::default")]
    rate: Ways<u64>,
    /// How many syncs are still to end well before pieces are as large as ever.
    #[serde(default)]
    wary: u8,
}

impl Pace {
    pub(super) fn new(runtime: Arc<dyn Runtime>, fixed: u64) -> Self {
        Self { begun: runtime.now(), runtime, fixed: Some(fixed).filter(|bytes| *bytes > 0), known: Mutex::default() }
    }

    /// Reads what earlier syncs have learned, once.
    pub(super) async fn recall(&self, state: &dyn State) -> Result<()> {
        if self.known().recalled {
            return Ok(());
        }
        let stored = state.read(vec![PACE.to_owned()]).await?.into_iter().next().flatten();
        let remembered = stored.map(|bytes| parse(PACE, &bytes)).transpose()?.unwrap_or_default();
        let mut known = self.known();
        if !known.recalled {
            (known.recalled, known.remembered) = (true, remembered);
        }
        Ok(())
    }

    /// What has changed so much that it is worth being remembered; once.
    pub(super) fn news(&self) -> Result<Option<StateRecord>> {
        let mut known = self.known();
        let news = std::mem::take(&mut known.changed).then_some(known.remembered);
        news.map(|news| Ok(StateRecord::set(PACE, json(&news)?))).transpose()
    }

    /// How many bytes the next piece has.
    pub(super) fn piece(&self, way: Way) -> u64 {
        if let Some(bytes) = self.fixed {
            return bytes;
        }
        let remembered = self.known().remembered;
        let Some(rate) = remembered.rate.get(way) else {
            let likely = remembered.rate.get(way.other()).map(|rate| in_time(rate / OTHER_WAY, PIECE_TIME));
            return likely.filter(|_| remembered.wary == 0).unwrap_or_default().clamp(FIRST_BYTES, MOST_BYTES);
        };
        let most = in_time(rate, PIECE_TIME);
        let size = if remembered.wary > 0 || most < SLOW_BYTES { most.min(in_time(rate, self.age() / PART)) } else { most };
        size.clamp(LEAST_BYTES, MOST_BYTES)
    }

    /// What is read by one request, however slow the line is.
    pub(super) fn least(&self) -> u64 {
        self.fixed.unwrap_or(LEAST_BYTES)
    }

    /// How long this sync lasts already.
    fn age(&self) -> Duration {
        self.runtime.now().saturating_sub(self.begun)
    }

    /// Whether nothing is known of this way yet.
    pub(super) fn is_unknown(&self, way: Way) -> bool {
        self.fixed.is_none() && self.known().remembered.rate.get(way).is_none()
    }

    /// Whether pieces are small, because much of one that is cut off would be lost.
    pub(super) fn is_slow(&self, way: Way) -> bool {
        !self.is_unknown(way) && self.piece(way) < MOST_BYTES
    }

    /// Whether a client was stopped in the middle of a piece not long ago.
    pub(super) fn is_wary(&self) -> bool {
        self.known().remembered.wary > 0
    }

    /// Whether so many bytes travel so long that it is worth writing down that they did.
    pub(super) fn is_dear(&self, way: Way, bytes: u64) -> bool {
        self.fixed.is_some() || self.known().remembered.rate.get(way).is_some_and(|rate| bytes > in_time(rate, DEAR))
    }

    /// How long files are read before what they say is written down.
    pub(super) fn window_time(&self) -> Duration {
        let slow = self.is_wary() || self.is_slow(Way::Down);
        if slow { PIECE_TIME.min(self.age() / PART) } else { 2 * PIECE_TIME }
    }

    /// Takes in how long a transfer took.
    pub(super) fn learn(&self, way: Way, bytes: u64, took: Duration) {
        let mut known = self.known();
        let latency = known.latency.get(way);
        if bytes < TELLING_BYTES {
            known.latency.set(way, latency.map_or(took, |least| least.min(took)));
            return;
        }
        let moved = took.saturating_sub(latency.unwrap_or_default()).max(Duration::from_millis(1));
        let rate = u64::try_from(u128::from(bytes) * 1_000_000 / moved.as_micros().max(1)).unwrap_or(u64::MAX);
        let before = known.remembered.rate.get(way);
        let size = |rate| in_time(rate, PIECE_TIME).clamp(LEAST_BYTES, MOST_BYTES);
        let slower = size(rate) < before.map_or(SLOW_BYTES, size);
        let rate = match known.doubted.take(way) {
            None if slower && moved < TELLING_TIME => return known.doubted.set(way, rate),
            Some(doubted) if slower => rate.max(doubted),
            _ => rate,
        };
        // Small changes are not worth a record.
        known.changed |= before.is_none_or(|before| size(before) > 2 * size(rate) || size(rate) > 2 * size(before));
        known.remembered.rate.set(way, rate);
    }

    /// A client was stopped in the middle of a piece.
    pub(super) fn was_cut_off(&self) {
        let mut known = self.known();
        known.changed |= known.remembered.wary != WARY_SYNCS;
        known.remembered.wary = WARY_SYNCS;
    }

    /// A sync has ended well.
    pub(super) fn ended_well(&self) {
        let mut known = self.known();
        if known.recalled && known.remembered.wary > 0 {
            known.remembered.wary -= 1;
            known.changed = true;
        }
    }

    /// Never held across an await.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Way {
    fn other(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

impl<T: Copy> Ways<T> {
    fn get(self, way: Way) -> Option<T> {
        match way {
            Way::Up => self.up,
            Way::Down => self.down,
        }
    }

    fn take(&mut self, way: Way) -> Option<T> {
        match way {
            Way::Up => self.up.take(),
            Way::Down => self.down.take(),
        }
    }

    fn set(&mut self, way: Way, what: T) {
        match way {
            Way::Up => self.up = Some(what),
            Way::Down => self.down = Some(what),
        }
    }
}

/// How many bytes travel in that time.
fn in_time(rate: u64, time: Duration) -> u64 {
    u64::try_from(u128::from(rate) * time.as_millis() / 1000).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use macro_rules_attribute::apply;

    const MS: Duration = Duration::from_millis(1);

    /// A clock that stands where it is put.
    #[derive(Default)]
    struct Clock(Mutex<Duration>);

    #[apply(port!)]
    impl Runtime for Clock {
        fn now(&self) -> Duration {
            *self.0.lock().unwrap()
        }
        fn wall(&self) -> Duration {
            self.now()
        }
        async fn sleep(&self, _duration: Duration) {}
        fn random(&self, _bytes: &mut [u8]) -> Result<()> {
            Ok(())
        }
    }

    /// A sync that has lasted so long.
    fn pace(age: Duration) -> Pace {
        let clock = Arc::new(Clock::default());
        let pace = Pace::new(clock.clone(), 0);
        *clock.0.lock().unwrap() = age;
        pace.known().recalled = true;
        pace
    }

    #[test]
    fn a_piece_is_what_travels_in_half_a_second() {
        let pace = pace(20_000 * MS);
        assert_eq!((pace.piece(Way::Up), pace.is_slow(Way::Up)), (FIRST_BYTES, false), "nothing is known yet");
        pace.learn(Way::Up, FIRST_BYTES, 250 * MS);
        pace.learn(Way::Up, FIRST_BYTES, 250 * MS);
        assert_eq!((pace.piece(Way::Up), pace.is_slow(Way::Up)), (128 << 10, true));
        assert_eq!(pace.piece(Way::Down), FIRST_BYTES);
        pace.learn(Way::Up, 1 << 20, 10 * MS);
        assert_eq!((pace.piece(Way::Up), pace.is_slow(Way::Up)), (MOST_BYTES, false));
        assert_eq!(pace.piece(Way::Down), 6_553_600, "it is likely to be fast, too");
        pace.learn(Way::Up, 1 << 20, 100_000 * MS);
        assert_eq!(pace.piece(Way::Up), LEAST_BYTES);
    }

    #[test]
    fn one_short_transfer_that_took_long_does_not_make_a_line_slow() {
        let pace = pace(20_000 * MS);
        pace.learn(Way::Up, FIRST_BYTES, 90 * MS);
        assert!(pace.is_unknown(Way::Up));
        pace.learn(Way::Up, FIRST_BYTES, 5 * MS);
        assert_eq!((pace.piece(Way::Up), pace.is_slow(Way::Up)), (6_553_600, true));
        pace.learn(Way::Up, FIRST_BYTES, 90 * MS);
        assert_eq!(pace.piece(Way::Up), 6_553_600);
        pace.learn(Way::Up, FIRST_BYTES, 100 * MS);
        assert_eq!(pace.piece(Way::Up), 364_088, "but two do, as fast as the faster one");
        pace.learn(Way::Up, 1 << 20, 4000 * MS);
        assert_eq!(pace.piece(Way::Up), 128 << 10, "and one that is long enough");
    }

    #[test]
    fn a_sync_that_has_just_begun_takes_smaller_pieces_where_the_line_is_slow() {
        let young = pace(1600 * MS);
        young.learn(Way::Up, 1 << 20, 1000 * MS);
        assert_eq!(young.piece(Way::Up), (1 << 20) / 10);
        young.learn(Way::Up, 4 << 20, 1000 * MS);
        assert_eq!(young.piece(Way::Up), 2 << 20, "not where it is fast");
        young.was_cut_off();
        assert_eq!(young.piece(Way::Up), (4 << 20) / 10, "but where clients were stopped");
        (0..WARY_SYNCS).for_each(|_| young.ended_well());
        assert_eq!(young.piece(Way::Up), 2 << 20);
    }

    #[test]
    fn how_long_a_request_takes_is_not_how_fast_the_line_is() {
        let pace = pace(Duration::ZERO);
        pace.learn(Way::Down, 100, 50 * MS);
        pace.learn(Way::Down, FIRST_BYTES, 51 * MS);
        assert_eq!(pace.piece(Way::Down), MOST_BYTES);
    }

    #[test]
    fn only_what_changes_pieces_much_is_written_down() {
        let pace = pace(Duration::ZERO);
        pace.learn(Way::Up, 1 << 20, 1000 * MS);
        assert!(pace.news().unwrap().is_some());
        pace.learn(Way::Up, 1 << 20, 1100 * MS);
        assert!(pace.news().unwrap().is_none());
        pace.learn(Way::Up, 1 << 20, 5000 * MS);
        assert!(pace.news().unwrap().is_some());
    }
}
