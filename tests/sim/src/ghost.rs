//! The ghost history: every edit that was made, by whom, and on top of what. No client sees it.

use crate::{excuses::classic::UNANNOUNCED, eye::classic};
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
    /// Whether its author knew it from the drive before anybody announced it: an interrupted push had left it there.
    /// Who was interrupted cannot tell what was made on top of it from what was made beside it.
    pub on_unannounced: bool,
    /// Why nobody promises any more that it survives, if so.
    pub forgiven: Option<&'static str>,
}

/// What is no longer promised about a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// Whether the devices may end with different versions of it; otherwise only that edits of it may be lost.
    pub diverges: bool,
    /// Why.
    pub reason: &'static str,
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
    doubts: BTreeMap<DocId, Doubt>,
    /// Why nothing is promised any more, if so.
    wrecked: Option<&'static str>,
    /// Whether it counts that it is not always known what was chosen with what in view.
    lenient: bool,
    /// Whether two pushes may take place at once, so that only the author of the one that does not win is told.
    authors_only: bool,
    /// What users have chosen in conflicts, and what they have given up.
    chosen: BTreeSet<EditNo>,
    given_up: BTreeSet<EditNo>,
    /// Documents of which it is not known what was chosen with what in view.
    vague: BTreeSet<DocId>,
    /// Why deletions may be undone, if so.
    undone: Option<&'static str>,
    /// The revisions that the log has ever named; none if nobody looks.
    announced: Option<BTreeSet<String>>,
    /// Edits by the edits that were made on top of them, and not only chosen with them in view.
    lineage: BTreeMap<EditNo, BTreeSet<EditNo>>,
    /// Why conflicts may be shown that are none, if so.
    repeats: Option<&'static str>,
}

