//! The table of names: which id a path has. A file of JSON that is replaced under a condition.

use super::{GDrive, call, known::Place, routes::Media};
use crate::http::{Call, Repeat};
use kitestring::{DrivePath, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So often a file is read again that others replace meanwhile.
const ROUNDS: u32 = 5;

/// Which id each path has that was entered. An id may be that of a file that was deleted since; then the path is free.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Table {
    pub(super) files: BTreeMap<String, String>,
}

impl Table {
    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn id(&self, path: &DrivePath) -> Option<&String> {
        self.files.get(path.as_str())
    }
}

impl GDrive {
    /// Reads the table as it is now: one request, and one more if it has changed.
    ///
    /// # Errors
    /// `unavailable` if the drive is gone.
    pub(super) async fn table(&self, call: &Call) -> Result<(Place, Table)> {
        match self.read_table(call).await? {
            Some(read) => Ok(read),
            // It is not where it was noted to be: perhaps the account is another one, or somebody has set it up anew.
            None if self.known.lock().memo.is_recalled => {
                self.known.forget();
                self.read_table(call).await?.ok_or_else(|| self.no_root(call))
            }
            None => Err(self.no_root(call)),
        }
    }

    /// The same; none if it is gone.
    async fn read_table(&self, call: &Call) -> Result<Option<(Place, Table)>> {
        let root = self.root(call).await?;
        let cached = self.known.lock().table.clone().filter(|(place, _)| place.id == root.table);
        let (mut place, mut table) = cached.unwrap_or_else(|| (Place::new(root.table), Table::default()));
        for _ in 0..ROUNDS {
            let Some(tagged) = self.look(call, &place.id).await? else { return Ok(None) };
            let is_known = tagged.content == place.content;
            place.seen(tagged);
            if !is_known {
                let Some(Media { bytes, .. }) = self.media(call, &place.id, None, None).await? else { return Ok(None) };
                if !place.content.holds(&bytes) {
                    continue;
                }
                table = serde_json::from_slice(&bytes).map_err(|_| self.senseless(call))?;
            }
            self.known.lock().table = Some((place.clone(), table.clone()));
            return Ok(Some((place, table)));
        }
        Err(self.error(call, ErrorKind::Unavailable, "has a table of names that others write all the time; it goes on later"))
    }

    /// Makes sure that a missing file is one in a drive that is there.
    pub(super) async fn check_root(&self, operation: &'static str) -> Result<()> {
        self.table(&call(operation, "", Repeat::Freely)).await.map(drop)
    }

    /// Returns the id of a path: the one that is known, or what is found.
    pub(super) async fn place(&self, call: &Call, path: &DrivePath) -> Result<Option<Place>> {
        self.recall().await;
        let is_fresh = self.freshen(call, path).await?;
        match self.known.file(path) {
            Some(place) => Ok(Some(place)),
            None if is_fresh && !path.as_str().is_empty() && !self.is_log(path) => {
                self.known.lock().unfound.insert(path.clone());
                Ok(None)
            }
            None => self.find(call, path).await,
        }
    }

    /// Finds the id of a path that is not known.
    async fn find(&self, call: &Call, path: &DrivePath) -> Result<Option<Place>> {
        if path.as_str().is_empty() {
            return self.check_root(call.operation).await.map(|()| None);
        }
        let (_, table) = self.table(call).await?;
        let entered = table.id(path).filter(|id| self.classic.is_none() && !self.known.lock().gone.contains(*id));
        if let Some(id) = entered {
            let place = Place::new(id);
            self.known.keep(path, place.clone());
            return Ok(Some(place));
        }
        // One listing finds all records that are new.
        let lists_all = self.has_one_writer(path) && self.known.lock().files.len() < 1000;
        self.find_names(call, Some(path).filter(|_| !lists_all)).await?;
        if self.is_log(path) && self.known.file(path).is_none() {
            // It is counted already, and a search does not know it yet.
            self.runtime.sleep(self.settles).await;
            self.find_names(call, Some(path)).await?;
        }
        let found = self.known.file(path);
        if found.is_none() {
            self.known.lock().unfound.insert(path.clone());
        }
        Ok(found)
    }
}
