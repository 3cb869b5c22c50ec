//! Making the file, and recognising it: whose it is, who may read it, whether it has grown too large.

use super::fault::{damaged, fault, io_fault, state};
use kitestring::{Error, ErrorKind, Result};
use redb::{Builder, Database, DatabaseError, ReadTransaction, ReadableDatabase as _, TableDefinition, TableError, TableHandle as _};
use std::{
    fs::{self, File, OpenOptions},
    hash::{BuildHasher as _, RandomState},
    io,
    path::{Path, PathBuf},
};

/// The records.
pub(super) const KV: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("kv");
/// What is known of the file itself; by its name it is ours.
const OWN: TableDefinition<'_, &str, u64> = TableDefinition::new("kitestring");
/// The version of the tables.
const FORMAT: (&str, u64) = ("format", 1);
/// How large the file was in bytes when it held nothing that was free.
const COMPACT: &str = "compact";
/// How much of the file is kept in memory, in bytes.
const CACHE_BYTES: usize = 4 * 1024 * 1024;
/// How much free space in a file, in bytes, is not worth the work.
const WASTE_BYTES: u64 = 16 * 1024 * 1024;
/// How often a file is made that others keep taking away.
const TRIES: u32 = 3;

/// Returns the absolute path, and makes the file if it is not there.
pub(super) fn prepare(path: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(path)
        .map_err(|e| state("open", path, ErrorKind::State, "this is no path of a file: choose another").caused_by(e))?;
    for _ in 0..TRIES {
        if absolute.symlink_metadata().is_ok() {
            break;
        }
        match create(&absolute) {
            // Another process was faster, and swept this one's away.
            Err(Made::Io(e)) if e.kind() == io::ErrorKind::NotFound && absolute.parent().is_some_and(Path::is_dir) => {}
            Err(Made::Io(e)) => return Err(io_error(&absolute, e)),
            Err(Made::Store(e)) => return Err(fault("open", &absolute, *e)),
            Ok(()) => break,
        }
    }
    sweep(&absolute);
    restrict(&absolute);
    Ok(absolute)
}

/// Opens the file as the store sees it.
pub(super) fn database(path: &Path) -> Result<Database, DatabaseError> {
    Builder::new().set_cache_size(CACHE_BYTES).open(path)
}

/// Makes sure that the file is ours and that this version can read it, and makes it smaller if that is worth the work.
pub(super) fn own(database: &mut Database, path: &Path) -> Result<()> {
    // The store trusts its pages, and panics over one that makes no sense; so each is checked before it is used.
    database.check_integrity().map_err(|e| fault("open", path, e.into()))?;
    let found = header(database).map_err(|e| fault("open", path, e))?;
    let compact = match found {
        Header::Ours { format, compact } if format == FORMAT.1 => compact,
        Header::Ours { format, .. } if format > FORMAT.1 => {
            let detail = format!("the file has format {format}, this version knows {}: update the application", FORMAT.1);
            return Err(state("open", path, ErrorKind::NeedsNewerVersion, detail));
        }
        Header::Ours { .. } => return Err(state("open", path, ErrorKind::State, damaged())),
        Header::Empty => return initialise(database).map_err(|e| fault("open", path, e)),
        Header::Theirs => return Err(state("open", path, ErrorKind::State, "this is another program's database: choose another file")),
    };
    let size = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
    if size(path) <= compact.saturating_mul(2).saturating_add(WASTE_BYTES) {
        return Ok(());
    }
    database.compact().map_err(|e| fault("open", path, e.into()))?;
    remember(database, size(path)).map_err(|e| fault("open", path, e))
}

enum Header {
    Empty,
    Ours { format: u64, compact: u64 },
    Theirs,
}

fn header(database: &Database) -> Result<Header, redb::Error> {
    let moment = database.begin_read()?;
    match moment.open_table(OWN) {
        Ok(table) => {
            let number = |key| Ok::<_, redb::Error>(table.get(key)?.map_or(0, |n| n.value()));
            Ok(Header::Ours { format: number(FORMAT.0)?, compact: number(COMPACT)? })
        }
        Err(TableError::TableDoesNotExist(_)) => Ok(if is_empty(&moment)? { Header::Empty } else { Header::Theirs }),
        Err(TableError::Storage(e)) => Err(e.into()),
        Err(_) => Ok(Header::Theirs),
    }
}

fn is_empty(moment: &ReadTransaction) -> Result<bool, redb::Error> {
    Ok(moment.list_tables()?.all(|table| table.name().is_empty()) && moment.list_multimap_tables()?.next().is_none())
}

fn initialise(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(KV)?;
    transaction.open_table(OWN)?.insert(FORMAT.0, FORMAT.1)?;
    Ok(transaction.commit()?)
}

fn remember(database: &Database, compact: u64) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(OWN)?.insert(COMPACT, compact)?;
    Ok(transaction.commit()?)
}

enum Made {
    Io(io::Error),
    Store(Box<redb::Error>),
}

impl From<io::Error> for Made {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Makes a file that is complete when it receives its name: of one that was cut short the store would say that it is none.
fn create(path: &Path) -> Result<(), Made> {
    let name = with_suffix(path, &format!(".new-{:016x}", RandomState::new().hash_one(std::process::id())));
    let made = fill(&name).and_then(|()| match fs::hard_link(&name, path) {
        // Another process was faster.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // A file system without links.
        Err(e) if e.kind() != io::ErrorKind::NotFound => Ok(fs::rename(&name, path)?),
        linked => Ok(linked?),
    });
    let _ = fs::remove_file(&name);
    made?;
    sync_folder(path);
    Ok(())
}

fn fill(name: &Path) -> Result<(), Made> {
    let database = Builder::new().set_cache_size(CACHE_BYTES).create_file(private(name)?).map_err(store_error)?;
    initialise(&database).map_err(|e| Made::Store(Box::new(e)))
}

fn store_error(error: DatabaseError) -> Made {
    match error {
        DatabaseError::Storage(redb::StorageError::Io(e)) => Made::Io(e),
        other => Made::Store(Box::new(other.into())),
    }
}

fn private(name: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(name)
}

/// Removes what [`create`] left when it was killed, once nobody needs it any more.
fn sweep(path: &Path) {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name().and_then(|n| n.to_str())) else { return };
    let left = format!("{name}.new-");
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(&left)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Takes the rights of others away from the file, as far as the file system knows rights.
#[cfg(unix)]
fn restrict(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
}

/// Does nothing: the folder of the user's own data is private here.
#[cfg(not(unix))]
fn restrict(_path: &Path) {}

/// Makes the name of the file durable, where folders can be synced.
fn sync_folder(path: &Path) {
    #[cfg(unix)]
    let _ = path.parent().map(|folder| File::open(folder).and_then(|folder| folder.sync_all()));
    #[cfg(not(unix))]
    let _ = path;
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn io_error(path: &Path, error: io::Error) -> Error {
    let (kind, detail) = io_fault(&error);
    state("open", path, kind, detail).caused_by(error)
}