impl Ghost {
    /// Records an edit made on top of the edits `seen`, and returns its number and the change to queue.
    pub fn edit(&self, seat: usize, id: &DocId, action: Action, seen: &BTreeSet<EditNo>, excused: bool) -> (EditNo, Change) {
        let mut history = self.history();
        let no = history.edits.len();
        let revision = history.fresh("e");
        let body = (action == Action::Put).then(|| format!(r#"{{"_id":"{id}","edit":{no}}}"#).into_bytes());
        let on_unannounced = seen.iter().any(|s| history.is_unannounced(seat, *s));
        let excused = excused || seen.iter().any(|s| history.edits.get(*s).is_some_and(|e| e.excused && e.seat == seat));
        history.edits.push(Edit {
            seat,
            id: id.clone(),
            revision: revision.clone(),
            body,
            excused,
            of_nothing: false,
            on_unannounced,
            forgiven: None,
        });
        for older in seen {
            history.newer.entry(*older).or_default().insert(no);
            // What is made after a deletion is another document.
            if history.edits.get(*older).is_some_and(|e| e.body.is_some()) {
                history.lineage.entry(*older).or_default().insert(no);
            }
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
            let edit = Edit {
                seat,
                id: id.clone(),
                revision: revision.clone(),
                body: None,
                excused: false,
                of_nothing: true,
                on_unannounced: false,
                forgiven: None,
            };
            history.edits.push(edit);
        }
        history.revisions.insert((id.clone(), revision.clone()), seen.clone());
        (seen, Change { id: id.clone(), revision, action: Action::Delete })
    }

    /// Records the merged content that a user chose with the edits `seen` in view, and returns its number, its revision
    /// and its content. It counts once a host has it.
    pub fn merge(&self, seat: usize, id: &DocId, seen: &BTreeSet<EditNo>) -> (EditNo, Revision, Vec<u8>) {
        let (no, change) = self.edit(seat, id, Action::Put, seen, false);
        let mut history = self.history();
        let body = history.edits.get_mut(no).map(|edit| {
            edit.of_nothing = true;
            edit.body.clone().unwrap_or_default()
        });
        (no, change.revision, body.unwrap_or_default())
    }

    /// Lets it count that it is not always known what was chosen with what in view.
    pub fn be_lenient(&self) {
        self.history().lenient = true;
    }

    /// Lets two pushes take place at once: who has applied one that does not win just takes the other, and its author is
    /// asked.
    pub fn tell_authors_only(&self) {
        self.history().authors_only = true;
    }

    /// Whether only the author of a push that does not win is told.
    pub fn tells_authors_only(&self) -> bool {
        self.history().authors_only
    }

    /// Notes a choice between two sides of a document. Users who decide against each other, at the same time, make two
    /// versions, and the one may be asked about what the other has chosen; the history has one edit for both.
    pub fn decided(&self, id: &DocId, given_up: &BTreeSet<EditNo>, chosen: &BTreeSet<EditNo>) {
        let mut history = self.history();
        if !history.authors_only {
            return;
        }
        if !history.given_up.is_disjoint(chosen) || !history.chosen.is_disjoint(given_up) {
            history.vague.insert(id.clone());
        }
        history.given_up.extend(given_up);
        history.chosen.extend(chosen);
    }

    /// Remembers from now on what the log announces.
    pub fn watch_announcements(&self) {
        self.history().announced.get_or_insert_default();
    }

    /// Notes that the log has this entry.
    pub fn announced(&self, entry: &str) {
        let revision = classic::revision(entry.as_bytes());
        if let (Some(revision), Some(announced)) = (revision, &mut self.history().announced) {
            announced.insert(revision.as_str().to_owned());
        }
    }

    /// Notes that this device chose its own edits over those of others, which may not have been announced yet.
    pub fn chose_own(&self, seat: usize, own: &BTreeSet<EditNo>, others: &BTreeSet<EditNo>) {
        let mut history = self.history();
        if others.iter().any(|other| history.is_unannounced(seat, *other)) {
            for no in own {
                if let Some(edit) = history.edits.get_mut(*no) {
                    edit.on_unannounced = true;
                }
            }
        }
    }

    /// Notes that these edits are in a host.
    pub fn arrived(&self, edits: &BTreeSet<EditNo>) {
        let mut history = self.history();
        for no in edits {
            if let Some(edit) = history.edits.get_mut(*no).filter(|e| e.body.is_some()) {
                edit.of_nothing = false;
            }
        }
    }

    /// Whether something would be lost if this edit were forgotten.
    pub fn matters(&self, no: EditNo) -> bool {
        let history = self.history();
        let returns = || history.undone.is_some() && history.was_deleted(no) || history.was_deleted_unannounced(no);
        history.edits.get(no).is_some_and(|e| !e.of_nothing && e.forgiven.is_none()) && !returns()
    }

    /// Whether a deletion was made by somebody who knew this edit.
    pub fn was_deleted(&self, no: EditNo) -> bool {
        self.history().was_deleted(no)
    }

    /// Allows that deletions are undone.
    pub fn allow_returns(&self, reason: &'static str) {
        self.history().undone = Some(reason);
    }

    /// Whether deletions may be undone, or made by nobody.
    pub fn may_return(&self) -> bool {
        self.history().undone.is_some()
    }

    /// Whether the log has named this revision, as far as anybody looks.
    pub fn is_announced(&self, revision: &Revision) -> bool {
        self.history().announced.as_ref().is_none_or(|announced| announced.contains(revision.as_str()))
    }

    /// Whether this edit was deleted, or is a deletion, and behind the content that stands for the edits `held` is one
    /// that was made by somebody who never had anything of what was deleted: another document that has the same name.
    pub fn set_aside(&self, no: EditNo, held: &BTreeSet<EditNo>) -> bool {
        self.history().set_aside(no, held)
    }

    /// Promises less about a document. A wider doubt is not narrowed.
    pub fn doubt(&self, id: &DocId, doubt: Doubt) {
        let mut history = self.history();
        let now = history.doubts.entry(id.clone()).or_insert(doubt);
        now.diverges |= doubt.diverges;
    }

    /// Returns what is no longer promised about a document.
    pub fn doubts(&self, id: &DocId) -> Option<Doubt> {
        self.history().doubts.get(id).copied()
    }

    /// Promises nothing any more but `I3 NoPhantom`, and that every call ends.
    pub fn wreck(&self, reason: &'static str) {
        self.history().wrecked = Some(reason);
    }

    /// Whether the devices may end with different versions of some document.
    pub fn any_diverges(&self) -> bool {
        self.history().doubts.values().any(|d| d.diverges)
    }

    /// Returns every reason for which less is promised.
    pub fn reasons(&self) -> BTreeSet<&'static str> {
        let history = self.history();
        let forgiven = history.edits.iter().filter_map(|e| e.forgiven);
        history
            .doubts
            .values()
            .map(|d| d.reason)
            .chain(history.repeats)
            .chain(history.wrecked)
            .chain(history.undone)
            .chain(history.edits.iter().any(|e| e.on_unannounced).then_some(UNANNOUNCED))
            .chain(forgiven)
            .collect()
    }

    /// Promises no longer that these edits survive.
    pub fn forgive(&self, which: impl Fn(EditNo, &Edit) -> bool, reason: &'static str) {
        for (no, edit) in self.history().edits.iter_mut().enumerate() {
            if which(no, edit) {
                edit.forgiven = Some(reason);
            }
        }
    }

    /// Allows conflicts that are none.
    pub fn allow_repeats(&self, reason: &'static str) {
        self.history().repeats = Some(reason);
    }

    /// Whether one of these edits is another device's, and nobody has announced it.
    pub fn any_unannounced(&self, seat: usize, edits: &BTreeSet<EditNo>) -> bool {
        let history = self.history();
        edits.iter().any(|no| history.is_unannounced(seat, *no))
    }

    /// Notes that a user chose with a deletion of this document in view, of which nobody can tell which it was, or with
    /// content in view that was not announced.
    pub fn chose_vaguely(&self, id: &DocId) {
        let mut history = self.history();
        if history.lenient {
            history.vague.insert(id.clone());
        }
    }

    /// Whether conflicts may be shown that are none.
    pub fn may_repeat_all(&self) -> bool {
        self.history().repeats.is_some()
    }

    /// Whether a conflict about this document may be none.
    pub fn may_repeat(&self, id: &DocId) -> bool {
        let history = self.history();
        history.repeats.is_some() || history.doubts.contains_key(id) || history.vague.contains(id)
    }

    /// Returns the edits that the content of a document stands for; empty if nobody made it.
    pub fn edits_with(&self, id: &DocId, body: Option<&[u8]>) -> BTreeSet<EditNo> {
        let history = self.history();
        history.edits.iter().enumerate().filter(|(_, e)| e.id == *id && e.body.as_deref() == body).map(|(no, _)| no).collect()
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
        let (mut history, what) = (self.history(), what.into());
        let ends =
            what.starts_with("I3") || what.contains(" in a deadlock") || what.contains(" in a livelock") || what.contains(" never ends");
        if history.wrecked.is_none() || ends {
            history.violations.push(what);
        }
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
    fn was_deleted_unannounced(&self, no: EditNo) -> bool {
        // What was made on top of an apply that the client does not remember is the same to it.
        let forgotten = |e: &Edit| e.excused && self.announced.is_some();
        let mut deletions = self.edits.iter().enumerate().filter(|(_, e)| e.body.is_none() && (e.on_unannounced || forgotten(e)));
        deletions.any(|(later, _)| self.knows(later, no, true))
    }

    fn was_deleted(&self, no: EditNo) -> bool {
        self.edits.iter().enumerate().any(|(later, e)| e.body.is_none() && self.knows(later, no, true))
    }

    /// Whether another device made this edit, and nobody has announced it; or it was made on top of such a one.
    fn is_unannounced(&self, seat: usize, no: EditNo) -> bool {
        let (Some(edit), Some(announced)) = (self.edits.get(no), &self.announced) else { return false };
        edit.on_unannounced || edit.seat != seat && edit.body.is_some() && !announced.contains(edit.revision.as_str())
    }

    fn set_aside(&self, no: EditNo, held: &BTreeSet<EditNo>) -> bool {
        let Some(edit) = self.edits.get(no) else { return false };
        let of_it = || self.edits.iter().enumerate().filter(|(_, e)| e.id == edit.id);
        let puts = || of_it().filter(|(_, e)| e.body.is_some()).map(|(put, _)| put);
        let is_held = |put: EditNo| held.iter().any(|h| self.knows(*h, put, true));
        let strange = |put: EditNo, deletion: EditNo| {
            let unknown = self.announced.is_some() && self.edits.get(put).is_some_and(|e| e.excused);
            let other = unknown || !puts().any(|older| self.descends(deletion, older) && self.descends(put, older));
            other && is_held(put)
        };
        let mut deletions = of_it().filter(|(later, e)| e.body.is_none() && self.knows(*later, no, true)).map(|(later, _)| later);
        deletions.any(|deletion| puts().any(|put| strange(put, deletion)))
    }

    /// Whether an edit is another one or was made on top of it.
    fn descends(&self, later: EditNo, earlier: EditNo) -> bool {
        let mut open = vec![earlier];
        while let Some(no) = open.pop() {
            if no == later {
                return true;
            }
            open.extend(self.lineage.get(&no).into_iter().flatten());
        }
        false
    }

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
