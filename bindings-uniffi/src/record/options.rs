//! What a host chooses when it opens a client, and for one sync.

use crate::{CancelToken, Encryption, Observer, observer};
use kitestring::{Result, server::classic};
use kitestring_adapters::NativeRuntime;
use std::{sync::Arc, time::Duration};

mirror! {
    /// How the records of a vault are found; it belongs to the vault.
    Strategy {
        /// One small file, the head, replaced under a condition.
        CompareAndSwap,
        /// Numbered heads, each created once and never changed.
        Slots,
        /// No head: the listing of the records is the truth.
        Listing
    }
}

/// What a host chooses for the journal layout.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct JournalOptions {
    /// The strategy of a vault that this client creates; none is the best one that the drive can serve.
    #[uniffi(default = None)]
    pub strategy: Option<Strategy>,
    /// For how many days what was replaced or deleted can be had again; 0 is not at all.
    #[uniffi(default = 30)]
    pub history_days: u32,
    /// For how many days a deletion is remembered, at least.
    #[uniffi(default = 365)]
    pub tombstone_days: u32,
    /// Whether this client makes checkpoints and deletes what they cover, when it is worth it.
    #[uniffi(default = true)]
    pub compacts: bool,
}

/// What a host chooses for the classic layout. Bodies are JSON documents there.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ClassicOptions {
    /// Whether ids and revisions of new documents are spelled as JSON numbers where their text is one.
    #[uniffi(default = false)]
    pub numbers: bool,
}

/// How the dataset is laid out on the drive.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Layout {
    /// Our own files: few requests, and safe on every drive.
    Journal {
        /// What is chosen for it.
        options: JournalOptions,
    },
    /// The files of db-to-cloud 0.8, so that its clients can use the same drive.
    Classic {
        /// What is chosen for it.
        options: ClassicOptions,
    },
}

impl From<Layout> for kitestring::Layout {
    fn from(layout: Layout) -> Self {
        match layout {
            Layout::Journal { options } => Self::Journal(kitestring::JournalOptions {
                strategy: options.strategy.map(Strategy::into),
                history_days: options.history_days,
                tombstone_days: options.tombstone_days,
                compacts: options.compacts,
                ..kitestring::JournalOptions::default()
            }),
            Layout::Classic { options } => {
                Self::Classic(classic::ClassicOptions { numbers: options.numbers, ..classic::ClassicOptions::default() })
            }
        }
    }
}

/// What a host chooses when it opens a client.
#[derive(Clone, Default, uniffi::Record)]
pub struct Options {
    /// A name for this device, shown to people.
    #[uniffi(default = None)]
    pub device: Option<String>,
    /// The layout on the drive: the journal layout by default.
    #[uniffi(default = None)]
    pub layout: Option<Layout>,
    /// What opens the vault, and seals it, if this client makes it.
    #[uniffi(default = None)]
    pub encryption: Option<Arc<Encryption>>,
    /// How long a call of the host may take before the sync fails with `application`: 60 seconds by default.
    #[uniffi(default = None)]
    pub callback_timeout: Option<Duration>,
    /// Whether the state and the host's documents were copied from another device, or brought back from a backup.
    #[uniffi(default = false)]
    pub new_incarnation: bool,
    /// Where lines of the log go.
    #[uniffi(default = None)]
    pub observer: Option<Arc<dyn Observer>>,
    /// Whether the host has no `change_committed` flag: `uncommitted` and `committed` are not called then.
    #[uniffi(default = false)]
    pub has_no_flag: bool,
}

impl From<Options> for kitestring::Options {
    fn from(chosen: Options) -> Self {
        let defaults = Self::new(Arc::new(NativeRuntime::new()));
        Self {
            device: chosen.device,
            layout: chosen.layout.map_or(defaults.layout, Layout::into),
            callback_timeout: chosen.callback_timeout.unwrap_or(defaults.callback_timeout),
            new_incarnation: chosen.new_incarnation,
            encryption: chosen.encryption.map(|given| given.0.clone()),
            log: chosen.observer.map_or(defaults.log, observer::log_to),
            runtime: defaults.runtime,
        }
    }
}

/// What the user has agreed to. Everything is refused by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, uniffi::Record)]
pub struct Allow {
    /// Deleting more than half of the documents (and at least 20).
    #[uniffi(default = false)]
    pub mass_delete: bool,
    /// Joining another vault than the one of the last sync.
    #[uniffi(default = false)]
    pub vault_changed: bool,
    /// Going on with a vault that is older than what was seen.
    #[uniffi(default = false)]
    pub rollback: bool,
    /// Taking documents for edits that are what they were one version earlier.
    #[uniffi(default = false)]
    pub host_older: bool,
}

/// What a host chooses for one sync.
#[derive(Clone, Default, uniffi::Record)]
pub struct SyncOptions {
    /// Ends the call at once, with the error `cancelled`. What was done is kept.
    #[uniffi(default = None)]
    pub cancel: Option<Arc<CancelToken>>,
    /// Ends the sync at the next safe point after this time, with a normal report.
    #[uniffi(default = None)]
    pub deadline: Option<Duration>,
    /// Where progress goes.
    #[uniffi(default = None)]
    pub observer: Option<Arc<dyn Observer>>,
    /// What the user has agreed to.
    #[uniffi(default = None)]
    pub allow: Option<Allow>,
    /// Whether to compare the host with what was last agreed first.
    #[uniffi(default = false)]
    pub reconcile: bool,
    /// Whether to only find out what would be done. Nothing is written anywhere.
    #[uniffi(default = false)]
    pub dry_run: bool,
    /// How long to wait for another client's lock: 10 seconds by default.
    #[uniffi(default = None)]
    pub wait: Option<Duration>,
    /// What another device's `pairing_code` gave: a drive that shows another vault, or an older one, is refused.
    #[uniffi(default = None)]
    pub pairing: Option<String>,
}

impl SyncOptions {
    pub(crate) fn of(chosen: Option<Self>) -> Result<kitestring::SyncOptions> {
        let (chosen, defaults) = (chosen.unwrap_or_default(), kitestring::SyncOptions::default());
        let Allow { mass_delete, vault_changed, rollback, host_older } = chosen.allow.unwrap_or_default();
        Ok(kitestring::SyncOptions {
            cancel: chosen.cancel.map(|token| token.0.clone()),
            deadline: chosen.deadline,
            progress: chosen.observer.map_or(defaults.progress, observer::progress_to),
            allow: kitestring::Allow { mass_delete, vault_changed, rollback, host_older },
            reconcile: chosen.reconcile,
            dry_run: chosen.dry_run,
            wait: chosen.wait.unwrap_or(defaults.wait),
            pairing: chosen.pairing.map(|code| code.parse()).transpose()?,
        })
    }
}
