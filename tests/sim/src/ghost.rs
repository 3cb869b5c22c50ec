//! The ghost history: every edit that was made, by whom, and on top of what. No client sees it.

use kitestring::{Action, Change, Conflict, DocId, Revision, Side};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Names an edit: its place in the history.
pub type EditNo = usize;

/// An edit of a user.
#[derive(Debug, Clone)]
pub struct Edit {
    /// By which client, from 0.
    pub seat: usize,
    /// Of which document.
    pub id: DocId,
    /// Its revision: no two edits share one.
    pub revision: Revision,
    /// The new content, unique too; none means deleted.
    pub body: Option<Vec<u8>>,
    /// Whether it was made on top of an apply that the client had not remembered when it was killed. It may
    /// then conflict with what it was made on: the design's one exception.
    pub excused: bool,
    /// Whether it is the deletion of a document that its author never had. It says nothing that could be lost; but
    /// a client that has not looked at the drive yet cannot know that, and may ask.
    pub of_nothing: bool,
}

/// The history of all edits of a world.
#[derive(Debug, Default)]
pub struct Ghost(Mutex<History>);

#[derive(Debug, Default)]
struct History {
    edits: Vec<Edit>,
    newer: BTreeMap<EditNo, BTreeSet<EditNo>>,
    /// Choices of a resolution that may or may not have taken place.
    perhaps: BTreeMap<EditNo, BTreeSet<EditNo>>,
    revisions: BTreeMap<(DocId, Revision), BTreeSet<EditNo>>,
    changes: u64,
    violations: Vec<String>,
}

impl Ghost {
    /// Records an edit made on top of the edits `seen`, and returns its number and the change to queue.
    pub fn edit(&self, seat: usize, id: &DocId, action: Action, seen: &BTreeSet<EditNo>, excused: bool) -> (EditNo, Change) {
        let mut history = self.history();
        let no = history.edits.len();
        let revision = history.fresh("e");
        let body = (action == Action::Put).then(|| format!(r#"{{"_id":"{id}","edit":{no}}}"#).into_bytes());
        let excused = excused || seen.iter().any(|s| history.edits.get(*s).is_some_and(|e| e.excused && e.seat == seat));
        history.edits.push(Edit { seat, id: id.clone(), revision: revision.clone(), body, excused, of_nothing: false });
        for older in seen {
            history.newer.entry(*older).or_default().insert(no);
        }
        history.revisions.insert((id.clone(), revision.clone()), BTreeSet::from([no]));
        (no, Change { id: id.clone(), revision, action })
    }

    /// Records the deletion of a document that is not there, and returns the edits that it stands for and the change
    /// to queue. If the document was deleted before, it is that deletion over again.
    pub fn delete_nothing(&self, seat: usize, id: &DocId, seen: &BTreeSet<EditNo>) -> (BTreeSet<EditNo>, Change) {
        let mut history = self.history();
        let revision = history.fresh("x");
        let mut seen = seen.clone();
        if seen.is_empty() {
            seen.insert(history.edits.len());
            let edit = Edit { seat, id: id.clone(), revision: revision.clone(), body: None, excused: false, of_nothing: true };
            history.edits.push(edit);
        }
        history.revisions.insert((id.clone(), revision.clone()), seen.clone());
        (seen, Change { id: id.clone(), revision, action: Action::Delete })
    }

    /// Whether something would be lost if this edit were forgotten.
    pub fn matters(&self, no: EditNo) -> bool {
        self.history().edits.get(no).is_some_and(|e| !e.of_nothing)
    }

    /// Records that `later` was chosen with `earlier` in view; or, if not `surely`, that it may have been.
    pub fn supersede(&self, earlier: &BTreeSet<EditNo>, later: &BTreeSet<EditNo>, surely: bool) {
        let mut history = self.history();
        let edges = if surely { &mut history.newer } else { &mut history.perhaps };
        for older in earlier {
            edges.entry(*older).or_default().extend(later.iter().copied().filter(|l| l != older));
        }
    }

    /// Returns the edits that a revision of a document stands for; empty if nobody made it.
    pub fn edits_of(&self, id: &DocId, revision: &Revision) -> BTreeSet<EditNo> {
        self.history().revisions.get(&(id.clone(), revision.clone())).cloned().unwrap_or_default()
    }

    /// Returns every deletion of a document.
    pub fn deletions(&self, id: &DocId) -> BTreeSet<EditNo> {
        let history = self.history();
        history.edits.iter().enumerate().filter(|(_, e)| e.id == *id && e.body.is_none()).map(|(no, _)| no).collect()
    }

    /// Whether one of `later` is `earlier` or was made knowing it, unsure choices included.
    pub fn covers(&self, later: &BTreeSet<EditNo>, earlier: EditNo) -> bool {
        let history = self.history();
        later.iter().any(|l| history.knows(*l, earlier, true))
    }

    /// Whether two edits, one of each side, were made without knowing each other, as far as is sure.
    pub fn concurrent(&self, local: &BTreeSet<EditNo>, remote: &BTreeSet<EditNo>) -> bool {
        let history = self.history();
        local.iter().any(|l| remote.iter().any(|r| !history.knows(*l, *r, false) && !history.knows(*r, *l, false)))
    }

    /// Returns the edits of the drive's side of a conflict.
    pub fn remote_side(&self, conflict: &Conflict) -> BTreeSet<EditNo> {
        let named = |side: &Side| self.edits_of(&conflict.id, &side.revision);
        conflict.remote.as_ref().map_or_else(|| self.deletions(&conflict.id), named)
    }

    /// Excuses the conflict that an edit may meet.
    pub fn excuse(&self, edits: &BTreeSet<EditNo>) {
        let mut history = self.history();
        for no in edits {
            if let Some(edit) = history.edits.get_mut(*no) {
                edit.excused = true;
            }
        }
    }

    /// Returns a copy of all edits.
    pub fn edits(&self) -> Vec<Edit> {
        self.history().edits.clone()
    }

    /// Returns an edit.
    pub fn get(&self, no: EditNo) -> Option<Edit> {
        self.history().edits.get(no).cloned()
    }

    /// Notes that an invariant does not hold.
    pub fn violated(&self, what: impl Into<String>) {
        self.history().violations.push(what.into());
    }

    /// Returns every violation noted so far.
    pub fn violations(&self) -> Vec<String> {
        self.history().violations.clone()
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl History {
    fn knows(&self, later: EditNo, earlier: EditNo, perhaps: bool) -> bool {
        let (mut open, mut met) = (vec![earlier], BTreeSet::new());
        while let Some(no) = open.pop() {
            if no == later {
                return true;
            }
            if met.insert(no) {
                open.extend(self.newer.get(&no).into_iter().flatten());
                open.extend(self.perhaps.get(&no).filter(|_| perhaps).into_iter().flatten());
            }
        }
        false
    }

    fn fresh(&mut self, letter: &str) -> Revision {
        self.changes += 1;
        Revision::new(format!("{letter}{}", self.changes))
    }
}
