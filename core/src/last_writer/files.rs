//! The files: `meta.json`, `changes/N.json`, `docs/<id>.json`, read while an old client may be writing them in place.

use super::{LastWriter, entry::Entry};
use crate::{
    Error, Result,
    drive::{Condition, DrivePath, GetOptions, Got},
    server::classic::closed::refuse_closed,
};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::{collections::BTreeMap, time::Duration};

/// How many changes a file of the log holds.
pub(super) const WINDOW: u64 = 100;
/// How often a file that makes no sense is read again, and how long after.
const TORN_READS: u32 = 3;
const TORN_PAUSE: Duration = Duration::from_millis(50);
/// JavaScript has no larger whole numbers.
const MOST_CHANGES: u64 = (1 << 53) - 1;
const LAST_CHANGE: &str = "lastChange";

/// `meta.json`: a count, and what others have put beside it.
#[derive(Debug, Default)]
pub(super) struct Meta {
    pub(super) last_change: u64,
    members: BTreeMap<String, Box<RawValue>>,
}

/// A file read and parsed.
pub(super) enum Read<T> {
    Parsed(T),
    Missing,
    /// It makes no sense; the reason.
    Senseless(String),
}

/// `docs/<id>.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DocFile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) doc: Option<Box<RawValue>>,
    #[serde(rename = "_rev", skip_serializing_if = "Option::is_none")]
    pub(super) revision: Option<Box<RawValue>>,
}

/// Makes the path of a file.
pub(super) fn path(text: &str) -> Result<DrivePath> {
    DrivePath::new(text)
}

/// Makes the path of a document's file; none if no drive has such a name.
pub(super) fn doc_path(id: &str) -> Option<DrivePath> {
    DrivePath::new(format!("docs/{id}.json")).ok()
}

/// Makes the bytes of a file.
pub(super) fn json<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|e| Error::internal("put", "a file of the layout could not be made").caused_by(e))
}

impl LastWriter {
    /// Reads a file, again after a moment if it makes no sense yet.
    pub(super) async fn read<T: for<'de> Deserialize<'de>>(&self, path: &DrivePath) -> Result<Read<T>> {
        let mut tries = 0;
        loop {
            let Got::File { bytes, .. } = self.drive.get(path.clone(), GetOptions::default()).await? else { return Ok(Read::Missing) };
            match serde_json::from_slice(&bytes) {
                Ok(value) => return Ok(Read::Parsed(value)),
                Err(e) if tries == TORN_READS => return Ok(Read::Senseless(e.to_string())),
                Err(_) => tries += 1,
            }
            self.runtime.sleep(TORN_PAUSE).await;
        }
    }

    /// Reads `meta.json`; a missing one counts no change.
    pub(super) async fn read_meta(&self) -> Result<Meta> {
        let file = path("meta.json")?;
        let members: BTreeMap<String, Box<RawValue>> = match self.read(&file).await? {
            Read::Parsed(members) => members,
            Read::Missing => BTreeMap::new(),
            Read::Senseless(why) => {
                self.refuse_gone().await?;
                return Err(senseless(&file, &why));
            }
        };
        let count = members.get(LAST_CHANGE).map(|count| serde_json::from_str::<Option<u64>>(count.get()));
        match count.transpose() {
            Ok(count) if count.flatten().is_none_or(|count| count <= MOST_CHANGES) => {
                Ok(Meta { last_change: count.flatten().unwrap_or_default(), members })
            }
            _ => Err(senseless(&file, "`lastChange` is no count of changes")),
        }
    }

    /// Refuses a vault that has gone to the journal layout, which only [`Client`](crate::Client) reads.
    pub(super) async fn refuse_gone(&self) -> Result<()> {
        match self.drive.get(path("meta.json")?, GetOptions::default()).await? {
            Got::File { bytes, .. } => refuse_closed(&bytes),
            Got::Missing | Got::Unchanged => Ok(()),
        }
    }

    pub(super) async fn write_meta(&self, meta: &mut Meta, last_change: u64) -> Result<()> {
        let count = to_raw_value(&last_change).map_err(|e| Error::internal("put", "a count could not be written").caused_by(e))?;
        meta.members.insert(LAST_CHANGE.to_owned(), count);
        meta.last_change = last_change;
        self.put(path("meta.json")?, json(&meta.members)?).await
    }

    /// Reads a file of the log; none if it is missing.
    pub(super) async fn read_window(&self, index: u64) -> Result<Option<Vec<Entry>>> {
        let file = path(&format!("changes/{index}.json"))?;
        match self.read(&file).await? {
            Read::Parsed(entries) => Ok(Some(entries)),
            Read::Missing => Ok(None),
            Read::Senseless(why) => Err(senseless(&file, &why)),
        }
    }

    pub(super) async fn put(&self, path: DrivePath, bytes: Vec<u8>) -> Result<()> {
        self.drive.put(path, bytes, Condition::Any).await.map(drop)
    }
}

fn senseless(file: &DrivePath, why: &str) -> Error {
    let detail = format!("this file of the vault makes no sense ({why}); if another client is writing it, try again, else restore it");
    Error::corrupt("read", detail).about(file.as_str())
}
