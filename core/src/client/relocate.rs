//! A vault that moves to another drive, and the devices that follow it.

#[cfg(all(feature = "classic", feature = "journal"))]
use super::Layout;
use super::{
    Client, Inner, SyncOptions,
    ledger::{PROBED, bytes},
    sync,
};
use crate::{
    CancelToken, Digest, Drive, Error, ErrorKind, JournalOptions, Level, ProgressSink, Result, StateRecord,
    drive::{Capabilities, Version, meter::Meter, probe},
    server::journal::{Here, Journal, Marker},
    transfer::{Copying, Forwarding, check_address},
};
use std::sync::Arc;

/// How to move a vault.
#[derive(Debug, Clone, Default)]
pub struct MoveOptions {
    /// How other devices find the new place: text for people, and for whatever opens drives in this program. It lies on the old
    /// drive, readable for everybody there unless the vault is sealed: nothing by which somebody signs in belongs into it.
    pub address: String,
    /// Ends it from elsewhere, with the error `cancelled`.
    pub cancel: Option<CancelToken>,
    /// Where progress goes: first that of a sync, then files, in the phase `Push`.
    pub progress: ProgressSink,
}

/// What was moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    /// How many files were copied; none if only what an interrupted move had left was done.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many were there already: a move went on that had been interrupted.
    pub resumed: u64,
}

impl Client {
    /// Moves the vault to an empty place on another drive, for every device: syncs, copies all files, closes the vault here so that
    /// nothing is pushed any more that the other place lacks, and leaves a marker by which other devices learn of it: they get
    /// `moved` and the address, and [`follow`](Self::follow). This client works on the new drive from then on; whoever opens it
    /// the next time gives it that drive. Edits and conflicts that wait here stay.
    ///
    /// The files on the old drive stay where a head closes the vault, as a copy that nobody uses; where records are found by listing,
    /// the records are taken away.
    ///
    /// # Errors
    /// `invalid_input` if the place is not empty, the address is none, or the layout is another; `not_found` if there is no vault
    /// yet; `unsupported` if the vault finds its records in a way that the other drive does not offer; `moved` if it was moved
    /// elsewhere; `unavailable` if it is being moved elsewhere; those of a sync, and of both drives.
    ///
    /// # Cancel safety
    /// Dropped at any await, the vault is whole in one of the two places, and never live in both; the same call goes on, from any
    /// device. Until then others sync as before, or wait.
    pub async fn move_to(&self, drive: Arc<dyn Drive>, options: MoveOptions) -> Result<Moved> {
        let cancel = options.cancel.clone().unwrap_or_default();
        self.in_turn("move", &cancel, Box::pin(move_to(&self.inner, drive, options))).await
    }

    /// Follows a vault that was moved to the drive given here, once the user has agreed to the address in the error `moved`. What
    /// this client knew, what waits to be pushed and its conflicts stay; what it had sent and was not acknowledged comes along. It
    /// works on that drive from then on; whoever opens it the next time gives it that drive. One of a vault that was migrated keeps
    /// nothing but what waits to be pushed: a host that does not queue its deletions calls [`reconcile`](Self::reconcile) before.
    ///
    /// # Errors
    /// `invalid_input` if the vault was not moved, or not to this drive; `vault_changed` if another vault lies there; `moved` if it
    /// has gone on from there; `unavailable` while it is being moved; those of both drives.
    ///
    /// # Cancel safety
    /// Dropped, this client is where it was, or has followed; the same call is made again.
    pub async fn follow(&self, drive: Arc<dyn Drive>) -> Result<()> {
        self.in_turn("follow", &CancelToken::new(), Box::pin(follow(&self.inner, drive))).await
    }
}

/// The two places of a move.
struct Places {
    inner: Arc<Inner>,
    layout: JournalOptions,
    from: Arc<Meter>,
    to: Arc<Meter>,
    here: Journal,
    there: Journal,
    /// The new drive as the host gave it, and what it was found to be able to do.
    drive: Arc<dyn Drive>,
    found: Capabilities,
}

