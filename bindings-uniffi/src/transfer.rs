//! A vault's files, out of its drive and into another: the host keeps them in between.

use crate::{
    KiteError,
    contain::contained_async,
    drive::Drive,
    error::{Port, raised_by},
    record::{TransferOptions, Transferred},
};
use kitestring::{Result, apply, port, transfer};
use std::sync::Arc;

/// A file of a vault.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct VaultFile {
    /// Its path on the drive; of the list of all files, which comes last, `kitestring-export.json`.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Takes the files of an export, one behind the other. Without the last, it is none.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait VaultSink: Send + Sync {
    /// Takes the next file. One whose path came before takes the place of that.
    async fn take(&self, file: VaultFile) -> Result<(), KiteError>;
}

/// Gives the files of an export, in the order in which they were taken.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait VaultSource: Send + Sync {
    /// Begins anew with the first file.
    async fn rewind(&self) -> Result<(), KiteError>;
    /// Gives the next file; none at the end.
    async fn next(&self) -> Result<Option<VaultFile>, KiteError>;
}

/// Imports a vault into an empty place, as it was exported. It needs no key, and no client. What is interrupted is no vault, and
/// the same call goes on.
#[uniffi::export(default(options = None))]
pub async fn import_vault(
    drive: Arc<Drive>,
    from: Arc<dyn VaultSource>,
    options: Option<TransferOptions>,
) -> Result<Transferred, KiteError> {
    contained_async("import", async {
        let options = options.unwrap_or_default().into();
        Ok(transfer::import(drive.drive.clone(), Arc::new(Source(from)), options).await?.into())
    })
    .await
}

pub(crate) struct Sink(pub(crate) Arc<dyn VaultSink>);

#[apply(port!)]
impl transfer::VaultSink for Sink {
    async fn take(&self, file: transfer::VaultFile) -> Result<()> {
        let transfer::VaultFile { path, bytes } = file;
        self.0.take(VaultFile { path, bytes }).await.map_err(raised_by(Port::Application, "export"))
    }
}

struct Source(Arc<dyn VaultSource>);

#[apply(port!)]
impl transfer::VaultSource for Source {
    async fn rewind(&self) -> Result<()> {
        self.0.rewind().await.map_err(raised_by(Port::Application, "import"))
    }

    async fn next(&self) -> Result<Option<transfer::VaultFile>> {
        let file = self.0.next().await.map_err(raised_by(Port::Application, "import"))?;
        Ok(file.map(|VaultFile { path, bytes }| transfer::VaultFile { path, bytes }))
    }
}
