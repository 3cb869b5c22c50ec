//! A client's own memory in a file, for hosts without SQLite.
//!
//! The file is one of `redb`, an embedded store: pages of a B-tree, written beside the old ones and made valid by the
//! last write of a commit. `store` keeps it open and safe from what a damaged file may do, `open` makes and recognises
//! it, and `writer` lets batches share commits.

mod fault;
mod open;
mod store;
mod writer;

use blocking::unblock;
use kitestring::{Error, ErrorKind, Result, State, StateRecord, apply, port};
use open::KV;
use redb::{ReadTransaction, ReadableDatabase as _};
use std::{
    fmt,
    ops::Bound,
    path::{Path, PathBuf},
    sync::Arc,
};
use store::Store;
use writer::Writer;

/// A [`State`] in a file, in pure Rust.
///
/// Writes that arrive while a commit is under way share the next one; each returns after its commit is on the disk.
/// Reads never wait for a commit. One process at a time may have the file open, and one state in it. Opening it reads
/// all of it, so that damage is found before it is used and what a crash left is put right. What removed records leave
/// free is used again, and a file that became much larger than its content is made smaller when it is opened. In memory
/// are at most 4 MiB of it. It is readable by its owner only (mode 0600) on Unix.
///
/// The store panics over some kinds of damage while it is opened. That is caught and answered as an error, which a
/// program built with `panic = "abort"` cannot do.
///
/// # Errors
/// `state` if the file is damaged, read-only, in use or not ours; `quota_exceeded` if the disk is full;
/// `needs_newer_version` if a newer version of this library wrote it.
///
/// # Cancel safety
/// A dropped `write` is committed as a whole or not at all. Dropping the state waits for the commits under way.
///
/// # Examples
/// ```
/// use kitestring::{State, StateRecord};
/// use kitestring_adapters::FileState;
///
/// # let home = tempfile::tempdir()?;
/// # futures::executor::block_on(async {
/// let state = FileState::open(home.path().join("client.state"))?;
/// state.write(vec![StateRecord::set("client", "7f3a")]).await?;
/// assert_eq!(state.read(vec!["client".into()]).await?, [Some(b"7f3a".to_vec())]);
/// # Ok::<(), kitestring::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FileState {
    store: Arc<Store>,
    writer: Writer,
}

impl FileState {
    /// Opens the file, or creates it; the folder must exist. A relative path begins at the current folder.
    ///
    /// # Errors
    /// As said above; no record is changed in a file that is not ours.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path: PathBuf = open::prepare(path.as_ref())?;
        let store = Arc::new(Store::open(path, Box::new(open::database))?);
        Ok(Self { writer: Writer::start(store.clone())?, store })
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        self.store.path()
    }

    /// Returns how many commits were made for writes since the file was opened: at most one per write, fewer where writes
    /// shared one.
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    async fn with_moment<T, F>(&self, operation: &'static str, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&ReadTransaction) -> std::result::Result<T, redb::Error> + Send + 'static,
    {
        let store = self.store.clone();
        // One transaction, so that all answers are of one moment.
        unblock(move || store.with(operation, |database| read(&database.begin_read()?))).await
    }
}

impl fmt::Debug for FileState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileState").field("path", &self.path()).finish_non_exhaustive()
    }
}

#[apply(port!)]
impl State for FileState {
    async fn read(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>> {
        let read = move |moment: &ReadTransaction| {
            let table = moment.open_table(KV)?;
            keys.iter().map(|key| Ok(table.get(key.as_str())?.map(|value| value.value().to_vec()))).collect()
        };
        self.with_moment("read", read).await
    }

    async fn scan(&self, prefix: String, after: Option<String>, limit: u32) -> Result<Vec<StateRecord>> {
        self.with_moment("scan", move |moment| scan(moment, &prefix, after.as_deref(), limit)).await
    }

    async fn write(&self, batch: Vec<StateRecord>) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let committed = self.writer.queue(batch)?;
        committed.await.unwrap_or_else(|_| Err(stopped()))
    }
}

/// Reads on from the later of `after` and the first key that could have the prefix; keys are compared byte by byte.
fn scan(moment: &ReadTransaction, prefix: &str, after: Option<&str>, limit: u32) -> std::result::Result<Vec<StateRecord>, redb::Error> {
    let from = match after {
        Some(after) if after >= prefix => Bound::Excluded(after),
        _ => Bound::Included(prefix),
    };
    let mut found = Vec::new();
    for entry in moment.open_table(KV)?.range::<&str>((from, Bound::Unbounded))?.take(limit as usize) {
        let (key, value) = entry?;
        if !key.value().starts_with(prefix) {
            break;
        }
        found.push(StateRecord::set(key.value(), value.value()));
    }
    Ok(found)
}

fn stopped() -> Error {
    Error::new(ErrorKind::State, "write", "the thread that writes the state has ended: open the client again")
}

#[cfg(test)]
mod tests;
