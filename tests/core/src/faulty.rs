//! A drive that fails where a test says so.

use kitestring::{
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    *,
};
use std::sync::{Arc, Mutex};

/// When to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Before,
    After,
    /// Refused by its condition, and nothing happens.
    Refused,
    /// It happens, and a repetition of it is refused by its condition.
    Repeated,
    /// The drive cannot store this at all.
    Impossible,
}

/// Decides about a call: operation and path.
type Rule = Box<dyn FnMut(&str, &str) -> Option<When> + Send>;

/// A drive that fails where its rule says so.
pub struct Faulty {
    pub drive: Arc<MemoryDrive>,
    rule: Mutex<Rule>,
}

impl Faulty {
    pub fn new(drive: &Arc<MemoryDrive>, rule: impl FnMut(&str, &str) -> Option<When> + Send + 'static) -> Arc<Self> {
        Arc::new(Self { drive: drive.clone(), rule: Mutex::new(Box::new(rule)) })
    }

    fn ask(&self, operation: &str, path: &DrivePath) -> Option<When> {
        (self.rule.lock().unwrap())(operation, path.as_str())
    }
}

fn failure(operation: &'static str, path: &DrivePath) -> Error {
    Error::new(ErrorKind::Unavailable, operation, "the test says so").about(path.as_str())
}

macro_rules! through {
    ($self:ident, $operation:literal, $path:ident, $call:expr) => {{
        let when = $self.ask($operation, &$path);
        if when == Some(When::Before) {
            return Err(failure($operation, &$path));
        }
        if when == Some(When::Refused) {
            return Err(Error::new(ErrorKind::Condition, $operation, "the test says so").about($path.as_str()));
        }
        if when == Some(When::Impossible) {
            return Err(Error::new(ErrorKind::InvalidInput, $operation, "the test says so").about($path.as_str()));
        }
        let result = $call.await;
        if when == Some(When::Repeated) {
            return Err(Error::new(ErrorKind::Condition, $operation, "the test says so").about($path.as_str()));
        }
        if when == Some(When::After) { Err(failure($operation, &$path)) } else { result }
    }};
}

#[apply(port!)]
impl Drive for Faulty {
    fn capabilities(&self) -> Capabilities {
        self.drive.capabilities()
    }
    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        through!(self, "get", path, self.drive.get(path.clone(), options))
    }
    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        through!(self, "put", path, self.drive.put(path.clone(), bytes, condition))
    }
    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        through!(self, "delete", path, self.drive.delete(path.clone(), condition))
    }
    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        through!(self, "list", dir, self.drive.list_dir(dir.clone(), cursor))
    }
}
