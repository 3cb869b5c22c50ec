//! The open store, kept safe: from an error of the disk, after which the store answers nothing until it is opened anew,
//! and from a damaged file, whose pages may claim what cannot be.

use super::{
    fault::{damaged, fault, state},
    open::{KV, own},
};
use kitestring::{ErrorKind, Result, StateRecord};
use redb::{Database, DatabaseError};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

/// Opens the file.
pub(super) type Open = Box<dyn Fn(&Path) -> Result<Database, DatabaseError> + Send + Sync>;

/// The open store.
pub(super) struct Store {
    path: PathBuf,
    open: Open,
    /// None after an error, until it is opened anew.
    database: RwLock<Option<Database>>,
}

impl Store {
    pub(super) fn open(path: PathBuf, open: Open) -> Result<Self> {
        let store = Self { path, open, database: RwLock::default() };
        store.reopen()?;
        Ok(store)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a call, beside others.
    ///
    /// # Errors
    /// What the store answers, and `state` if it panics over a damaged file.
    pub(super) fn with<T>(&self, operation: &'static str, call: impl FnOnce(&Database) -> Result<T, redb::Error>) -> Result<T> {
        let open = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let Some(database) = &*open else {
            let detail = "the file could not be opened again after an error of the disk: check the disk, then open the client again";
            return Err(state(operation, &self.path, ErrorKind::State, detail));
        };
        self.guarded(operation, || call(database).map_err(|e| fault(operation, &self.path, e)))
    }

    /// Writes batches: all of them or none, and durable on return.
    pub(super) fn commit<'a>(&self, batches: impl Iterator<Item = &'a [StateRecord]>) -> Result<()> {
        self.with("write", |database| {
            let transaction = database.begin_write()?;
            let mut table = transaction.open_table(KV)?;
            for record in batches.flatten() {
                match &record.value {
                    Some(value) => drop(table.insert(record.key.as_str(), value.as_slice())?),
                    None => drop(table.remove(record.key.as_str())?),
                }
            }
            drop(table);
            Ok(transaction.commit()?)
        })
    }

    /// Opens the file anew, as after an error: nothing else revives a store that met one.
    pub(super) fn reopen(&self) -> Result<()> {
        let mut open = self.database.write().unwrap_or_else(PoisonError::into_inner);
        let closed = open.take();
        self.guarded("open", || {
            drop(closed);
            let mut database = (self.open)(&self.path).map_err(|e| fault("open", &self.path, e.into()))?;
            own(&mut database, &self.path)?;
            *open = Some(database);
            Ok(())
        })
    }

    /// Closes the file, as soon as nobody reads any more.
    pub(super) fn close(&self) {
        let closed = self.database.write().unwrap_or_else(PoisonError::into_inner).take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(closed)));
    }

    fn guarded<T>(&self, operation: &'static str, call: impl FnOnce() -> Result<T>) -> Result<T> {
        // What a panic leaves is given up: a transaction is undone, a store that cannot be opened is closed.
        catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Err(state(operation, &self.path, ErrorKind::State, damaged())))
    }
}