impl Places {
    async fn open(inner: Arc<Inner>, drive: Arc<dyn Drive>, layout: JournalOptions) -> Result<Self> {
        let claimed = drive.capabilities();
        let found = if claimed.unproven { probe::probe(&*drive, &*inner.runtime).await? } else { claimed };
        let from = Arc::new(sync::metered(&inner, true).await?);
        let to = Arc::new(Meter::new(drive.clone(), found));
        let here = sync::journal(&inner, from.clone(), &layout, Default::default());
        let there = sync::journal(&inner, to.clone(), &layout, Default::default());
        Ok(Self { inner, layout, from, to, here, there, drive, found })
    }

    /// Forgets what was read of the client's state: a sync has changed it.
    fn forget(&mut self) {
        self.here = sync::journal(&self.inner, self.from.clone(), &self.layout, Default::default());
        self.there = sync::journal(&self.inner, self.to.clone(), &self.layout, Default::default());
    }

    /// Brings along what was left here, and lets this client work there from now on.
    async fn switch(&self, arrived: &Marker) -> Result<()> {
        self.here.bring_leftovers(&self.there, arrived.strategy).await?;
        let batch = self.here.leave(arrived).await?;
        self.remember_drive(batch).await
    }

    async fn remember_drive(&self, mut batch: Vec<StateRecord>) -> Result<()> {
        batch.push(match self.drive.capabilities().unproven {
            true => StateRecord::set(PROBED, bytes(&self.found)?),
            false => StateRecord::remove(PROBED),
        });
        self.inner.ledger.write(batch).await?;
        self.inner.set_drive(self.drive.clone());
        Ok(())
    }
}

fn journal_of(inner: &Inner, operation: &'static str) -> Result<JournalOptions> {
    let detail = "a vault in the classic layout cannot be moved: clients of db-to-cloud would go on in the old place";
    inner.options.layout.journal().cloned().ok_or_else(|| Error::invalid(operation, detail))
}

