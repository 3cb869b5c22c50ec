//! The client.

mod care;
mod keys;
mod vault;

use crate::{
    State,
    application::{Application, Host},
    contain::{caught, caught_async, contained_async, panicked},
    drive::Drive,
    error::KiteError,
    record::{Change, Conflict, Options, Reconciled, Report, Resolution, Status, SyncOptions, Versions},
};
use kitestring::{DocId, Result};
#[cfg(feature = "sqlite")]
use std::sync::{Mutex, PoisonError};
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// One device's instance. Every method may be called from any thread, also in callbacks.
#[derive(uniffi::Object)]
pub struct Client {
    client: kitestring::Client,
    /// A call has panicked.
    is_dead: AtomicBool,
    /// Keeps other clients from the state, until this one is closed.
    #[cfg(feature = "sqlite")]
    hold: Mutex<Option<kitestring_adapters::Hold>>,
}

#[uniffi::export]
impl Client {
    /// Opens a client: loads its state and re-queues every uncommitted edit. The drive is not asked.
    #[uniffi::constructor(default(options = None))]
    pub async fn open(
        application: Arc<dyn Application>,
        state: Arc<State>,
        drive: Arc<Drive>,
        options: Option<Options>,
    ) -> Result<Arc<Self>, KiteError> {
        contained_async("open", async {
            let options = options.unwrap_or_default();
            let application = Arc::new(Host::new(application, options.has_no_flag)?);
            #[cfg(feature = "sqlite")]
            let hold = state.hold()?;
            let client = kitestring::Client::open(application, state.state.clone(), drive.drive.clone(), options.into()).await?;
            Ok(Arc::new(Self {
                client,
                is_dead: AtomicBool::new(false),
                #[cfg(feature = "sqlite")]
                hold: Mutex::new(hold),
            }))
        })
        .await
    }

    /// Queues one change, after each save. Durable on return; allowed at any time, also in callbacks.
    pub async fn queue_change(&self, change: Change) -> Result<(), KiteError> {
        self.call("queue_change", async { self.client.queue_change(change.try_into()?).await }).await
    }

    /// Queues all of these changes or none.
    pub async fn queue_changes(&self, changes: Vec<Change>) -> Result<(), KiteError> {
        self.call("queue_change", async {
            let changes = changes.into_iter().map(TryInto::try_into).collect::<Result<_>>()?;
            self.client.queue_changes(changes).await
        })
        .await
    }

    /// Brings the host and the drive in step: pulls what is new, then pushes the queue. A second call waits for the first.
    #[uniffi::method(default(options = None))]
    pub async fn sync(&self, options: Option<SyncOptions>) -> Result<Report, KiteError> {
        self.call("sync", async { Ok(self.client.sync(SyncOptions::of(options)?).await?.into()) }).await
    }

    /// Queues what changed in the host although nobody said so.
    #[uniffi::method(default(options = None))]
    pub async fn reconcile(&self, options: Option<SyncOptions>) -> Result<Reconciled, KiteError> {
        self.call("reconcile", async { Ok(self.client.reconcile(SyncOptions::of(options)?).await?.into()) }).await
    }

    /// Syncs and puts the drive in order. False if there was nothing to do, or no time.
    #[uniffi::method(default(options = None))]
    pub async fn compact(&self, options: Option<SyncOptions>) -> Result<bool, KiteError> {
        self.call("compact", async { self.client.compact(SyncOptions::of(options)?).await }).await
    }

    /// Lists the conflicts that wait, with the host's side as it is now.
    pub async fn conflicts(&self) -> Result<Vec<Conflict>, KiteError> {
        self.call("conflicts", async { Ok(self.client.conflicts().await?.into_iter().map(Conflict::from).collect()) }).await
    }

    /// Gives the contents of a conflict; `not_found` if there is none about this document.
    pub async fn versions(&self, id: String) -> Result<Versions, KiteError> {
        self.call("versions", async { Ok(self.client.versions(DocId::new(id)?).await?.into()) }).await
    }

    /// Settles a conflict as it was shown; `condition` if either side has moved since.
    pub async fn resolve(&self, seen: Conflict, resolution: Resolution) -> Result<(), KiteError> {
        self.call("resolve", async { self.client.resolve(seen.try_into()?, resolution.into()).await }).await
    }

    /// Says what the client knows, without a request.
    pub async fn status(&self) -> Result<Status, KiteError> {
        self.call("status", async { Ok(self.client.status().await?.into()) }).await
    }

    /// Closes the client; a running sync ends with `cancelled`, later calls too. (A method named `close` is Kotlin's own.)
    pub fn shutdown(&self) {
        self.client.close();
        #[cfg(feature = "sqlite")]
        drop(self.hold.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Client {
    /// Runs a call that waits. One that panics closes the client: nobody knows what it has left behind in memory, while the
    /// state has what was acknowledged.
    async fn call<T>(&self, operation: &'static str, work: impl Future<Output = Result<T>>) -> Result<T, KiteError> {
        if self.is_dead.load(Relaxed) {
            return Err(panicked(operation).into());
        }
        self.noted(operation, caught_async(work).await)
    }

    /// Runs a call that does not wait.
    fn ask<T>(&self, operation: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T, KiteError> {
        self.noted(operation, caught(work))
    }

    fn noted<T>(&self, operation: &'static str, answer: Option<Result<T>>) -> Result<T, KiteError> {
        let panicked = || {
            self.is_dead.store(true, Relaxed);
            self.client.close();
            Err(panicked(operation))
        };
        Ok(answer.unwrap_or_else(panicked)?)
    }
}
