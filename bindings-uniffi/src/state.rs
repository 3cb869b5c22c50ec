//! The client's own memory: ready to use, or the host's.

use crate::{
    KiteError,
    contain::contained,
    error::{Port, raised_by},
    record::StateRecord,
};
use kitestring::{Error, MemoryState, Result, apply, port};
use std::sync::Arc;

/// The client's own memory. One for each client.
#[derive(uniffi::Object)]
pub struct State {
    pub(crate) state: Arc<dyn kitestring::State>,
    /// What a client must hold to use it.
    #[cfg(feature = "sqlite")]
    path: Option<String>,
}

impl State {
    fn of(state: impl kitestring::State + 'static) -> Arc<Self> {
        Arc::new(Self {
            state: Arc::new(state),
            #[cfg(feature = "sqlite")]
            path: None,
        })
    }

    /// Keeps others out as long as what it answers is there.
    ///
    /// # Errors
    /// `locked` if another client has it.
    #[cfg(feature = "sqlite")]
    pub(crate) fn hold(&self) -> Result<Option<kitestring_adapters::Hold>> {
        self.path.as_ref().map(kitestring_adapters::Hold::on).transpose()
    }
}

#[uniffi::export]
impl State {
    /// Makes an empty state that is gone with the process.
    #[uniffi::constructor]
    pub fn memory() -> Arc<Self> {
        Self::of(MemoryState::new())
    }

    /// Takes an object of the host.
    #[uniffi::constructor]
    pub fn custom(port: Arc<dyn StatePort>) -> Arc<Self> {
        Self::of(Foreign(port))
    }
}

#[cfg(feature = "sqlite")]
#[uniffi::export]
impl State {
    /// Opens an SQLite file, or creates it; the folder must exist. It is for one client at a time, in all processes: opening a
    /// second one is `locked` until the first is shut down, or gone.
    #[uniffi::constructor]
    pub fn sqlite(path: String) -> Result<Arc<Self>, KiteError> {
        contained("open", || {
            let state = Arc::new(kitestring_adapters::SqliteState::open(&path)?);
            Ok(Arc::new(Self { state, path: Some(path) }))
        })
    }
}

#[cfg(feature = "file")]
#[uniffi::export]
impl State {
    /// Opens a file that needs no SQLite, or creates it; the folder must exist.
    #[uniffi::constructor]
    pub fn file(path: String) -> Result<Arc<Self>, KiteError> {
        contained("open", || Ok(Self::of(kitestring_adapters::FileState::open(path)?)))
    }
}

/// Keys to bytes, kept by the host. It must not call the client. What it raises is `state`.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait StatePort: Send + Sync {
    /// Reads these keys; one answer per key, in the same order, none for a missing one.
    async fn read(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>, KiteError>;
    /// Lists at most `limit` records whose key starts with `prefix` and is greater than `after`, in the byte order of keys. An
    /// empty page is the end.
    async fn scan(&self, prefix: String, after: Option<String>, limit: u32) -> Result<Vec<StateRecord>, KiteError>;
    /// Writes a batch: all of it or nothing, and durable when it returns. A record without value removes its key.
    async fn write(&self, batch: Vec<StateRecord>) -> Result<(), KiteError>;
}

struct Foreign(Arc<dyn StatePort>);

#[apply(port!)]
impl kitestring::State for Foreign {
    async fn read(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>> {
        let wanted = keys.len();
        let values = self.0.read(keys).await.map_err(raised_by(Port::State, "read"))?;
        let short = || Error::new(Port::State.kind(), "read", format!("the host answered {} values for {wanted} keys", values.len()));
        if values.len() == wanted { Ok(values) } else { Err(short()) }
    }

    async fn scan(&self, prefix: String, after: Option<String>, limit: u32) -> Result<Vec<kitestring::StateRecord>> {
        let page = self.0.scan(prefix, after, limit).await.map_err(raised_by(Port::State, "scan"))?;
        Ok(page.into_iter().map(StateRecord::into).collect())
    }

    async fn write(&self, batch: Vec<kitestring::StateRecord>) -> Result<()> {
        self.0.write(batch.into_iter().map(StateRecord::from).collect()).await.map_err(raised_by(Port::State, "write"))
    }
}
