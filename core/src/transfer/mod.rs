//! A whole vault, file by file, as it is: out of a drive, and into an empty one. `spec/transfer.md` has the rules.
//!
//! Nothing is opened, so a sealed vault stays sealed and needs no key. A host keeps the files wherever it likes, through
//! [`VaultSink`] and [`VaultSource`]; `kite` puts them into a tar file.

mod copy;
mod export;
mod forwarding;
mod import;
mod importing;
mod listing;
mod manifest;
#[cfg(test)]
mod tests;

pub(crate) use copy::Copying;
pub(crate) use export::export;
pub(crate) use forwarding::{Address, Forwarding, check_address};
pub use import::{ImportOptions, import};
pub(crate) use importing::refuse as refuse_importing;

use crate::{
    CancelToken, ProgressSink, Result,
    maybe_send::{MaybeSend, MaybeSync},
};
use macro_rules_attribute::apply;
use std::fmt;

/// A file of a vault.
#[derive(Clone, PartialEq, Eq)]
pub struct VaultFile {
    /// Its path on the drive, or [`VaultFile::MANIFEST`].
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl VaultFile {
    /// The path of the last file of an export, which says what all the others are.
    pub const MANIFEST: &'static str = "kitestring-export.json";
}

impl fmt::Debug for VaultFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VaultFile({}, {} bytes)", self.path, self.bytes.len())
    }
}

/// Takes the files of an export, one behind the other. The last is [`VaultFile::MANIFEST`]; without it, it is none.
#[apply(port!)]
pub trait VaultSink: MaybeSend + MaybeSync {
    /// Takes the next file. One whose path came before takes the place of that.
    async fn take(&self, file: VaultFile) -> Result<()>;
}

/// Gives the files of an export, in the order in which they were taken.
#[apply(port!)]
pub trait VaultSource: MaybeSend + MaybeSync {
    /// Begins anew with the first file.
    async fn rewind(&self) -> Result<()>;

    /// Gives the next file; none at the end.
    ///
    /// # Errors
    /// `corrupt` if what follows makes no sense.
    async fn next(&self) -> Result<Option<VaultFile>>;
}

/// How to export.
#[derive(Debug, Clone, Default)]
pub struct ExportOptions {
    /// Ends it from elsewhere, with the error `cancelled`.
    pub cancel: Option<CancelToken>,
    /// Where progress goes: files, in the phase `Read`.
    pub progress: ProgressSink,
}

/// What was exported, or imported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transferred {
    /// The vault's id; none if old clients have made it.
    pub vault: Option<String>,
    /// How many files it has.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many were there already: an import went on that had been interrupted.
    pub resumed: u64,
}
