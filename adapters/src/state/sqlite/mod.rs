//! A client's own memory in an SQLite file.
//!
//! One thread writes, with group commit ([`writer`]). Reads use its connection while it is idle, because that one's cache
//! survives a commit; while it commits they use a connection of their own, so that they never wait for the disk.

mod fault;
mod open;
mod writer;

use blocking::unblock;
use fault::fault;
use kitestring::{Error, ErrorKind, Result, State, StateRecord, apply, port};
use rusqlite::Connection;
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, TryLockError},
};
use writer::Writer;

/// Reads the rows from a key on; whoever has enough stops.
const FROM: &str = "SELECT key, value FROM kv WHERE key >= ?1 ORDER BY key";

/// How many rows that nobody asked for are passed by before the next key is searched for.
const NEAR: u32 = 4;

/// A [`State`] in an SQLite file.
///
/// Writes that arrive while a commit is under way share the next one; each returns after its commit is on the disk.
/// Several of them, in one process or in many, may have the same file open; each batch stays atomic. That is for looking
/// at it: two clients that queue or sync with one state at once take each other's places in the queue. A program that may be
/// started twice takes a [`Hold`](crate::Hold) on the file first. The file is
/// readable by its owner only (mode 0600) on Unix. It must not lie on a network file system: SQLite's
/// write-ahead log needs memory that all its users share.
///
/// # Errors
/// `state` if the file is damaged, read-only, busy or not ours; `quota_exceeded` if the disk is full;
/// `needs_newer_version` if a newer version of this library wrote it.
///
/// # Cancel safety
/// A dropped `write` is committed as a whole or not at all. Dropping the state waits for the commits under way.
///
/// # Examples
/// ```
/// use kitestring::{State, StateRecord};
/// use kitestring_adapters::SqliteState;
///
/// # let home = tempfile::tempdir()?;
/// # futures::executor::block_on(async {
/// let state = SqliteState::open(home.path().join("client.sqlite"))?;
/// state.write(vec![StateRecord::set("client", "7f3a")]).await?;
/// assert_eq!(state.read(vec!["client".into()]).await?, [Some(b"7f3a".to_vec())]);
/// # Ok::<(), kitestring::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SqliteState {
    path: PathBuf,
    /// The writer's connection, and the one for reads beside a commit.
    warm: Arc<Mutex<Connection>>,
    beside: Arc<Mutex<Connection>>,
    writer: Writer,
}

impl SqliteState {
    /// Opens the file, or creates it; the folder must exist. A relative path begins at the current folder.
    ///
    /// # Errors
    /// As said above; nothing is changed in a file that is not ours.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = open::prepare(path.as_ref())?;
        let writer = open::connect(&path)?;
        open::own(&writer, &path)?;
        open::restrict(&path);
        let beside = Arc::new(Mutex::new(open::connect(&path)?));
        let warm = Arc::new(Mutex::new(writer));
        Ok(Self { writer: Writer::start(Arc::clone(&warm), path.clone())?, warm, beside, path })
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns how many commits were made for writes since the file was opened: at most one per write, fewer where writes
    /// shared one.
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    async fn with_reader<T, F>(&self, operation: &'static str, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (warm, beside) = (Arc::clone(&self.warm), Arc::clone(&self.beside));
        let result = unblock(move || {
            let connection = match warm.try_lock() {
                Ok(idle) => idle,
                Err(TryLockError::Poisoned(idle)) => idle.into_inner(),
                Err(TryLockError::WouldBlock) => beside.lock().unwrap_or_else(PoisonError::into_inner),
            };
            // One transaction, so that all answers are of one moment; it ends when dropped.
            let moment = connection.unchecked_transaction()?;
            read(&moment)
        });
        result.await.map_err(|e| fault(operation, &self.path, e))
    }
}

impl fmt::Debug for SqliteState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteState").field("path", &self.path).finish_non_exhaustive()
    }
}

#[apply(port!)]
impl State for SqliteState {
    async fn read(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>> {
        self.with_reader("read", move |connection| read(connection, &keys)).await
    }

    async fn scan(&self, prefix: String, after: Option<String>, limit: u32) -> Result<Vec<StateRecord>> {
        self.with_reader("scan", move |connection| scan(connection, &prefix, after.as_deref(), limit)).await
    }

    async fn write(&self, batch: Vec<StateRecord>) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let committed = self.writer.queue(batch)?;
        committed.await.unwrap_or_else(|_| Err(stopped()))
    }
}

/// Answers all keys in one walk over the file: what is asked for together mostly lies together, and the next row costs a
/// fraction of a search from the root.
fn read(connection: &Connection, keys: &[String]) -> rusqlite::Result<Vec<Option<Vec<u8>>>> {
    let mut wanted: Vec<(usize, &[u8])> = keys.iter().map(String::as_bytes).enumerate().collect();
    wanted.sort_by_key(|(_, key)| *key);
    let mut found = vec![None; keys.len()];
    let mut wanted = wanted.into_iter().peekable();
    let mut select = connection.prepare_cached(FROM)?;
    while let Some((at, _)) = wanted.peek() {
        let (mut rows, mut passed) = (select.query([keys.get(*at)])?, 0);
        while passed <= NEAR {
            let Some(row) = rows.next()? else { return Ok(found) };
            let key = row.get_ref(0)?.as_bytes()?;
            while wanted.next_if(|(_, wanted)| *wanted < key).is_some() {}
            passed += 1;
            while let Some((at, _)) = wanted.next_if(|(_, wanted)| *wanted == key) {
                passed = 0;
                if let Some(found) = found.get_mut(at) {
                    *found = Some(row.get(1)?);
                }
            }
            if wanted.peek().is_none() {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// Reads on from the later of `after` and the first key that could have the prefix; keys are compared byte by byte.
fn scan(connection: &Connection, prefix: &str, after: Option<&str>, limit: u32) -> rusqlite::Result<Vec<StateRecord>> {
    let (sql, from) = match after {
        Some(after) if after >= prefix => ("SELECT key, value FROM kv WHERE key > ?1 ORDER BY key", after),
        _ => (FROM, prefix),
    };
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query([from])?;
    let mut found = Vec::new();
    // A `LIMIT ?2` would have SQLite prepare the statement anew whenever another limit is bound.
    while found.len() < limit as usize
        && let Some(row) = rows.next()?
    {
        let key = row.get_ref(0)?.as_str()?;
        if !key.starts_with(prefix) {
            break;
        }
        found.push(StateRecord { key: key.to_owned(), value: Some(row.get(1)?) });
    }
    Ok(found)
}

fn stopped() -> Error {
    Error::new(ErrorKind::State, "write", "the thread that writes the state has ended: open the client again")
}

#[cfg(test)]
mod tests;
