//! A host application in memory, durable across kills, that notices what must never happen to it.

use crate::{
    control::Control,
    excuses::classic::{ROLLED_BACK, UNANNOUNCED},
    ghost::{Doubt, EditNo, Ghost},
};
use kitestring::{
    Action, Application, Body, Change, Client, Digest, DocId, Document, Entry, Incoming, Outcome, PartRequest, Result, Revision,
    StagedPart, apply, port,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What a host holds, by id: revision and content.
pub type Documents = BTreeMap<DocId, (Revision, Vec<u8>)>;

/// How a host behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manners {
    /// Whether it keeps the `changeCommitted` flag. Without it, an edit whose `queue_change` did not return
    /// is found by `reconcile` only.
    pub flag: bool,
    /// Whether `entries` says digests.
    pub digests: bool,
    /// Whether bodies pass in parts.
    pub parts: bool,
    /// At most so many documents and changes on one page.
    pub page: u32,
    /// Whether `apply` compares the expected revision. A host that does not is broken, on purpose.
    pub compares: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self { flag: true, digests: true, parts: false, page: 1000, compares: true }
    }
}

/// An edit that the host makes inside a callback: the `nth` call of `call`, counted from 0.
#[derive(Debug, Clone)]
pub struct Script {
    /// Which method: `get`, `apply` or `committed`.
    pub call: &'static str,
    /// How many such calls come before.
    pub skip: u64,
    /// Which document.
    pub id: DocId,
    /// What is done to it.
    pub action: Action,
}

/// The host application of one seat. See the module.
pub struct Host {
    seat: usize,
    ghost: Arc<Ghost>,
    control: Arc<Control>,
    manners: Manners,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    documents: Documents,
    ghosts: BTreeMap<DocId, Local>,
    uncommitted: BTreeMap<DocId, Change>,
    scripts: Vec<Script>,
    played: u64,
    /// How many changes it has applied.
    applied: u64,
    /// Whether what it is given is only looked at from now on.
    aside: bool,
    client: Option<Client>,
    staged: BTreeMap<DocId, Vec<u8>>,
    /// The last change of each document by its user.
    latest: BTreeMap<DocId, Revision>,
}

/// A copy of what a host remembers.
#[derive(Debug, Clone)]
pub struct Backup {
    documents: Documents,
    ghosts: BTreeMap<DocId, Local>,
    uncommitted: BTreeMap<DocId, Change>,
}

/// What the ghost history knows of one document in one host.
#[derive(Debug, Clone, Default)]
struct Local {
    seen: BTreeSet<EditNo>,
    /// It was applied in a run of the client that has not ended well yet.
    unsettled: bool,
    /// That run has ended badly: the client may not remember the apply.
    forgotten: bool,
    /// Edits made on top of such an apply.
    on_top: BTreeSet<EditNo>,
}

impl Host {
    /// Makes an empty host.
    pub fn new(seat: usize, ghost: Arc<Ghost>, control: Arc<Control>, manners: Manners) -> Self {
        Self { seat, ghost, control, manners, inner: Mutex::default() }
    }

    /// Lets the user edit or delete a document, durably, and returns the change to queue.
    pub fn change(&self, id: &DocId, action: Action) -> Change {
        let mut inner = self.inner();
        let seen = inner.ghosts.get(id).map(|l| l.seen.clone()).unwrap_or_default();
        let change = if action == Action::Delete && !inner.documents.contains_key(id) {
            let (seen, change) = self.ghost.delete_nothing(self.seat, id, &seen);
            inner.ghosts.entry(id.clone()).or_default().seen = seen;
            change
        } else {
            inner.edit(self, id, action, &seen)
        };
        self.control.note(|| format!("c{} user: {:?} {id} as {}", self.seat + 1, action, change.revision));
        inner.latest.insert(id.clone(), change.revision.clone());
        if self.manners.flag {
            inner.uncommitted.insert(id.clone(), change.clone());
        }
        change
    }

    /// Lets the user change a document without a word to anybody: only a comparison of the host finds it.
    pub fn change_silently(&self, id: &DocId, action: Action) {
        self.change(id, action);
        self.inner().uncommitted.remove(id);
    }

    /// Copies what the host remembers.
    pub fn backup(&self) -> Backup {
        let inner = self.inner();
        Backup { documents: inner.documents.clone(), ghosts: inner.ghosts.clone(), uncommitted: inner.uncommitted.clone() }
    }

    /// Puts everything back to what it was.
    pub fn restore(&self, backup: Backup) {
        let mut inner = self.inner();
        let Backup { documents, ghosts, uncommitted } = backup;
        (inner.documents, inner.ghosts, inner.uncommitted) = (documents, ghosts, uncommitted);
        inner.staged.clear();
    }

    /// Returns how the host behaves.
    pub fn manners(&self) -> Manners {
        self.manners
    }

    /// Returns a content in the form in which the host gives it.
    pub fn body(&self, content: &[u8]) -> Body {
        if self.manners.parts { Body::Parts { size: content.len() as u64 } } else { Body::Whole(content.to_vec()) }
    }

