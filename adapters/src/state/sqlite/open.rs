//! Opening the file: whose it is, how durable it is, who may read it.

use super::fault::{fault, is_busy, read_only, state};
use kitestring::{ErrorKind, Result};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
#[cfg(unix)]
use std::fs::OpenOptions;
use std::{
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// Marks the file as ours in its header: "kite" in ASCII.
const APPLICATION: i64 = 0x6b69_7465;
/// The version of the table.
const VERSION: i64 = 1;
/// How long a connection waits for another process's commit.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How much of the file a connection keeps in memory, as SQLite counts it: negative, in KiB.
const CACHE_KIB: i64 = -4096;
/// After how many pages the write-ahead log is carried over into the file, which costs two more syncs: 16 MiB.
const CHECKPOINT_PAGES: i64 = 4096;
/// How many prepared statements are kept; more than there are.
const STATEMENTS: usize = 8;

/// Returns the absolute path, which SQLite cannot take for one of its special names, and creates the file if it is not there.
pub(super) fn prepare(path: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(path)
        .map_err(|e| state("open", path, ErrorKind::State, "this is no path of a file: choose another").caused_by(e))?;
    #[cfg(unix)]
    {
        sweep(&absolute);
        create_private(&absolute);
    }
    Ok(absolute)
}

/// Creates an empty file that only its owner can read; SQLite gives its companion files the same mode.
///
/// It receives its name when it is closed already: to close a file that SQLite has open would drop SQLite's locks on it.
/// Should this fail, SQLite creates the file, or says what is wrong.
#[cfg(unix)]
fn create_private(path: &Path) {
    use std::hash::{BuildHasher as _, RandomState};
    use std::os::unix::fs::OpenOptionsExt as _;
    if path.symlink_metadata().is_ok() {
        return;
    }
    let name = with_suffix(path, &format!(".new-{:016x}", RandomState::new().hash_one(std::process::id())));
    if OpenOptions::new().write(true).create_new(true).mode(0o600).open(&name).is_ok() {
        let _ = std::fs::hard_link(&name, path);
        let _ = std::fs::remove_file(&name);
    }
}

/// Removes what [`create_private`] left when it was killed.
#[cfg(unix)]
fn sweep(path: &Path) {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name().and_then(|n| n.to_str())) else { return };
    let left = format!("{name}.new-");
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(&left)) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Takes the rights of others away from the file and its companions, as far as the file system knows rights.
#[cfg(unix)]
pub(super) fn restrict(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::set_permissions(with_suffix(path, suffix), std::fs::Permissions::from_mode(0o600));
    }
}

/// Does nothing: the folder of the user's own data is private here.
#[cfg(not(unix))]
pub(super) fn restrict(_path: &Path) {}

#[cfg(unix)]
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Opens a connection, every commit of which is on the disk when it returns.
pub(super) fn connect(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|e| fault("open", path, e))?;
    configure(&connection).map_err(|e| fault("open", path, e))?;
    if connection.is_readonly("main").map_err(|e| fault("open", path, e))? {
        return Err(state("open", path, ErrorKind::State, read_only()));
    }
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Apple's disks keep a write in their cache otherwise; elsewhere these mean nothing.
    connection.pragma_update(None, "fullfsync", "ON")?;
    connection.pragma_update(None, "checkpoint_fullfsync", "ON")
}

/// Makes sure that the file is ours and that this version can read it; makes the table in a new one.
pub(super) fn own(connection: &Connection, path: &Path) -> Result<()> {
    let sql = |e| fault("open", path, e);
    let (application, version, tables) = header(connection).map_err(sql)?;
    match (application, version) {
        (APPLICATION, VERSION) => Ok(()),
        (0, 0) if tables == 0 => create(connection).map_err(sql),
        (APPLICATION, newer) if newer > VERSION => {
            let detail = format!("the file has format {newer}, this version knows {VERSION}: update the application");
            Err(state("open", path, ErrorKind::NeedsNewerVersion, detail))
        }
        _ => Err(state("open", path, ErrorKind::State, "this is another program's database: choose another file")),
    }
}

/// Returns the application, the version and the number of tables, all of one moment.
fn header(connection: &Connection) -> rusqlite::Result<(i64, i64, i64)> {
    let moment = connection.unchecked_transaction()?;
    let number = |sql: &str| moment.query_row(sql, [], |row| row.get::<_, i64>(0));
    Ok((number("PRAGMA application_id")?, number("PRAGMA user_version")?, number("SELECT count(*) FROM sqlite_schema")?))
}

/// Makes the table, unless another process was faster.
fn create(connection: &Connection) -> rusqlite::Result<()> {
    // A file system without shared memory keeps the old journal: as durable, but then reads wait for commits.
    patiently(|| connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())))?;
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    transaction.execute_batch("CREATE TABLE IF NOT EXISTS kv (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Tries again while the file is busy: SQLite does not wait by itself when the kind of journal changes.
fn patiently(mut attempt: impl FnMut() -> rusqlite::Result<()>) -> rusqlite::Result<()> {
    for _ in 0..100 {
        match attempt() {
            Err(e) if is_busy(&e) => thread::sleep(Duration::from_millis(10)),
            done => return done,
        }
    }
    attempt()
}
