//! Care for a vault: a look at all of it, the lock that somebody left behind, a copy of its files, another place for it.

use super::Client;
use crate::{
    Drive, KiteError,
    record::{Diagnosis, DoctorOptions, HeldLock, MigrateOptions, Migrated, MoveOptions, Moved, TransferOptions, Transferred},
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

    /// Moves the vault to an empty place on another drive, for every device; this client works there from then on. Others get `moved`
    /// with the address, and follow. What is interrupted goes on by the same call, from any device.
    pub async fn move_to(&self, drive: Arc<Drive>, options: MoveOptions) -> Result<Moved, KiteError> {
        self.call("move", async { Ok(self.client.move_to(drive.drive.clone(), options.into()).await?.into()) }).await
    }

    /// Brings a vault from the classic layout to the journal layout, in an empty place. Programs made for db-to-cloud fail from then on;
    /// others get `moved` with the address, and follow. Open the client anew with the same state, that drive and the journal layout.
    pub async fn migrate(&self, drive: Arc<Drive>, options: MigrateOptions) -> Result<Migrated, KiteError> {
        self.call("migrate", async { Ok(self.client.migrate(drive.drive.clone(), options.into()).await?.into()) }).await
    }

    /// Follows a vault that was moved to this drive, once the user has agreed to the address in the error `moved`. What waits to be
    /// pushed comes along.
    pub async fn follow(&self, drive: Arc<Drive>) -> Result<(), KiteError> {
        self.call("follow", self.client.follow(drive.drive.clone())).await
    }
}
