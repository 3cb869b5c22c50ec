//! What else there is to a vault: its history, its devices, its order.

use super::Client;
use crate::{
    KiteError,
    record::{Conflict, Device, LeftVersion, OldVersion, Strategy},
};
use kitestring::{DocId, Revision};

#[uniffi::export]
impl Client {
    /// Lists what a document was and is, the newest first, as long as the vault's history keeps it.
    pub async fn history(&self, id: String) -> Result<Vec<OldVersion>, KiteError> {
        self.call("history", async { Ok(self.client.history(DocId::new(id)?).await?.into_iter().map(OldVersion::from).collect()) }).await
    }

    /// Makes a document what it was at a revision that `history` lists: a new edit.
    pub async fn restore(&self, id: String, revision: String) -> Result<(), KiteError> {
        self.call("restore", async { self.client.restore(DocId::new(id)?, Revision::new(revision)).await }).await
    }

    /// Lists versions that lost against one made at the same time, and that nobody has decided about.
    pub async fn left_versions(&self) -> Result<Vec<LeftVersion>, KiteError> {
        self.call("left_versions", async { Ok(self.client.left_versions().await?.into_iter().map(LeftVersion::from).collect()) }).await
    }

    /// Makes such a version a conflict of this client, which `resolve` settles for everybody.
    pub async fn claim(&self, left: LeftVersion) -> Result<Conflict, KiteError> {
        self.call("claim", async { Ok(self.client.claim(left.try_into()?).await?.into()) }).await
    }

    /// Lowers the strategy of the vault, for every device and for ever.
    pub async fn lower(&self, strategy: Strategy) -> Result<(), KiteError> {
        self.call("lower", self.client.lower(strategy.into())).await
    }

    /// Lists the devices that have written to the vault, without a request.
    pub async fn devices(&self) -> Result<Vec<Device>, KiteError> {
        self.call("devices", async { Ok(self.client.devices().await?.into_iter().map(Device::from).collect()) }).await
    }

    /// Says which vault this is and how far it was read, for the first sync of a new device. No secret.
    pub async fn pairing_code(&self) -> Result<String, KiteError> {
        self.call("key", async { Ok(self.client.pairing_code().await?.to_string()) }).await
    }
}