    /// Returns what the host holds.
    pub fn documents(&self) -> Documents {
        self.inner().documents.clone()
    }

    /// Returns the edits that the host's content, or lack of it, stands for.
    pub fn seen(&self, id: &DocId) -> BTreeSet<EditNo> {
        self.inner().ghosts.get(id).map(|l| l.seen.clone()).unwrap_or_default()
    }

    /// Returns the host's current revision of a document, none if there is no such document.
    pub fn revision(&self, id: &DocId) -> Option<Revision> {
        self.inner().documents.get(id).map(|(revision, _)| revision.clone())
    }

    /// Whether the user's last change of a document was to delete what was not there.
    pub fn deleted_nothing(&self, id: &DocId) -> bool {
        self.inner().latest.get(id).is_some_and(|revision| revision.as_str().starts_with('x'))
    }

    /// Whether the user has not changed the document since this change.
    pub fn is_latest(&self, change: &Change) -> bool {
        self.inner().latest.get(&change.id).is_none_or(|latest| *latest == change.revision)
    }

    /// Whether the last change of a document is not committed, and will be told again.
    pub fn is_uncommitted(&self, id: &DocId) -> bool {
        self.inner().uncommitted.contains_key(id)
    }

    /// Returns how many changes are not committed.
    pub fn uncommitted_count(&self) -> usize {
        self.inner().uncommitted.len()
    }

    /// Lets the host make this edit inside a callback.
    pub fn script(&self, script: Script) {
        self.inner().scripts.push(script);
    }

    /// Returns how many scripted edits were made.
    pub fn played(&self) -> u64 {
        self.inner().played
    }

    /// Returns how many changes it has applied.
    pub fn applied(&self) -> u64 {
        self.inner().applied
    }

    /// Leaves the game: what the host is given from now on is only looked at, and nobody asks what it overwrites.
    pub fn stand_aside(&self) {
        self.inner().aside = true;
    }

    /// Hands over the client that scripted edits are queued with; none lets go of it.
    pub fn connect(&self, client: Option<Client>) {
        self.inner().client = client;
    }

    /// Says how a call of the client ended: only after a good end are its applies surely remembered.
    pub fn run_ended(&self, well: bool) {
        for local in self.inner().ghosts.values_mut() {
            if local.unsettled && !well {
                local.forgotten = true;
                self.ghost.excuse(&local.on_top);
            }
            local.forgotten &= !well;
            local.unsettled = false;
            local.on_top.clear();
        }
    }

