//! Checkpoints where there is no head. A checkpoint has every body in files of its own, and is found by the name of its
//! index, once that is in the listing, which may be late. A vault may have been lowered from a head: then there are
//! checkpoints that share files, and a client that has not heard of it goes on writing and deleting as a chain has it.
//!
//! Checked: every body is somewhere with an index that says so; and what a listing has shown once, everybody finds ever
//! after, by a record or by a checkpoint that is there as a whole.

mod lowered;

use crate::files::{Files, RECORDS, bodies, checkpoint_of, index};
use lowered::Holder;
use stateright::{Model, Property};

/// What is left out or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    /// Nothing: the rules as they are.
    None,
    /// A checkpoint refers to bodies in files of another one.
    Shares,
    /// What the new checkpoint covers is deleted, although no listing shows it yet.
    DeletesBeforeListed,
    /// Of two checkpoints that cover each other, each deletes the other.
    EqualsDeleteEachOther,
    /// After lowering, a checkpoint from the head's time counts as one that covers.
    CountsShared,
    /// After lowering, generations begin again.
    GenerationsAnew,
}

/// Clients without a head.
#[derive(Debug, Clone)]
pub struct Listing {
    /// How many clients there are.
    pub clients: usize,
    /// How many records are written.
    pub records: u8,
    /// How many checkpoints are written.
    pub checkpoints: usize,
    /// Whether the vault had a head, and somebody still holds it.
    pub lowered: bool,
    /// What is left out.
    pub twin: Twin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Checkpoint {
    generation: u8,
    covers: Files,
    /// Its index, and the files with its bodies.
    refers: Files,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Client {
    Idle,
    /// Has written the bodies of this checkpoint, and writes the index next.
    Writes(u8),
    /// Has written it.
    Written(u8),
    /// Deletes these.
    Deletes(Files),
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    present: Files,
    /// What the listing shows, if it is there.
    listed: Files,
    /// The records that a listing has shown, itself or by a checkpoint.
    heard: Files,
    written: u8,
    checkpoints: Vec<Checkpoint>,
    known: Vec<Files>,
    clients: Vec<Client>,
    /// Whether the vault finds its records by listing now.
    open: bool,
    holder: Holder,
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A client writes a record.
    Record(usize),
    /// The listing shows a name from now on.
    Appear(usize),
    /// Reads all that the listing shows.
    Pull(usize),
    /// Writes the bodies of a checkpoint.
    Write(usize),
    /// Writes its index.
    Index(usize),
    /// Lists, and chooses what to delete.
    Choose(usize),
    /// Deletes a file.
    Delete(usize, usize),
    /// Gives up, or dies.
    Die(usize),
    /// The vault is lowered: its head is closed.
    Lower,
    /// The holder of the old head writes one more checkpoint.
    HolderWrites,
    /// Announces it, too late perhaps.
    HolderAnnounces,
    /// Deletes a file.
    HolderDeletes(usize),
    /// Dies, or meets the closed head.
    HolderLeaves,
}

impl State {
    fn shown(&self) -> Files {
        self.present.both(self.listed)
    }

    /// The checkpoints that are there as a whole, and whose index is in a listing.
    fn whole(&self, listing: Files) -> impl Iterator<Item = usize> {
        let there = move |at: &usize| listing.has(index(*at)) && self.present.covers(self.checkpoints[*at].refers);
        (0..self.checkpoints.len()).filter(there)
    }

    /// The records that a listing leads to.
    fn found(&self, listing: Files) -> Files {
        let records = listing.iter().filter(|file| *file < RECORDS).collect::<Files>();
        self.whole(listing).fold(records, |all, at| all.and(self.checkpoints[at].covers))
    }

    fn everything(&self) -> Files {
        (0..usize::from(self.written)).collect()
    }
}

impl Listing {
    fn write(&self, state: &mut State, c: usize) -> Option<()> {
        let at = state.checkpoints.len();
        let covers = state.known[c];
        let other = state.whole(state.shown()).find(|other| covers.covers(state.checkpoints[*other].covers));
        let shared = other.filter(|_| self.twin == Twin::Shares).map(|other| state.checkpoints[other].refers);
        let foreign = shared.unwrap_or_default().iter().filter(|file| other.is_some_and(|other| *file != index(other)));
        let last = state.checkpoints.iter().map(|checkpoint| checkpoint.generation).max().unwrap_or_default();
        let generation = if self.twin == Twin::GenerationsAnew { 1 } else { last + 1 };
        let refers = [index(at), bodies(at)].into_iter().chain(foreign).collect();
        // Bodies that move are read: what is gone cannot.
        if !state.found(state.present).covers(covers) {
            return None;
        }
        state.checkpoints.push(Checkpoint { generation, covers, refers });
        state.present = state.present.and(Files::of(bodies(at)));
        state.clients[c] = Client::Writes(u8::try_from(at).ok()?);
        Some(())
    }

    /// Whether a checkpoint takes the place of another: it covers it, and of two that are equal has the greater name.
    fn replaces(&self, state: &State, at: usize, other: usize) -> bool {
        let (of, than) = (&state.checkpoints[at], &state.checkpoints[other]);
        let equal = of.covers == than.covers && !self.is_shared(state, other);
        at != other && of.covers.covers(than.covers) && (!equal || at > other || self.twin == Twin::EqualsDeleteEachOther)
    }

    /// What whoever has written a checkpoint deletes: what another one covers that the listing shows, and that this one
    /// covers.
    fn garbage(&self, state: &State, own: usize) -> Files {
        let mut shown = state.shown();
        if self.twin == Twin::DeletesBeforeListed {
            shown = shown.and(Files::of(index(own)));
        }
        let counts = |at: &usize| self.twin == Twin::CountsShared || !self.is_shared(state, *at);
        let covering: Vec<usize> = state.whole(shown).filter(counts).collect();
        let covering = covering.into_iter().filter(|at| state.checkpoints[own].covers.covers(state.checkpoints[*at].covers));
        let shared = state.checkpoints[own].refers.without([index(own), bodies(own)].into_iter().collect());
        let garbage = covering.fold(Files::default(), |all, at| {
            let others = (0..state.checkpoints.len()).filter(|other| shown.has(index(*other)));
            let replaced = others.filter(|other| self.replaces(state, at, *other));
            let files = replaced.flat_map(|other| [index(other), bodies(other)]);
            all.and(state.checkpoints[at].covers.and(files.collect()))
        });
        garbage.without(shared)
    }

    fn client_actions(&self, state: &State, c: usize, actions: &mut Vec<Action>) {
        if state.written < self.records {
            actions.push(Action::Record(c));
        }
        match state.clients[c] {
            Client::Idle => {
                if !state.known[c].covers(state.found(state.shown())) {
                    actions.push(Action::Pull(c));
                }
                if !state.known[c].is_empty() && state.checkpoints.len() < self.checkpoints {
                    actions.push(Action::Write(c));
                }
            }
            Client::Writes(_) => actions.extend([Action::Index(c), Action::Die(c)]),
            Client::Written(_) => actions.extend([Action::Choose(c), Action::Die(c)]),
            Client::Deletes(files) => {
                actions.extend(files.iter().map(|file| Action::Delete(c, file)));
                actions.push(Action::Die(c));
            }
        }
    }

    fn next(&self, state: &mut State, action: Action) -> Option<()> {
        match action {
            Action::Record(c) => {
                let record = Files::of(usize::from(state.written));
                state.written += 1;
                state.present = state.present.and(record);
                state.known[c] = state.known[c].and(record);
            }
            Action::Appear(file) => {
                state.listed = state.listed.and(Files::of(file));
                state.heard = state.heard.and(state.found(state.shown()));
            }
            Action::Pull(c) => state.known[c] = state.known[c].and(state.found(state.shown())),
            Action::Write(c) => self.write(state, c)?,
            Action::Index(c) => {
                let Client::Writes(at) = state.clients[c] else { return None };
                state.present = state.present.and(Files::of(index(usize::from(at))));
                state.clients[c] = Client::Written(at);
            }
            Action::Choose(c) => {
                let Client::Written(at) = state.clients[c] else { return None };
                let files = self.garbage(state, usize::from(at)).both(state.present);
                state.clients[c] = if files.is_empty() { Client::Idle } else { Client::Deletes(files) };
            }
            Action::Delete(c, file) => {
                let Client::Deletes(files) = state.clients[c] else { return None };
                let left = files.without(Files::of(file));
                state.present = state.present.without(Files::of(file));
                state.clients[c] = if left.is_empty() { Client::Idle } else { Client::Deletes(left) };
            }
            Action::Die(c) => state.clients[c] = Client::Idle,
            _ => state.lower(action)?,
        }
        Some(())
    }
}

impl Model for Listing {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut state = State {
            present: Files::default(),
            listed: Files::default(),
            heard: Files::default(),
            written: 0,
            checkpoints: Vec::new(),
            known: vec![Files::default(); self.clients],
            clients: vec![Client::Idle; self.clients],
            open: !self.lowered,
            holder: Holder::Gone,
        };
        if self.lowered {
            state.had_a_head();
        }
        vec![state]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.open {
            (0..self.clients).for_each(|c| self.client_actions(state, c, actions));
        } else {
            actions.push(Action::Lower);
        }
        // Files with bodies are read by the names that an index has for them.
        let names = state.present.without(state.listed).iter().filter(|file| checkpoint_of(*file).is_none_or(|at| *file == index(at)));
        actions.extend(names.map(Action::Appear));
        self.holder_actions(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        self.next(&mut state, action)?;
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("nothing is lost", |_, state: &State| state.found(state.present).covers(state.everything())),
            Property::always("what was shown once is found", |_, state: &State| state.found(state.shown()).covers(state.heard)),
            Property::sometimes("a checkpoint is deleted, and it ends", |_, state: &State| {
                let gone = (0..state.checkpoints.len()).any(|at| !state.present.has(index(at)) && !state.present.has(bodies(at)));
                let idle = state.clients.iter().all(|client| *client == Client::Idle);
                gone && idle && state.holder == Holder::Gone && state.found(state.shown()).covers(state.everything())
            }),
        ]
    }
}
