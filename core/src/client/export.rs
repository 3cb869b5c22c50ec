//! The whole vault, as it is, out of its drive.

use super::{Client, Inner, sync};
use crate::{
    Result,
    transfer::{ExportOptions, Transferred, VaultSink, export},
};
use std::sync::Arc;

impl Client {
    /// Hands over every file of the vault as it lies on the drive, and at the end a list of them with their hashes: a backup,
    /// or what [`import`](crate::transfer::import) puts into another place. A sealed vault stays sealed, and needs no key. Others may
    /// go on writing meanwhile; what is handed over is the vault at one moment. Edits that wait here are not in it: sync first.
    ///
    /// # Errors
    /// `not_found` if there is no vault; `unavailable` if others write all the time; those of drive and sink.
    ///
    /// # Cancel safety
    /// Dropped, what was handed over lacks its list of files, and nobody imports it.
    pub async fn export(&self, to: Arc<dyn VaultSink>, options: ExportOptions) -> Result<Transferred> {
        let cancel = options.cancel.clone().unwrap_or_default();
        self.in_turn("export", &cancel, Box::pin(run(&self.inner, to, options))).await
    }
}

async fn run(inner: &Arc<Inner>, to: Arc<dyn VaultSink>, options: ExportOptions) -> Result<Transferred> {
    let drive = sync::metered(inner, true).await?;
    export(&drive, &*to, &options).await
}
