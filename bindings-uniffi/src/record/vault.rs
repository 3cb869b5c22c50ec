//! What a client knows of its vault: its standing, versions, devices and keys.

use super::{Strategy, text};
use crate::Encryption;
use kitestring::{DocId, Error, Result, Revision, server::Tag};
use std::sync::Arc;

/// What the client knows without asking the drive.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
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
    /// When the last complete sync ended, in milliseconds since the Unix epoch.
    pub last_sync_ms: Option<u64>,
}

impl From<kitestring::Status> for Status {
    fn from(status: kitestring::Status) -> Self {
        let kitestring::Status { client, vault, strategy, documents, queued, pending, conflicts, last_sync_ms } = status;
        Self { client, vault, strategy: strategy.map(Strategy::from), documents, queued, pending, conflicts, last_sync_ms }
    }
}

/// What `reconcile` found.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Reconciled {
    /// Documents that had been written unnoticed, now queued.
    pub put: u64,
    /// Documents that had been deleted unnoticed, now queued.
    pub deleted: u64,
}

impl From<kitestring::Reconciled> for Reconciled {
    fn from(found: kitestring::Reconciled) -> Self {
        Self { put: found.put, deleted: found.deleted }
    }
}

/// A version that a document has, or had.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OldVersion {
    /// Which document.
    pub id: String,
    /// The revision of this version.
    pub revision: String,
    /// When it was pushed, in milliseconds since the Unix epoch by the clock of its device.
    pub written_ms: Option<u64>,
    /// When it was replaced, by the clock of the device that did; none if it is valid.
    pub replaced_ms: Option<u64>,
    /// Whether it is a deletion.
    pub deleted: bool,
    /// The size of its content in bytes.
    pub size: u64,
    /// The device that made it, by its id.
    pub device: String,
}

impl From<kitestring::OldVersion> for OldVersion {
    fn from(old: kitestring::OldVersion) -> Self {
        Self {
            id: old.id.as_str().to_owned(),
            revision: text(&old.revision),
            written_ms: milliseconds(old.written_s),
            replaced_ms: milliseconds(old.replaced_s),
            deleted: old.deleted,
            size: old.size,
            device: old.device,
        }
    }
}

/// A version that lost against one made at the same time, and that its author has not decided about. `Client.claim` takes it
/// as it is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LeftVersion {
    /// Which document.
    pub id: String,
    /// The revision of the version that lost.
    pub revision: String,
    /// The revision of the version that is valid; none if there is none.
    pub valid: Option<String>,
    /// Whether it is a deletion.
    pub deleted: bool,
    /// The size of its content in bytes.
    pub size: u64,
    /// The device that made it, by its id.
    pub device: String,
    /// What the layout knows of it.
    pub tag: String,
}

impl From<kitestring::LeftVersion> for LeftVersion {
    fn from(left: kitestring::LeftVersion) -> Self {
        Self {
            id: left.id.as_str().to_owned(),
            revision: text(&left.revision),
            valid: left.valid.as_ref().map(text),
            deleted: left.deleted,
            size: left.size,
            device: left.device,
            tag: left.tag.0.to_string(),
        }
    }
}

impl TryFrom<LeftVersion> for kitestring::LeftVersion {
    type Error = Error;
    fn try_from(left: LeftVersion) -> Result<Self> {
        let LeftVersion { id, revision, valid, deleted, size, device, tag } = left;
        let (id, revision, valid) = (DocId::new(id)?, Revision::new(revision), valid.map(Revision::new));
        Ok(Self { id, revision, valid, deleted, size, device, tag: Tag(tag.into()) })
    }
}

/// A device that has written to the vault.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Device {
    /// Its random id: 16 hexadecimal digits.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// When it wrote the last record that this client has read, in milliseconds since the Unix epoch by the device's clock.
    pub written_ms: Option<u64>,
    /// Whether it is this one.
    pub is_ours: bool,
    /// Whether it was revoked.
    pub is_revoked: bool,
}

impl From<kitestring::KnownDevice> for Device {
    fn from(known: kitestring::KnownDevice) -> Self {
        let kitestring::KnownDevice { id, name, written_s, is_ours, is_revoked } = known;
        Self { id, name, written_ms: milliseconds(written_s), is_ours, is_revoked }
    }
}

fn milliseconds(seconds: Option<u64>) -> Option<u64> {
    seconds.map(|seconds| seconds.saturating_mul(1000))
}

/// A passphrase or key that opens a vault.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct KeySlot {
    /// Its id: 16 hexadecimal digits.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// Whether it is a passphrase; otherwise a key of 32 bytes.
    pub is_passphrase: bool,
    /// Whether this client was opened with it.
    pub is_ours: bool,
}

impl From<kitestring::KeySlot> for KeySlot {
    fn from(slot: kitestring::KeySlot) -> Self {
        let kitestring::KeySlot { id, label, is_passphrase, is_ours } = slot;
        Self { id, label, is_passphrase, is_ours }
    }
}

/// How a device is revoked.
#[derive(Clone, uniffi::Record)]
pub struct Revocation {
    /// What people call what opens the vault from now on: 1 to 64 bytes.
    pub label: String,
    /// What opens the vault from now on: a passphrase or key that the device never had.
    pub encryption: Arc<Encryption>,
    /// The device, by its id. None: one that never wrote anything.
    #[uniffi(default = None)]
    pub device: Option<String>,
    /// What else goes on opening the vault, and the device never had.
    #[uniffi(default = [])]
    pub keep: Vec<Arc<Encryption>>,
}

impl From<Revocation> for kitestring::Revocation {
    fn from(revocation: Revocation) -> Self {
        let Revocation { label, encryption, device, keep } = revocation;
        Self { device, label, encryption: encryption.0.clone(), keep: keep.iter().map(|kept| kept.0.clone()).collect() }
    }
}
