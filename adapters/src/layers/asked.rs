//! A layer that notices changes of a drive that gives no notices: it asks when the time is over.

use super::telltale::Telltale;
use kitestring::{
    Drive, DrivePath, Result, Runtime, apply,
    drive::{Capabilities, Changed, Condition, GetOptions, Got, Listing, PutFile, Version},
    port,
};
use std::{fmt, sync::Arc, time::Duration};

/// Answers [`Drive::changed_since`] and [`Drive::wait_for_change`] by one file or folder of the drive, at the cost of one
/// request, or of a listing. Everything else goes through.
///
/// # Errors
/// Those of the drive underneath.
///
/// # Cancel safety
/// A call that is dropped has changed nothing.
pub struct Asked {
    drive: Arc<dyn Drive>,
    runtime: Arc<dyn Runtime>,
    tells: Telltale,
}

impl Asked {
    /// Takes the drive, and what tells of its changes.
    pub fn new(drive: Arc<dyn Drive>, runtime: Arc<dyn Runtime>, tells: Telltale) -> Self {
        Self { drive, runtime, tells }
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("tells", &self.tells).finish_non_exhaustive()
    }
}

#[apply(port!)]
impl Drive for Asked {
    fn capabilities(&self) -> Capabilities {
        self.drive.capabilities()
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.drive.get(path, options).await
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.drive.put(path, bytes, condition).await
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.drive.delete(path, condition).await
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.drive.list_dir(dir, cursor).await
    }

    async fn put_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        self.drive.put_many(files).await
    }

    async fn changed_since(&self, token: Option<String>) -> Result<Changed> {
        self.tells.look(&*self.drive, token.as_deref()).await
    }

    async fn wait_for_change(&self, token: Option<String>, timeout: Duration) -> Result<Changed> {
        self.runtime.sleep(timeout).await;
        self.changed_since(token).await
    }
}
