//! An exported vault in one file: a tar archive of its files, with the list of them at the end. It has its name when it is
//! whole, and not before.

use kitestring::{
    Error, ErrorKind, Result, apply, port,
    transfer::{VaultFile, VaultSink, VaultSource},
};
use std::{
    fs::File,
    io::{self, Write as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tar::{Builder, EntryType, Header};
use tempfile::NamedTempFile;

/// An archive that is being written.
pub(crate) struct Writer {
    path: PathBuf,
    tar: Mutex<Builder<NamedTempFile>>,
}

impl Writer {
    /// Begins an archive beside its place.
    ///
    /// # Errors
    /// `invalid_input` if there is a file already, or if it cannot be made.
    pub(crate) fn begin(path: &Path) -> Result<Self> {
        if path.symlink_metadata().is_ok() {
            return Err(Error::new(ErrorKind::InvalidInput, "export", "there is such a file already").about(path.display().to_string()));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let file = tempfile::Builder::new().prefix(".kite-export-").tempfile_in(folder);
        let file = file.map_err(|e| failed(path, &e))?;
        Ok(Self { path: path.to_owned(), tar: Mutex::new(Builder::new(file)) })
    }

    /// Gives the archive its name.
    ///
    /// # Errors
    /// As [`Writer::begin`].
    pub(crate) fn finish(self) -> Result<()> {
        let Self { path, tar } = self;
        let finish = || {
            let mut file = tar.into_inner().unwrap_or_else(PoisonError::into_inner).into_inner()?;
            file.flush()?;
            file.as_file().sync_all()?;
            file.persist_noclobber(&path).map_err(|e| e.error)?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
            File::open(folder)?.sync_all()
        };
        finish().map_err(|e| failed(&path, &e))
    }
}

#[apply(port!)]
impl VaultSink for Writer {
    async fn take(&self, file: VaultFile) -> Result<()> {
        let mut header = Header::new_gnu();
        header.set_size(file.bytes.len() as u64);
        header.set_mode(0o600);
        header.set_entry_type(EntryType::Regular);
        let mut tar = self.tar.lock().unwrap_or_else(PoisonError::into_inner);
        tar.append_data(&mut header, &file.path, file.bytes.as_slice()).map_err(|e| failed(&self.path, &e))
    }
}

/// A file in an archive.
struct Entry {
    path: String,
    begins: u64,
    size: u64,
}

/// An archive that is read.
pub(crate) struct Reader {
    path: PathBuf,
    file: File,
    entries: Vec<Entry>,
    next: Mutex<usize>,
}

impl Reader {
    /// Opens an archive and finds out where its files are.
    ///
    /// # Errors
    /// `not_found` if there is no such file; `corrupt` if it is no archive.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| {
            Error::new(ErrorKind::NotFound, "import", format!("the file cannot be opened: {e}")).about(path.display().to_string())
        })?;
        let entries = entries(&file).map_err(|e| senseless(path, &e))?;
        Ok(Self { path: path.to_owned(), file, entries, next: Mutex::default() })
    }

    /// Returns what the list of files says of a text member, if there is a list.
    pub(crate) fn told(&self, member: &str) -> Option<String> {
        let entry = self.entries.iter().rfind(|entry| entry.path == VaultFile::MANIFEST)?;
        let list: serde_json::Value = serde_json::from_slice(&self.bytes(entry).ok()?).ok()?;
        list.get(member)?.as_str().map(str::to_owned)
    }

    fn bytes(&self, entry: &Entry) -> io::Result<Vec<u8>> {
        // The size was compared with that of the archive when it was opened.
        let mut bytes = vec![0; usize::try_from(entry.size).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut bytes, entry.begins)?;
        Ok(bytes)
    }

    fn place(&self) -> MutexGuard<'_, usize> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[apply(port!)]
impl VaultSource for Reader {
    async fn rewind(&self) -> Result<()> {
        *self.place() = 0;
        Ok(())
    }

    async fn next(&self) -> Result<Option<VaultFile>> {
        let mut next = self.place();
        let Some(entry) = self.entries.get(*next) else { return Ok(None) };
        *next += 1;
        let bytes = self.bytes(entry).map_err(|e| senseless(&self.path, &e))?;
        Ok(Some(VaultFile { path: entry.path.clone(), bytes }))
    }
}

fn entries(file: &File) -> io::Result<Vec<Entry>> {
    let len = file.metadata()?.len();
    let mut entries = Vec::new();
    for entry in tar::Archive::new(file).entries_with_seek()? {
        let entry = entry?;
        let path = String::from_utf8(entry.path_bytes().into_owned()).map_err(io::Error::other)?;
        let (begins, size) = (entry.raw_file_position(), entry.size());
        let is_inside = begins.checked_add(size).is_some_and(|end| end <= len);
        if entry.header().entry_type() != EntryType::Regular || !is_inside {
            return Err(io::Error::other(format!("{path} is no file, or is cut off")));
        }
        entries.push(Entry { path, begins, size });
    }
    Ok(entries)
}

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::InvalidInput, "export", format!("the file cannot be written: {error}")).about(path.display().to_string())
}

fn senseless(path: &Path, error: &io::Error) -> Error {
    let detail = format!("the file is no export of kite, or is damaged: {error}");
    Error::new(ErrorKind::Corrupt, "import", detail).about(path.display().to_string())
}
