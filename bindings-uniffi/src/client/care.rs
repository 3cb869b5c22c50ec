//! Care for a vault: a look at all of it, the lock that somebody left behind, a copy of its files.

use super::Client;
use crate::{
    KiteError,
    record::{Diagnosis, DoctorOptions, HeldLock, TransferOptions, Transferred},
    transfer::{Sink, VaultSink},
};
use std::sync::Arc;

#[uniffi::export]
impl Client {
    /// Reads the whole vault and says what is the matter; repairs what can be repaired safely, if that is asked for. Nothing is ever
    /// deleted.
    #[uniffi::method(default(options = None))]
    pub async fn doctor(&self, options: Option<DoctorOptions>) -> Result<Diagnosis, KiteError> {
        self.call("doctor", async { Ok(self.client.doctor(options.unwrap_or_default().into()).await?.into()) }).await
    }

    /// Looks at the lock on the drive; none if there is none.
    pub async fn held_lock(&self) -> Result<Option<HeldLock>, KiteError> {
        self.call("lock", async { Ok(self.client.held_lock().await?.map(HeldLock::from)) }).await
    }

    /// Removes a lock as it was shown; `condition` if there is another one by now.
    pub async fn break_lock(&self, seen: HeldLock) -> Result<(), KiteError> {
        self.call("lock", self.client.break_lock(seen.into())).await
    }

    /// Hands over every file of the vault as it lies on the drive, and at the end a list of them. A sealed vault stays sealed. Edits
    /// that wait here are not in it: sync first.
    #[uniffi::method(default(options = None))]
    pub async fn export(&self, to: Arc<dyn VaultSink>, options: Option<TransferOptions>) -> Result<Transferred, KiteError> {
        self.call("export", async { Ok(self.client.export(Arc::new(Sink(to)), options.unwrap_or_default().into()).await?.into()) }).await
    }
}
