//! The port for storage: named files with versions. `spec/drive.md` numbers its clauses.

mod memory;
pub(crate) mod meter;
mod path;
pub(crate) mod probe;

pub use memory::MemoryDrive;
pub use path::DrivePath;

use crate::{
    Result,
    maybe_send::{MaybeSend, MaybeSync},
};
use futures::stream::{self, StreamExt as _};
use macro_rules_attribute::apply;
use serde::{Deserialize, Serialize};
use std::{fmt, ops::Range, time::Duration};

/// Which content a file had: read together with it, never after it. Opaque; only compared for equality.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(String);

impl Version {
    /// Takes the drive's own tag.
    pub fn new(tag: impl Into<String>) -> Self {
        Self(tag.into())
    }

    /// Returns the tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({})", self.0)
    }
}

/// What must be true of a file for a write or a deletion to take place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Anything.
    Any,
    /// The file does not exist.
    Absent,
    /// The file exists and has this version.
    Matches(Version),
}

/// How to read a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GetOptions {
    /// Only these bytes; a range past the end gives what is there.
    pub range: Option<Range<u64>>,
    /// Nothing, if the file still has this version.
    pub unless: Option<Version>,
}

/// The answer to a read.
#[derive(Clone, PartialEq, Eq)]
pub enum Got {
    /// The file's bytes and the version that had them.
    File {
        /// The bytes, or those of the range.
        bytes: Vec<u8>,
        /// The version of the file.
        version: Version,
    },
    /// The file still has the version named in [`GetOptions::unless`].
    Unchanged,
    /// There is no such file.
    Missing,
}

impl fmt::Debug for Got {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { bytes, version } => write!(f, "File({} bytes, {version:?})", bytes.len()),
            Self::Unchanged => f.write_str("Unchanged"),
            Self::Missing => f.write_str("Missing"),
        }
    }
}

/// A file to write.
#[derive(Clone, PartialEq, Eq)]
pub struct PutFile {
    /// Where.
    pub path: DrivePath,
    /// The content.
    pub bytes: Vec<u8>,
    /// Under which condition.
    pub condition: Condition,
}

impl fmt::Debug for PutFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PutFile({}, {} bytes, {:?})", self.path, self.bytes.len(), self.condition)
    }
}

/// What a listing names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirEntry {
    /// The last segment of the path.
    pub name: String,
    /// Whether it is a folder.
    pub is_dir: bool,
    /// The size in bytes, if the drive says it.
    pub size: Option<u64>,
}

/// A page of a listing, in no particular order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The names of this page.
    pub entries: Vec<DirEntry>,
    /// Where the next page begins; none if this is the last.
    pub next: Option<String>,
}

/// What a drive can do beyond the four basic calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// [`Condition::Absent`] is honoured, atomically.
    pub create: bool,
    /// [`Condition::Matches`] is honoured, atomically.
    pub replace: bool,
    /// Versions say when content changed, so [`GetOptions::unless`] saves a transfer.
    pub versions: bool,
    /// How many requests may be under way at once.
    pub parallel: u32,
    /// Both conditions are known to hold exactly, by what kind of drive it is: also for requests that come at the same
    /// moment, or that were under way for long. Never true of what was only tried.
    #[serde(default)]
    pub exact: bool,
    /// By what kind of drive it is, a listing names whatever anybody has written before it was asked for, and nothing that was
    /// deleted before: one server that answers, and nothing that copies files from place to place. It saves space where there
    /// is no head.
    #[serde(default)]
    pub consistent: bool,
    /// The kind of the drive does not settle what it can do: the claims are tried once, at the first connection.
    #[serde(default)]
    pub unproven: bool,
}

impl Capabilities {
    /// Create, compare-and-swap and versions, exact; listings that are consistent; eight requests at once.
    pub const FULL: Self =
        Self { create: true, replace: true, versions: true, parallel: 8, exact: true, consistent: true, unproven: false };
    /// Neither; eight requests at once.
    pub const NONE: Self =
        Self { create: false, replace: false, versions: false, parallel: 8, exact: false, consistent: false, unproven: false };
}

/// What is known of changes since a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// Nothing changed.
    No,
    /// Something changed; go on from this token.
    Yes(String),
    /// The drive cannot tell: read the head.
    Unknown,
}

/// Named files.
///
/// A missing file is an answer; a refused condition is the error `condition`. A drive whose
/// [`Capabilities`] lack a condition treats it as [`Condition::Any`].
#[apply(port!)]
pub trait Drive: MaybeSend + MaybeSync {
    /// Says what the drive can do.
    fn capabilities(&self) -> Capabilities;

    /// Reads a file, with the version that had these bytes.
    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got>;

    /// Writes a whole file, making the folders above it, and returns its version. Durable on return; a reader
    /// sees the old content or the new, never a mixture.
    ///
    /// # Errors
    /// `condition`; `invalid_input` if the drive cannot hold such a name, for example because a folder has it;
    /// `quota_exceeded`. After `unavailable` the write may have taken place: read again.
    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version>;

    /// Deletes a file. A missing one is fine under [`Condition::Any`] and `condition` under
    /// [`Condition::Matches`].
    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()>;

    /// Lists a page of a folder; a missing folder is empty. A name may come twice.
    ///
    /// # Errors
    /// `condition` if the cursor is too old to go on: begin again without one.
    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing>;

    /// Writes several files, in any order, and answers once for each; all that succeeded are durable on return.
    /// The default puts them at most [`Capabilities::parallel`] at a time.
    async fn put_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        let parallel = self.capabilities().parallel.max(1) as usize;
        let puts = files.into_iter().map(|f| self.put(f.path, f.bytes, f.condition));
        stream::iter(puts).buffered(parallel).collect().await
    }

    /// Asks what changed since `token`, in one cheap request. The default cannot tell.
    async fn changed_since(&self, _token: Option<String>) -> Result<Changed> {
        Ok(Changed::Unknown)
    }

    /// Waits until something changed since `token` or `timeout` has passed. The default cannot tell.
    async fn wait_for_change(&self, _token: Option<String>, _timeout: Duration) -> Result<Changed> {
        Ok(Changed::Unknown)
    }
}
