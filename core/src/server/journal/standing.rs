//! Where this client stands in the journal: durable, in its state.
//!
//! | key | what |
//! | --- | --- |
//! | `server/journal` | the vault, and who this client is in it ([`Standing`]) |
//! | `server/seen/<writer>` | the last record of each writer that was folded |
//! | `server/doc/<id>` | the versions of a document that nothing has replaced ([`super::doc::Versions`]) |
//! | `server/split/<id>` | that there is more than one of them |
//! | `server/withdraw/<id>` | own versions to be withdrawn by the next record |
//! | `server/sent/<seq>` | an own record that is not acknowledged ([`super::send::Sent`]) |

use super::{
    Strategy,
    name::{Link, VaultId, Writer},
};
use crate::{Error, ErrorKind, Result, State, StateRecord, drive::Version};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

pub(super) const STANDING: &str = "server/journal";
pub(super) const SEEN: &str = "server/seen/";
pub(super) const DOC: &str = "server/doc/";
pub(super) const SPLIT: &str = "server/split/";
pub(super) const WITHDRAW: &str = "server/withdraw/";
pub(super) const SENT: &str = "server/sent/";

/// How many records are read or removed at once.
pub(super) const PAGE: u32 = 1000;

/// Where this client stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Standing {
    pub(super) vault: VaultId,
    pub(super) strategy: Strategy,
    /// The number of the migration that chose the strategy.
    #[serde(default)]
    pub(super) epoch: u64,
    /// Who writes the next record.
    pub(super) writer: Writer,
    /// The last record that this writer has made, be it acknowledged or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last: Option<Link>,
    /// The largest order of any record that was folded.
    #[serde(default)]
    pub(super) order: u64,
    /// The opening of the client that chose the incarnation.
    pub(super) opening: String,
    /// The head that was read last and holds nothing that was not folded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) head: Option<Version>,
    /// The number of the last slot that was read.
    #[serde(default)]
    pub(super) slot: u64,
    /// What that head said beside its vector: carried along.
    #[serde(default)]
    pub(super) floor: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) checkpoint: Vec<u8>,
    /// Further ids of the vault: it was created by several at the same moment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) also: Vec<VaultId>,
    /// The user has agreed to go on with an older vault, and what was known of this one is not yet all forgotten.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) forgetting: bool,
}

impl Standing {
    pub(super) async fn load(state: &dyn State) -> Result<Option<Self>> {
        let stored = state.read(vec![STANDING.to_owned()]).await?.into_iter().next().flatten();
        stored.map(|bytes| parse(STANDING, &bytes)).transpose()
    }

    pub(super) fn record(&self) -> Result<StateRecord> {
        Ok(StateRecord::set(STANDING, json(self)?))
    }

    /// The order of the next record.
    pub(super) fn next_order(&self) -> u64 {
        self.order.max(self.last.map_or(0, |last| last.order)) + 1
    }
}

/// Reads the last folded record of every writer.
pub(super) async fn load_seen(state: &dyn State) -> Result<BTreeMap<Writer, Link>> {
    let (mut seen, mut after) = (BTreeMap::new(), None);
    loop {
        let page = state.scan(SEEN.to_owned(), after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(seen) };
        after = Some(last.key.clone());
        for StateRecord { key, value } in page {
            let (writer, link) = (key.strip_prefix(SEEN).and_then(Writer::from_hex), value.map(|v| parse::<Link>(&key, &v)).transpose()?);
            let (Some(writer), Some(link)) = (writer, link) else { return Err(damaged(&key)) };
            seen.insert(writer, link);
        }
    }
}

pub(super) fn seen_record(writer: Writer, link: &Link) -> Result<StateRecord> {
    Ok(StateRecord::set(format!("{SEEN}{writer}"), json(link)?))
}

/// Removes every record under a prefix.
pub(super) async fn clear(state: &dyn State, prefix: &str) -> Result<()> {
    let mut after = None;
    loop {
        let page = state.scan(prefix.to_owned(), after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.key.clone());
        state.write(page.into_iter().map(|r| StateRecord::remove(r.key)).collect()).await?;
    }
}

pub(super) fn json<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|e| Error::internal("write", "a record of the state could not be made").caused_by(e))
}

pub(super) fn parse<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|e| damaged(key).caused_by(e))
}

pub(super) fn damaged(key: &str) -> Error {
    let detail = "the client's state is damaged; open the client with a fresh state: nothing of the host's is lost";
    Error::new(ErrorKind::State, "read", detail).about(key)
}
