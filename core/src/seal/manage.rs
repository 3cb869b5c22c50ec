//! Changes who can open a vault: passphrases and keys come and go, and the key with which files are sealed is replaced
//! (E35, E42).

use super::{
    Encryption,
    keyring::{self, KeyringName, Open},
    keys::{DataKey, Keys},
    secret::Secret,
    slot::{Kind, MAX_LABEL_BYTES, Slot},
    vault::{Opened, Sealing},
};
use crate::{
    Error, Level, Result,
    drive::{Condition, Drive},
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

fn id_of(slot: &Slot) -> String {
    let mut id = String::new();
    crate::hex::push(&slot.id, &mut id);
    id
}

impl Opened {
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
        if label.len() > MAX_LABEL_BYTES || label.is_empty() {
            return Err(Error::invalid("key", format!("a key is called by 1 to {MAX_LABEL_BYTES} bytes")));
        }
        let now = self.newest(drive).await?;
        let key = current(&now.keys)?;
        let (slot, _) = Slot::make(now.keys.vault, &key.secret, label, encryption, self.runtime())?;
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
        let vault = now.keys.vault;
        let key = DataKey::new(Secret::random(self.runtime())?)?;
        let mut slots = Vec::new();
        for (n, slot) in now.slots.iter().enumerate() {
            let secret = if n == now.slot { Some(now.secret.clone()) } else { opened_by(slot, vault, keep)? };
            let Some(secret) = secret else {
                let detail = format!("the key `{}` would not open the vault any longer: give it too, or remove it first", slot.label);
                return Err(Error::invalid("key", detail));
            };
            slots.push(slot.clone().wrap(vault, &key.secret, &secret, self.runtime())?);
        }
        let mut keys = now.keys.as_ref().clone();
        keys.data.push(key);
        self.replace(drive, &now, keys, slots, now.slot).await
    }

    /// Two have replaced the key at the same moment: writes a keyring with the keys of both (E35).
    pub(super) async fn join_keys(&self, drive: &dyn Drive, lost: Vec<DataKey>, theirs: &KeyringName) -> Result<()> {
        let now = self.now()?;
        let mut keys = now.keys.as_ref().clone();
        keys.data.splice(0..0, lost);
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
        let name = KeyringName::new(epoch, revision, self.runtime())?;
        let file = keyring::encode(&name, &keys, &slots, self.runtime())?;
        drive.put(name.path()?, file.clone(), Condition::Any).await?;
        let secret = before.secret.clone();
        self.remember(keys.vault, name, file, Open { keys, slots, opened, secret }).await?;
        if let Err(e) = drive.delete(before.name.path()?, Condition::Any).await {
            self.log.line(Level::Warn, || format!("the keyring before could not be deleted: {e}"));
        }
        Ok(())
    }
}

fn current(keys: &Keys) -> Result<&DataKey> {
    keys.current().ok_or_else(|| Error::internal("key", "there is no key"))
}

/// The secret that opens a slot, among what was given.
fn opened_by(slot: &Slot, vault: crate::server::journal::VaultId, given: &[Encryption]) -> Result<Option<Secret>> {
    for encryption in given {
        if let Some((_, secret)) = slot.open(vault, &encryption.given)? {
            return Ok(Some(secret));
        }
    }
    Ok(None)
}
