//! Where this client stands in the journal: durable, in its state.
//!
//! | key | what |
//! | --- | --- |
//! | `server/journal` | the vault, and who this client is in it ([`Standing`]) |
//! | `server/seen/<writer>` | the last record of each writer that was folded |
//! | `server/retired` | the same of the writers that the head does not name |
//! | `server/doc/<id>` | the versions of a document that nothing has replaced ([`super::doc::Versions`]) |
//! | `server/split/<id>` | that there is more than one of them |
//! | `server/withdraw/<id>` | own versions to be withdrawn by the next record |
//! | `server/sent/<seq>` | an own record that is not acknowledged ([`super::send::Sent`]) |
//! | `server/forgotten` | what was folded when the user agreed to go on with an older vault |
//! | `server/device/<device>` | what a device is called, and when it wrote ([`super::device`]) |
//! | `server/pairing` | what another device has told of the vault, and was not found yet |
//! | `server/past/<id>/<dot>` | a version that was replaced since the last checkpoint ([`super::past::Past`]) |
//! | `server/join` | how far a checkpoint was read by a client that knew nothing ([`super::join`]) |
//! | `server/needs` | the files to which the adopted checkpoint refers |
//! | `server/sealed`, `server/keyring` | of a sealed vault: its keyring ([`crate::seal`]) |
//! | `server/compacting` | the checkpoint that is being written ([`super::compact`]) |
//! | `server/put-off` | one that was interrupted on a slow line: the next waits until as much has gathered again |
//! | `server/pace` | how fast the line is ([`super::pace`]) |
//! | `server/piece/<path>/<where>` | a piece of a file that is being read over a slow line ([`super::patient`]) |

use super::{
    Strategy,
    checkpoint::PieceName,
    gone::Vouched,
    head::{Reference, put_link},
    name::{Hash, Link, VaultId, Writer},
    pairing::PairingCode,
    wire::{Malformed, Reader},
};
use crate::{Error, ErrorKind, Result, State, StateRecord, drive::Version, gather::Gather as _, seal::Closing};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const STANDING: &str = "server/journal";
pub(super) const SEEN: &str = "server/seen/";
pub(super) const DOC: &str = "server/doc/";
pub(super) const SPLIT: &str = "server/split/";
pub(super) const WITHDRAW: &str = "server/withdraw/";
pub(super) const SENT: &str = "server/sent/";
/// The last folded record of each writer that the head does not name.
pub(super) const RETIRED: &str = "server/retired";
/// The last folded record of each writer, before all was forgotten that an older vault does not have.
const FORGOTTEN: &str = "server/forgotten";
pub(super) const PAST: &str = "server/past/";
pub(super) const JOIN: &str = "server/join";
pub(super) const NEEDS: &str = "server/needs";
pub(super) const COMPACTING: &str = "server/compacting";
pub(super) const PUT_OFF: &str = "server/put-off";

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
    /// Whether the user has agreed to go on with an older vault, ever.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) went_back: bool,
    /// Whether what that vault has was not read to its end yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) older: bool,
    /// The head that was read last and holds nothing that was not folded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) head: Option<Version>,
    /// The number of the last slot that was read.
    #[serde(default)]
    pub(super) slot: u64,
    /// The checkpoint of that head: nothing that it covers is unknown here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) checkpoint: Option<Reference>,
    /// Where there is no head, the checkpoints that were found and of which the same is true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) joined: Vec<PieceName>,
    /// The checkpoint whose places of bodies were taken over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) adopted: Option<PieceName>,
    /// Whether a listing has named records that no head did: their authors may be no more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) unannounced: bool,
    /// Where there is no head, checkpoints that cover what is known and no longer listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) vouched: Option<Vouched>,
    /// The generation of the checkpoint that was looked into last.
    #[serde(default)]
    pub(super) looked_into: u64,
    /// What was folded since the last checkpoint.
    #[serde(default)]
    pub(super) since: Since,
    /// Further ids of the vault: it was created by several at the same moment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) also: Vec<VaultId>,
    /// Whether it is sealed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) sealed: bool,
    /// The user has agreed to go on with an older vault, and what was known of this one is not yet all forgotten.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) forgetting: bool,
    /// The keys that were closed, as far as this client has obeyed that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) closing: Option<Closing>,
    /// What another device has told of the vault, and was not found yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expects: Option<PairingCode>,
}

/// What was folded since the last checkpoint: tells whether another one is worth it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Since {
    /// The bytes on the drive of what is alive, as far as it was counted.
    pub(super) live_bytes: u64,
    /// The bytes on the drive of what was replaced.
    pub(super) dead_bytes: u64,
    /// The records that are small.
    pub(super) small_records: u64,
}

