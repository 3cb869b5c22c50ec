//! A drive that is to be tested, and the empty storages that are made of it.

use kitestring::{BoxFuture, Drive, Result};
use std::{any::Any, fmt, future::Future, sync::Arc};

type Make = Box<dyn Fn() -> BoxFuture<'static, Result<Storage>> + Send + Sync>;
type Open = Box<dyn Fn(&str) -> Result<Arc<dyn Drive>> + Send + Sync>;
type Again = Box<dyn Fn() -> Result<Arc<dyn Drive>> + Send + Sync>;

/// A drive that is to be tested.
pub struct Candidate {
    pub(crate) name: String,
    pub(crate) make: Make,
    pub(crate) open: Option<Open>,
    pub(crate) excused: &'static [(&'static str, &'static str)],
}

impl Candidate {
    /// Takes a name and how to make an empty storage.
    pub fn new<F: Future<Output = Result<Storage>> + Send + 'static>(
        name: impl Into<String>,
        make: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), make: Box::new(move || Box::pin(make())), open: None, excused: &[] }
    }

    /// Says how another process opens the storage at an address ([`Storage::at`]).
    #[must_use]
    pub fn opened_by<D: Drive + 'static>(mut self, open: impl Fn(&str) -> Result<D> + Send + Sync + 'static) -> Self {
        self.open = Some(Box::new(move |address| Ok(Arc::new(open(address)?))));
        self
    }

    /// Names tests that the storage behind the drive is known to fail, each with the reason: they are skipped.
    #[must_use]
    pub fn excused_from(mut self, tests: &'static [(&'static str, &'static str)]) -> Self {
        self.excused = tests;
        self
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate").field("name", &self.name).finish_non_exhaustive()
    }
}

/// An empty storage, with what the tests may do to it. It is gone when this is dropped.
pub struct Storage {
    pub(crate) drive: Arc<dyn Drive>,
    pub(crate) again: Option<Again>,
    pub(crate) address: Option<String>,
    pub(crate) unmount: Option<Box<dyn Fn() -> std::io::Result<()> + Send + Sync>>,
    kept: Vec<Box<dyn Any + Send + Sync>>,
}

impl Storage {
    /// Takes a drive whose root is empty.
    pub fn new(drive: impl Drive + 'static) -> Self {
        Self { drive: Arc::new(drive), again: None, address: None, unmount: None, kept: Vec::new() }
    }

    /// Says how a second client reaches the same storage. Without it the tests share one client.
    #[must_use]
    pub fn shared_by<D: Drive + 'static>(mut self, again: impl Fn() -> Result<D> + Send + Sync + 'static) -> Self {
        self.again = Some(Box::new(move || Ok(Arc::new(again()?))));
        self
    }

    /// Says under which address other processes find it ([`Candidate::opened_by`]).
    #[must_use]
    pub fn at(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// Says how to take the root away, as pulling out a disk would.
    #[must_use]
    pub fn unmounted_by(mut self, unmount: impl Fn() -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        self.unmount = Some(Box::new(unmount));
        self
    }

    /// Keeps a value, such as a temporary folder, for as long as the storage is used.
    #[must_use]
    pub fn keeping(mut self, value: impl Any + Send + Sync) -> Self {
        self.kept.push(Box::new(value));
        self
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage").field("address", &self.address).field("kept", &self.kept.len()).finish_non_exhaustive()
    }
}
