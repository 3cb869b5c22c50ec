//! Who may make a checkpoint, what is in it, and what goes afterwards.

use super::{Checkpoint, Checkpoints, Client, Compacts, State, Twin};
use crate::dots::{Dots, Vector, at_least};

impl Checkpoints {
    pub(super) fn checkpoint_of(&self, state: &State, client: &Client) -> Checkpoint {
        let heads = client.heads.iter().filter(|dot| match self.twin {
            Twin::WithoutLosers => state.winner(client.heads) == Some(*dot),
            Twin::WithoutTombstones => !state.versions[*dot].deletes,
            _ => true,
        });
        Checkpoint { vector: client.vector, heads: heads.fold(Dots::default(), |all, dot| all.and(Dots::of(dot))), present: true }
    }

    /// The head that announces a checkpoint.
    pub(super) fn head_over(&self, state: &State, covered: &Vector) -> Vector {
        let mut head = state.announced();
        let all = self.twin == Twin::OmitsTooMuch;
        head.iter_mut().zip(covered).filter(|(last, covered)| all || **last <= **covered).for_each(|(last, _)| *last = 0);
        head
    }

    /// Whether a client may make a checkpoint: it must know what the announced one covers.
    pub(super) fn may_compact(&self, state: &State, client: &Client) -> bool {
        let parent = state.announced.map(|at| state.checkpoints[usize::from(at)].vector).unwrap_or_default();
        let joined = at_least(&client.vector, &parent) || self.twin == Twin::ParentNotJoined;
        joined && client.vector != Vector::default() && state.checkpoints.len() < self.checkpoints
    }

    /// Whether whoever is done with a checkpoint may delete another one.
    pub(super) fn may_delete(&self, state: &State, compacts: Compacts, other: usize) -> bool {
        let (at, of, there) = (usize::from(compacts.at), state.checkpoints[usize::from(compacts.at)], state.checkpoints[other]);
        if !there.present || other == at || !at_least(&of.vector, &there.vector) {
            return false;
        }
        match self.twin {
            // The smaller of two that are equal stays.
            _ if state.listing => of.vector != there.vector || at < other,
            Twin::DeletesUnannounced => !state.is_announced(other),
            // What was never announced is its writer's, who may be about to announce it.
            _ => compacts.parent.map(usize::from) == Some(other),
        }
    }

    /// The deletion that may expire.
    pub(super) fn expires(&self, state: &State, client: &Client) -> Option<usize> {
        let tombstone = client.heads.iter().find(|dot| state.versions[*dot].deletes)?;
        let covered = state.readable().any(|c| Dots::up_to(&c.vector).has(tombstone));
        (self.twin == Twin::ExpiresBesideOthers || client.heads.len() == 1 && covered).then_some(tombstone)
    }
}
