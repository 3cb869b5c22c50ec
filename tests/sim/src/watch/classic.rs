//! The classic layout: every commit and every step of a client's place in the log, where nobody turns anything back.

use crate::{drive::SimDrive, eye::classic, ghost::Ghost};
use kitestring::StateRecord;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Checks `I4 CursorMonotone` and `I5 AtMostOneCommit` while they happen.
#[derive(Debug)]
pub(super) struct Watch {
    drive: Arc<SimDrive>,
    ghost: Arc<Ghost>,
    /// Whether nobody turns anything back; otherwise it only remembers what was announced.
    strict: bool,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Every change that was ever counted: its text and its document.
    committed: Vec<(String, String)>,
    /// How far each seat has read.
    places: BTreeMap<usize, usize>,
}

#[derive(Deserialize)]
struct Place {
    meta: classic::Meta,
}

impl Watch {
    /// Watches a drive.
    pub(super) fn new(drive: Arc<SimDrive>, ghost: Arc<Ghost>, strict: bool) -> Self {
        ghost.watch_announcements();
        Self { drive, ghost, strict, inner: Mutex::default() }
    }

    /// A file was written: if it is the count, what it counts is committed now, once and for all.
    pub(super) fn written(&self, path: &str) {
        if path != "meta.json" {
            return;
        }
        let contents = |path: &str| self.drive.file(path).map(|file| file.bytes);
        let log = classic::log(contents);
        log.iter().flatten().for_each(|(entry, _)| self.ghost.announced(entry));
        if !self.strict {
            return;
        }
        let Some(log) = log else {
            self.ghost.violated("I6 CommitReachable: the count names changes that are not in the log");
            return;
        };
        let mut inner = self.inner();
        if log.len() < inner.committed.len() {
            let (before, now) = (inner.committed.len(), log.len());
            self.ghost.violated(format!("I5 AtMostOneCommit: the count goes from {before} back to {now}"));
        }
        for (number, (before, now)) in inner.committed.iter().zip(&log).enumerate() {
            if before != now {
                self.ghost.violated(format!("I5 AtMostOneCommit: change {number} was {} and is {}", before.0, now.0));
            }
        }
        inner.committed = log;
    }

    /// A client concludes something: if its place in the log moves, everything that it passes must be noted.
    pub(super) fn concluding(&self, seat: usize, batch: &[StateRecord]) {
        if !self.strict {
            return;
        }
        let Some(place) = batch.iter().find(|r| r.key == "server/position").and_then(|r| r.value.as_ref()) else { return };
        let Ok(Place { meta }) = serde_json::from_slice::<Place>(place) else {
            self.ghost.violated(format!("I4 CursorMonotone: the place of c{} makes no sense", seat + 1));
            return;
        };
        let now = meta.last_change;
        let mut inner = self.inner();
        let before = inner.places.insert(seat, now);
        let Some(before) = before else { return };
        if now < before {
            self.ghost.violated(format!("I4 CursorMonotone: the place of c{} goes from {before} back to {now}", seat + 1));
        }
        let noted: BTreeSet<&str> =
            batch.iter().filter_map(|r| r.key.strip_prefix("todo/").or_else(|| r.key.strip_prefix("base/"))).collect();
        for number in before..now {
            let Some((_, stem)) = inner.committed.get(number) else {
                self.ghost.violated(format!("I4 CursorMonotone: c{} has read change {number}, which nobody has committed", seat + 1));
                continue;
            };
            let id = classic::id_of(stem).map(|id| key(id.as_str())).unwrap_or_default();
            if !noted.contains(id.as_str()) {
                self.ghost.violated(format!("I4 CursorMonotone: c{} passes change {number} of {stem} and does not note it", seat + 1));
            }
        }
    }

    /// A device was put back: so is its place.
    pub(super) fn restored(&self, seat: usize) {
        self.inner().places.remove(&seat);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An id as the client's state spells it.
fn key(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'%';
    id.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
