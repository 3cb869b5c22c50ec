//! A vault in the classic layout becomes one in the journal layout, and the devices that used it follow.

use super::{
    Client, Inner, Layout, Options, SyncOptions, dry_run,
    ledger::{CONFLICT, PROBED, TODO},
    run::Run,
    sync,
};
#[cfg(feature = "sealed")]
use crate::Encryption;
use crate::{
    CancelToken, Drive, Error, ErrorKind, JournalOptions, Level, MemoryState, ProgressSink, Result, StateRecord,
    drive::{DrivePath, GetOptions, Got},
    server::{
        classic::{Classic, ClassicOptions},
        journal::Marker,
    },
    transfer::{Forwarding, check_address},
};
use std::{sync::Arc, time::Duration};

/// So often it is looked again because an old client wrote meanwhile.
const ROUNDS: u32 = 5;

/// How to bring a vault from the classic layout to the journal layout.
#[derive(Debug, Clone)]
pub struct MigrateOptions {
    /// How other devices find the new place, as in [`MoveOptions`](crate::MoveOptions): readable for everybody with the old drive.
    pub address: String,
    /// How the new vault is made.
    pub journal: JournalOptions,
    /// What seals the new vault; none by default. Once the old one is closed for a sealed one, another call goes on only with
    /// something. Needs the feature `sealed`.
    #[cfg(feature = "sealed")]
    pub encryption: Option<Encryption>,
    /// How long to wait for another client's lock. 10 seconds by default.
    pub wait: Duration,
    /// Ends it from elsewhere, with the error `cancelled`.
    pub cancel: Option<CancelToken>,
    /// Where progress goes: that of a sync in the old place, then that of one in the new place.
    pub progress: ProgressSink,
}

impl Default for MigrateOptions {
    fn default() -> Self {
        Self {
            address: String::new(),
            journal: JournalOptions::default(),
            #[cfg(feature = "sealed")]
            encryption: None,
            wait: Duration::from_secs(10),
            cancel: None,
            progress: ProgressSink::default(),
        }
    }
}

impl MigrateOptions {
    #[cfg(feature = "sealed")]
    fn seals(&self) -> bool {
        self.encryption.is_some()
    }

    #[cfg(not(feature = "sealed"))]
    fn seals(&self) -> bool {
        false
    }
}

/// What was brought to the journal layout.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migrated {
    /// How many documents were written; none if an earlier call had written them.
    pub documents: u64,
}

impl Client {
    /// Brings a vault from the classic layout to the journal layout, in an empty place: a folder of the same drive, or another
    /// drive. Syncs, closes the vault here for good, and pushes all documents there. Clients of db-to-cloud fail from then on, and
    /// write nothing; clients of this library get `moved` and the address, and [`follow`](Self::follow). The old files stay.
    ///
    /// This client knows nothing of a drive afterwards but its queue. Its host opens it again with the same state, the other drive
    /// and the journal layout: there it meets its own documents as equal ones. A host that does not queue its deletions calls
    /// [`reconcile`](Self::reconcile) before: what it has deleted without a word would come back.
    ///
    /// # Errors
    /// `invalid_input` if conflicts wait, if documents of the vault cannot be read, if the place is not empty, the address is none,
    /// or the layout is another; `not_found` if there is no vault yet; `locked` while another client writes; `moved` or
    /// `unavailable` if the vault goes elsewhere; those of a sync, and of both drives. Once it is closed, other devices wait
    /// until the same call has succeeded on one of them.
    ///
    /// # Cancel safety
    /// Dropped at any await, nothing is lost, and the vault is never live in both places; the same call goes on, from any device.
    pub async fn migrate(&self, drive: Arc<dyn Drive>, options: MigrateOptions) -> Result<Migrated> {
        let cancel = options.cancel.clone().unwrap_or_default();
        self.in_turn("migrate", &cancel, Box::pin(migrate(&self.inner, drive, options))).await
    }
}

async fn migrate(inner: &Arc<Inner>, drive: Arc<dyn Drive>, options: MigrateOptions) -> Result<Migrated> {
    check_address(&options.address)?;
    let Layout::Classic(layout) = &inner.options.layout else {
        return Err(Error::invalid("migrate", "only a vault in the classic layout is migrated: this client uses the journal layout"));
    };
    let from: Arc<dyn Drive> = Arc::new(sync::metered(inner, false).await?);
    let here = sync::classic(inner, from.clone(), layout, &SyncOptions::default());
    match here.closed().await? {
        Some(found) if found.to != options.address => return Err(found.gone()),
        Some(found) if found.vault.is_some() => {
            follow(inner, &*drive, layout).await?;
            return Ok(Migrated::default());
        }
        Some(_) => {}
        // It was closed, and an old client has written behind that.
        None if here.is_to_be_closed().await? => {}
        None => {
            check_empty(&*drive).await?;
            let progress = options.progress.clone();
            let options = SyncOptions { progress, wait: options.wait, ..SyncOptions::default() };
            sync::prepare(inner, from.clone(), options).come_up_to_date().await?;
            check_settled(inner).await?;
        }
    }
    for _ in 0..ROUNDS {
        let (closed, version) = here.close(&options.address, options.seals(), options.wait).await?;
        read_to_the_end(inner, from.clone(), layout).await?;
        check_settled(inner).await?;
        let (vault, documents) = fill(inner, drive.clone(), &options).await?;
        if here.mark_arrived(closed, version, vault).await? {
            leave(inner).await?;
            inner.options.log.line(Level::Info, || "the vault was brought to the journal layout".to_owned());
            return Ok(Migrated { documents });
        }
    }
    Err(Error::new(ErrorKind::Unavailable, "migrate", "other clients kept writing; nothing is lost, try again"))
}

