//! The client's durable memory, typed: one record per document and concern, all in the host's [`State`].
//!
//! | key | what |
//! | --- | --- |
//! | `client` | who this client is |
//! | `base/<id>` | what this client and the drive last agreed on |
//! | `queue/<id>`, `order/<n>` | a change that waits to be pushed, and its place in line |
//! | `todo/<id>` | a change on the drive that waits to be applied |
//! | `page` | changes that are at hand and are worked off, all in one record |
//! | `applies/<n>` | the intents of an apply under way |
//! | `applying/<id>` | the intent of an apply that was interrupted |
//! | `push/<name>` | the intents of a push under way |
//! | `pushing/<id>` | the intent of a push that was interrupted |
//! | `conflict/<id>`, `conflict-body/<id>` | a conflict, and the drive's side of it |
//! | `server/…` | what the layout remembers |
//! | `drive` | what the drive was found to be able to do |

use crate::{
    Action, Conflict, Digest, DocId, Error, ErrorKind, Result, Revision, State, StateRecord,
    document::Short,
    server::{Attempt, News, Tag},
};
use futures::lock::{Mutex, MutexGuard};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::sync::Arc;

pub(crate) const CLIENT: &str = "client";
pub(crate) const BASE: &str = "base/";
pub(crate) const QUEUE: &str = "queue/";
pub(crate) const ORDER: &str = "order/";
pub(crate) const TODO: &str = "todo/";
pub(crate) const PAGE: &str = "page";
pub(crate) const APPLIES: &str = "applies/";
pub(crate) const APPLYING: &str = "applying/";
pub(crate) const PUSHING: &str = "pushing/";
pub(crate) const PUSH: &str = "push/";
pub(crate) const CONFLICT: &str = "conflict/";
pub(crate) const CONFLICT_BODY: &str = "conflict-body/";
pub(crate) const PROBED: &str = "drive";

/// What keys must not hold as it is: they are ASCII without spaces.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

/// Returns the key of a document's record.
pub(crate) fn key(prefix: &str, id: &str) -> String {
    let mut key = String::with_capacity(prefix.len() + id.len());
    key.push_str(prefix);
    // Most ids need no escape, and are taken as they are.
    if id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'%') {
        key.push_str(id);
    } else {
        utf8_percent_encode(id, ESCAPED).for_each(|piece| key.push_str(piece));
    }
    key
}

/// From how many records on it is worth asking first whether there is any.
pub(crate) const MANY: usize = 32;

/// The form of the state that this version writes.
pub(super) const FORMAT: u32 = 1;

/// Who this client is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) format: u32,
    /// A random id.
    pub(super) id: String,
    /// The smallest number that no earlier opening of this client has given to a queue entry.
    pub(super) next: u64,
    /// Whether the host's documents have been listed for the vault.
    pub(super) joined: bool,
    pub(super) last_sync_ms: Option<u64>,
}

/// What this client and the drive last agreed on; none means that the document exists on neither side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Base {
    pub(super) id: DocId,
    /// The host's revision, in the host's spelling.
    pub(super) revision: Revision,
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) tag: Tag,
    /// What was agreed on before: a document that is this again has gone back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Short>,
}

impl Base {
    /// Takes the place of what was agreed on until now.
    pub(super) fn follows(&mut self, old: Option<&Self>) {
        self.before = before(old, self.digest);
    }
}

/// What was agreed on before this content is.
pub(super) fn before(old: Option<&Base>, digest: Digest) -> Option<Short> {
    match old {
        Some(old) if old.digest == digest => old.before,
        Some(old) => Some(Short::of(&old.digest)),
        None => None,
    }
}

/// A change that waits to be pushed. Only the fact is kept: content is read when it is pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Queued {
    pub(super) id: DocId,
    pub(super) revision: Revision,
    pub(super) action: Action,
    /// New with every change: tells whether the entry is still the one that was read.
    pub(super) token: u64,
    /// The place in line: that of the first change since the last push.
    pub(super) place: u64,
    /// Announce it even if nothing changed: its announcement was lost.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) again: bool,
    /// Why it could not be pushed when it was tried last: it is reported, and no lock is taken for its sake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) waits: Option<String>,
    /// How large the host said it was when the change was found, in bytes: how many are read together depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
}

