//! What was replaced since the last checkpoint: kept in the state until a checkpoint takes it into the history.

use super::{
    checkpoint::Replaced,
    doc::{Version, encode_version, read_version},
    name::{Dot, Writer},
    standing::{PAGE, PAST, damaged},
    wire::{Malformed, Reader, put_number, put_prefixed, text},
};
use crate::{DocId, Result, State, StateRecord, client::key};
use std::collections::BTreeSet;

/// A version that something has replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Past {
    pub(super) id: DocId,
    pub(super) version: Version,
    pub(super) replaced: Replaced,
}

impl Past {
    /// Its key begins with that of its document.
    pub(super) fn key(&self) -> String {
        let Dot { writer, seq } = self.version.dot;
        format!("{}/{writer}-{seq:06x}", key(PAST, self.id.as_str()))
    }

    pub(super) fn record(&self) -> StateRecord {
        let mut value = Vec::with_capacity(160);
        put_prefixed(&mut value, self.id.as_str().as_bytes());
        encode_version(&mut value, &self.version);
        value.extend_from_slice(&self.replaced.by.writer.0);
        put_number(&mut value, self.replaced.by.seq);
        put_number(&mut value, self.replaced.time);
        StateRecord::set(self.key(), value)
    }

    fn decode(key: &str, value: &[u8]) -> Result<Self> {
        read(value).map_err(|Malformed(why)| damaged(key).caused_by(why))
    }

    /// Reads a page of what was replaced, of every document or of one.
    pub(super) async fn page(state: &dyn State, id: Option<&DocId>, after: Option<String>) -> Result<Vec<(String, Self)>> {
        let prefix = id.map_or_else(|| PAST.to_owned(), |id| format!("{}/", key(PAST, id.as_str())));
        let records = state.scan(prefix, after, PAGE).await?;
        let values = records.into_iter().filter_map(|record| Some((record.key, record.value?)));
        values.map(|(key, value)| Self::decode(&key, &value).map(|past| (key, past))).collect()
    }

    /// The documents of which something was replaced.
    pub(super) async fn ids(state: &dyn State) -> Result<BTreeSet<DocId>> {
        let (mut ids, mut after) = (BTreeSet::new(), None);
        loop {
            let page = Self::page(state, None, after).await?;
            let Some((last, _)) = page.last() else { return Ok(ids) };
            after = Some(last.clone());
            ids.extend(page.into_iter().map(|(_, past)| past.id));
        }
    }

    /// Reads all that was replaced of one document.
    pub(super) async fn of(state: &dyn State, id: &DocId) -> Result<Vec<Self>> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = Self::page(state, Some(id), after).await?;
            let Some((last, _)) = page.last() else { return Ok(all) };
            after = Some(last.clone());
            all.extend(page.into_iter().map(|(_, past)| past).filter(|past| past.id == *id));
        }
    }
}

fn read(value: &[u8]) -> Result<Past, Malformed> {
    let mut from = Reader::new(value);
    let id = DocId::new(text(from.prefixed(DocId::MAX_BYTES, "an id is too long")?)?).map_err(|_| Malformed("an id is empty"))?;
    let version = read_version(&mut from)?;
    let by = Dot { writer: Writer(from.array()?), seq: from.number()? };
    let past = Past { id, version, replaced: Replaced { by, time: from.number()? } };
    from.end()?;
    Ok(past)
}