async fn move_to(inner: &Arc<Inner>, drive: Arc<dyn Drive>, options: MoveOptions) -> Result<Moved> {
    check_address(&options.address)?;
    let layout = journal_of(inner, "move")?;
    let mut places = Places::open(inner.clone(), drive, layout).await?;
    match places.here.here().await {
        Ok(Here::Gone(found, version)) => return go_on(&places, found, version, &options).await,
        Ok(Here::Vault(..)) => {}
        // The first sync of a client makes it known here.
        Err(e) if e.kind == ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    let progress = options.progress.clone();
    sync::prepare(inner, places.from.clone(), SyncOptions { progress, ..SyncOptions::default() }).come_up_to_date().await?;
    places.forget();
    match places.here.here().await? {
        Here::Gone(found, version) => go_on(&places, found, version, &options).await,
        Here::Vault(marker, _) => begin(&places, &marker, &options).await,
    }
}

/// Moves a vault that nobody has begun to move.
async fn begin(places: &Places, marker: &Marker, options: &MoveOptions) -> Result<Moved> {
    check_strategy(places, marker)?;
    let what = what(marker, options)?;
    let mut copying = Copying::begin(&*places.from, &*places.to, what, &*places.inner.runtime, &options.progress).await?;
    // Most of it while others go on as ever.
    copying.copy_all(Some(places.here.beacon_path()?.as_str())).await?;
    let (marker, version) = match places.here.here().await? {
        Here::Vault(marker, version) if places.here.is_of_epoch(&marker).await? => (marker, version),
        Here::Vault(..) => {
            let detail = "the vault's strategy has been changed meanwhile: nothing was moved, do it again";
            return Err(Error::new(ErrorKind::Unavailable, "move", detail));
        }
        Here::Gone(found, _) => return Err(places.here.gone(&found)),
    };
    let (going, version) = places.here.mark_going(&marker, version, &options.address).await?;
    finish(places, copying, going, version, marker).await
}

/// Goes on with a move that somebody has begun.
async fn go_on(places: &Places, found: Forwarding, version: Version, options: &MoveOptions) -> Result<Moved> {
    if places.here.address_in(&found)?.as_ref() != Some(&options.address) {
        return Err(places.here.gone(&found));
    }
    let marker = places.here.marker_before(&found)?;
    if found.moved || !places.there.is_on_its_way().await? {
        return arrive(places, found, version).await.map(|()| Moved::default());
    }
    check_strategy(places, &marker)?;
    let what = what(&marker, options)?;
    let copying = Copying::begin(&*places.from, &*places.to, what, &*places.inner.runtime, &options.progress).await?;
    finish(places, copying, found, version, marker).await
}

/// Closes the vault here, copies what came last, and opens it there.
async fn finish(places: &Places, mut copying: Copying<'_>, going: Forwarding, version: Version, marker: Marker) -> Result<Moved> {
    let closed = places.here.close(&marker).await?;
    copying.copy_all(Some(places.here.beacon_path()?.as_str())).await?;
    if let Some(closed) = closed {
        places.there.open_head(&marker, closed).await?;
    }
    copying.complete(going.was.clone().into_bytes()).await?;
    arrive(places, going, version).await?;
    let (files, bytes) = copying.size();
    Ok(Moved { files, bytes, resumed: copying.resumed })
}

/// The vault is whole in the other place: says so here, and goes there.
async fn arrive(places: &Places, going: Forwarding, version: Version) -> Result<()> {
    if !going.moved {
        places.here.mark_gone(going, version).await?;
    }
    let arrived = places.there.arrived().await?.ok_or_else(not_there)?;
    places.switch(&arrived).await?;
    places.inner.options.log.line(Level::Info, || "the vault was moved to another place".to_owned());
    Ok(())
}

async fn follow(inner: &Arc<Inner>, drive: Arc<dyn Drive>) -> Result<()> {
    #[cfg(all(feature = "classic", feature = "journal"))]
    if let Layout::Classic(layout) = &inner.options.layout {
        return super::migrate::follow(inner, &*drive, layout).await;
    }
    let layout = journal_of(inner, "follow")?;
    let places = Places::open(inner.clone(), drive, layout).await?;
    match places.here.here().await {
        Ok(Here::Gone(found, _)) if found.moved => {
            let arrived = places.there.arrived().await?.ok_or_else(not_there)?;
            places.switch(&arrived).await?;
        }
        // Who has not joined the vault has nothing to bring along.
        Err(e) if matches!(e.kind, ErrorKind::Moved { .. }) => {
            places.there.arrived().await?.ok_or_else(not_there)?;
            places.remember_drive(Vec::new()).await?;
        }
        Ok(Here::Gone(found, _)) => return Err(places.here.gone(&found)),
        Ok(Here::Vault(..)) => return Err(Error::invalid("follow", "the vault was not moved: sync as ever")),
        Err(e) => return Err(e),
    }
    inner.options.log.line(Level::Info, || "followed the vault to another place".to_owned());
    Ok(())
}

fn not_there() -> Error {
    Error::invalid("follow", "the vault was moved, and it is not in the place that was given: give the one to which it was moved")
}

fn check_strategy(places: &Places, marker: &Marker) -> Result<()> {
    if marker.strategy.is_met_by(&places.found) {
        return Ok(());
    }
    let detail = format!(
        "the vault finds its records by {}, which the other drive does not offer: lower its strategy before it is moved",
        marker.strategy
    );
    Err(Error::new(ErrorKind::Unsupported, "move", detail))
}

/// Names this very move, so that a copy that was interrupted goes on with the same and with nothing else.
fn what(marker: &Marker, options: &MoveOptions) -> Result<Digest> {
    Ok(Digest::of(format!("kitestring move\n{}\n{}", marker.vault, options.address).as_bytes()))
}
