//! A vault that had a head, and whoever still holds it: it has announced a checkpoint that shares files, deletes what
//! goes with it, and may write and announce one more, however late.

use super::{Action, Checkpoint, Listing, State};
use crate::files::{Files, bodies, checkpoint_of, index};

/// Whoever still holds the head of a vault that is lowered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Holder {
    /// Has announced the last checkpoint, and deletes what goes with it.
    Deletes,
    /// Has written one more, and is about to announce it.
    Written(u8),
    /// Has announced it, and deletes what goes with it.
    DeletesMore(u8),
    Gone,
}

/// The two checkpoints of a vault that had a head: the second refers to what the first has moved.
const FIRST: usize = 0;
const SECOND: usize = 1;

impl State {
    /// Two checkpoints are there, and their holder.
    pub(super) fn had_a_head(&mut self) {
        // The first has moved a body, the second refers to it and to a record.
        let first = Checkpoint { generation: 1, covers: Files::of(0), refers: [index(FIRST), bodies(FIRST)].into_iter().collect() };
        let refers = [index(SECOND), bodies(FIRST), 1].into_iter().collect();
        let second = Checkpoint { generation: 2, covers: [0, 1].into_iter().collect(), refers };
        self.present = first.refers.and(second.refers).and(second.covers);
        self.listed = self.present;
        self.written = 2;
        self.known.fill(second.covers);
        self.checkpoints = vec![first, second];
        self.holder = Holder::Deletes;
    }

    /// What the holder of the old head deletes after announcing a checkpoint: what neither it nor its parent refers to,
    /// of the parent's generation or below.
    fn old_garbage(&self, at: usize, parent: usize) -> Files {
        let (of, before) = (&self.checkpoints[at], &self.checkpoints[parent]);
        let old = |file: &usize| match checkpoint_of(*file) {
            Some(other) => self.checkpoints[other].generation <= before.generation,
            None => before.covers.has(*file),
        };
        self.present.without(of.refers).without(before.refers).iter().filter(old).collect()
    }

    /// A step of the holder.
    pub(super) fn lower(&mut self, action: Action) -> Option<()> {
        match action {
            Action::Lower => {
                self.open = true;
                self.heard = self.heard.and(self.found(self.shown()));
            }
            Action::HolderWrites => {
                let at = self.checkpoints.len();
                let Checkpoint { generation, covers, refers } = self.checkpoints[SECOND];
                let shared = refers.without(Files::of(index(SECOND))).and(Files::of(index(at)));
                self.checkpoints.push(Checkpoint { generation: generation + 1, covers, refers: shared });
                self.present = self.present.and(Files::of(index(at)));
                self.holder = Holder::Written(u8::try_from(at).ok()?);
            }
            Action::HolderAnnounces => {
                let Holder::Written(at) = self.holder else { return None };
                self.holder = Holder::DeletesMore(at);
            }
            Action::HolderDeletes(file) => self.present = self.present.without(Files::of(file)),
            Action::HolderLeaves => self.holder = Holder::Gone,
            _ => return None,
        }
        Some(())
    }
}

impl Listing {
    /// Whether a checkpoint is from the time of the head.
    pub(super) fn is_shared(&self, state: &State, at: usize) -> bool {
        self.lowered && checkpoint_shares(&state.checkpoints[at], at)
    }

    pub(super) fn holder_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let garbage = match state.holder {
            Holder::Deletes => state.old_garbage(SECOND, FIRST),
            Holder::DeletesMore(at) => state.old_garbage(usize::from(at), SECOND),
            Holder::Written(_) => {
                actions.push(Action::HolderAnnounces);
                Files::default()
            }
            Holder::Gone => return,
        };
        actions.extend(garbage.iter().map(Action::HolderDeletes));
        if state.holder == Holder::Deletes && state.checkpoints.len() < self.checkpoints {
            actions.push(Action::HolderWrites);
        }
        actions.push(Action::HolderLeaves);
    }
}

/// Whether a checkpoint refers to files that are not its own, or has none.
fn checkpoint_shares(checkpoint: &Checkpoint, at: usize) -> bool {
    checkpoint.refers != [index(at), bodies(at)].into_iter().collect()
}
