//! Checkpoints, the deletion of records, and clients that come back: one document, edited and deleted by several users.
//! Where two sides meet, the user merges them.
//!
//! Records and checkpoints are deleted here as soon as an announced checkpoint covers them, which is sooner than they may
//! be: which files go when is in [`crate::chain`] and [`crate::listing`].
//!
//! Checked: whatever way a client took, by records or by checkpoints, it knows exactly what folding all records would
//! give; nobody, a newcomer included, is cut off from what is announced; and once everybody is done, all have the same.

mod compaction;
mod reading;

use crate::dots::{Dots, SEQS, Vector, WRITERS, at_least, dot};
use stateright::{Model, Property};

/// What is left out or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    /// Nothing: the rules as they are.
    None,
    /// A checkpoint has only the versions that win.
    WithoutLosers,
    /// A checkpoint leaves deleted documents out.
    WithoutTombstones,
    /// What a checkpoint has is added to what is known, and nothing taken out.
    Union,
    /// Records are deleted when the checkpoint is written, before it is announced.
    DeletedTooEarly,
    /// The head leaves writers out that the checkpoint does not cover.
    OmitsTooMuch,
    /// A deletion expires that no checkpoint covers, while other versions stand beside it.
    ExpiresBesideOthers,
    /// A checkpoint is announced although another was, since the head was read.
    AnnouncedOverAnother,
    /// A checkpoint is made by somebody who has not joined its parent.
    ParentNotJoined,
    /// A checkpoint is deleted because another covers it, though its writer may be about to announce it.
    DeletesUnannounced,
}

