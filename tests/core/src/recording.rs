//! A drive that remembers everything that was ever put on it.

use kitestring::{
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    *,
};
use std::sync::{Arc, Mutex};

/// Remembers the names and the bytes of all writes, those that were refused included.
pub struct Recording {
    pub drive: Arc<dyn Drive>,
    pub written: Mutex<Vec<(String, Vec<u8>)>>,
}

impl Recording {
    pub fn new(drive: Arc<dyn Drive>) -> Arc<Self> {
        Arc::new(Self { drive, written: Mutex::default() })
    }
}

#[apply(port!)]
impl Drive for Recording {
    fn capabilities(&self) -> Capabilities {
        self.drive.capabilities()
    }
    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.drive.get(path, options).await
    }
    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.written.lock().unwrap().push((path.as_str().to_owned(), bytes.clone()));
        self.drive.put(path, bytes, condition).await
    }
    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.drive.delete(path, condition).await
    }
    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.drive.list_dir(dir, cursor).await
    }
}
