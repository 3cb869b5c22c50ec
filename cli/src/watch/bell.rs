//! Rings when the folder changes. However much changes, it takes no memory: only when the first and the last change
//! were is remembered.

use async_io::Timer;
use event_listener::Event;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long nothing must change before a sync: an editor that saves, or a program that unpacks, is through by then.
const QUIET: Duration = Duration::from_millis(500);
/// After this time of continuous change a sync takes place all the same.
const LONGEST: Duration = Duration::from_secs(5);

/// The bell.
#[derive(Debug, Default)]
pub(super) struct Bell {
    noted: Mutex<Noted>,
    rung: Event,
}

/// What was noticed since the last look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Noted {
    /// When the first change was, and the last.
    changed: Option<(Instant, Instant)>,
    /// Whether there may be folders that are not watched yet.
    pub unwatched: bool,
    /// Whether the system refuses to watch more.
    pub refused: bool,
}

impl Bell {
    /// Notes a change; with `unwatched`, of folders that may not be watched yet.
    pub(super) fn changed(&self, unwatched: bool) {
        let (mut noted, now) = (self.noted(), Instant::now());
        noted.changed = Some((noted.changed.map_or(now, |(first, _)| first), now));
        noted.unwatched |= unwatched;
        drop(noted);
        self.rung.notify(usize::MAX);
    }

    /// Notes that the system refuses to watch more.
    pub(super) fn refused(&self) {
        self.noted().refused = true;
        self.changed(false);
    }

    /// Returns what was noticed, and begins anew.
    pub(super) fn take(&self) -> Noted {
        std::mem::take(&mut *self.noted())
    }

    /// Waits until something has changed and it is quiet again, or has not been for too long.
    pub(super) async fn quiet(&self) {
        loop {
            let rung = self.rung.listen();
            let changed = self.noted().changed;
            match changed {
                None => rung.await,
                Some((first, last)) => match due(first, last).checked_duration_since(Instant::now()) {
                    Some(left) if !left.is_zero() => drop(Timer::after(left).await),
                    _ => return,
                },
            }
        }
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says when changes are to be synced of which these were the first and the last.
fn due(first: Instant, last: Instant) -> Instant {
    (last + QUIET).min(first + LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_io::block_on;
    use std::{sync::Arc, thread};

    #[test]
    fn changes_wait_for_quiet_but_not_for_ever() {
        let first = Instant::now();
        let at = |ms| first + Duration::from_millis(ms);
        assert_eq!(due(first, first), at(500));
        assert_eq!(due(first, at(300)), at(800));
        assert_eq!(due(first, at(4600)), at(5000));
        assert_eq!(due(first, at(60_000)), at(5000));
    }

    #[test]
    fn what_rings_while_nobody_listens_is_not_lost() {
        let bell = Bell::default();
        bell.changed(true);
        bell.changed(false);
        block_on(bell.quiet());
        assert!(bell.take().unwatched);
        assert_eq!(bell.take(), Noted::default());
    }

    #[test]
    fn a_ring_wakes_who_waits() {
        let bell = Arc::new(Bell::default());
        let theirs = bell.clone();
        let rings = thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            theirs.refused();
        });
        block_on(bell.quiet());
        rings.join().unwrap();
        assert!(bell.take().refused);
    }
}
