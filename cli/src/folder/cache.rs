//! The scan cache: digests by path, kept in the same state as everything else, so that an unchanged file is not
//! read again. Losing it costs time only.

use super::{
    scan::Found,
    stamp::{Hashed, Stamp},
};
use kitestring::{DocId, Result, State, StateRecord};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::sync::Arc;

const PREFIX: &str = "kite/scan/";

/// What a key may not hold as it is; anything beyond ASCII is encoded as well.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

/// The cache.
pub(super) struct ScanCache {
    state: Arc<dyn State>,
    /// Whether to read every file all the same.
    distrust: bool,
}

impl ScanCache {
    /// Keeps it in `state`; with `distrust`, answers nothing but learns.
    pub fn new(state: Arc<dyn State>, distrust: bool) -> Self {
        Self { state, distrust }
    }

    /// Returns the digests that files which look like this must have; one answer each.
    pub async fn digests(&self, files: &[Found]) -> Result<Vec<Option<Hashed>>> {
        if self.distrust || files.is_empty() {
            return Ok(vec![None; files.len()]);
        }
        let records = self.state.read(files.iter().map(|file| key(&file.id)).collect()).await?;
        let known = files.iter().zip(records).map(|(file, record)| {
            let hashed = Hashed::from_bytes(&record?)?;
            hashed.still(file.stamp).is_some().then_some(hashed)
        });
        Ok(known.collect())
    }

    /// Whether the file `id`, as it was seen last, now has another name, under which it looks like this.
    pub async fn was_renamed(&self, id: &DocId, now: Option<Stamp>) -> Result<bool> {
        let seen = self.state.read(vec![key(id)]).await?.into_iter().next().flatten();
        let seen = seen.and_then(|record| Hashed::from_bytes(&record));
        Ok(seen.zip(now).is_some_and(|(seen, now)| now.is_same_file(&seen.stamp)))
    }

    /// Learns digests.
    pub async fn learn(&self, hashed: Vec<(DocId, Hashed)>) -> Result<()> {
        self.write(hashed.into_iter().map(|(id, h)| StateRecord::set(key(&id), h.to_bytes())).collect()).await
    }

    /// Forgets files that are gone.
    pub async fn forget(&self, ids: &[DocId]) -> Result<()> {
        self.write(ids.iter().map(|id| StateRecord::remove(key(id))).collect()).await
    }

    async fn write(&self, batch: Vec<StateRecord>) -> Result<()> {
        if batch.is_empty() { Ok(()) } else { self.state.write(batch).await }
    }
}

fn key(id: &DocId) -> String {
    let mut key = String::with_capacity(PREFIX.len() + id.as_str().len());
    key.push_str(PREFIX);
    key.extend(utf8_percent_encode(id.as_str(), ENCODED));
    key
}
