//! What opens a sealed vault.

use super::{Client, Inner, SyncOptions, sync};
use crate::{
    CancelToken, Encryption, Error, KeySlot, Result, Revocation, VaultKey,
    seal::Sealing,
    server::journal::{Said, device_from, known_devices},
};
use std::sync::Arc;

impl Client {
    /// Returns what opens this vault as the passphrase or key does that this client was opened with, for a system's store of
    /// keys: [`Encryption`] is made of it. None if the vault is not sealed, or was not opened by a sync yet.
    pub fn vault_key(&self) -> Option<VaultKey> {
        self.inner.sealing.as_ref().and_then(|sealing| sealing.vault_key())
    }

    /// Opens the keyring of this sealed vault as it is on the drive now, without a sync: for what asks for nothing but keys.
    ///
    /// # Errors
    /// `wrong_key` if it does not open; `invalid_input` if the vault is not sealed, or if there is none yet; those of the
    /// drive.
    ///
    /// # Cancel safety
    /// Dropped, the newest keyring is remembered or the one before.
    pub async fn look_for_keys(&self) -> Result<()> {
        self.in_turn("key", &CancelToken::new(), Box::pin(open_keyring(&self.inner))).await
    }

    /// Lists the passphrases and keys that open this sealed vault. A sync or [`Client::look_for_keys`] has opened it before.
    ///
    /// # Errors
    /// `invalid_input` if the vault is not sealed, or was not opened yet.
    pub fn keys(&self) -> Result<Vec<KeySlot>> {
        self.sealing()?.slots()
    }

    /// Lets another passphrase or key open the vault, and says under which id. To change a passphrase, add the new one and
    /// remove the old one with a client that was opened with the new one; nothing is uploaded again.
    ///
    /// # Errors
    /// `invalid_input` as [`Client::keys`], and for a label of more than 64 bytes; those of the drive.
    ///
    /// # Cancel safety
    /// Dropped, the key was added or was not.
    pub async fn add_key(&self, label: &str, encryption: Encryption) -> Result<KeySlot> {
        let _turn = self.turn.lock().await;
        let sealing = self.sealing()?;
        self.open_for("key", async {
            check_not_moved(&self.inner).await?;
            sealing.add_slot(&*self.inner.drive(), label, &encryption).await
        })
        .await
    }

    /// Lets a passphrase or key open the vault no longer. Devices that have been opened with it keep what they know: a
    /// device that is lost is to be revoked.
    ///
    /// # Errors
    /// `invalid_input` as [`Client::keys`], for an unknown id, and for the key with which this client was opened.
    pub async fn remove_key(&self, id: &str) -> Result<()> {
        let _turn = self.turn.lock().await;
        let sealing = self.sealing()?;
        self.open_for("key", async {
            check_not_moved(&self.inner).await?;
            sealing.remove_slot(&*self.inner.drive(), id).await
        })
        .await
    }

    /// Seals everything that is written from now on with a new key, under the same passphrases. What is on the drive stays,
    /// and can be read; other devices find the new key by their next sync.
    ///
    /// # Errors
    /// `invalid_input` as [`Client::keys`], and if the vault has a passphrase or key that is neither this client's nor in
    /// `keep`: nobody could open the vault with it any longer.
    pub async fn rotate_key(&self, keep: Vec<Encryption>) -> Result<()> {
        let _turn = self.turn.lock().await;
        let sealing = self.sealing()?;
        self.open_for("key", async {
            check_not_moved(&self.inner).await?;
            sealing.rotate(&*self.inner.drive(), &keep).await
        })
        .await
    }

    /// Revokes a device that is lost, or no longer trusted: syncs, writes a checkpoint, and seals everything from then on with
    /// a key that only what is given here opens. What the device writes afterwards counts for nobody, whatever it does to the
    /// drive. What it has read it keeps.
    ///
    /// Every other device asks for the new passphrase or key by its next sync (`wrong_key`), and seals again what it wrote
    /// meanwhile. One that had taken over something that does not count any longer gets `rollback`, and may go on with what
    /// it has ([`Allow::rollback`]). This client goes on by itself; the next one over its state is to be opened with what
    /// was given here, or with [`Client::vault_key`] of afterwards.
    ///
    /// # Errors
    /// `invalid_input` as [`Client::keys`], for a device that is unknown or this one, and if what is given opens the vault
    /// already; `unavailable` while others keep writing; `locked`; those of a sync. Nothing has changed then.
    ///
    /// # Cancel safety
    /// Dropped, the device is revoked or is not: [`Client::devices`] tells. In both cases the next sync goes on.
    pub async fn revoke(&self, revocation: Revocation, options: SyncOptions) -> Result<KeySlot> {
        self.sealing()?;
        let cancel = options.cancel.clone().unwrap_or_default();
        self.in_turn("key", &cancel, Box::pin(revoke(&self.inner, revocation, options))).await
    }

    fn sealing(&self) -> Result<&Arc<Sealing>> {
        self.inner.sealing.as_ref().ok_or_else(|| Error::invalid("key", "the vault is not sealed"))
    }
}

/// Syncs, writes a checkpoint with all that there is, and closes every key that a device has.
async fn revoke(inner: &Arc<Inner>, revocation: Revocation, options: SyncOptions) -> Result<KeySlot> {
    let layout = inner.options.layout.journal().ok_or_else(cannot_be_sealed)?;
    let device = revocation.device.as_deref().map(|id| device_from(id).ok_or_else(|| unknown_device(id))).transpose()?;
    let meter = Arc::new(sync::metered(inner, false).await?);
    let server = Arc::new(sync::journal(inner, meter, layout, sync::said(&options)));
    server.check_revocation(&revocation).await?;
    let mut run = sync::run_with(inner.clone(), server.clone(), SyncOptions { dry_run: false, deadline: None, ..options });
    run.come_up_to_date().await?;
    if let Some(id) = &revocation.device {
        let known = known_devices(&*inner.ledger.state, &inner.id, |_| false).await?;
        if !known.iter().any(|known| known.id == *id && !known.is_ours) {
            return Err(unknown_device(id));
        }
    }
    run.tidy(true).await?;
    server.close_keys(&revocation, device).await
}

fn unknown_device(id: &str) -> Error {
    Error::invalid("key", "no other device of the vault has this id: list them again").about(id)
}

/// Opens the keyring of a sealed vault as it is on the drive now.
async fn open_keyring(inner: &Arc<Inner>) -> Result<()> {
    let layout = inner.options.layout.journal().ok_or_else(cannot_be_sealed)?;
    let drive = Arc::new(sync::metered(inner, true).await?);
    sync::journal(inner, drive, layout, Said::default()).open_keyring().await
}

/// Where the vault was, no key is changed: nobody would look for it there.
async fn check_not_moved(inner: &Inner) -> Result<()> {
    let layout = inner.options.layout.journal().ok_or_else(cannot_be_sealed)?;
    let drive = Arc::new(sync::metered(inner, true).await?);
    sync::journal(inner, drive, layout, Said::default()).check_not_moved().await
}

fn cannot_be_sealed() -> Error {
    Error::invalid("key", "the classic layout cannot be sealed")
}