    async fn play(&self, call: &'static str) -> Result<()> {
        let mut due = Vec::new();
        {
            let mut inner = self.inner();
            inner.scripts.retain_mut(|script| {
                let now = script.call == call && script.skip == 0;
                script.skip = script.skip.saturating_sub(u64::from(script.call == call));
                if now {
                    due.push(script.clone());
                }
                !now
            });
        }
        for script in due {
            let change = self.change(&script.id, script.action);
            let client = {
                let mut inner = self.inner();
                inner.played += 1;
                inner.client.clone()
            };
            if let Some(client) = client {
                client.queue_change(change).await?;
            }
        }
        Ok(())
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Compares and applies one change, and tells the ghost history what it makes of it.
    fn apply_one(&self, inner: &mut Inner, change: Incoming) -> Outcome {
        let found = inner.documents.get(&change.id).map(|(revision, _)| revision);
        if self.manners.compares && found != change.expected.as_ref() {
            return Outcome::Stale;
        }
        let body = match change.body {
            Some(Body::Whole(bytes)) => Some(bytes),
            Some(Body::Parts { size }) => match inner.staged.remove(&change.id).filter(|bytes| bytes.len() as u64 == size) {
                Some(bytes) => Some(bytes),
                None => return Outcome::Rejected("these parts were not staged".into()),
            },
            None => None,
        };
        if inner.aside {
            match body {
                Some(body) => inner.documents.insert(change.id, (change.revision, body)),
                None => inner.documents.remove(&change.id),
            };
            return Outcome::Applied;
        }
        let brought = self.brought(&change.id, &change.revision, body.as_deref());
        let local = inner.ghosts.entry(change.id.clone()).or_default();
        let kept = |old: EditNo| self.ghost.covers(&brought, old) || self.ghost.set_aside(old, &brought);
        // Of two pushes at once in a journal, the author of the one that does not win is told, and no bystander.
        let told = |old: EditNo| !self.ghost.tells_authors_only() || self.ghost.get(old).is_some_and(|edit| edit.seat == self.seat);
        let lost: Vec<_> = local.seen.iter().copied().filter(|old| self.ghost.matters(*old) && told(*old) && !kept(*old)).collect();
        let nobodys = brought.is_empty() && body.is_none() && self.ghost.may_return();
        if !lost.is_empty() && brought.iter().any(|no| self.ghost.get(*no).is_some_and(|e| e.on_unannounced)) {
            self.ghost.doubt(&change.id, Doubt { diverges: false, reason: UNANNOUNCED });
        }
        if nobodys {
            self.ghost.forgive(|no, _| lost.contains(&no), ROLLED_BACK);
        }
        if !lost.is_empty() && !nobodys && self.ghost.doubts(&change.id).is_none() {
            let (seat, id, revision) = (self.seat + 1, &change.id, &change.revision);
            self.ghost.violated(format!(
                "I1 NoLostUpdate: apply of {id}@{revision} at c{seat} overwrites the edits {lost:?} that it does not know"
            ));
        }
        self.ghost.arrived(&brought);
        *local = Local { seen: brought, unsettled: true, ..Local::default() };
        inner.uncommitted.remove(&change.id);
        inner.applied += 1;
        match body {
            Some(body) => inner.documents.insert(change.id, (change.revision, body)),
            None => inner.documents.remove(&change.id),
        };
        Outcome::Applied
    }

    /// Returns the edits that an incoming change stands for, and complains if nobody made them.
    fn brought(&self, id: &DocId, revision: &Revision, body: Option<&[u8]>) -> BTreeSet<EditNo> {
        let named = self.ghost.edits_of(id, revision);
        let made = |no: &EditNo| self.ghost.get(*no).is_some_and(|e| e.body.as_deref() == body);
        if named.iter().any(made) {
            return named;
        }
        let deletions = self.ghost.deletions(id);
        if body.is_none() && !deletions.is_empty() {
            // The drive does not always know which deletion it was.
            return deletions;
        }
        if body.is_none() && self.ghost.may_return() {
            return named;
        }
        self.ghost.violated(format!("I3 NoPhantom: c{} was asked to apply {id}@{revision}, which nobody wrote", self.seat + 1));
        named
    }
}

impl Inner {
    fn edit(&mut self, host: &Host, id: &DocId, action: Action, seen: &BTreeSet<EditNo>) -> Change {
        let local = self.ghosts.entry(id.clone()).or_default();
        let (no, change) = host.ghost.edit(host.seat, id, action, seen, local.forgotten);
        local.seen = BTreeSet::from([no]);
        if local.unsettled {
            local.on_top.insert(no);
        }
        match host.ghost.get(no).and_then(|e| e.body) {
            Some(body) => self.documents.insert(id.clone(), (change.revision.clone(), body)),
            None => self.documents.remove(id),
        };
        change
    }
}

#[apply(port!)]
impl Application for Host {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        let documents = {
            let inner = self.inner();
            let found = ids.into_iter().filter_map(|id| inner.documents.get_key_value(&id));
            found.map(|(id, (revision, body))| Document { id: id.clone(), revision: revision.clone(), body: self.body(body) }).collect()
        };
        self.play("get").await?;
        Ok(documents)
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        self.play("apply").await?;
        let mut inner = self.inner();
        Ok(changes.into_iter().map(|change| self.apply_one(&mut inner, change)).collect())
    }

    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        let inner = self.inner();
        let start = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let page = inner.documents.range::<DocId, _>((start, Bound::Unbounded)).take(limit.clamp(1, self.manners.page) as usize);
        Ok(page
            .map(|(id, (revision, body))| Entry {
                id: id.clone(),
                revision: revision.clone(),
                digest: self.manners.digests.then(|| Digest::of(body)),
                size: Some(body.len() as u64),
            })
            .collect())
    }

    async fn uncommitted(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Change>> {
        let inner = self.inner();
        let start = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        Ok(inner
            .uncommitted
            .range::<DocId, _>((start, Bound::Unbounded))
            .take(limit.clamp(1, self.manners.page) as usize)
            .map(|(_, c)| c.clone())
            .collect())
    }

    async fn committed(&self, changes: Vec<Change>) -> Result<()> {
        {
            let mut inner = self.inner();
            for change in changes {
                if inner.uncommitted.get(&change.id).is_some_and(|c| c.revision == change.revision) {
                    inner.uncommitted.remove(&change.id);
                }
            }
        }
        self.play("committed").await
    }

    fn whole_body_bytes(&self) -> Option<u64> {
        self.manners.parts.then_some(0)
    }

    async fn read_part(&self, part: PartRequest) -> Result<Option<Vec<u8>>> {
        let inner = self.inner();
        let found = inner.documents.get(&part.id).filter(|(revision, _)| *revision == part.revision);
        let at = usize::try_from(part.offset).unwrap_or(usize::MAX);
        let length = usize::try_from(part.length).unwrap_or(usize::MAX);
        Ok(found.and_then(|(_, body)| body.get(at..)).map(|rest| rest.iter().copied().take(length).collect()))
    }

    async fn stage_part(&self, part: StagedPart) -> Result<()> {
        let mut inner = self.inner();
        let staged = inner.staged.entry(part.id).or_default();
        if part.offset == 0 {
            staged.clear();
        }
        staged.extend(part.bytes);
        Ok(())
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Host(c{})", self.seat + 1)
    }
}
