//! What a drive wants to be told again the next time, in a file beside the state. It may be lost.

use blocking::unblock;
use kitestring::{apply, port};
use kitestring_adapters::drives::{gdrive, github};
use std::{fs, path::PathBuf};

/// Keeps the notes of a drive in a file.
pub(crate) struct FileNotes(PathBuf);

impl FileNotes {
    /// Takes where.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    async fn read(&self) -> Option<Vec<u8>> {
        let path = self.0.clone();
        unblock(move || fs::read(path).ok()).await
    }

    async fn write(&self, bytes: Vec<u8>) {
        let path = self.0.clone();
        let new = path.with_extension("new");
        // Half a file would be no notes, and the same as none.
        let _ = unblock(move || fs::write(&new, bytes).and_then(|()| fs::rename(&new, &path))).await;
    }
}

#[apply(port!)]
impl gdrive::Notes for FileNotes {
    async fn load(&self) -> Option<Vec<u8>> {
        self.read().await
    }

    async fn save(&self, bytes: Vec<u8>) {
        self.write(bytes).await;
    }
}

#[apply(port!)]
impl github::Notes for FileNotes {
    async fn load(&self) -> Option<Vec<u8>> {
        self.read().await
    }

    async fn save(&self, bytes: Vec<u8>) {
        self.write(bytes).await;
    }
}
