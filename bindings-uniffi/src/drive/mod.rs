//! Drives: ready to use, or the host's.

#[cfg(feature = "http")]
mod cloud;
#[cfg(feature = "github")]
mod github;
mod port;
#[cfg(feature = "s3")]
mod s3;

#[cfg(feature = "github")]
pub use github::GitHubPlace;
pub use port::DrivePort;
#[cfg(feature = "s3")]
pub use s3::{S3Keys, S3Place, S3Style};

use crate::{
    KiteError,
    contain::{contained, contained_async},
};
use kitestring::{BoxFuture, DrivePath, MemoryDrive, Result};
use kitestring_adapters::layers::{Collection, Within};
use std::sync::Arc;

type MakesRoot = dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync;

/// Storage that several clients share.
#[derive(uniffi::Object)]
pub struct Drive {
    pub(crate) drive: Arc<dyn kitestring::Drive>,
    makes_root: Option<Arc<MakesRoot>>,
}

#[uniffi::export]
impl Drive {
    /// Makes an empty drive that is gone with the process.
    #[uniffi::constructor]
    pub fn memory() -> Arc<Self> {
        Self::ready(Arc::new(MemoryDrive::new()))
    }

    /// Takes an object of the host.
    #[uniffi::constructor]
    pub fn custom(port: Arc<dyn DrivePort>) -> Result<Arc<Self>, KiteError> {
        contained("open", || Ok(Self::ready(Arc::new(port::Foreign::new(port)?))))
    }

    /// Makes the folder on the service, if it is not there. The other drives have nothing to make.
    pub async fn make_root(&self) -> Result<(), KiteError> {
        contained_async("open", async {
            match &self.makes_root {
                Some(make) => make().await,
                None => Ok(()),
            }
        })
        .await
    }

    /// Takes a folder of this drive as a drive of its own.
    pub fn within(&self, folder: String) -> Result<Arc<Self>, KiteError> {
        contained("open", || Ok(self.part(DrivePath::new(folder)?)))
    }

    /// Takes one dataset among several on this drive, by its name: 1 to 64 characters of `a` to `z`, `0` to `9`, `-` and `_`.
    pub fn collection(&self, name: String) -> Result<Arc<Self>, KiteError> {
        contained("open", || Ok(self.part(Collection::new(name)?.path().clone())))
    }
}

#[cfg(feature = "folder")]
#[uniffi::export]
impl Drive {
    /// Opens a local folder, and makes it if it is not there; the folder above must exist.
    #[uniffi::constructor]
    pub fn folder(path: String) -> Result<Arc<Self>, KiteError> {
        contained("open", || Ok(Self::ready(Arc::new(kitestring_adapters::FsDrive::create(path)?))))
    }
}

impl Drive {
    pub(crate) fn ready(drive: Arc<dyn kitestring::Drive>) -> Arc<Self> {
        Arc::new(Self { drive, makes_root: None })
    }

    fn part(&self, folder: DrivePath) -> Arc<Self> {
        let drive = Arc::new(Within::new(self.drive.clone(), folder));
        Arc::new(Self { drive, makes_root: self.makes_root.clone() })
    }
}
