//! An object of the host's language as the port [`kitestring::Drive`].

use crate::{
    KiteError,
    error::{Port, raised_by},
    record::{Capabilities, Condition, GetOptions, Got, Listing, PutAnswer, PutFile},
};
use kitestring::{DrivePath, Error, Result, apply, drive, port};
use std::sync::Arc;

/// Named files, kept by the host. A missing file is an answer; a condition that does not hold is the error `condition`. What is
/// raised otherwise is `unavailable`.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait DrivePort: Send + Sync {
    /// Says what the drive can do; asked once.
    fn capabilities(&self) -> Result<Capabilities, KiteError>;
    /// Reads a file, with the version that had these bytes.
    async fn get(&self, path: String, options: GetOptions) -> Result<Got, KiteError>;
    /// Writes a whole file, making the folders above it, and returns its version. Durable on return.
    async fn put(&self, path: String, bytes: Vec<u8>, condition: Condition) -> Result<String, KiteError>;
    /// Deletes a file. A missing one is fine under `Any`, and `condition` under `Matches`.
    async fn delete(&self, path: String, condition: Condition) -> Result<(), KiteError>;
    /// Lists a page of a folder; a missing folder is empty.
    async fn list_dir(&self, dir: String, cursor: Option<String>) -> Result<Listing, KiteError>;
    /// Writes several files and answers once for each, in their order; none to have them put one by one.
    async fn put_many(&self, files: Vec<PutFile>) -> Result<Option<Vec<PutAnswer>>, KiteError>;
}

pub(super) struct Foreign {
    port: Arc<dyn DrivePort>,
    capabilities: drive::Capabilities,
}

impl Foreign {
    pub(super) fn new(port: Arc<dyn DrivePort>) -> Result<Self> {
        let capabilities = port.capabilities().map_err(raised_by(Port::Drive, "capabilities"))?.into();
        Ok(Self { port, capabilities })
    }
}

#[apply(port!)]
impl kitestring::Drive for Foreign {
    fn capabilities(&self) -> drive::Capabilities {
        self.capabilities
    }

    async fn get(&self, path: DrivePath, options: drive::GetOptions) -> Result<drive::Got> {
        let got = self.port.get(path.to_string(), options.into()).await;
        got.map(Got::into).map_err(raised_by(Port::Drive, "get"))
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: drive::Condition) -> Result<drive::Version> {
        let version = self.port.put(path.to_string(), bytes, condition.into()).await;
        version.map(drive::Version::new).map_err(raised_by(Port::Drive, "put"))
    }

    async fn delete(&self, path: DrivePath, condition: drive::Condition) -> Result<()> {
        self.port.delete(path.to_string(), condition.into()).await.map_err(raised_by(Port::Drive, "delete"))
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<drive::Listing> {
        let listing = self.port.list_dir(dir.to_string(), cursor).await;
        listing.map(Listing::into).map_err(raised_by(Port::Drive, "list_dir"))
    }

    async fn put_many(&self, files: Vec<drive::PutFile>) -> Vec<Result<drive::Version>> {
        let wanted = files.len();
        match self.port.put_many(files.iter().cloned().map(PutFile::from).collect()).await.map_err(raised_by(Port::Drive, "put")) {
            Ok(Some(answers)) if answers.len() == wanted => answers.into_iter().map(version).collect(),
            Ok(Some(answers)) => refused(wanted, || miscounted(answers.len(), wanted)),
            // The port's own default, which an implementation cannot call.
            Ok(None) => one_by_one(self, files).await,
            Err(e) => refused(wanted, || Error::new(e.kind.clone(), "put", e.detail()).with_retry(e.retry)),
        }
    }
}

fn version(answer: PutAnswer) -> Result<drive::Version> {
    match answer {
        PutAnswer::Written { version } => Ok(drive::Version::new(version)),
        PutAnswer::Failed { info } => Err(raised_by(Port::Drive, "put")(info.into())),
    }
}

fn refused(wanted: usize, why: impl Fn() -> Error) -> Vec<Result<drive::Version>> {
    (0..wanted).map(|_| Err(why())).collect()
}

fn miscounted(answered: usize, wanted: usize) -> Error {
    Error::new(Port::Drive.kind(), "put", format!("the host answered {answered} times for {wanted} files"))
}

async fn one_by_one(drive: &Foreign, files: Vec<drive::PutFile>) -> Vec<Result<drive::Version>> {
    use futures::StreamExt as _;
    use kitestring::Drive as _;
    let parallel = drive.capabilities.parallel.max(1) as usize;
    let puts = files.into_iter().map(|file| drive.put(file.path, file.bytes, file.condition));
    futures::stream::iter(puts).buffered(parallel).collect().await
}
