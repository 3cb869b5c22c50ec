//! Packs: bodies that compaction has gathered, in files that only checkpoints refer to. Whoever compacts may stand still
//! for any time between writing a pack and committing the checkpoint that refers to it, while others delete packs to
//! which nothing refers.
//!
//! A pack is named after the head at which its upload began, its base. Before packs are deleted, the head gets a floor;
//! a checkpoint may be committed only with packs that are not below it.
//!
//! Checked: whatever the head refers to is there.

use stateright::{Model, Property};

/// What is left out or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    /// Nothing: the rules as they are.
    None,
    /// What nothing refers to is deleted, without a floor.
    NoFloor,
    /// What is to be deleted is chosen before the floor is in the head.
    FloorAfterwards,
}

/// Clients that compact, and clients that delete what is left over.
#[derive(Debug, Clone)]
pub struct Packs {
    /// How many compact.
    pub compactors: usize,
    /// How many delete.
    pub collectors: usize,
    /// How many packs are ever written.
    pub packs: usize,
    /// How many heads are ever written.
    pub heads: u8,
    /// What is left out.
    pub twin: Twin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Head {
    seq: u8,
    floor: u8,
    refers: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Compactor {
    Idle,
    /// Uploads a pack, begun at a head.
    Begun(u8),
    /// Has uploaded this pack.
    Uploaded(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Collector {
    Idle,
    /// Has set the floor, and knows what the head referred to then.
    Floored {
        floor: u8,
        refers: u16,
    },
    /// Deletes these, one by one.
    Deletes(u16),
    /// The twin: has chosen, and sets the floor now.
    Chosen(u16),
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    head: Head,
    present: u16,
    bases: Vec<u8>,
    compactors: Vec<Compactor>,
    collectors: Vec<Collector>,
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Somebody else writes the head: an edit.
    Write,
    /// Begins to upload a pack.
    Begin(usize),
    /// Has uploaded it.
    Upload(usize),
    /// Commits a checkpoint that refers to it, and to all packs so far or to no other.
    Commit(usize, bool),
    /// Gives up, or dies.
    GiveUp(usize),
    /// Sets the floor.
    Floor(usize),
    /// Lists the packs.
    List(usize),
    /// Deletes one.
    Delete(usize, usize),
}

impl Packs {
    fn below(state: &State, floor: u8) -> u16 {
        let low = state.bases.iter().enumerate().filter(|(_, base)| **base < floor);
        state.present & low.fold(0, |all, (pack, _)| all | 1 << pack)
    }
}

impl Model for Packs {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            head: Head { seq: 1, floor: 0, refers: 0 },
            present: 0,
            bases: Vec::new(),
            compactors: vec![Compactor::Idle; self.compactors],
            collectors: vec![Collector::Idle; self.collectors],
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let may_write = state.head.seq < self.heads;
        if may_write {
            actions.push(Action::Write);
        }
        for (k, compactor) in state.compactors.iter().enumerate() {
            match compactor {
                Compactor::Idle => actions.push(Action::Begin(k)),
                Compactor::Begun(_) if state.bases.len() < self.packs => actions.push(Action::Upload(k)),
                Compactor::Begun(_) => {}
                Compactor::Uploaded(_) => {
                    if may_write {
                        actions.extend([Action::Commit(k, true), Action::Commit(k, false)]);
                    }
                    actions.push(Action::GiveUp(k));
                }
            }
        }
        for (k, collector) in state.collectors.iter().enumerate() {
            match collector {
                Collector::Idle if self.twin == Twin::FloorAfterwards => actions.push(Action::List(k)),
                Collector::Idle | Collector::Chosen(_) if may_write => actions.push(Action::Floor(k)),
                Collector::Idle | Collector::Chosen(_) => {}
                Collector::Floored { .. } => actions.push(Action::List(k)),
                Collector::Deletes(doomed) => {
                    actions.extend((0..self.packs).filter(|p| doomed & (1 << p) != 0).map(|p| Action::Delete(k, p)))
                }
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Write => state.head.seq += 1,
            Action::Begin(k) => state.compactors[k] = Compactor::Begun(state.head.seq),
            Action::Upload(k) => {
                let Compactor::Begun(base) = state.compactors[k] else { return None };
                let pack = u8::try_from(state.bases.len()).ok()?;
                state.bases.push(base);
                state.present |= 1 << pack;
                state.compactors[k] = Compactor::Uploaded(pack);
            }
            Action::Commit(k, keeps) => {
                let Compactor::Uploaded(pack) = state.compactors[k] else { return None };
                state.compactors[k] = Compactor::Idle;
                if self.twin != Twin::NoFloor && state.bases[usize::from(pack)] < state.head.floor {
                    return Some(state);
                }
                let others = if keeps { state.head.refers } else { 0 };
                state.head = Head { seq: state.head.seq + 1, refers: others | 1 << pack, ..state.head };
            }
            Action::GiveUp(k) => state.compactors[k] = Compactor::Idle,
            Action::Floor(k) => {
                let floor = state.head.seq;
                state.head = Head { seq: floor + 1, floor, ..state.head };
                state.collectors[k] = match state.collectors[k] {
                    Collector::Chosen(doomed) => Collector::Deletes(doomed),
                    _ => Collector::Floored { floor, refers: state.head.refers },
                };
            }
            Action::List(k) => {
                state.collectors[k] = match state.collectors[k] {
                    Collector::Floored { floor, refers } => Collector::Deletes(Self::below(&state, floor) & !refers),
                    _ => Collector::Chosen(Self::below(&state, state.head.seq) & !state.head.refers),
                };
                if state.collectors[k] == Collector::Deletes(0) || state.collectors[k] == Collector::Chosen(0) {
                    state.collectors[k] = Collector::Idle;
                }
            }
            Action::Delete(k, pack) => {
                state.present &= !(1 << pack);
                let Collector::Deletes(doomed) = state.collectors[k] else { return None };
                let left = doomed & !(1 << pack);
                state.collectors[k] = if left == 0 { Collector::Idle } else { Collector::Deletes(left) };
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("what the head refers to is there", |_, state: &State| state.head.refers & !state.present == 0),
            Property::sometimes("packs are deleted", |_, state: &State| state.present.count_ones() as usize + 1 < state.bases.len()),
        ]
    }
}
