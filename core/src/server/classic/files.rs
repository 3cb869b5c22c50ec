//! The JSON of the classic files, and how they are read while an old client may be writing them in place.

use super::Classic;
use crate::{
    Action, DocId, Error, Result, Revision,
    drive::{DrivePath, GetOptions, Got, Version},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::time::Duration;

/// How many changes a file of the log holds.
pub(super) const WINDOW: u64 = 100;

/// How often a file that makes no sense is read again: db-to-cloud's folder drive writes in place, so a reader may
/// meet half a file.
const TORN_READS: u32 = 3;
const TORN_PAUSE: Duration = Duration::from_millis(50);

/// The largest count of changes: JavaScript has no larger whole numbers, and what is added to it cannot overflow.
const MOST_CHANGES: u64 = (1 << 53) - 1;

/// `meta.json`. Old clients read `lastChange` and carry the other members along when they rewrite the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Meta {
    #[serde(rename = "lastChange", default, deserialize_with = "count")]
    pub(super) last_change: u64,
    /// The vault's id, as in the marker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) vault: Option<String>,
    /// A random id of this very write, so that an unclear answer can be settled by reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) commit: Option<String>,
}

/// `kitestring.json`: says which vault this is. Old clients do not look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marker {
    pub(super) vault: String,
    pub(super) format: u32,
    /// That a vault is being imported: the digest of its list of files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) importing: Option<String>,
    /// That the vault goes to the journal layout: the address of the other place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) moved_to: Option<String>,
}

/// An entry of `changes/N.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Logged {
    #[serde(rename = "_id")]
    pub(super) id: WireId,
    #[serde(rename = "_rev", default = "no_revision", skip_serializing_if = "is_no_revision")]
    pub(super) revision: Revision,
    pub(super) action: Action,
    /// The push of one of our clients that wrote it; old clients carry it along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) push: Option<String>,
}

/// The id of a document on the drive: its stem, which may be longer than an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct WireId(Revision);

impl WireId {
    pub(super) fn new(stem: &str, number: bool) -> Self {
        Self(Revision::new(stem).spelled_as_number(number))
    }

    pub(super) fn stem(&self) -> &str {
        self.0.as_str()
    }

    pub(super) fn is_number(&self) -> bool {
        self.0.is_number()
    }
}

/// `docs/<stem>.json`.
#[derive(Debug, Deserialize)]
pub(super) struct DocFile<'a> {
    #[serde(borrow)]
    pub(super) doc: Option<&'a RawValue>,
    #[serde(rename = "_rev")]
    pub(super) revision: Option<Revision>,
    /// Ours write it where the id is a number and the document itself does not say so.
    #[serde(rename = "_id")]
    pub(super) id: Option<WireId>,
}

/// The one member of a document that the layout looks at.
#[derive(Debug, Deserialize)]
pub(super) struct DocHead {
    #[serde(rename = "_id")]
    pub(super) id: Option<WireId>,
}

/// What the server keeps as the tag of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// The file's stem.
    #[serde(rename = "s")]
    pub(super) stem: String,
    /// Whether `_id` is a number.
    #[serde(rename = "n", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) number: bool,
    /// The revision on the drive.
    #[serde(rename = "r")]
    pub(super) revision: Revision,
    /// The file's version; none after a deletion or where the drive has no versions.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<Version>,
}

fn count<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let count = u64::deserialize(deserializer)?;
    if count > MOST_CHANGES { Err(serde::de::Error::custom("lastChange is larger than any count of changes")) } else { Ok(count) }
}

fn no_revision() -> Revision {
    Revision::new("")
}

/// A file read and parsed.
pub(super) enum Read<T> {
    Parsed(T, Version),
    Unchanged,
    Missing,
    /// It makes no sense; the reason.
    Senseless(String),
}

/// Makes the path of a file that the layout itself names.
pub(super) fn path(text: &str) -> Result<DrivePath> {
    DrivePath::new(text)
}

/// Makes the path of a file of the log.
pub(super) fn window_path(index: u64) -> Result<DrivePath> {
    path(&format!("changes/{index}.json"))
}

/// Makes the path of a document's file.
pub(super) fn doc_path(stem: &str) -> Result<DrivePath> {
    path(&format!("docs/{stem}.json"))
}

/// Makes the bytes of a JSON file.
pub(super) fn json<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|e| Error::internal("put", "a file of the layout could not be made").caused_by(e))
}

impl Classic {
    /// Reads a file with `parse`, again after a moment if it makes no sense yet.
    pub(super) async fn read<T>(
        &self,
        path: &DrivePath,
        unless: Option<Version>,
        parse: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<Read<T>> {
        let mut tries = 0;
        loop {
            let options = GetOptions { unless: unless.clone(), ..GetOptions::default() };
            let (bytes, version) = match self.drive.get(path.clone(), options).await? {
                Got::File { bytes, version } => (bytes, version),
                Got::Unchanged => return Ok(Read::Unchanged),
                Got::Missing => return Ok(Read::Missing),
            };
            match parse(&bytes) {
                Ok(value) => return Ok(Read::Parsed(value, version)),
                Err(why) if tries == TORN_READS => return Ok(Read::Senseless(why)),
                Err(_) => tries += 1,
            }
            self.runtime.sleep(TORN_PAUSE).await;
        }
    }

    /// Reads a file of the layout itself; one that stays senseless is the error `corrupt`.
    pub(super) async fn read_own<T: for<'de> Deserialize<'de>>(&self, path: &DrivePath, unless: Option<Version>) -> Result<Read<T>> {
        sensible(self.read(path, unless, |bytes| serde_json::from_slice(bytes).map_err(|e| e.to_string())).await?, path)
    }

    /// Makes the id in the host for an id on the drive, with its spelling.
    pub(super) fn host_id(&self, wire: &WireId) -> Option<DocId> {
        Some(super::wire::decode(wire.stem())?.spelled_as_number(wire.is_number()))
    }
}

/// Refuses a file of the layout itself that stays senseless.
pub(super) fn sensible<T>(read: Read<T>, path: &DrivePath) -> Result<Read<T>> {
    let Read::Senseless(why) = read else { return Ok(read) };
    let detail = format!("this file of the vault makes no sense ({why}); if another client is writing it, try again, else restore it");
    Err(Error::corrupt("read", detail).about(path.as_str()))
}

fn is_no_revision(revision: &Revision) -> bool {
    revision.as_str().is_empty()
}
