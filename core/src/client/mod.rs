//! The client: queue, pull, plan, push, conflicts.

mod break_lock;
mod devices;
mod doctor;
mod dry_run;
mod export;
mod history;
mod host;
mod interrupted;
#[cfg(feature = "sealed")]
mod keys;
mod known;
mod ledger;
mod left;
#[cfg(all(feature = "classic", feature = "journal"))]
mod migrate;
mod open;
mod options;
mod outgoing;
mod plan;
mod pull;
mod push;
mod queue;
mod reconcile;
mod relocate;
mod resolve;
mod run;
mod settle;
mod sync;

pub(crate) use break_lock::moved;
pub(crate) use ledger::{BASE, MANY, QUEUE, key};
#[cfg(all(feature = "classic", feature = "journal"))]
pub use migrate::{MigrateOptions, Migrated};
pub use options::{Allow, Layout, Options, Reconciled, Status, SyncOptions};
pub use relocate::{MoveOptions, Moved};

use crate::{
    Application, BoxFuture, CancelToken, Change, Conflict, DocId, Drive, Error, Report, Resolution, Result, Revision, Runtime, State,
    StateRecord, Strategy, Versions,
    runtime::random_id,
    seal::Sealing,
    server::{LeftVersion, OldVersion, Server, journal},
};
use futures::lock::Mutex;
use host::Host;
use ledger::{CLIENT, CONFLICT, ConflictRecord, Identity, Ledger, Queued, TODO, bytes};
use std::{
    fmt,
    future::Future,
    sync::{
        Arc, Mutex as StdMutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// When the last sync was is written down this often, where nothing else is: a sync with nothing to do writes nothing.
const NOTED_MS: u64 = 60_000;

/// One device's instance. Clones are one client; every method takes `&self`.
///
/// Syncs, reconciliations and resolutions of one client take turns. `queue_change` never waits for them.
///
/// # Cancel safety
/// Every future may be dropped at any await: what was acknowledged is kept, and the next call goes on from there.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    /// Taken by whatever must not run twice at once.
    turn: Arc<Mutex<()>>,
    closed: CancelToken,
}

/// What the parts of a client share.
pub(crate) struct Inner {
    host: Host,
    ledger: Arc<Ledger>,
    /// The drive; another one once the vault was moved.
    drive: StdMutex<Arc<dyn Drive>>,
    runtime: Arc<dyn Runtime>,
    options: Options,
    id: String,
    identity: StdMutex<Identity>,
    /// What the state says of when the last sync was.
    noted_sync_ms: AtomicU64,
    numbers: Arc<AtomicU64>,
    /// A random id of this opening; the classic layout has no use for one.
    opening: String,
    /// What opens the vault, if it is sealed.
    sealing: Option<Arc<Sealing>>,
}

impl Client {
    /// Opens a client: loads its state, settles interrupted applies and queues every uncommitted edit again.
    ///
    /// The drive is not asked: an unreachable one is no error here.
    ///
    /// # Errors
    /// `needs_newer_version` and `state` about the state; `application` if the host fails.
    pub async fn open(application: Arc<dyn Application>, state: Arc<dyn State>, drive: Arc<dyn Drive>, options: Options) -> Result<Self> {
        let runtime = options.runtime.clone();
        let host = Host { application, runtime: runtime.clone(), timeout: options.callback_timeout };
        let ledger = Arc::new(Ledger::new(state));
        let (identity, first) = open::identify(&ledger, &*runtime, options.new_incarnation).await?;
        let id = identity.id.clone();
        let sealing = sealing(&options, &ledger);
        let opening = if options.layout.journal().is_some() { random_id(&*runtime)? } else { String::new() };
        if sealing.is_some() && options.layout.journal().is_none() {
            return Err(Error::invalid("open", "the classic layout cannot be sealed: use the journal layout"));
        }
        let inner = Inner {
            host,
            ledger,
            drive: StdMutex::new(drive),
            runtime,
            options,
            id,
            noted_sync_ms: AtomicU64::new(identity.last_sync_ms.unwrap_or(u64::MAX)),
            identity: StdMutex::new(identity),
            numbers: Arc::new(AtomicU64::new(first)),
            opening,
            sealing,
        };
        interrupted::take_up_applies(&inner.ledger).await?;
        // Whether a pull must still know of an apply is asked of what is to be done.
        interrupted::take_up_page(&inner.ledger).await?;
        open::settle_applies(&inner.ledger, &inner.host, &*inner.server()).await?;
        open::requeue_uncommitted(&inner).await?;
        Ok(Self { inner: Arc::new(inner), turn: Arc::default(), closed: CancelToken::new() })
    }

    /// Queues one change, after each save of the host; then tells the host that it is committed.
    ///
    /// Durable on return. Allowed at any time, also in callbacks; never waits for a sync.
    ///
    /// # Errors
    /// `state` if it could not be stored: the host keeps its flag unset and the change is queued at the next opening.
    pub async fn queue_change(&self, change: Change) -> Result<()> {
        self.queue_changes(vec![change]).await
    }

    /// Queues changes in one durable step; see [`Client::queue_change`].
    ///
    /// # Errors
    /// As [`Client::queue_change`]; either all are queued or none.
    pub async fn queue_changes(&self, changes: Vec<Change>) -> Result<()> {
        self.open_for("queue_change", async {
            queue::enqueue_all(&self.inner, &changes).await?;
            self.inner.host.committed(changes).await
        })
        .await
    }

    /// Compares the host with what was last agreed, and queues what changed unnoticed: documents whose content
    /// differs although nobody said so, and deletions.
    ///
    /// # Errors
    /// `mass_delete` if more than half of the documents (and at least 20) are gone from the host.
    pub async fn reconcile(&self, options: SyncOptions) -> Result<Reconciled> {
        let cancel = options.cancel.clone().unwrap_or_default();
        self.in_turn("reconcile", &cancel, Box::pin(sync::reconcile(&self.inner, options))).await
    }

    /// Brings the host and the drive in step: pulls what is new, then pushes the queue.
    ///
    /// A second call waits for the first; a call from inside a callback of the same client would wait for
    /// itself, so the callback's time limit ends it.
    ///
    /// # Errors
    /// `locked` while another client writes; `mass_delete`, `vault_changed` and `rollback` until the user agrees
    /// ([`Allow`]); `cancelled`; what the ports answer. Whatever was done is kept, and the next sync goes on.
    pub async fn sync(&self, options: SyncOptions) -> Result<Report> {
        let cancel = options.cancel.clone().unwrap_or_default();
        self.in_turn("sync", &cancel, Box::pin(sync::sync(&self.inner, options))).await
    }

    /// Lists the conflicts that wait, with the host's side as it is now.
    ///
    /// # Errors
    /// What state and host answer.
    pub async fn conflicts(&self) -> Result<Vec<Conflict>> {
        self.open_for("conflicts", resolve::conflicts(&self.inner)).await
    }

    /// Gives the contents of a conflict.
    ///
    /// # Errors
    /// `not_found` if there is no conflict about this document.
    pub async fn versions(&self, id: DocId) -> Result<Versions> {
        self.open_for("versions", resolve::versions(&self.inner, id)).await
    }

    /// Settles a conflict as it was shown.
    ///
    /// # Errors
    /// `condition` if either side has changed since: nothing is done, show it again. `not_found` if it is gone.
    pub async fn resolve(&self, seen: Conflict, resolution: Resolution) -> Result<()> {
        self.in_turn("resolve", &CancelToken::new(), Box::pin(resolve::resolve(&self.inner, seen, resolution))).await
    }

    /// Lists versions that lost against one that was made at the same time, and whose author has not decided about them:
    /// they are kept, and shown to their author when it comes back. Any client may take one up instead ([`Self::claim`]).
    ///
    /// # Errors
    /// What the state answers.
    pub async fn left_versions(&self) -> Result<Vec<LeftVersion>> {
        self.open_for("left_versions", left::list(&self.inner)).await
    }

    /// Takes up a version that its author has left: it becomes the drive's side of a conflict of this client, which
    /// `resolve` settles for everybody.
    ///
    /// # Errors
    /// `not_found` if it is no longer there; `condition` if there is a conflict about the document already; what drive,
    /// state and host answer.
    pub async fn claim(&self, left: LeftVersion) -> Result<Conflict> {
        self.in_turn("claim", &CancelToken::new(), Box::pin(left::claim(&self.inner, left))).await
    }

    /// Lowers the strategy by which the vault's records are found, for every device: explicitly, and one way. A vault
    /// whose folder is to be copied between machines, or that moves to a simpler drive, needs it.
    ///
    /// # Errors
    /// `invalid_input` if the strategy is not lower, there is no vault yet, or the layout is another; `unsupported` if the
    /// drive cannot serve it; `condition` if somebody else has changed it just now.
    ///
    /// # Cancel safety
    /// Dropped half-way, it is completed by calling it again. Until then others sync as before, or wait.
    pub async fn lower(&self, strategy: Strategy) -> Result<()> {
        self.in_turn("lower", &CancelToken::new(), Box::pin(sync::lower(&self.inner, strategy))).await
    }

    /// Lists what a document was and is, the newest first: as long as the vault's history keeps it
    /// ([`JournalOptions::history_days`](crate::JournalOptions)). Empty in the classic layout, which keeps none.
    ///
    /// What was replaced since the last checkpoint is known without a request; the rest costs two, and about one for each
    /// 4 MiB of history.
    ///
    /// # Errors
    /// What drive and state answer.
    pub async fn history(&self, id: DocId) -> Result<Vec<OldVersion>> {
        self.in_turn("history", &CancelToken::new(), Box::pin(history::list(&self.inner, &id))).await
    }

    /// Makes a document what it was at a revision that `history` lists. This is a new edit: the host gets it now, the drive
    /// with the next sync, and what the document is now goes into the history.
    ///
    /// # Errors
    /// `not_found` if that version is no longer kept; `invalid_input` if it is a deletion; `condition` if there is a conflict
    /// about the document, or if it was edited just now; what drive, state and host answer.
    ///
    /// # Cancel safety
    /// Dropped, the document is either what it was before or what it is to be; in both cases the next sync goes on.
    pub async fn restore(&self, id: DocId, revision: Revision) -> Result<()> {
        self.in_turn("restore", &CancelToken::new(), Box::pin(history::restore(&self.inner, id, revision))).await
    }

    /// Puts the drive in order now: syncs, gathers what many small files hold, and deletes what is no longer needed. Syncs do
    /// this by themselves when it is worth it, so there is rarely a reason to ask. What a checkpoint replaces is deleted by
    /// the next one; who wants it gone at once asks twice. False if there was nothing to do, or no time.
    ///
    /// # Errors
    /// `locked` while another device does it; `invalid_input` in the classic layout, which has nothing to gather; those of a
    /// sync.
    ///
    /// # Cancel safety
    /// Dropped anywhere, nothing is lost: what was written for nothing is deleted the next time.
    pub async fn compact(&self, options: SyncOptions) -> Result<bool> {
        let cancel = options.cancel.clone().unwrap_or_default();
        self.in_turn("compact", &cancel, Box::pin(sync::compact(&self.inner, options))).await
    }

    /// Says what the client knows, without a request to the drive.
    ///
    /// # Errors
    /// What the state answers.
    pub async fn status(&self) -> Result<Status> {
        self.open_for("status", self.inner.status()).await
    }

    /// Closes the client: a running sync ends with `cancelled`, later calls too. A second time is harmless.
    pub fn close(&self) {
        self.closed.cancel();
    }

    /// The work is boxed: as part of the futures around it, it would be copied into each and fill a small stack.
    async fn in_turn<T>(&self, operation: &'static str, cancel: &CancelToken, work: BoxFuture<'_, Result<T>>) -> Result<T> {
        let work = cancel.guard(async {
            let _turn = self.turn.lock().await;
            work.await
        });
        self.open_for(operation, async { work.await.unwrap_or_else(|| Err(Error::cancelled(operation))) }).await
    }

    async fn open_for<T>(&self, operation: &'static str, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.closed.guard(work).await.unwrap_or_else(|| Err(Error::cancelled(operation)))
    }
}

/// What opens the vault, if anything was given for it.
#[cfg(feature = "sealed")]
fn sealing(options: &Options, ledger: &Ledger) -> Option<Arc<Sealing>> {
    let (state, runtime, log) = (ledger.state.clone(), options.runtime.clone(), options.log.clone());
    options.encryption.clone().map(|encryption| Arc::new(Sealing::new(encryption, state, runtime, log)))
}

#[cfg(not(feature = "sealed"))]
fn sealing(_options: &Options, _ledger: &Ledger) -> Option<Arc<Sealing>> {
    None
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("id", &self.inner.id).finish_non_exhaustive()
    }
}

