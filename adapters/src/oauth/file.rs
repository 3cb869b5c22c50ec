//! A sign-in in a file for its owner only.

use super::{Grant, TokenStore, Turn};
use async_io::Timer;
use blocking::unblock;
use kitestring::{Error, ErrorKind, Result, apply, port};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use zeroize::Zeroizing;

const OWNER_ONLY: u32 = 0o600;
/// More than any tokens.
const MAX_BYTES: u64 = 64 << 10;
/// How long another process may refresh: longer than any refresh takes.
const PATIENCE: Duration = Duration::from_secs(150);
const PAUSE: Duration = Duration::from_millis(20);

/// A [`TokenStore`] in a file of mode 0600, which nothing ever sees half written. Beside it are two empty files, `.turn` and
/// `.lock`, whose locks keep processes apart; the system gives them back when a process ends.
///
/// It belongs outside of every folder that is synced, copied or shared.
#[derive(Debug, Clone)]
pub struct FileTokens(PathBuf);

impl FileTokens {
    /// Takes the path. The folder of the file is made when something is kept.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    fn beside(&self, what: &str) -> PathBuf {
        self.0.with_added_extension(what)
    }

    fn folder(&self) -> &Path {
        self.0.parent().unwrap_or(Path::new("."))
    }

    fn make_folder(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(self.folder())
    }

    fn lock_file(&self, what: &str) -> io::Result<File> {
        self.make_folder()?;
        OpenOptions::new().write(true).create(true).truncate(false).mode(OWNER_ONLY).open(self.beside(what))
    }

    fn read(&self) -> Result<Option<Grant>> {
        let file = match File::open(&self.0) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|e| self.failed(&e))?,
        };
        let found = file.metadata().map_err(|e| self.failed(&e))?;
        if found.mode() & 0o077 != 0 {
            return Err(self.unusable("others than its owner can use the file with the tokens: disconnect and sign in again"));
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(found.len().min(MAX_BYTES)).unwrap_or_default()));
        file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(|e| self.failed(&e))?;
        let grant = Grant::from_json(&bytes);
        grant.map(Some).ok_or_else(|| self.unusable("the file with the tokens holds something else: disconnect and sign in again"))
    }

    fn write(&self, grant: &Grant) -> io::Result<()> {
        let next = self.beside("next");
        match fs::remove_file(&next) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(&next)?;
        file.write_all(&grant.to_json())?;
        file.sync_all()?;
        fs::rename(&next, &self.0)?;
        File::open(self.folder())?.sync_all()
    }

    fn replace_now(&self, known: Option<&Grant>, new: Option<&Grant>) -> Result<bool> {
        let lock = self.lock_file("lock").map_err(|e| self.failed(&e))?;
        lock.lock().map_err(|e| self.failed(&e))?;
        if self.read()?.as_ref() != known {
            return Ok(false);
        }
        match new {
            Some(grant) => self.write(grant),
            None => remove(&self.0, self.folder()),
        }
        .map_err(|e| self.failed(&e))?;
        Ok(true)
    }

    /// Forgets what is kept, whatever it is; also what cannot be read.
    ///
    /// # Errors
    /// `state` if that fails.
    pub async fn forget(&self) -> Result<()> {
        let this = self.clone();
        unblock(move || {
            let forget = || {
                let lock = this.lock_file("lock")?;
                lock.lock()?;
                remove(&this.beside("next"), this.folder())?;
                remove(&this.0, this.folder())
            };
            forget().map_err(|e| this.failed(&e))
        })
        .await
    }

    fn failed(&self, error: &io::Error) -> Error {
        self.unusable(&format!("the file with the tokens cannot be used: {error}"))
    }

    fn unusable(&self, detail: &str) -> Error {
        Error::new(ErrorKind::State, "sign-in", detail).about(self.0.display().to_string())
    }
}

fn remove(path: &Path, folder: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.and_then(|()| File::open(folder)?.sync_all()),
    }
}

#[apply(port!)]
impl TokenStore for FileTokens {
    async fn load(&self) -> Result<Option<Grant>> {
        let this = self.clone();
        unblock(move || this.read()).await
    }

    async fn replace(&self, known: Option<Grant>, new: Option<Grant>) -> Result<bool> {
        let this = self.clone();
        unblock(move || this.replace_now(known.as_ref(), new.as_ref())).await
    }

    async fn turn(&self) -> Result<Turn> {
        let this = self.clone();
        let file = unblock(move || this.lock_file("turn").map_err(|e| this.failed(&e))).await?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Turn::held(file)),
                Err(TryLockError::Error(e)) => return Err(self.failed(&e)),
                Err(TryLockError::WouldBlock) if began.elapsed() > PATIENCE => {
                    return Err(Error::new(
                        ErrorKind::Unavailable,
                        "sign-in",
                        "another program that refreshes the same tokens does not end",
                    ));
                }
                Err(TryLockError::WouldBlock) => Timer::after(PAUSE).await,
            };
        }
    }
}
