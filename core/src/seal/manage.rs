//! Changes who can open a vault: passphrases and keys come and go, and the key with which files are sealed is replaced
//! (E35, E42).

use super::{
    Encryption,
    keyring::{self, CLOSING, KeyringName, Open},
    keys::{DataKey, Keys},
    secret::Secret,
    slot::{Binding, Kind, MAX_LABEL_BYTES, Slot},
    vault::{Opened, Sealing},
};
use crate::{
    Error, Level, Result,
    drive::{Condition, Drive},
    server::journal::PieceName,
};
use std::sync::Arc;

/// A passphrase or key that opens a vault.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// How a device is revoked.
#[derive(Debug, Clone)]
pub struct Revocation {
    /// The device, by its id ([`crate::KnownDevice`]). None: one that never wrote anything, so that it has none here.
    pub device: Option<String>,
    /// What people call what opens the vault from now on: 1 to 64 bytes.
    pub label: String,
    /// What opens the vault from now on: a passphrase or key that the device never had.
    pub encryption: Encryption,
    /// Passphrases and keys of before that the device never had, and that go on opening the vault. All others do no longer,
    /// also the one that this client was opened with.
    pub keep: Vec<Encryption>,
}

fn id_of(slot: &Slot) -> String {
    let mut id = String::new();
    crate::hex::push(&slot.id, &mut id);
    id
}

impl Opened {
    fn binding(&self) -> Binding {
        Binding { vault: self.keys.vault, epoch: self.name.epoch }
    }

    fn listed(&self) -> Vec<KeySlot> {
        let listed = self.slots.iter().enumerate().map(|(n, slot)| KeySlot {
            id: id_of(slot),
            label: slot.label.clone(),
            is_passphrase: matches!(slot.kind, Kind::Passphrase(_)),
            is_ours: n == self.slot,
        });
        listed.collect()
    }
}

impl Sealing {
    /// Lists what opens the vault.
    pub(crate) fn slots(&self) -> Result<Vec<KeySlot>> {
        Ok(self.now()?.listed())
    }

    /// Lets another passphrase or key open the vault.
    pub(crate) async fn add_slot(&self, drive: &dyn Drive, label: &str, encryption: &Encryption) -> Result<KeySlot> {
        check_label(label)?;
        let now = self.newest(drive).await?;
        let key = current(&now.keys)?;
        let (slot, _) = Slot::make(now.binding(), &key.secret, label, encryption, self.runtime())?;
        let id = id_of(&slot);
        let slots = now.slots.iter().cloned().chain([slot]).collect();
        self.replace(drive, &now, now.keys.as_ref().clone(), slots, now.slot).await?;
        let added = self.slots()?.into_iter().find(|slot| slot.id == id);
        added.ok_or_else(|| Error::internal("key", "a key was lost that was just added"))
    }

    /// Lets a passphrase or key open the vault no longer. Who has used it keeps what it has.
    pub(crate) async fn remove_slot(&self, drive: &dyn Drive, id: &str) -> Result<()> {
        let now = self.newest(drive).await?;
        let Some(at) = now.slots.iter().position(|slot| id_of(slot) == id) else {
            return Err(Error::invalid("key", "the vault has no key with this id: list them again"));
        };
        if at == now.slot {
            return Err(Error::invalid("key", "this client was opened with that key: open it with another one first"));
        }
        let mut slots = now.slots.clone();
        slots.remove(at);
        self.replace(drive, &now, now.keys.as_ref().clone(), slots, now.slot - usize::from(at < now.slot)).await
    }

    /// Seals what is written from now on with a new key. What is there stays as it is, and can be read.
    ///
    /// # Errors
    /// `invalid_input` if another passphrase or key opens the vault that is not among `keep`.
    pub(crate) async fn rotate(&self, drive: &dyn Drive, keep: &[Encryption]) -> Result<()> {
        let now = self.newest(drive).await?;
        let (before, of) = (now.binding(), Binding { epoch: now.name.epoch + 1, ..now.binding() });
        let key = DataKey::new(Secret::random(self.runtime())?)?;
        let mut slots = Vec::new();
        for (n, slot) in now.slots.iter().enumerate() {
            let secret = if n == now.slot { Some(now.secret.clone()) } else { opened_by(slot, before, keep)? };
            let Some(secret) = secret else {
                let detail = format!("the key `{}` would not open the vault any longer: give it too, or remove it first", slot.label);
                return Err(Error::invalid("key", detail));
            };
            slots.push(slot.clone().wrap(of, &key.secret, &secret, self.runtime())?);
        }
        let mut keys = now.keys.as_ref().clone();
        keys.data.push(key);
        self.replace(drive, &now, keys, slots, now.slot).await
    }

    /// Whether a device can be revoked so: nothing is written.
    ///
    /// # Errors
    /// `invalid_input` if what is to open the vault opens it already.
    pub(crate) async fn check_revocation(&self, drive: &dyn Drive, revocation: &Revocation) -> Result<()> {
        let now = self.newest(drive).await?;
        check_label(&revocation.label)?;
        for slot in now.slots.iter() {
            if slot.open(now.binding(), &revocation.encryption.given)?.is_some() {
                let detail = "the new passphrase or key opens the vault already: the device that is revoked may have it, so choose another";
                return Err(Error::invalid("key", detail));
            }
        }
        Ok(())
    }