/// Follows a vault that was brought to the journal layout: takes what it was when it was closed, and forgets the old place. Who has not
/// joined it has agreed on nothing here, or has forgotten it already and was interrupted: it only forgets.
pub(super) async fn follow(inner: &Arc<Inner>, drive: &dyn Drive, layout: &ClassicOptions) -> Result<()> {
    let from: Arc<dyn Drive> = Arc::new(sync::metered(inner, false).await?);
    let here = sync::classic(inner, from.clone(), layout, &SyncOptions::default());
    let Some(closed) = here.closed().await? else {
        return Err(Error::invalid("follow", "the vault was not moved: sync as ever"));
    };
    let Some(vault) = &closed.vault else { return Err(closed.gone()) };
    check_arrived(drive, vault).await?;
    if inner.joined() {
        match read_to_the_end(inner, from, layout).await {
            // They stay, and the other place gets them again: nobody can be asked here, and nothing is deleted unasked.
            Err(e) if matches!(e.kind, ErrorKind::MassDelete { .. }) => {
                inner.options.log.line(Level::Warn, || format!("not deleted, because they are many: {e}"));
            }
            result => result?,
        }
    }
    leave(inner).await
}

/// Pulls what a closed vault holds, and pushes nothing.
async fn read_to_the_end(inner: &Arc<Inner>, from: Arc<dyn Drive>, layout: &ClassicOptions) -> Result<()> {
    let options = SyncOptions::default();
    let server = Classic { follows: true, ..sync::classic(inner, from, layout, &options) };
    let mut run: Run = sync::run_with(inner.clone(), Arc::new(server), options);
    run.only_pull().await
}

/// Pushes all documents of the host to the other place, by a client that is there for this only. One that was interrupted is
/// continued by the next one, which meets equal documents.
async fn fill(inner: &Inner, drive: Arc<dyn Drive>, migrate: &MigrateOptions) -> Result<(String, u64)> {
    let options = Options {
        device: inner.options.device.clone(),
        layout: Layout::Journal(migrate.journal.clone()),
        callback_timeout: inner.options.callback_timeout,
        #[cfg(feature = "sealed")]
        encryption: migrate.encryption.clone(),
        log: inner.options.log.clone(),
        ..Options::new(inner.runtime.clone())
    };
    let host = Arc::new(dry_run::Untouched(inner.host.application.clone()));
    let client = Box::pin(Client::open(host, Arc::new(MemoryState::new()), drive, options)).await?;
    let report = client.sync(SyncOptions { progress: migrate.progress.clone(), ..SyncOptions::default() }).await?;
    if let Some(skipped) = report.skipped.first() {
        let detail = format!("a document cannot be brought along now: {}", skipped.why);
        return Err(Error::new(ErrorKind::Unavailable, "migrate", detail).about(skipped.id.as_str()));
    }
    let vault = client.status().await?.vault;
    let vault = vault.ok_or_else(|| Error::invalid("migrate", "the vault has no documents: begin with the journal layout"))?;
    Ok((vault, report.pushed))
}

/// Forgets what was agreed in the old place. The queue stays.
async fn leave(inner: &Inner) -> Result<()> {
    inner.set_joined(false).await?;
    inner.ledger.forget_vault().await?;
    inner.ledger.write(vec![StateRecord::remove(PROBED)]).await
}

async fn check_settled(inner: &Inner) -> Result<()> {
    let detail = match (inner.ledger.is_empty(CONFLICT).await?, inner.ledger.is_empty(TODO).await?) {
        (true, true) => return Ok(()),
        (false, _) => "conflicts wait: resolve them first, the other place would not have the drive's side",
        (true, false) => "some documents of the vault could not be read or applied: sync, and see which",
    };
    Err(Error::invalid("migrate", detail))
}

async fn check_empty(drive: &dyn Drive) -> Result<()> {
    if drive.list_dir(DrivePath::root(), None).await?.entries.is_empty() {
        return Ok(());
    }
    Err(Error::invalid("migrate", "the other place is not empty: choose an empty folder"))
}

async fn check_arrived(drive: &dyn Drive, vault: &str) -> Result<()> {
    let Got::File { bytes, .. } = drive.get(DrivePath::new("vault")?, GetOptions::default()).await? else {
        return Err(Error::invalid("follow", "there is no vault in the place that was given: give the one to which it was moved"));
    };
    if let Some(on) = Forwarding::read(&bytes).filter(|found| found.vault.to_string() == vault) {
        return Err(gone_on(on));
    }
    match Marker::decode(&bytes) {
        Ok(marker) if marker.vault.to_string() == vault => Ok(()),
        _ => Err(Error::new(ErrorKind::VaultChanged, "follow", "another vault lies in the place that was given").about("vault")),
    }
}

/// The vault was moved on from the place to which it was migrated.
fn gone_on(found: Forwarding) -> Error {
    let to = found.to.filter(|to| check_address(to).is_ok());
    let place = to.as_deref().unwrap_or("another place, whose address is sealed");
    let detail = format!("the vault was moved on from there, to {place}: look whether that is right, and follow it there");
    Error::new(ErrorKind::Moved { to }, "follow", detail).about("vault")
}
