//! A drive with a fault, by which tests see that a panic is contained.

use super::Drive;
use kitestring::{
    DrivePath, Result, apply,
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    port,
};
use std::sync::Arc;

#[uniffi::export]
impl Drive {
    /// Makes a drive of which every request panics.
    #[uniffi::constructor]
    pub fn panicking() -> Arc<Self> {
        Self::ready(Arc::new(Panicking))
    }
}

struct Panicking;

#[apply(port!)]
#[allow(clippy::panic, reason = "that is what it is for")]
impl kitestring::Drive for Panicking {
    fn capabilities(&self) -> Capabilities {
        Capabilities::FULL
    }

    async fn get(&self, _path: DrivePath, _options: GetOptions) -> Result<Got> {
        panic!("a planted fault");
    }

    async fn put(&self, _path: DrivePath, _bytes: Vec<u8>, _condition: Condition) -> Result<Version> {
        panic!("a planted fault");
    }

    async fn delete(&self, _path: DrivePath, _condition: Condition) -> Result<()> {
        panic!("a planted fault");
    }

    async fn list_dir(&self, _dir: DrivePath, _cursor: Option<String>) -> Result<Listing> {
        panic!("a planted fault");
    }
}