impl Inner {
    /// The same client over another state and host, for a dry run.
    fn on(&self, state: Arc<dyn State>, application: Arc<dyn Application>) -> Self {
        let sealing = self.sealing.as_ref().map(|sealing| Arc::new(sealing.on(state.clone())));
        Self {
            sealing,
            host: Host { application, ..self.host.clone() },
            ledger: Arc::new(Ledger::new(state)),
            drive: StdMutex::new(self.drive()),
            runtime: self.runtime.clone(),
            options: self.options.clone(),
            id: self.id.clone(),
            identity: StdMutex::new(self.identity().clone()),
            noted_sync_ms: AtomicU64::new(self.noted_sync_ms.load(Relaxed)),
            numbers: self.numbers.clone(),
            opening: self.opening.clone(),
        }
    }

    /// The drive that the vault is on.
    fn drive(&self) -> Arc<dyn Drive> {
        self.drive.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_drive(&self, drive: Arc<dyn Drive>) {
        *self.drive.lock().unwrap_or_else(PoisonError::into_inner) = drive;
    }

    /// The server, for what it is asked beside a sync.
    fn server(&self) -> Arc<dyn Server> {
        sync::server(self, self.drive(), &SyncOptions::default())
    }

    /// Returns a number that no queue entry of this client ever had.
    fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Relaxed)
    }

    /// Looks at the identity; never held across an await.
    fn identity(&self) -> MutexGuard<'_, Identity> {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn joined(&self) -> bool {
        self.identity().joined
    }

    /// Remembers whether the first pull is complete.
    async fn set_joined(&self, joined: bool) -> Result<()> {
        let identity = Identity { joined, ..self.identity().clone() };
        self.ledger.write(vec![StateRecord::set(CLIENT, bytes(&identity)?)]).await?;
        *self.identity() = identity;
        Ok(())
    }

    /// Remembers when the last sync was, together with something else; by itself only once a minute.
    async fn set_last_sync(&self, wall_ms: u64, also: Option<StateRecord>) -> Result<()> {
        let identity = Identity { last_sync_ms: Some(wall_ms), ..self.identity().clone() };
        *self.identity() = identity.clone();
        if also.is_none() && wall_ms.abs_diff(self.noted_sync_ms.load(Relaxed)) < NOTED_MS {
            return Ok(());
        }
        let batch = [StateRecord::set(CLIENT, bytes(&identity)?)].into_iter().chain(also);
        self.ledger.write(batch.collect()).await?;
        self.noted_sync_ms.store(wall_ms, Relaxed);
        Ok(())
    }

    /// Counts queued changes, without those that wait for a decision about a conflict.
    async fn count_queued(&self) -> Result<u64> {
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.ledger.page::<Queued>(QUEUE, after, 1000).await?;
            let Some((last, _)) = page.last() else { return Ok(count) };
            after = Some(last.clone());
            let conflicts = self.ledger.of::<ConflictRecord>(CONFLICT, page.iter().map(|(_, entry)| &entry.id)).await?;
            count += conflicts.iter().filter(|conflict| conflict.is_none()).count() as u64;
        }
    }

    async fn status(&self) -> Result<Status> {
        let identity = self.identity().clone();
        let (vault, strategy) = match &self.options.layout {
            #[cfg(feature = "classic")]
            Layout::Classic(_) => (crate::server::classic::known_vault(&*self.ledger.state).await?, None),
            #[cfg(feature = "journal")]
            Layout::Journal(_) => journal::known_vault(&*self.ledger.state).await?.unzip(),
        };
        Ok(Status {
            client: identity.id,
            vault,
            strategy,
            documents: self.ledger.count(BASE).await?,
            queued: self.count_queued().await?,
            pending: self.ledger.count(TODO).await?,
            conflicts: self.ledger.count(CONFLICT).await?,
            last_sync_ms: identity.last_sync_ms,
        })
    }
}
