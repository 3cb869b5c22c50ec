//! The drive of a folder whose drive cannot be opened: what the client knows by itself can still be asked.

use kitestring::{
    Drive, DrivePath, Error, ErrorKind, Result, apply,
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    port,
};

/// Answers every request with the reason why the drive could not be opened.
#[derive(Debug)]
pub(crate) struct Unreachable {
    reason: String,
}

impl Unreachable {
    /// Takes the reason.
    pub(crate) fn because(error: &Error) -> Self {
        Self { reason: error.detail().to_owned() }
    }

    fn error(&self, operation: &'static str) -> Error {
        Error::new(ErrorKind::Unavailable, operation, self.reason.clone())
    }
}

#[apply(port!)]
impl Drive for Unreachable {
    fn capabilities(&self) -> Capabilities {
        Capabilities::FULL
    }

    async fn get(&self, _path: DrivePath, _options: GetOptions) -> Result<Got> {
        Err(self.error("get"))
    }

    async fn put(&self, _path: DrivePath, _bytes: Vec<u8>, _condition: Condition) -> Result<Version> {
        Err(self.error("put"))
    }

    async fn delete(&self, _path: DrivePath, _condition: Condition) -> Result<()> {
        Err(self.error("delete"))
    }

    async fn list_dir(&self, _dir: DrivePath, _cursor: Option<String>) -> Result<Listing> {
        Err(self.error("list"))
    }
}
