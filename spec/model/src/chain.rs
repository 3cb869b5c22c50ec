//! Checkpoints that share files and follow one another. Each refers to bodies where they are, in records or in files of
//! earlier checkpoints, and moves some into a file of its own; whoever announces one deletes what neither it nor its
//! parent refers to. Everybody may stand still between any two steps, for as long as it likes.
//!
//! A head is written as a record is announced, too, with the checkpoint that was read. Where the drive's condition is
//! not exact, it is checked in one step, and the head written in a later one.
//!
//! Checked: whatever is announced is there; a reader that misses a file finds another head, so that it ends; garbage is
//! gone after two more checkpoints. Where a drive is put back to a copy, or a head is written late, the announced
//! checkpoint may be gone in part: then the checkpoint of the greatest generation whose files are all there gives all
//! that is known.

mod steps;
mod vault;

use crate::files::{Files, checkpoint_of, index};
use stateright::{Model, Property};
pub use vault::{Checkpoint, OldCopy, Vault};

/// What is left out or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    /// Nothing: the rules as they are.
    None,
    /// What the new checkpoint does not refer to is deleted, although its parent does.
    ForgetsParent,
    /// Announced whatever the head says.
    AnnouncedWithoutCondition,
    /// Files of any generation are deleted.
    DeletesHigherGenerations,
    /// Records are deleted that the new checkpoint covers and its parent does not.
    DeletesWhatOnlyItCovers,
    /// Only files that the parent referred to are deleted.
    OnlyItsParents,
    /// Who deletes does not look whether the files are there to which its checkpoint refers.
    DeletesUnseen,
    /// The rules as they are, and the claim that whatever happens, what is announced is there.
    ClaimsMore,
}

/// How exact the condition is under which a head is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Race {
    /// Checked and written in one step.
    Exact,
    /// Heads that are written at the same moment were all checked against the same one: none is checked while another
    /// is still to come.
    SameHead,
    /// A head that was checked is written before a second one is that was not there yet.
    OneOther,
    /// A head that was checked may be written at any later time.
    Any,
}

/// Clients that compact, clients that write the head, and clients that read.
#[derive(Debug, Clone)]
pub struct Chain {
    /// How many compact.
    pub compactors: usize,
    /// How many write the head for something else; only where the condition is not exact.
    pub pushers: usize,
    /// How many read.
    pub readers: usize,
    /// How many records are written.
    pub records: u8,
    /// How many checkpoints are written.
    pub checkpoints: usize,
    /// How exact the condition is.
    pub race: Race,
    /// Whether the drive is put back, once, to a copy of it.
    pub put_back: bool,
    /// What is left out.
    pub twin: Twin,
}

