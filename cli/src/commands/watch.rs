//! `kite watch`: syncs whenever the folder or the drive changes.
//!
//! Each sync opens the folder anew, as `kite sync` does, and holds the folder's lock only meanwhile. So nothing grows,
//! and every other command works beside it. What a sync itself writes is noticed as well, and costs one more sync, which
//! finds nothing and writes nothing.

use super::{
    DONE,
    sync::{expire, skipped},
};
use crate::{
    args::{SetUp, Sync, Watch},
    folder::OWN,
    output::aside::Aside,
    sealed::Opening,
    session::Session,
    setup,
    signals::Watch as Signals,
    watch::{DriveWatch, FolderWatch, Said},
};
use async_io::Timer;
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use futures::{FutureExt as _, future::select, pin_mut, select_biased};
use kitestring::{Error, Result, Retry, SyncOptions};
use std::{
    pin::pin,
    time::{Duration, Instant},
};

/// After this time the whole folder is looked through, whatever was noticed: no system promises to notice everything.
const LOOK_THROUGH: Duration = Duration::from_secs(600);
/// How long at least from the end of a sync to the next.
const PAUSE: Duration = Duration::from_millis(200);
/// How long at least, and at most, a sync that failed is put off, before as much again is added at random.
const MIN_WAIT: Duration = Duration::from_secs(1);
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Keeps a folder in step until it is told to stop.
pub(super) async fn run(args: &Watch, opening: &Opening, signals: &Signals) -> Result<u8> {
    let sync = args.as_sync();
    setup::choose(&sync)?;
    let folder = FolderWatch::begin(&args.folder.folder)?;
    let said = Said::nothing(args.folder.folder.clone(), args.folder.json);
    let every = Duration::from_secs(args.every);
    let mut watching = Watching { sync, opening, every, signals, folder, drive: None, said, looked: Instant::now() };
    // A look through the folder is due at first.
    let mut look = true;
    while !watching.is_stopped() {
        watching.sync(look).await?;
        look = watching.wait().await;
    }
    watching.said.stopped();
    Ok(DONE)
}

/// A watch under way.
struct Watching<'a> {
    sync: Sync,
    opening: &'a Opening,
    every: Duration,
    signals: &'a Signals,
    folder: FolderWatch,
    drive: Option<DriveWatch>,
    said: Said,
    /// When the whole folder was looked through last.
    looked: Instant,
}

impl Watching<'_> {
    fn is_stopped(&self) -> bool {
        self.signals.exit_code().is_some()
    }

    /// Syncs, however long the drive is out of reach, unless it is told to stop.
    async fn sync(&mut self, mut look: bool) -> Result<()> {
        let mut delays = Delays(None);
        while !self.is_stopped() {
            match self.try_sync(look).await {
                Ok(()) => return Ok(()),
                Err(e) if e.retry == Retry::Never || self.is_stopped() => return Err(e),
                Err(e) => {
                    self.said.waiting(&e);
                    let delay = delays.after(&e);
                    select(pin!(self.signals.arrived()), Timer::after(delay)).await;
                    // Much may have changed meanwhile.
                    look = true;
                }
            }
        }
        Ok(())
    }

    async fn try_sync(&mut self, look: bool) -> Result<()> {
        self.folder.check_present()?;
        if look {
            self.folder.take();
            self.looked = Instant::now();
        }
        if let Some(drive) = &mut self.drive
            && drive.look().await.is_err()
        {
            // The sync says it better; if it has nothing to say, the drive is opened anew.
            self.drive = None;
        }
        let session = Session::for_sync(&self.sync, self.opening).await?;
        let options = SyncOptions { cancel: Some(self.signals.patient_token()), reconcile: look, ..SyncOptions::default() };
        let before = session.client.status().await?.last_sync_ms;
        let synced = session.client.sync(options).await;
        if let Some(danger) = session.danger().await? {
            self.said.danger(danger);
        }
        let report = synced?;
        self.opening.keep(&session)?;
        let mut noted = skipped(&report, &session);
        expire(&session, before, &mut noted);
        noted.extend(Aside::of(&session.tree).notes());
        self.said.synced(&report, noted, look);
        let url = session.config.drive.clone();
        let telltale = session.config.layout.telltale(session.status().await?.strategy);
        drop(session);
        self.said.watching(&url.to_string());
        if !self.folder.can_hear() {
            self.said.limited(self.every);
        }
        // From now on a folder without a configuration is one that was unlinked or lost, and not a new one.
        self.sync.set_up = SetUp::default();
        // A vault that was lowered tells of its changes in another way.
        if !self.drive.as_ref().is_some_and(|drive| drive.looks_at(telltale)) {
            self.drive = Some(DriveWatch::open(&url, telltale, &self.sync.folder.folder.join(OWN))?);
        }
        Ok(())
    }

    /// Waits for a reason to sync, and returns whether it is one to look through the folder.
    async fn wait(&self) -> bool {
        let interval = if self.folder.can_hear() { LOOK_THROUGH } else { self.every };
        let left = interval.saturating_sub(self.looked.elapsed()).max(PAUSE);
        let (told, changed, due) = (self.signals.arrived().fuse(), self.folder.changed().fuse(), Timer::after(left).fuse());
        let news = async {
            Timer::after(PAUSE).await;
            match &self.drive {
                Some(drive) => drive.changed(self.every).await,
                None => Timer::after(self.every).map(drop).await,
            }
        };
        let news = news.fuse();
        pin_mut!(told, changed, due, news);
        select_biased! {
            () = told => false,
            () = changed => true,
            _ = due => true,
            () = news => false,
        }
    }
}

/// How long to put off a sync that failed: at least as long as the error asks for, longer from try to try, and spread so
/// that devices that failed together do not come back together.
struct Delays(Option<ExponentialBackoff>);

impl Delays {
    fn after(&mut self, error: &Error) -> Duration {
        let least = match error.retry {
            Retry::After(wait) => wait.max(MIN_WAIT),
            _ => MIN_WAIT,
        };
        let delays = self.0.get_or_insert_with(|| {
            let growing = ExponentialBuilder::new().with_min_delay(least).with_max_delay(MAX_WAIT.max(least));
            growing.with_jitter().without_max_times().build()
        });
        delays.next().unwrap_or(MAX_WAIT).max(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kitestring::ErrorKind;

    #[test]
    fn a_delay_is_never_shorter_than_asked_for_and_grows_to_a_bound() {
        let error = |retry| Error::new(ErrorKind::Unavailable, "get", "gone").with_retry(retry);
        for (retry, least) in [(Retry::Now, 1), (Retry::After(Duration::from_secs(10)), 10), (Retry::After(Duration::from_secs(300)), 300)]
        {
            let mut delays = Delays(None);
            let all: Vec<u64> = (0..20).map(|_| delays.after(&error(retry)).as_secs()).collect();
            let most = 2 * least.max(60);
            assert!(all.iter().all(|d| (least..=most).contains(d)), "{all:?}");
            assert!(all[0] <= 2 * least && all[19] >= least.max(60), "{all:?}");
        }
        let spread = |_| Delays(None).after(&error(Retry::After(Duration::from_secs(10))));
        let all: std::collections::BTreeSet<Duration> = (0..10).map(spread).collect();
        assert!(all.len() > 5, "{all:?}");
    }
}
