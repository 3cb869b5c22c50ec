//! The port for the client's own small durable memory: keys to bytes, with atomic batches.

mod memory;

pub use memory::MemoryState;

use crate::{
    Result,
    maybe_send::{MaybeSend, MaybeSync},
};
use macro_rules_attribute::apply;

/// One key and its value; a record without value, in a batch, removes the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRecord {
    /// ASCII, so that every store sorts alike.
    pub key: String,
    /// The bytes.
    pub value: Option<Vec<u8>>,
}

impl StateRecord {
    /// Makes a record that sets `key`.
    pub fn set(key: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        Self { key: key.into(), value: Some(value.into()) }
    }

    /// Makes a record that removes `key`.
    pub fn remove(key: impl Into<String>) -> Self {
        Self { key: key.into(), value: None }
    }
}

/// Keys to bytes. It is a leaf: it must not call the client.
#[apply(port!)]
pub trait State: MaybeSend + MaybeSync {
    /// Reads these keys; one answer per key, in the same order, none for a missing one.
    async fn read(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>>;

    /// Lists at most `limit` records whose key starts with `prefix` and is greater than `after`, in the byte
    /// order of keys. An empty page is the end.
    async fn scan(&self, prefix: String, after: Option<String>, limit: u32) -> Result<Vec<StateRecord>>;

    /// Writes a batch: all of it or nothing, and durable when it returns. Later records of the same key win.
    async fn write(&self, batch: Vec<StateRecord>) -> Result<()>;
}
