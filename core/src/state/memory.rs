//! State in memory, for tests and for hosts that keep it elsewhere.

use super::{State, StateRecord};
use crate::Result;
use macro_rules_attribute::apply;
use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A [`State`] that is gone with the process.
#[derive(Debug, Default)]
pub struct MemoryState(Mutex<BTreeMap<String, Vec<u8>>>);

impl MemoryState {
    /// Makes an empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Copies everything, as a backup would.
    pub fn snapshot(&self) -> Self {
        Self(Mutex::new(self.map().clone()))
    }

    fn map(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[apply(port!)]
impl State for MemoryState {
    async fn read(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>> {
        let map = self.map();
        Ok(keys.iter().map(|key| map.get(key).cloned()).collect())
    }

    async fn scan(&self, prefix: String, after: Option<String>, limit: u32) -> Result<Vec<StateRecord>> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix.clone()),
        };
        let map = self.map();
        let found = map.range((start, Bound::Unbounded)).take_while(|(key, _)| key.starts_with(&prefix));
        Ok(found.take(limit as usize).map(|(key, value)| StateRecord::set(key.clone(), value.clone())).collect())
    }

    async fn write(&self, batch: Vec<StateRecord>) -> Result<()> {
        let mut map = self.map();
        for record in batch {
            match record.value {
                Some(value) => map.insert(record.key, value),
                None => map.remove(&record.key),
            };
        }
        Ok(())
    }
}