    /// Seals what is written from now on with a key that only what is given opens, and closes all keys before: what counts
    /// of what they have sealed is what this checkpoint has (E43).
    pub(crate) async fn revoke(
        &self,
        drive: &dyn Drive,
        revocation: &Revocation,
        device: Option<[u8; 8]>,
        root: Option<PieceName>,
    ) -> Result<KeySlot> {
        let now = self.newest(drive).await?;
        let epoch = now.name.closings().checked_add(1).and_then(|closings| closings.checked_mul(CLOSING)).ok_or_else(too_many)?;
        let (before, of) = (now.binding(), Binding { epoch, ..now.binding() });
        let key = DataKey::new(Secret::random(self.runtime())?)?;
        let (slot, secret) = Slot::make(of, &key.secret, &revocation.label, &revocation.encryption, self.runtime())?;
        let mut slots = vec![slot];
        for slot in now.slots.iter() {
            if let Some(secret) = opened_by(slot, before, &revocation.keep)? {
                slots.push(slot.clone().wrap(of, &key.secret, &secret, self.runtime())?);
            }
        }
        let mut keys = now.keys.as_ref().clone();
        keys.closed = keys.data.len();
        keys.data.push(key);
        keys.revoked.extend(device);
        keys.root = root;
        let name = KeyringName::new(epoch, 1, self.runtime())?;
        self.write(drive, &now, name, Open { keys, slots, opened: 0, secret }).await?;
        self.slots()?.into_iter().next().ok_or_else(|| Error::internal("key", "a key was lost that was just added"))
    }

    /// Two have replaced the key at the same moment: writes a keyring with the keys of both (E35). A key of a keyring that
    /// did not know yet that keys were closed is closed too: who was revoked may have it.
    pub(super) async fn join_keys(&self, drive: &dyn Drive, lost: Vec<DataKey>, theirs: &KeyringName) -> Result<()> {
        let now = self.now()?;
        let mut keys = now.keys.as_ref().clone();
        if theirs.closings() < now.name.closings() {
            keys.closed += lost.len();
            keys.data.splice(0..0, lost);
        } else {
            keys.data.splice(keys.closed..keys.closed, lost);
        }
        self.replace(drive, &now, keys, now.slots.clone(), now.slot).await?;
        drive.delete(theirs.path()?, Condition::Any).await
    }

    fn now(&self) -> Result<Arc<Opened>> {
        self.opened().ok_or_else(|| Error::invalid("key", "the vault was not opened yet: sync first"))
    }

    /// The newest keyring, whoever wrote it.
    async fn newest(&self, drive: &dyn Drive) -> Result<Arc<Opened>> {
        self.now()?;
        self.look_for_keys(drive).await?;
        self.now()
    }

    /// Writes the keyring that comes after another one, and deletes that.
    async fn replace(&self, drive: &dyn Drive, before: &Opened, keys: Keys, slots: Vec<Slot>, opened: usize) -> Result<()> {
        let rotated = current(&keys)?.id != current(&before.keys)?.id;
        let (epoch, revision) = if rotated { (before.name.epoch + 1, 1) } else { (before.name.epoch, before.name.revision + 1) };
        if rotated && epoch.is_multiple_of(CLOSING) {
            return Err(too_many());
        }
        let name = KeyringName::new(epoch, revision, self.runtime())?;
        self.write(drive, before, name, Open { keys, slots, opened, secret: before.secret.clone() }).await
    }

    async fn write(&self, drive: &dyn Drive, before: &Opened, name: KeyringName, open: Open) -> Result<()> {
        let file = keyring::encode(&name, &open.keys, &open.slots, self.runtime())?;
        drive.put(name.path()?, file.clone(), Condition::Any).await?;
        self.remember(open.keys.vault, name, file, open).await?;
        if let Err(e) = drive.delete(before.name.path()?, Condition::Any).await {
            self.log.line(Level::Warn, || format!("the keyring before could not be deleted: {e}"));
        }
        Ok(())
    }
}

fn check_label(label: &str) -> Result<()> {
    if (1..=MAX_LABEL_BYTES).contains(&label.len()) {
        return Ok(());
    }
    Err(Error::invalid("key", format!("a key is called by 1 to {MAX_LABEL_BYTES} bytes")))
}

fn too_many() -> Error {
    Error::invalid("key", "the vault's key was replaced too often: begin a new vault")
}

fn current(keys: &Keys) -> Result<&DataKey> {
    keys.current().ok_or_else(|| Error::internal("key", "there is no key"))
}

/// The secret that opens a slot, among what was given.
fn opened_by(slot: &Slot, of: Binding, given: &[Encryption]) -> Result<Option<Secret>> {
    for encryption in given {
        if let Some((_, secret)) = slot.open(of, &encryption.given)? {
            return Ok(Some(secret));
        }
    }
    Ok(None)
}
