//! Which devices there are, and what one tells another.

use super::Client;
use crate::{Error, KnownDevice, PairingCode, Result, server::journal};

impl Client {
    /// Lists the devices that have written to the vault, without a request to the drive. Empty in the classic layout.
    ///
    /// # Errors
    /// What the state answers.
    pub async fn devices(&self) -> Result<Vec<KnownDevice>> {
        let is_revoked = |device: &[u8]| self.inner.sealing.as_ref().is_some_and(|sealing| sealing.has_revoked(device));
        self.open_for("devices", journal::known_devices(&*self.inner.ledger.state, &self.inner.id, is_revoked)).await
    }

    /// Says which vault this is and how far this client has read it, for [`SyncOptions::pairing`] of a new device: the drive
    /// alone could show that an older vault. It is no secret; it is to come from here, beside the drive.
    ///
    /// # Errors
    /// `invalid_input` before the first sync, and in the classic layout; what the state answers.
    pub async fn pairing_code(&self) -> Result<PairingCode> {
        let code = self.open_for("key", journal::pairing_code(&*self.inner.ledger.state)).await?;
        code.ok_or_else(|| Error::invalid("key", "this client has joined no vault yet: sync first"))
    }
}