/// What tells whether an entry is still the one that was read: the rest of a [`Queued`] is passed over, not copied.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Ticket {
    pub(super) token: u64,
    pub(super) place: u64,
}

/// A change on the drive that waits to be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Todo {
    pub(super) id: DocId,
    pub(super) news: News,
    /// Where the drive differs from the host, the host's side stays and is pushed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) keep_local: bool,
}

/// The intent of an apply: a document that already has this digest was applied, not edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Applying {
    pub(super) id: DocId,
    /// What the document will be; none means deleted.
    pub(super) base: Option<Box<Base>>,
    /// The version that is applied, if it is a deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tag: Option<Tag>,
}

/// The intent of a push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pushing {
    pub(super) id: DocId,
    pub(super) revision: Revision,
    pub(super) attempt: Attempt,
    /// What interrupted pushes before it may have left: one of them may still be what the drive has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) earlier: Vec<Attempt>,
    /// The name of the push.
    pub(super) push: String,
    /// Whether it was found in the log: then it took place, and whoever wrote later had seen it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) announced: bool,
    /// The token of the queue entry that is done by it.
    #[serde(default)]
    pub(super) token: u64,
    /// The size of the content in bytes.
    #[serde(default)]
    pub(super) size: u64,
    /// What was agreed on before, as the base that comes of it will say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Short>,
}

impl Pushing {
    /// Returns everything that interrupted pushes may have left, the newest last.
    pub(super) fn attempts(&self) -> Vec<Attempt> {
        let mut attempts = self.earlier.clone();
        attempts.push(self.attempt);
        attempts
    }

    /// Whether an interrupted push may have left this; none is a deletion.
    pub(super) fn may_have_left(&self, content: Option<Digest>) -> bool {
        self.attempts().contains(&content.map_or(Attempt::Delete, Attempt::Put))
    }
}

/// A conflict and what the server knows of its remote side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ConflictRecord {
    pub(super) conflict: Conflict,
    pub(super) tag: Tag,
    /// Whether the remote side is a version that another author has left, which this client has taken up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) claimed: bool,
}

/// The typed memory. Read-modify-write of queue entries happens under its lock, which is never held across a call
/// of the host or the drive.
pub(super) struct Ledger {
    pub(super) state: Arc<dyn State>,
    turn: Mutex<()>,
}

impl Ledger {
    pub(super) fn new(state: Arc<dyn State>) -> Self {
        Self { state, turn: Mutex::new(()) }
    }

    /// Takes the right to read, change and write queue entries.
    pub(super) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Reads the records of these documents, in the same order. They are boxed, since they are moved about a lot.
    pub(super) async fn of<T: DeserializeOwned>(&self, prefix: &str, ids: impl IntoIterator<Item = &DocId>) -> Result<Vec<Option<Box<T>>>> {
        let ids: Vec<&DocId> = ids.into_iter().collect();
        // At a first sync there is none of many.
        if ids.len() >= MANY && self.is_empty(prefix).await? {
            return Ok(ids.into_iter().map(|_| None).collect());
        }
        let values = self.values(ids.iter().map(|id| key(prefix, id.as_str())).collect()).await?;
        ids.into_iter().zip(values).map(|(id, value)| value.map(|v| parse(|| key(prefix, id.as_str()), &v)).transpose()).collect()
    }

    /// Reads the records of these documents under a prefix that rarely has any.
    pub(super) async fn of_rare<T: DeserializeOwned>(
        &self,
        prefix: &str,
        ids: impl IntoIterator<Item = &DocId>,
    ) -> Result<Vec<Option<Box<T>>>> {
        if self.is_empty(prefix).await? { Ok(ids.into_iter().map(|_| None).collect()) } else { self.of(prefix, ids).await }
    }

    /// Reads the record of one document.
    pub(super) async fn one<T: DeserializeOwned>(&self, prefix: &str, id: &DocId) -> Result<Option<T>> {
        Ok(self.of(prefix, [id]).await?.into_iter().next().flatten().map(|record| *record))
    }

    /// Reads records by key.
    pub(super) async fn read<T: DeserializeOwned>(&self, keys: Vec<String>) -> Result<Vec<Option<T>>> {
        let values = self.values(keys.clone()).await?;
        keys.into_iter().zip(values).map(|(key, value)| value.map(|v| parse(|| key, &v)).transpose()).collect()
    }