/// Clients, a drive with one document, and whoever compacts it.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    /// How many clients there are.
    pub clients: usize,
    /// How often each user edits or deletes.
    pub edits: u8,
    /// How many checkpoints are written.
    pub checkpoints: usize,
    /// Whether deletions expire.
    pub expiry: bool,
    /// Whether there is no head: records and checkpoints are found by listing.
    pub listing: bool,
    /// What is left out.
    pub twin: Twin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Version {
    order: u8,
    replaces: Dots,
    /// What its author's user had seen.
    saw: Dots,
    /// Whether it is a deletion.
    deletes: bool,
    /// Whether it is no version, and only takes out what it replaces.
    withdraws: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Checkpoint {
    vector: Vector,
    heads: Dots,
    /// Whether the file is there.
    present: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Client {
    vector: Vector,
    heads: Dots,
    basis: Dots,
    seen: Dots,
    /// Whether the document is here.
    present: bool,
    dirty: bool,
    edits_left: u8,
    /// The checkpoint that it has written and not finished with.
    compacts: Option<Compacts>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Compacts {
    at: u8,
    /// Whether it is announced; where there is no head, whether it was seen in a listing.
    announced: bool,
    /// The checkpoint that was announced when it was begun.
    parent: Option<u8>,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    versions: [Version; WRITERS * SEQS],
    records: Dots,
    /// The head: the last records, without those of writers that its checkpoint covers.
    head: Vector,
    announced: Option<u8>,
    checkpoints: Vec<Checkpoint>,
    clients: Vec<Client>,
    listing: bool,
}

/// A step of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The user edits.
    Edit(usize),
    /// The user deletes.
    Delete(usize),
    /// Reads what is announced and settles it.
    Pull(usize),
    /// Puts a record for the edit and announces it.
    Push(usize),
    /// Writes a checkpoint of what it knows.
    Checkpoint(usize),
    /// Announces it.
    Announce(usize),
    /// Deletes a record that it covers.
    DeleteRecord(usize, usize),
    /// Deletes a checkpoint that it covers.
    DeleteCheckpoint(usize, usize),
    /// Is done with it, or dies.
    Leave(usize),
    /// Lets a deletion expire.
    Expire(usize),
}

/// What a user has before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Whether the document is there.
    pub present: bool,
    /// Whether it was edited, or deleted, and not pushed.
    pub dirty: bool,
    /// The pushed edits that the user knows.
    pub seen: Dots,
    /// The number of the user's next record.
    pub next: u8,
    /// Whether what was agreed on last is a content.
    pub had_content: bool,
    /// Whether what is valid for all that is known is a deletion.
    pub deleted: bool,
}

impl State {
    /// What a user has before them.
    pub fn view(&self, c: usize) -> View {
        let Client { present, dirty, seen, vector, basis, heads, .. } = self.clients[c];
        let deletes = |dots| self.winner(dots).map(|dot| self.versions[dot].deletes);
        let edits = seen.iter().filter(|dot| !self.versions[*dot].deletes).fold(Dots::default(), |all, dot| all.and(Dots::of(dot)));
        View {
            present,
            dirty,
            seen: edits,
            next: vector[c] + 1,
            had_content: deletes(basis) == Some(false),
            deleted: deletes(heads) == Some(true),
        }
    }
}

impl Checkpoints {
    /// Writes a record and announces it.
    fn record(state: &mut State, c: usize, version: Version) -> usize {
        let seq = state.clients[c].vector[c] + 1;
        let order = state.versions.iter().map(|v| v.order).max().unwrap_or_default() + 1;
        let new = dot(c, seq);
        state.versions[new] = Version { order, ..version };
        state.records = state.records.and(Dots::of(new));
        state.head[c] = seq;
        let client = &mut state.clients[c];
        client.vector[c] = seq;
        client.heads = client.heads.without(version.replaces);
        new
    }

    fn push(state: &mut State, c: usize) {
        let client = state.clients[c];
        let version = Version { replaces: client.basis, saw: client.seen, deletes: !client.present, ..Version::default() };
        let new = Self::record(state, c, version);
        let saw = client.seen.and(Dots::of(new));
        state.versions[new].saw = saw;
        let client = &mut state.clients[c];
        *client = Client { heads: client.heads.and(Dots::of(new)), basis: Dots::of(new), seen: saw, dirty: false, ..*client };
    }

    fn is_quiet(state: &State) -> bool {
        state.clients.iter().all(|client| client.vector == state.announced() && !client.dirty && client.edits_left == 0)
    }

    fn all_is_well(state: &State) -> bool {
        let first = &state.clients[0];
        let present = state.winner(first.heads).is_some_and(|winner| !state.versions[winner].deletes);
        state.clients.iter().all(|client| client.heads == first.heads && client.present == present)
    }
}

impl Model for Checkpoints {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let client = Client {
            vector: Vector::default(),
            heads: Dots::default(),
            basis: Dots::default(),
            seen: Dots::default(),
            present: false,
            dirty: false,
            edits_left: self.edits,
            compacts: None,
        };
        vec![State {
            versions: [Version::default(); WRITERS * SEQS],
            records: Dots::default(),
            head: Vector::default(),
            announced: None,
            checkpoints: Vec::new(),
            clients: vec![client; self.clients],
            listing: self.listing,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (c, client) in state.clients.iter().enumerate() {
            let room = usize::from(client.vector[c]) < SEQS;
            if client.edits_left > 0 && !client.dirty {
                actions.push(Action::Edit(c));
                if client.present {
                    actions.push(Action::Delete(c));
                }
            }
            if !at_least(&client.vector, &state.announced()) && state.reaches(&client.vector) {
                actions.push(Action::Pull(c));
            }
            let up_to_date = state.winner(client.heads).is_none_or(|winner| client.basis.has(winner));
            if client.dirty && up_to_date && room {
                actions.push(Action::Push(c));
            }
            match client.compacts {
                None if self.may_compact(state, client) => actions.push(Action::Checkpoint(c)),
                None => {}
                Some(compacts) => {
                    if !compacts.announced {
                        actions.push(Action::Announce(c));
                    }
                    if compacts.announced || self.twin == Twin::DeletedTooEarly {
                        let covered = state.records.both(Dots::up_to(&state.checkpoints[usize::from(compacts.at)].vector));
                        actions.extend(covered.iter().map(|dot| Action::DeleteRecord(c, dot)));
                    }
                    if compacts.announced {
                        let others = (0..state.checkpoints.len()).filter(|other| self.may_delete(state, compacts, *other));
                        actions.extend(others.map(|other| Action::DeleteCheckpoint(c, other)));
                    }
                    actions.push(Action::Leave(c));
                }
            }
            if self.expiry && room && !client.dirty && self.expires(state, client).is_some() {
                actions.push(Action::Expire(c));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Edit(c) | Action::Delete(c) => {
                let client = &mut state.clients[c];
                *client = Client { present: action == Action::Edit(c), dirty: true, edits_left: client.edits_left - 1, ..*client };
            }
            Action::Pull(c) => self.pull(&mut state, c),
            Action::Push(c) => Self::push(&mut state, c),
            Action::Checkpoint(c) => {
                let checkpoint = self.checkpoint_of(&state, &state.clients[c]);
                let at = u8::try_from(state.checkpoints.len()).ok()?;
                state.clients[c].compacts = Some(Compacts { at, announced: false, parent: state.announced });
                state.checkpoints.push(checkpoint);
            }
            Action::Announce(c) => {
                let Compacts { at, parent, .. } = state.clients[c].compacts?;
                if state.listing {
                    // It looks whether the file is there: somebody who knows more may have deleted it.
                    let there = state.checkpoints[usize::from(at)].present;
                    state.clients[c].compacts = there.then_some(Compacts { at, announced: true, parent });
                    return Some(state);
                }
                if state.announced == parent || self.twin == Twin::AnnouncedOverAnother {
                    let vector = state.checkpoints[usize::from(at)].vector;
                    state.head = self.head_over(&state, &vector);
                    state.announced = Some(at);
                    state.clients[c].compacts = Some(Compacts { at, announced: true, parent });
                } else {
                    // Its work is lost.
                    state.checkpoints[usize::from(at)].present = false;
                    state.clients[c].compacts = None;
                }
            }
            Action::DeleteRecord(_, dot) => state.records = state.records.without(Dots::of(dot)),
            Action::DeleteCheckpoint(_, other) => state.checkpoints[other].present = false,
            Action::Leave(c) => state.clients[c].compacts = None,
            Action::Expire(c) => {
                let tombstone = self.expires(&state, &state.clients[c])?;
                Self::record(&mut state, c, Version { replaces: Dots::of(tombstone), withdraws: true, ..Version::default() });
                let client = &mut state.clients[c];
                client.basis = client.basis.without(Dots::of(tombstone));
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("everybody knows what folding gives", |_, state: &State| {
                state.clients.iter().all(|client| client.heads == state.fold(&client.vector))
            }),
            Property::always("nobody is cut off", |_, state: &State| {
                state.reaches(&Vector::default()) && state.clients.iter().all(|client| state.reaches(&client.vector))
            }),
            Property::always("everything is announced", |_, state: &State| {
                state.clients.iter().enumerate().all(|(c, client)| state.announced()[c] >= client.vector[c])
            }),
            Property::always("in the end all have the same", |_, state: &State| !Self::is_quiet(state) || Self::all_is_well(state)),
            Property::sometimes("records are deleted and it ends", |_, state: &State| {
                Self::is_quiet(state) && !state.records.covers(Dots::up_to(&state.announced()))
            }),
        ]
    }
}
