//! What a look at a whole vault finds, the lock that lies on a drive, and what is exported or moved.

use super::Strategy;
use crate::{CancelToken, Encryption, Observer, observer};
use kitestring::transfer;
use kitestring_adapters::NativeRuntime;
use std::{sync::Arc, time::Duration};

mirror! {
    /// How bad it is.
    Severity {
        /// Worth knowing; nothing is to be done.
        Note,
        /// Nothing is lost, and something is not as it should be.
        Warning,
        /// A sync fails or leaves something out because of it.
        Damage
    }
}

mirror! {
    /// What becomes of a finding.
    Repair {
        /// Nothing is to be done.
        Needless,
        /// A look that may repair repairs it.
        Possible,
        /// It is repaired: another look did not find it.
        Done,
        /// It is not repaired, because that would not be safe, or needs what is not here.
        Refused
    }
}

/// How to look at a vault.
#[derive(Clone, Default, uniffi::Record)]
pub struct DoctorOptions {
    /// Ends the look, with the error `cancelled`.
    #[uniffi(default = None)]
    pub cancel: Option<Arc<CancelToken>>,
    /// Where progress goes: files, in the phase `Read`.
    #[uniffi(default = None)]
    pub observer: Option<Arc<dyn Observer>>,
    /// Whether to repair what can be repaired safely. Nothing is ever deleted.
    #[uniffi(default = false)]
    pub repair: bool,
}

impl From<DoctorOptions> for kitestring::DoctorOptions {
    fn from(DoctorOptions { cancel, observer, repair }: DoctorOptions) -> Self {
        let (cancel, progress) = (token(cancel), observer.map(observer::progress_to).unwrap_or_default());
        Self { cancel, progress, repair }
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Finding {
    /// What it is: a stable name; `spec/doctor.md` lists them.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// The file, by its path on the drive; for a document that cannot be read, its id.
    pub path: Option<String>,
    /// What is the matter, in one sentence.
    pub detail: String,
    /// What becomes of it.
    pub repair: Repair,
    /// What a repair does or has done, or why it does nothing, in one sentence.
    pub advice: String,
}

impl From<kitestring::Finding> for Finding {
    fn from(found: kitestring::Finding) -> Self {
        let kitestring::Finding { kind, path, detail, repair, advice } = found;
        Self { code: kind.code().to_owned(), severity: kind.severity().into(), path, detail, repair: repair.into(), advice }
    }
}

/// What a look at a whole vault has found.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Diagnosis {
    /// The vault's id; none if nothing tells it.
    pub vault: Option<String>,
    /// How the records of the vault are found; none in the classic layout, and if nothing tells it.
    pub strategy: Option<Strategy>,
    /// How often the strategy was lowered.
    pub epoch: u64,
    /// Whether the vault is sealed.
    pub sealed: bool,
    /// How many files of a vault there are.
    pub files: u64,
    /// Their bytes, as far as the drive tells sizes.
    pub bytes: u64,
    /// How many records there are; in the classic layout, changes in the log.
    pub records: u64,
    /// How many checkpoints there are.
    pub checkpoints: u64,
    /// How many documents a new device gets from the vault as it is; none if that could not be tried.
    pub documents: Option<u64>,
    /// The lock, or lease, that lies on the drive.
    pub lock: Option<HeldLock>,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// The worst that was found and not repaired; none if there is nothing but notes.
    pub worst: Option<Severity>,
}

impl From<kitestring::Diagnosis> for Diagnosis {
    fn from(found: kitestring::Diagnosis) -> Self {
        let worst = found.worst().map(Severity::from);
        let kitestring::Diagnosis { vault, strategy, epoch, sealed, files, bytes, records, checkpoints, documents, lock, findings } = found;
        let (strategy, lock) = (strategy.map(Strategy::from), lock.map(HeldLock::from));
        let findings = findings.into_iter().map(Finding::from).collect();
        Self { vault, strategy, epoch, sealed, files, bytes, records, checkpoints, documents, lock, findings, worst }
    }
}

/// A lock, or the lease of whoever puts the vault in order, as it was found on the drive.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HeldLock {
    /// Its file.
    pub path: String,
    /// The id of the client that wrote it; none if it does not say so, as old clients do not.
    pub owner: Option<String>,
    /// What people call that client's device, as far as it is known.
    pub device: Option<String>,
    /// When it ends by its own word, in milliseconds since the Unix epoch; none if it does not say so.
    pub until_ms: Option<u64>,
    /// Whether this client wrote it.
    pub is_ours: bool,
    /// Whether that time is over, by this device's clock.
    pub is_over: bool,
    /// Tells this very hold from any other: the digest of the file.
    pub hold: String,
}