    async fn values(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>> {
        let asked = keys.len();
        if asked == 0 {
            return Ok(Vec::new());
        }
        let values = self.state.read(keys).await?;
        if values.len() == asked {
            return Ok(values);
        }
        Err(Error::new(ErrorKind::State, "read", "the state answered another number of records than it was asked for"))
    }

    /// Reads a page of records behind `after`; an empty page is the end.
    pub(super) async fn page<T: DeserializeOwned>(&self, prefix: &str, after: Option<String>, limit: u32) -> Result<Vec<(String, T)>> {
        let records = self.state.scan(prefix.to_owned(), after, limit).await?;
        let parsed = records.into_iter().filter_map(|r| Some((r.key, r.value?)));
        parsed.map(|(key, value)| parse(|| key.clone(), &value).map(|v| (key, v))).collect()
    }

    /// Counts the records under a prefix.
    pub(super) async fn count(&self, prefix: &str) -> Result<u64> {
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.state.scan(prefix.to_owned(), after, 1000).await?;
            let Some(last) = page.last() else { return Ok(count) };
            count += page.len() as u64;
            after = Some(last.key.clone());
        }
    }

    /// Whether there is no record under a prefix.
    pub(super) async fn is_empty(&self, prefix: &str) -> Result<bool> {
        Ok(self.state.scan(prefix.to_owned(), None, 1).await?.is_empty())
    }

    /// Removes every record under a prefix.
    pub(super) async fn clear(&self, prefix: &str) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.state.scan(prefix.to_owned(), after, 1000).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.key.clone());
            self.write(page.into_iter().map(|r| StateRecord::remove(r.key)).collect()).await?;
        }
    }

    /// Forgets everything that was agreed with a vault. The queue stays.
    pub(super) async fn forget_vault(&self) -> Result<()> {
        for prefix in [PAGE, TODO, BASE, PUSH, PUSHING, APPLIES, APPLYING, CONFLICT, CONFLICT_BODY, "server/"] {
            self.clear(prefix).await?;
        }
        Ok(())
    }

    /// Writes a batch; an empty one costs nothing.
    pub(super) async fn write(&self, batch: Vec<StateRecord>) -> Result<()> {
        if batch.is_empty() { Ok(()) } else { self.state.write(batch).await }
    }
}

/// Makes the record of a document.
pub(super) fn record<T: Serialize>(prefix: &str, id: &DocId, value: &T) -> Result<StateRecord> {
    Ok(StateRecord::set(key(prefix, id.as_str()), bytes(value)?))
}

/// Makes the record that removes a document's record.
pub(super) fn removal(prefix: &str, id: &DocId) -> StateRecord {
    StateRecord::remove(key(prefix, id.as_str()))
}

/// Makes the key of a place in line; places sort as numbers.
pub(super) fn order_key(place: u64) -> String {
    format!("{ORDER}{place:016x}")
}

/// Makes the records that take the entry of a document out of the queue.
pub(super) fn dequeue(id: &DocId, place: u64) -> [StateRecord; 2] {
    [removal(QUEUE, id), StateRecord::remove(order_key(place))]
}

/// Makes the records of an entry.
pub(super) fn enqueue(entry: &Queued) -> Result<[StateRecord; 2]> {
    Ok([record(QUEUE, &entry.id, entry)?, StateRecord::set(order_key(entry.place), bytes(&entry.id)?)])
}

/// Makes the record of a base, or its removal.
pub(super) fn base_record(id: &DocId, base: Option<&Base>) -> Result<StateRecord> {
    base.map_or_else(|| Ok(removal(BASE, id)), |base| record(BASE, id, base))
}

pub(super) fn bytes<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|e| Error::internal("write", "a record of the state could not be made").caused_by(e))
}

fn parse<T: DeserializeOwned>(key: impl FnOnce() -> String, value: &[u8]) -> Result<T> {
    let damaged = "the client's state is damaged; open the client with a fresh state: nothing of the host's is lost";
    serde_json::from_slice(value).map_err(|e| Error::new(ErrorKind::State, "read", damaged).about(key()).caused_by(e))
}