impl Since {
    pub(super) fn add(&mut self, more: Self) {
        self.live_bytes += more.live_bytes;
        self.dead_bytes += more.dead_bytes;
        self.small_records += more.small_records;
    }
}

impl Standing {
    pub(super) async fn load(state: &dyn State) -> Result<Option<Self>> {
        let stored = state.read(vec![STANDING.to_owned()]).await?.into_iter().next().flatten();
        stored.map(|bytes| parse(STANDING, &bytes)).transpose()
    }

    pub(super) fn record(&self) -> Result<StateRecord> {
        Ok(StateRecord::set(STANDING, json(self)?))
    }

    /// Notes that everything is known that a checkpoint covers, and so what its parent does. Only told where there is no
    /// head.
    pub(super) fn has_joined(&mut self, root: PieceName, parent: Option<PieceName>) {
        if self.strategy == Strategy::Listing {
            let new: Vec<PieceName> = [Some(root), parent].into_iter().flatten().filter(|root| !self.joined.contains(root)).collect();
            self.joined.extend(new);
        }
    }

    /// The order of the next record.
    pub(super) fn next_order(&self) -> u64 {
        self.order.max(self.last.map_or(0, |last| last.order)) + 1
    }
}

/// Reads the last folded record of every writer, and which of them are retired.
pub(super) async fn load_seen(state: &dyn State) -> Result<(BTreeMap<Writer, Link>, BTreeSet<Writer>)> {
    let stored = state.read(vec![RETIRED.to_owned()]).await?.into_iter().next().flatten();
    let mut seen = stored.map_or_else(|| Ok(BTreeMap::new()), |bytes| decode_links(&bytes).map_err(|_| damaged(RETIRED)))?;
    let (mut retired, mut after): (BTreeSet<Writer>, _) = (seen.keys().copied().gather(), None);
    loop {
        let page = state.scan(SEEN.to_owned(), after, PAGE).await?;
        let Some(last) = page.last() else { return Ok((seen, retired)) };
        after = Some(last.key.clone());
        for StateRecord { key, value } in page {
            let (writer, link) = (key.strip_prefix(SEEN).and_then(Writer::from_hex), value.map(|v| parse::<Link>(&key, &v)).transpose()?);
            let (Some(writer), Some(link)) = (writer, link) else { return Err(damaged(&key)) };
            // Who has written since is not retired any longer.
            seen.insert(writer, link);
            retired.remove(&writer);
        }
    }
}

pub(super) fn seen_record(writer: Writer, link: &Link) -> Result<StateRecord> {
    Ok(StateRecord::set(format!("{SEEN}{writer}"), json(link)?))
}

/// The records that say which writers are retired: there may be thousands, and they are always read together.
pub(super) fn retired_records(
    vector: &BTreeMap<Writer, Link>,
    now: &BTreeSet<Writer>,
    before: &BTreeSet<Writer>,
) -> Result<Vec<StateRecord>> {
    let mut records: Vec<StateRecord> = now.difference(before).map(|writer| StateRecord::remove(format!("{SEEN}{writer}"))).collect();
    let back = before.difference(now).filter_map(|writer| Some((*writer, vector.get(writer)?)));
    for (writer, link) in back {
        records.push(seen_record(writer, link)?);
    }
    records.push(StateRecord::set(RETIRED, encode_links(now.iter().filter_map(|writer| Some((writer, vector.get(writer)?))))));
    Ok(records)
}

/// The record of what was folded before all of it is forgotten.
pub(super) fn forgotten_record(vector: &BTreeMap<Writer, Link>) -> StateRecord {
    StateRecord::set(FORGOTTEN, encode_links(vector.iter()))
}

/// Reads what was folded before all of it was forgotten.
pub(super) async fn load_forgotten(state: &dyn State) -> Result<BTreeMap<Writer, Link>> {
    let stored = state.read(vec![FORGOTTEN.to_owned()]).await?.into_iter().next().flatten();
    stored.map_or_else(|| Ok(BTreeMap::new()), |bytes| decode_links(&bytes).map_err(|_| damaged(FORGOTTEN)))
}

fn encode_links<'a>(links: impl Iterator<Item = (&'a Writer, &'a Link)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    links.for_each(|(writer, link)| put_link(&mut bytes, writer, link));
    bytes
}

fn decode_links(bytes: &[u8]) -> Result<BTreeMap<Writer, Link>, Malformed> {
    let (mut from, mut links) = (Reader::new(bytes), BTreeMap::new());
    while from.left() > 0 {
        let writer = Writer(from.array()?);
        links.insert(writer, Link { seq: from.number()?, order: from.number()?, hash: Hash(from.array()?) });
    }
    Ok(links)
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