impl From<kitestring::HeldLock> for HeldLock {
    fn from(lock: kitestring::HeldLock) -> Self {
        let kitestring::HeldLock { path, owner, device, until_ms, is_ours, is_over, hold } = lock;
        Self { path, owner, device, until_ms, is_ours, is_over, hold }
    }
}

impl From<HeldLock> for kitestring::HeldLock {
    fn from(HeldLock { path, owner, device, until_ms, is_ours, is_over, hold }: HeldLock) -> Self {
        Self { path, owner, device, until_ms, is_ours, is_over, hold }
    }
}

/// How to export a vault, or to import one.
#[derive(Clone, Default, uniffi::Record)]
pub struct TransferOptions {
    /// Ends it, with the error `cancelled`.
    #[uniffi(default = None)]
    pub cancel: Option<Arc<CancelToken>>,
    /// Where progress goes: files.
    #[uniffi(default = None)]
    pub observer: Option<Arc<dyn Observer>>,
}

impl From<TransferOptions> for transfer::ExportOptions {
    fn from(TransferOptions { cancel, observer }: TransferOptions) -> Self {
        Self { cancel: token(cancel), progress: observer.map(observer::progress_to).unwrap_or_default() }
    }
}

impl From<TransferOptions> for transfer::ImportOptions {
    fn from(TransferOptions { cancel, observer }: TransferOptions) -> Self {
        let progress = observer.map(observer::progress_to).unwrap_or_default();
        Self { cancel: token(cancel), progress, ..Self::new(Arc::new(NativeRuntime::new())) }
    }
}

/// What was exported, or imported.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Transferred {
    /// The vault's id; none if old clients have made it.
    pub vault: Option<String>,
    /// How many files it has.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many were there already: an import went on that had been interrupted.
    pub resumed: u64,
}

impl From<transfer::Transferred> for Transferred {
    fn from(transfer::Transferred { vault, files, bytes, resumed }: transfer::Transferred) -> Self {
        Self { vault, files, bytes, resumed }
    }
}

/// How to move a vault.
#[derive(Clone, uniffi::Record)]
pub struct MoveOptions {
    /// How other devices find the new place: text for people, and for whatever opens drives in this program. It lies on the old
    /// drive, and nothing by which somebody signs in belongs into it.
    pub address: String,
    /// Ends it, with the error `cancelled`.
    #[uniffi(default = None)]
    pub cancel: Option<Arc<CancelToken>>,
    /// Where progress goes: that of a sync, then files.
    #[uniffi(default = None)]
    pub observer: Option<Arc<dyn Observer>>,
}

impl From<MoveOptions> for kitestring::MoveOptions {
    fn from(MoveOptions { address, cancel, observer }: MoveOptions) -> Self {
        Self { address, cancel: token(cancel), progress: observer.map(observer::progress_to).unwrap_or_default() }
    }
}

/// What was moved.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Moved {
    /// How many files were copied; none if only what an interrupted move had left was done.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many were there already: a move went on that had been interrupted.
    pub resumed: u64,
}

impl From<kitestring::Moved> for Moved {
    fn from(kitestring::Moved { files, bytes, resumed }: kitestring::Moved) -> Self {
        Self { files, bytes, resumed }
    }
}

/// How to bring a vault from the classic layout to the journal layout.
#[derive(Clone, uniffi::Record)]
pub struct MigrateOptions {
    /// How other devices find the new place, as for a move: readable for everybody with the old drive.
    pub address: String,
    /// What seals the new vault; none by default.
    #[uniffi(default = None)]
    pub encryption: Option<Arc<Encryption>>,
    /// How long to wait for another client's lock: 10 seconds by default.
    #[uniffi(default = None)]
    pub wait: Option<Duration>,
    /// Ends it, with the error `cancelled`.
    #[uniffi(default = None)]
    pub cancel: Option<Arc<CancelToken>>,
    /// Where progress goes: that of a sync in the old place, then that of one in the new place.
    #[uniffi(default = None)]
    pub observer: Option<Arc<dyn Observer>>,
}

impl From<MigrateOptions> for kitestring::MigrateOptions {
    fn from(MigrateOptions { address, encryption, wait, cancel, observer }: MigrateOptions) -> Self {
        let defaults = Self::default();
        Self {
            address,
            encryption: encryption.map(|given| given.0.clone()),
            wait: wait.unwrap_or(defaults.wait),
            cancel: token(cancel),
            progress: observer.map(observer::progress_to).unwrap_or_default(),
            ..defaults
        }
    }
}

/// What was brought to the journal layout.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Migrated {
    /// How many documents were written; none if an earlier call had written them.
    pub documents: u64,
}

impl From<kitestring::Migrated> for Migrated {
    fn from(kitestring::Migrated { documents }: kitestring::Migrated) -> Self {
        Self { documents }
    }
}

fn token(cancel: Option<Arc<CancelToken>>) -> Option<kitestring::CancelToken> {
    cancel.map(|token| token.0.clone())
}