/// A set of those who write the head: the compactors, and then the others.
type Writers = u8;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Compactor {
    Idle,
    /// Has read the head, what it builds on, and these records.
    Has {
        head: Option<u8>,
        parent: Option<u8>,
        knows: Files,
    },
    /// Has written this checkpoint, having read that head.
    Written(u8, Option<u8>),
    /// Has checked that the head is still the same, and is about to write it.
    Checked(u8),
    /// Has announced it.
    Deletes(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Reader {
    Idle,
    /// Has read a head with this checkpoint, and needs these files.
    Needs(Option<u8>, Files),
    Ended,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    vault: Vault,
    compactors: Vec<Compactor>,
    /// The checkpoints in the heads that are about to be written.
    pushers: Vec<Option<Option<u8>>>,
    readers: Vec<Reader>,
    /// Whose head is still to be written, although another one was since it was checked.
    overtaken: Writers,
}

/// What is moved into a checkpoint's own file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moves {
    /// Nothing.
    Nothing,
    /// What is in the oldest file.
    Oldest,
    /// Everything.
    All,
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Somebody pushes a record, which replaces the one before or nothing.
    Record(bool),
    /// Reads the head, to compact; it knows all records, or has not heard of those that the parent does not cover.
    Begin(usize, bool),
    /// Writes the files of a checkpoint.
    Write(usize, Moves),
    /// Announces it; where it is racy, only looks whether it may.
    Announce(usize),
    /// Writes the head that it looked at before.
    Act(usize),
    /// Deletes a file.
    Delete(usize, usize),
    /// Has deleted all.
    Done(usize),
    /// Gives up, or dies.
    Die(usize),
    /// Another writer of the head looks whether it may.
    Check(usize),
    /// Writes it.
    Push(usize),
    /// A reader reads the head.
    Look(usize),
    /// Reads a file, or finds that it is not there.
    Fetch(usize, usize),
    /// A copy of the drive is made.
    Copy,
    /// It takes the drive's place.
    PutBack,
}

impl State {
    /// Those who have checked a head and not written it.
    fn writers(&self) -> Writers {
        let compactors = self.compactors.iter().map(|compactor| matches!(compactor, Compactor::Checked(_)));
        let writers = compactors.chain(self.pushers.iter().map(Option::is_some));
        writers.enumerate().filter(|(_, writes)| *writes).fold(0, |all, (writer, _)| all | 1 << writer)
    }

    fn write_head(&mut self, checkpoint: Option<u8>) {
        self.vault.head = checkpoint;
        self.overtaken = self.writers();
    }
}

impl Chain {
    /// Whether what is announced must be there at any time.
    fn is_exact(&self) -> bool {
        !self.put_back && matches!(self.race, Race::Exact | Race::SameHead) || self.twin == Twin::ClaimsMore
    }

    /// Garbage that the announced checkpoint found, and what its parent has left over of its own parent.
    fn left_over(vault: &Vault) -> Files {
        let Some(at) = vault.head else { return Files::default() };
        let last = &vault.checkpoints[usize::from(at)];
        if !last.done {
            return Files::default();
        }
        let before = last.parent.and_then(|parent| vault.checkpoints[usize::from(parent)].parent);
        let needed = vault.refers(Some(at)).and(vault.refers(last.parent));
        vault.present.both(last.garbage.and(vault.refers(before))).without(needed)
    }
}

impl Model for Chain {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let vault = Vault {
            head: None,
            present: Files::default(),
            checkpoints: Vec::new(),
            written: 0,
            replace: Files::default(),
            known: Files::default(),
            copy: None,
            copies_left: u8::from(self.put_back),
        };
        vec![State {
            vault,
            compactors: vec![Compactor::Idle; self.compactors],
            pushers: vec![None; self.pushers],
            readers: vec![Reader::Idle; self.readers],
            overtaken: 0,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let vault = &state.vault;
        if vault.written < self.records {
            actions.push(Action::Record(false));
            let before = usize::from(vault.written).checked_sub(1);
            if before.is_some_and(|before| vault.living(vault.known).has(before)) {
                actions.push(Action::Record(true));
            }
        }
        (0..self.compactors).for_each(|c| self.compactor_actions(state, c, actions));
        for (p, pusher) in state.pushers.iter().enumerate() {
            match pusher {
                Some(_) if self.may_write(state, self.compactors + p) => actions.push(Action::Push(p)),
                Some(_) => {}
                None if self.may_check(state) => actions.push(Action::Check(p)),
                None => {}
            }
        }
        for (r, reader) in state.readers.iter().enumerate() {
            match reader {
                Reader::Idle => actions.push(Action::Look(r)),
                // The index says which files there are.
                Reader::Needs(Some(of), files) if files.has(index(usize::from(*of))) => {
                    actions.push(Action::Fetch(r, index(usize::from(*of))))
                }
                Reader::Needs(_, files) => actions.extend(files.iter().map(|file| Action::Fetch(r, file))),
                Reader::Ended => {}
            }
        }
        if vault.copies_left > 0 {
            actions.push(Action::Copy);
        }
        if vault.copy.is_some() {
            actions.push(Action::PutBack);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        self.next(&mut state, action)?;
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("what is announced is there", |model: &Self, State { vault, .. }: &State| {
                !model.is_exact() || vault.present.covers(vault.needs(vault.head)) && vault.gives_all(vault.head)
            }),
            Property::always("who misses a file finds another head", |model: &Self, state: &State| {
                !model.is_exact()
                    || state.readers.iter().all(|reader| match reader {
                        Reader::Needs(of, files) => *of != state.vault.head || state.vault.present.covers(*files),
                        _ => true,
                    })
            }),
            Property::always("garbage is gone after two more", |model: &Self, State { vault, .. }: &State| {
                !model.is_exact() || Self::left_over(vault).is_empty()
            }),
            Property::always("nothing is lost", |_, State { vault, .. }: &State| {
                vault.readable().into_iter().all(|checkpoint| vault.gives_all(checkpoint))
            }),
            Property::sometimes("files are shared, others are gone, and it ends", |_, State { vault, compactors, .. }: &State| {
                let gone = (0..vault.checkpoints.len()).filter(|at| !vault.present.has(index(*at))).count();
                let shared = vault.refers(vault.head).iter().any(|file| checkpoint_of(file) != vault.head.map(usize::from));
                gone > 0 && shared && compactors.iter().all(|compactor| *compactor == Compactor::Idle)
            }),
        ]
    }
}
