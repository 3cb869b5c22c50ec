//! What may be done next, and what it does.

use super::{Action, Chain, Compactor, Moves, OldCopy, Race, Reader, State, Twin, Vault};
use crate::files::{Files, RECORDS};

impl Chain {
    /// Whether a head may be checked now: see [`Race`].
    pub(super) fn may_check(&self, state: &State) -> bool {
        self.race != Race::SameHead || state.overtaken == 0
    }

    /// Whether one that was checked may be written now.
    pub(super) fn may_write(&self, state: &State, writer: usize) -> bool {
        self.race != Race::OneOther || state.overtaken & !(1 << writer) == 0
    }

    pub(super) fn moved(vault: &Vault, parent: Option<u8>, knows: Files, moves: Moves) -> Files {
        let files: Files = vault.places(parent, knows).iter().flatten().map(|file| usize::from(*file)).collect();
        files.iter().take(if moves == Moves::All { RECORDS } else { usize::from(moves == Moves::Oldest) }).collect()
    }

    pub(super) fn compactor_actions(&self, state: &State, c: usize, actions: &mut Vec<Action>) {
        let vault = &state.vault;
        match state.compactors[c] {
            Compactor::Idle if vault.checkpoints.len() < self.checkpoints && !vault.known.is_empty() => {
                actions.extend([false, true].map(|behind| Action::Begin(c, behind)))
            }
            Compactor::Idle => {}
            Compactor::Has { parent, knows, .. } => {
                if vault.checkpoints.len() < self.checkpoints {
                    let files = Self::moved(vault, parent, knows, Moves::All).len();
                    let choices = [Moves::Nothing, Moves::All, Moves::Oldest];
                    let different = choices.into_iter().take(1 + usize::from(files > 0) + usize::from(files > 1));
                    actions.extend(different.map(|moves| Action::Write(c, moves)));
                }
            }
            Compactor::Written(..) => {
                actions.push(Action::Die(c));
                if self.may_check(state) {
                    actions.push(Action::Announce(c));
                }
            }
            Compactor::Checked(_) if self.may_write(state, c) => actions.push(Action::Act(c)),
            Compactor::Checked(_) => {}
            Compactor::Deletes(at) => {
                let files = self.deletes(vault, at);
                actions.extend(files.iter().map(|file| Action::Delete(c, file)));
                let done = files.is_empty() && vault.head == Some(at);
                actions.push(if done { Action::Done(c) } else { Action::Die(c) });
            }
        }
    }

    pub(super) fn announce(&self, state: &mut State, c: usize) -> Option<()> {
        let Compactor::Written(at, head) = state.compactors[c] else { return None };
        // What it knows and the head does not name is gone: the vault is older than it was.
        let older = !state.vault.known.covers(state.vault.covers(Some(at)));
        let may = !older && (state.vault.head == head || self.twin == Twin::AnnouncedWithoutCondition);
        state.compactors[c] = match (may, self.race) {
            (false, _) => Compactor::Idle,
            (true, Race::Exact) => Compactor::Deletes(at),
            (true, _) => Compactor::Checked(at),
        };
        if may && self.race == Race::Exact {
            state.write_head(Some(at));
        }
        Some(())
    }

    pub(super) fn fetch(state: &mut State, r: usize, file: usize) -> Option<()> {
        let Reader::Needs(of, files) = state.readers[r] else { return None };
        let left = files.without(Files::of(file));
        state.readers[r] = match state.vault.present.has(file) {
            false => Reader::Idle,
            true if left.is_empty() => Reader::Ended,
            true => Reader::Needs(of, left),
        };
        Some(())
    }

    pub(super) fn next(&self, state: &mut State, action: Action) -> Option<()> {
        match action {
            Action::Record(replaces) => {
                let record = Files::of(usize::from(state.vault.written));
                state.vault.present = state.vault.present.and(record);
                state.vault.known = state.vault.known.and(record);
                state.vault.written += 1;
                if replaces {
                    state.vault.replace = state.vault.replace.and(record);
                }
            }
            Action::Begin(c, behind) => {
                let (head, parent, known) = (state.vault.head, state.vault.readable().pop()?, state.vault.known);
                let older = state.vault.covers(parent).and(Files::of(0)).both(known);
                state.compactors[c] = Compactor::Has { head, parent, knows: if behind { older } else { known } };
            }
            Action::Write(c, moves) => {
                let Compactor::Has { head, parent, knows } = state.compactors[c] else { return None };
                let moved = Self::moved(&state.vault, parent, knows, moves);
                let written = Self::write(&mut state.vault, parent, knows, moved);
                state.compactors[c] = written.map_or(Compactor::Idle, |at| Compactor::Written(at, head));
            }
            Action::Announce(c) => self.announce(state, c)?,
            Action::Act(c) => {
                let Compactor::Checked(at) = state.compactors[c] else { return None };
                state.compactors[c] = Compactor::Deletes(at);
                state.write_head(Some(at));
            }
            Action::Delete(_, file) => state.vault.present = state.vault.present.without(Files::of(file)),
            Action::Done(c) => {
                let Compactor::Deletes(at) = state.compactors[c] else { return None };
                state.vault.checkpoints[usize::from(at)].done = true;
                state.compactors[c] = Compactor::Idle;
            }
            Action::Die(c) => state.compactors[c] = Compactor::Idle,
            Action::Check(p) => state.pushers[p] = Some(state.vault.head),
            Action::Push(p) => {
                let checkpoint = state.pushers[p].take()?;
                state.write_head(checkpoint);
            }
            Action::Look(r) => state.readers[r] = Reader::Needs(state.vault.head, state.vault.needs(state.vault.head)),
            Action::Fetch(r, file) => Self::fetch(state, r, file)?,
            Action::Copy => {
                state.vault.copy = Some(OldCopy { head: state.vault.head, present: state.vault.present });
                state.vault.copies_left -= 1;
            }
            Action::PutBack => {
                let copy = state.vault.copy?;
                state.vault.put_back(copy);
            }
        }
        Some(())
    }
}
