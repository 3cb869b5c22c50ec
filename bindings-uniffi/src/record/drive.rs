//! Files and records of the host's own drive and state.

use crate::error::ErrorInfo;
use kitestring::drive;

/// What a drive can do beyond the basic calls. What is not claimed, it cannot do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Capabilities {
    /// The condition `Absent` is honoured, atomically.
    #[uniffi(default = false)]
    pub create: bool,
    /// The condition `Matches` is honoured, atomically.
    #[uniffi(default = false)]
    pub replace: bool,
    /// Versions say when content changed.
    #[uniffi(default = false)]
    pub versions: bool,
    /// How many requests may be under way at once.
    #[uniffi(default = 8)]
    pub parallel: u32,
    /// Both conditions hold exactly, also for requests that come at the same moment or were under way for long.
    #[uniffi(default = false)]
    pub exact: bool,
    /// A listing names whatever anybody has written before it was asked for, and nothing that was deleted before.
    #[uniffi(default = false)]
    pub consistent: bool,
    /// The claims are to be tried once, at the first connection.
    #[uniffi(default = false)]
    pub unproven: bool,
}

impl From<Capabilities> for drive::Capabilities {
    fn from(known: Capabilities) -> Self {
        let Capabilities { create, replace, versions, parallel, exact, consistent, unproven } = known;
        Self { create, replace, versions, parallel, exact, consistent, unproven }
    }
}

/// What must be true of a file for a write or a deletion to take place.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Condition {
    /// Anything.
    Any,
    /// The file does not exist.
    Absent,
    /// The file exists and has this version.
    Matches {
        /// The version.
        version: String,
    },
}

impl From<drive::Condition> for Condition {
    fn from(condition: drive::Condition) -> Self {
        match condition {
            drive::Condition::Any => Self::Any,
            drive::Condition::Absent => Self::Absent,
            drive::Condition::Matches(version) => Self::Matches { version: version.as_str().to_owned() },
        }
    }
}

/// Bytes of a file: from `start` to before `end`, which may lie beyond the file.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ByteRange {
    /// The first byte.
    pub start: u64,
    /// The first byte that is not wanted.
    pub end: u64,
}

/// How to read a file.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct GetOptions {
    /// Only these bytes; a range past the end gives what is there.
    #[uniffi(default = None)]
    pub range: Option<ByteRange>,
    /// Nothing, if the file still has this version.
    #[uniffi(default = None)]
    pub unless: Option<String>,
}

impl From<drive::GetOptions> for GetOptions {
    fn from(options: drive::GetOptions) -> Self {
        let range = options.range.map(|range| ByteRange { start: range.start, end: range.end });
        Self { range, unless: options.unless.map(|version| version.as_str().to_owned()) }
    }
}

/// The answer to a read.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Got {
    /// The file's bytes, or those of the range, and the version that had them.
    File {
        /// The bytes.
        bytes: Vec<u8>,
        /// The version of the file.
        version: String,
    },
    /// The file still has the version named in `GetOptions.unless`.
    Unchanged,
    /// There is no such file.
    Missing,
}

impl From<Got> for drive::Got {
    fn from(got: Got) -> Self {
        match got {
            Got::File { bytes, version } => Self::File { bytes, version: drive::Version::new(version) },
            Got::Unchanged => Self::Unchanged,
            Got::Missing => Self::Missing,
        }
    }
}

/// A file to write.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct PutFile {
    /// Where.
    pub path: String,
    /// The content.
    pub bytes: Vec<u8>,
    /// Under which condition.
    pub condition: Condition,
}

impl From<drive::PutFile> for PutFile {
    fn from(file: drive::PutFile) -> Self {
        Self { path: file.path.to_string(), bytes: file.bytes, condition: file.condition.into() }
    }
}

/// What became of one file of several.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
#[allow(clippy::large_enum_variant, reason = "a refused file is rare, and forgotten at once")]
pub enum PutAnswer {
    /// It was written, durably.
    Written {
        /// The version that it has now.
        version: String,
    },
    /// It was not.
    Failed {
        /// Why; `code` is one of the codes of errors.
        info: ErrorInfo,
    },
}

/// What a listing names.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DirEntry {
    /// The last part of the path.
    pub name: String,
    /// Whether it is a folder.
    pub is_dir: bool,
    /// The size in bytes, if the drive says it.
    #[uniffi(default = None)]
    pub size: Option<u64>,
}

/// A page of a listing, in no particular order.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Listing {
    /// The names of this page.
    pub entries: Vec<DirEntry>,
    /// Where the next page begins; none if this is the last.
    #[uniffi(default = None)]
    pub next: Option<String>,
}

impl From<Listing> for drive::Listing {
    fn from(listing: Listing) -> Self {
        let entry = |entry: DirEntry| drive::DirEntry { name: entry.name, is_dir: entry.is_dir, size: entry.size };
        Self { entries: listing.entries.into_iter().map(entry).collect(), next: listing.next }
    }
}

/// One key of the client's own memory, and its value; a record without value, in a batch, removes the key.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct StateRecord {
    /// ASCII.
    pub key: String,
    /// The bytes.
    #[uniffi(default = None)]
    pub value: Option<Vec<u8>>,
}

impl From<kitestring::StateRecord> for StateRecord {
    fn from(record: kitestring::StateRecord) -> Self {
        Self { key: record.key, value: record.value }
    }
}

impl From<StateRecord> for kitestring::StateRecord {
    fn from(record: StateRecord) -> Self {
        Self { key: record.key, value: record.value }
    }
}
