//! Sync: pull, and if there is something to push, push it under the lock.

use super::{
    Inner, Layout, Reconciled, SyncOptions, dry_run, interrupted,
    ledger::{PROBED, bytes},
    push::Pushed,
    run::Run,
};
#[cfg(feature = "classic")]
use crate::server::classic::{Classic, ClassicOptions};
use crate::{
    Drive, Error, ErrorKind, JournalOptions, Level, Phase, Report, Result, Retry, StateRecord, Strategy,
    drive::{Capabilities, meter::Meter, probe},
    runtime::wall_ms,
    server::{
        Server, Tidied,
        journal::{Identity, Journal, Ports, Said},
    },
};
use futures::future::{Either, select};
use std::{
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

/// How often a sync begins anew because another client wrote meanwhile.
const ROUNDS: u32 = 10;

/// How a round under the lock ended.
enum Round {
    Complete,
    Again,
}

/// Runs one sync. The caller holds the sync turn.
pub(super) async fn sync(inner: &Arc<Inner>, options: SyncOptions) -> Result<Report> {
    let begun = inner.runtime.now();
    let meter = Arc::new(metered(inner, options.dry_run).await?);
    let mut run = prepare(inner, meter.clone(), options);
    let result = run.sync().await;
    if result.is_ok() && run.report().stopped.is_none() && !run.options.dry_run {
        inner.set_last_sync(wall_ms(&*inner.runtime), run.take_past_page()).await?;
    }
    let mut report = std::mem::take(&mut *run.report());
    (report.requests, report.bytes) = meter.take();
    report.elapsed = inner.runtime.now().saturating_sub(begun);
    run.log.line(Level::Info, || {
        let Report { pushed, pulled, deleted, requests, .. } = &report;
        let how = result.as_ref().err().map_or_else(|| "synced".to_owned(), |e| format!("failed ({e})"));
        format!("{how}: {pushed} pushed, {pulled} pulled, {deleted} deleted, {} requests", requests.total())
    });
    result.map(|()| report)
}

/// The drive behind a counter, with what it was found to be able to do. A claim that its kind does not settle is tried
/// once, and the result remembered; not where nothing may be written.
pub(super) async fn metered(inner: &Inner, reads_only: bool) -> Result<Meter> {
    let drive = inner.drive();
    let claimed = drive.capabilities();
    if !claimed.unproven {
        return Ok(Meter::new(drive, claimed));
    }
    let known = inner.ledger.read::<Capabilities>(vec![PROBED.to_owned()]).await?.into_iter().next().flatten();
    let found = match known {
        Some(known) => known,
        None if reads_only => claimed,
        None => {
            let found = probe::probe(&*drive, &*inner.runtime).await?;
            inner.ledger.write(vec![StateRecord::set(PROBED, bytes(&found)?)]).await?;
            found
        }
    };
    Ok(Meter::new(drive, found))
}

/// Compares the host with what was agreed, outside a sync.
pub(super) async fn reconcile(inner: &Arc<Inner>, options: SyncOptions) -> Result<Reconciled> {
    let meter = Arc::new(metered(inner, true).await?);
    let mut run = prepare(inner, meter, options);
    interrupted::take_up_applies(&run.ledger).await?;
    run.reconcile().await
}

/// Makes what one sync needs. A dry run gets ports that keep every write to themselves.
pub(super) fn prepare(inner: &Arc<Inner>, drive: Arc<dyn Drive>, options: SyncOptions) -> Run {
    let dry = options.dry_run.then(|| {
        Arc::new(inner.on(
            Arc::new(dry_run::OverlayState::new(inner.ledger.state.clone())),
            Arc::new(dry_run::Untouched(inner.host.application.clone())),
        ))
    });
    let drive: Arc<dyn Drive> = if dry.is_some() { Arc::new(dry_run::OverlayDrive::new(drive)) } else { drive };
    let inner = dry.unwrap_or_else(|| inner.clone());
    let server = server(&inner, drive, &options);
    run_with(inner, server, options)
}

pub(super) fn run_with(inner: Arc<Inner>, server: Arc<dyn Server>, options: SyncOptions) -> Run {
    Run {
        host: inner.host.clone(),
        ledger: inner.ledger.clone(),
        server,
        runtime: inner.runtime.clone(),
        log: inner.options.log.clone(),
        joined: inner.joined(),
        stop_at: options.deadline.map(|d| inner.runtime.now().saturating_add(d)),
        inner,
        options,
        results: Mutex::default(),
        past_page: false,
        done: 0,
        total: None,
        fresh: false,
        only_at_hand: false,
        left: Mutex::default(),
        intents: Mutex::default(),
    }
}

/// Syncs, and then puts the drive in order, whether it is worth it or not.
pub(super) async fn compact(inner: &Arc<Inner>, options: SyncOptions) -> Result<bool> {
    if inner.options.layout.journal().is_none() {
        return Err(Error::invalid("compact", "the classic layout keeps one file for each document: there is nothing to gather"));
    }
    let meter = Arc::new(metered(inner, false).await?);
    let mut run = prepare(inner, meter, SyncOptions { dry_run: false, ..options });
    run.come_up_to_date().await?;
    run.tidy(true).await
}

/// Lowers the strategy of the vault.
pub(super) async fn lower(inner: &Arc<Inner>, strategy: Strategy) -> Result<()> {
    let Some(layout) = inner.options.layout.journal() else {
        return Err(Error::invalid("lower", "the classic layout has one way only to find changes"));
    };
    let drive = Arc::new(metered(inner, false).await?);
    journal(inner, drive, layout, Said::default()).lower(strategy).await
}

pub(super) fn journal(inner: &Inner, drive: Arc<dyn Drive>, layout: &JournalOptions, said: Said) -> Journal {
    let identity = Identity { client: inner.id.clone(), opening: inner.opening.clone(), device: inner.options.device.clone() };
    let ports = Ports {
        drive,
        sealing: inner.sealing.clone(),
        state: inner.ledger.state.clone(),
        runtime: inner.runtime.clone(),
        log: inner.options.log.clone(),
    };
    Journal::new(ports, layout.clone(), identity, said)
}

pub(super) fn said(options: &SyncOptions) -> Said {
    Said { allow: options.allow, pairing: options.pairing.clone(), restores: false }
}

/// Makes the server that this client's layout is, for the time of one sync.
pub(super) fn server(inner: &Inner, drive: Arc<dyn Drive>, options: &SyncOptions) -> Arc<dyn Server> {
    match &inner.options.layout {
        #[cfg(feature = "classic")]
        Layout::Classic(layout) => Arc::new(classic(inner, drive, layout, options)),
        #[cfg(feature = "journal")]
        Layout::Journal(layout) => Arc::new(journal(inner, drive, layout, said(options))),
    }
}

#[cfg(feature = "classic")]
pub(super) fn classic(inner: &Inner, drive: Arc<dyn Drive>, layout: &ClassicOptions, options: &SyncOptions) -> Classic {
    let (state, runtime, log) = (inner.ledger.state.clone(), inner.runtime.clone(), inner.options.log.clone());
    let (client, device, allow) = (inner.id.clone(), inner.options.device.clone(), options.allow);
    Classic { drive, state, runtime, options: layout.clone(), client, device, allow, log, follows: false, session: Default::default() }
}

impl Run {
    /// Does what was interrupted, compares the host if nothing was agreed with it before, pulls and pushes.
    pub(super) async fn come_up_to_date(&mut self) -> Result<()> {
        interrupted::take_up_applies(&self.ledger).await?;
        if self.options.reconcile || !self.joined {
            self.reconcile().await?;
        }
        self.run_rounds().await
    }

    /// Does what was interrupted, compares the host as [`Self::come_up_to_date`] does, and pulls.
    pub(super) async fn only_pull(&mut self) -> Result<()> {
        interrupted::take_up_applies(&self.ledger).await?;
        if !self.joined {
            self.reconcile().await?;
        }
        self.pull().await
    }

    async fn sync(&mut self) -> Result<()> {
        self.come_up_to_date().await?;
        self.tidy_quietly().await;
        let conflicts = super::resolve::conflicts(&self.inner).await?;
        self.report().conflicts = conflicts;
        if self.report().stopped.is_some() || !self.options.dry_run && self.has_untried().await? {
            self.report().go_on_after(Duration::ZERO);
        }
        Ok(())
    }

    /// Puts the drive in order if it is worth it. What fails here is tried again by a later sync, and fails nothing else.
    async fn tidy_quietly(&mut self) {
        if self.options.dry_run || !self.server.finishes() || self.report().stopped.is_some() {
            return;
        }
        if let Err(e) = self.tidy(false).await {
            match e.retry {
                Retry::Now => self.report().go_on_after(Duration::ZERO),
                Retry::After(wait) => self.report().go_on_after(wait),
                Retry::Never => {}
            }
            self.warn(|| format!("the drive could not be put in order: {e}"));
        }
        // The sync itself is complete; the rest of the work is the next one's.
        if self.report().stopped.take().is_some() {
            self.report().go_on_after(Duration::ZERO);
        }
    }

    /// Puts the drive in order. True if there was something to do and it is done.
    pub(super) async fn tidy(&mut self, now: bool) -> Result<bool> {
        let mut begun = false;
        loop {
            match self.server.tidy(now).await? {
                Tidied::Nothing => return Ok(false),
                Tidied::Done => return Ok(true),
                Tidied::Some { done, total } => {
                    if !std::mem::replace(&mut begun, true) {
                        self.begin(Phase::Compact, Some(total));
                    }
                    self.advance(Phase::Compact, usize::try_from(done.saturating_sub(self.done)).unwrap_or_default());
                }
            }
            if self.out_of_time() {
                return Ok(false);
            }
        }
    }

    async fn run_rounds(&mut self) -> Result<()> {
        let mut pushable = self.joined && self.has_pushable().await?;
        // The first pull may be long, and a pull needs no lock.
        if !pushable {
            self.pull().await?;
            self.fresh = self.server.finishes();
        }
        let mut looked_again = false;
        for _ in 0..ROUNDS {
            if self.report().stopped.is_some() || !std::mem::take(&mut pushable) && !self.has_pushable().await? {
                return Ok(());
            }
            self.lock().await?;
            let ended = self.round().await;
            let unlocked = self.server.unlock().await;
            match ended? {
                Round::Complete => {
                    // The work is done and safe; a lock left behind ends by itself.
                    if let Err(e) = unlocked {
                        self.warn(|| format!("the lock could not be released: {e}"));
                    }
                    return Ok(());
                }
                Round::Again => {
                    unlocked?;
                    // What was refused waits for a pull. If nothing else is to be pushed, no round makes one. What is
                    // refused once more, though it looked right, waits for the next sync.
                    if self.server.finishes() || !looked_again && !self.has_pushable().await? {
                        looked_again = true;
                        self.pull().await?;
                    }
                }
            }
        }
        let detail = "other clients kept writing during the sync; nothing is lost, try again";
        Err(Error::new(ErrorKind::Unavailable, "sync", detail))
    }

    /// Takes the lock. While another holds it, what is new can already be pulled.
    async fn lock(&mut self) -> Result<()> {
        if self.options.dry_run {
            return Ok(());
        }
        match self.server.lock(Duration::ZERO).await {
            Err(e) if matches!(e.kind, ErrorKind::Locked { .. }) => {
                self.pull().await?;
                self.begin(Phase::Wait, None);
                self.server.lock(self.options.wait).await
            }
            result => result,
        }
    }

    /// Pulls and pushes while the lock is kept alive beside it.
    async fn round(&mut self) -> Result<Round> {
        let server = self.server.clone();
        let dry_run = self.options.dry_run;
        let work = pin!(async {
            // Where no lock is taken, nothing has changed since the pull that was just made.
            if !std::mem::take(&mut self.fresh) {
                self.pull().await?;
            }
            let pushed = self.push().await?;
            Ok(if pushed == Pushed::Moved { Round::Again } else { Round::Complete })
        });
        let keep = pin!(server.keep_lock());
        if dry_run {
            return work.await;
        }
        match select(work, keep).await {
            Either::Left((result, _)) => result,
            // The lock is lost: what was under way is taken up again like an interruption.
            Either::Right((Err(e), _)) if e.is_condition() => Ok(Round::Again),
            Either::Right((kept, _)) => kept.map(|()| Round::Again),
        }
    }
}
