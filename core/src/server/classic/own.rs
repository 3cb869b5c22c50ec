//! What this client has logged and not yet seen again. An old client that stalled past its lock may overwrite
//! the log without knowing; so entries are kept until they were found at their place after one lease, and what
//! is missing then is announced again.

use super::{
    Classic,
    files::{Logged, WINDOW, json},
    lock::LEASE,
};
use crate::{DocId, Error, ErrorKind, Result, StateRecord, drive::Version, runtime::wall_ms, server::Announced};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const PREFIX: &str = "server/own/";

/// How many files of the log are checked in one sync.
const CHECKED_FILES: u32 = 256;

/// Own entries of one file of the log.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Own {
    /// When they were written, in milliseconds since the Unix epoch by this device's clock.
    at_ms: u64,
    /// Place in the file, document and entry.
    entries: Vec<(usize, DocId, Logged)>,
}

/// Entries that are no longer where they were written.
#[derive(Debug, Default)]
pub(super) struct Lost {
    /// Documents to announce again.
    pub(super) ids: Vec<DocId>,
    /// Forgets what was checked.
    pub(super) records: Vec<StateRecord>,
}

impl Classic {
    /// Makes the records that remember `entries`, written behind change number `before`.
    pub(super) fn own_records(&self, before: u64, entries: &[Logged], changes: &[Announced]) -> Result<Vec<StateRecord>> {
        let mut files: BTreeMap<u64, Own> = BTreeMap::new();
        for ((number, entry), change) in (before..).zip(entries).zip(changes) {
            let own = files.entry(number / WINDOW).or_default();
            own.at_ms = wall_ms(&*self.runtime);
            own.entries.push((usize::try_from(number % WINDOW).unwrap_or(0), change.id.clone(), entry.clone()));
        }
        // The place of the first entry keeps two pushes into one file apart.
        let name = |index: u64, own: &Own| format!("{PREFIX}{index:012}-{:02}", own.entries.first().map_or(0, |e| e.0));
        files.into_iter().map(|(index, own)| Ok(StateRecord::set(name(index, &own), json(&own)?))).collect()
    }

    /// Whether a check is due.
    pub(super) async fn own_due(&self) -> Result<bool> {
        let stored = self.own().await?;
        Ok(stored.iter().any(|(_, _, own)| self.is_due(own)))
    }

    /// Checks what is due, and what lies in `windows` anyway; these begin with file number `first`.
    pub(super) async fn check_own(&self, first: u64, windows: &[(Vec<Logged>, Option<Version>)]) -> Result<Lost> {
        let mut lost = Lost::default();
        let mut read: BTreeMap<u64, Vec<Logged>> = (first..).zip(windows.iter().map(|(entries, _)| entries.clone())).collect();
        for (key, index, own) in self.own().await? {
            let due = self.is_due(&own);
            if due && !read.contains_key(&index) {
                read.insert(index, self.read_window(index).await?.0);
            }
            let Some(window) = read.get(&index) else { continue };
            let missing: Vec<_> = own.entries.iter().filter(|(at, _, entry)| window.get(*at) != Some(entry)).collect();
            if due || !missing.is_empty() {
                lost.records.push(StateRecord::remove(key));
            }
            lost.ids.extend(missing.into_iter().map(|(_, id, _)| id.clone()));
        }
        Ok(lost)
    }

    /// Gives all of them up as lost: the log is another one now.
    pub(super) async fn forget_own(&self) -> Result<Lost> {
        let stored = self.own().await?;
        Ok(Lost {
            records: stored.iter().map(|(key, _, _)| StateRecord::remove(key.clone())).collect(),
            ids: stored.into_iter().flat_map(|(_, _, own)| own.entries.into_iter().map(|(_, id, _)| id)).collect(),
        })
    }

    async fn own(&self) -> Result<Vec<(String, u64, Own)>> {
        let records = self.state.scan(PREFIX.to_owned(), None, CHECKED_FILES).await?;
        records
            .into_iter()
            .map(|record| {
                parse(record).ok_or_else(|| {
                    Error::new(ErrorKind::State, "read", "the client's state is damaged: its own log entries cannot be read")
                })
            })
            .collect()
    }

    /// One lease has passed since they were written, or the device's clock was set back since.
    fn is_due(&self, own: &Own) -> bool {
        let now = wall_ms(&*self.runtime);
        now < own.at_ms || now - own.at_ms >= u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX)
    }
}

fn parse(record: StateRecord) -> Option<(String, u64, Own)> {
    let index = record.key.strip_prefix(PREFIX)?.split('-').next()?.parse().ok()?;
    let own = serde_json::from_slice(&record.value?).ok()?;
    Some((record.key, index, own))
}
