//! Every record of a journal that was ever written, and what became of what it says: a memory that no drive has.

use crate::eye::journal::Record;
use kitestring::{DocId, Revision};
use std::collections::{BTreeMap, BTreeSet};

/// Names a record: its writer, and its number.
pub(super) type Dot = (String, u64);

/// Every record that was ever written.
#[derive(Debug, Default)]
pub(super) struct Records(BTreeMap<Dot, Made>);

/// A record, and when it was made.
#[derive(Debug)]
struct Made {
    record: Record,
    /// By the true time, in seconds.
    made: u64,
}

/// A version that was on the drive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Old {
    /// Of which document.
    pub id: DocId,
    /// Its revision.
    pub revision: Revision,
    /// Whether it is a deletion.
    pub deleted: bool,
}

impl Records {
    /// Remembers a record that was made so long ago, in true seconds since the Unix epoch.
    pub(super) fn add(&mut self, dot: Dot, record: Record, made: u64) {
        self.0.entry(dot).or_insert(Made { record, made });
    }

    /// Whether a record has deleted this document.
    pub(super) fn is_deletion(&self, dot: &Dot, id: &DocId) -> bool {
        self.0.get(dot).is_some_and(|made| made.record.changes.iter().any(|change| change.id == *id && change.deleted))
    }

    /// How long after one record another one was made, in seconds.
    pub(super) fn between(&self, earlier: &Dot, later: &Dot) -> u64 {
        let made = |dot| self.0.get(dot).map_or(0, |made| made.made);
        made(later).saturating_sub(made(earlier))
    }

    /// The versions of a document that nothing has replaced, as far as records go that somebody knows.
    pub(super) fn heads(&self, id: &DocId, knows: impl Fn(&Dot) -> bool) -> BTreeSet<Dot> {
        let (mut heads, mut gone) = (BTreeSet::new(), BTreeSet::new());
        for (dot, Made { record, .. }) in self.0.iter().filter(|(dot, _)| knows(dot)) {
            for change in record.changes.iter().filter(|change| change.id == *id) {
                gone.extend(change.replaces.iter().cloned());
                heads.extend(change.revision.is_some().then(|| dot.clone()));
            }
        }
        heads.retain(|dot| !gone.contains(dot));
        heads
    }

    /// The versions that are valid, or were replaced after this time by the clock of who did. Left out are deletions that
    /// were withdrawn: nobody needs them any longer.
    pub(super) fn since(&self, time: u64) -> BTreeSet<Old> {
        let mut replaced: BTreeMap<(&Dot, &DocId), u64> = BTreeMap::new();
        let mut withdrawn = BTreeSet::new();
        for Made { record, .. } in self.0.values() {
            for change in &record.changes {
                for dot in &change.replaces {
                    let when = replaced.entry((dot, &change.id)).or_insert(u64::MAX);
                    *when = record.written_s.min(*when);
                    withdrawn.extend(change.revision.is_none().then_some((dot, &change.id)));
                }
            }
        }
        let mut all = BTreeSet::new();
        for (dot, Made { record, .. }) in &self.0 {
            for change in &record.changes {
                let Some(revision) = change.revision.clone() else { continue };
                let place = (dot, &change.id);
                let gone = replaced.get(&place).is_some_and(|when| *when <= time) || change.deleted && withdrawn.contains(&place);
                if !gone {
                    all.insert(Old { id: change.id.clone(), revision, deleted: change.deleted });
                }
            }
        }
        all
    }
}
