//! What a host chooses when it opens a client, and for one sync.

#[cfg(feature = "sealed")]
use crate::Encryption;
#[cfg(feature = "classic")]
use crate::server::classic::ClassicOptions;
use crate::{
    CancelToken, Log, ProgressSink, Runtime,
    server::journal::{JournalOptions, PairingCode, Strategy},
};
use std::{fmt, sync::Arc, time::Duration};

/// How the dataset is laid out on the drive.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Layout {
    /// The files of db-to-cloud 0.8, so that its clients can use the same drive. Needs the feature `classic`.
    #[cfg(feature = "classic")]
    Classic(ClassicOptions),
    /// Our own files: few requests, and safe on every drive. Needs the feature `journal`.
    #[cfg(feature = "journal")]
    Journal(JournalOptions),
}

/// The journal layout; the classic one in a build that has no other.
impl Default for Layout {
    fn default() -> Self {
        #[cfg(feature = "journal")]
        return Self::Journal(JournalOptions::default());
        #[cfg(not(feature = "journal"))]
        Self::Classic(ClassicOptions::default())
    }
}

impl Layout {
    /// What was chosen for the journal layout, if it is that.
    pub(super) fn journal(&self) -> Option<&JournalOptions> {
        match self {
            #[cfg(feature = "classic")]
            Self::Classic(_) => None,
            #[cfg(feature = "journal")]
            Self::Journal(options) => Some(options),
        }
    }
}

/// What a host chooses when it opens a client.
#[derive(Clone)]
pub struct Options {
    /// Clock, timer and randomness.
    pub runtime: Arc<dyn Runtime>,
    /// A name for this device, shown to people who meet its lock. None: the random client id.
    pub device: Option<String>,
    /// The layout on the drive.
    pub layout: Layout,
    /// How long a call of the host may take before the sync fails with `application`. 60 seconds by default.
    pub callback_timeout: Duration,
    /// Whether the state and the host's documents were copied from another device, or brought back from a backup whose
    /// original may live on: the client then goes on from them under a new id, so that the two are never taken for one.
    /// Once open, the client keeps that id. `false` by default.
    pub new_incarnation: bool,
    /// What opens the vault, if it is sealed, and seals it, if this client makes it. None by default: the vault is not
    /// sealed. Only the journal layout can be. Needs the feature `sealed`.
    #[cfg(feature = "sealed")]
    pub encryption: Option<Encryption>,
    /// Where log lines go.
    pub log: Log,
}

impl Options {
    /// Chooses the defaults.
    pub fn new(runtime: Arc<dyn Runtime>) -> Self {
        Self {
            runtime,
            device: None,
            layout: Layout::default(),
            callback_timeout: Duration::from_secs(60),
            new_incarnation: false,
            #[cfg(feature = "sealed")]
            encryption: None,
            log: Log::default(),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("device", &self.device).field("layout", &self.layout).finish_non_exhaustive()
    }
}

/// What a host chooses for one sync.
#[derive(Debug, Clone)]
pub struct SyncOptions {
    /// Ends the sync at once, with the error `cancelled`.
    pub cancel: Option<CancelToken>,
    /// Ends the sync at the next safe point after this time, with a normal report.
    pub deadline: Option<Duration>,
    /// Where progress goes.
    pub progress: ProgressSink,
    /// Which guards the user has been asked about.
    pub allow: Allow,
    /// Whether to compare the host with what was last agreed first, as [`crate::Client::reconcile`] does.
    pub reconcile: bool,
    /// Whether to only find out what would be done. Nothing is written anywhere, and no lock is taken.
    pub dry_run: bool,
    /// How long to wait for another client's lock. 10 seconds by default.
    pub wait: Duration,
    /// What another device has told of the vault ([`crate::Client::pairing_code`]): a drive that shows another vault is
    /// `vault_changed`, and one that shows an older one `rollback`, before anything is pushed. It is remembered until it is
    /// found, once the vault is joined. Only in the journal layout.
    pub pairing: Option<PairingCode>,
}

impl Default for SyncOptions {
    fn default() -> Self {
        Self {
            cancel: None,
            deadline: None,
            progress: ProgressSink::default(),
            allow: Allow::default(),
            reconcile: false,
            dry_run: false,
            wait: Duration::from_secs(10),
            pairing: None,
        }
    }
}

/// What the user has agreed to. Everything is refused by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allow {
    /// Deleting more than half of the documents (and at least 20).
    pub mass_delete: bool,
    /// Joining another vault than the one of the last sync.
    pub vault_changed: bool,
    /// Going on with a vault that is older than what was seen: this device's documents are pushed again.
    pub rollback: bool,
    /// Taking documents for edits that are what they were one version earlier, although they are most of what changed
    /// (and at least 20).
    pub host_older: bool,
}

/// What `reconcile` found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Documents that had been written unnoticed, now queued.
    pub put: u64,
    /// Documents that had been deleted unnoticed, now queued.
    pub deleted: u64,
}

/// What the client knows without asking the drive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// This client's random id.
    pub client: String,
    /// The vault's id, once it is known.
    pub vault: Option<String>,
    /// How the records of the vault are found, once it is known; none in the classic layout.
    pub strategy: Option<Strategy>,
    /// Documents that the drive and this client agreed on.
    pub documents: u64,
    /// Changes that wait to be pushed, those of conflicts not included.
    pub queued: u64,
    /// Changes from the drive that wait to be applied, those of conflicts not included.
    pub pending: u64,
    /// Conflicts that wait to be resolved.
    pub conflicts: u64,
    /// When the last complete sync ended, in milliseconds since the Unix epoch by the device's clock. A client that was opened
    /// anew may name one that is up to a minute older.
    pub last_sync_ms: Option<u64>,
}
