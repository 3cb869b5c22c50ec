//! What folding gives, and what a client learns from checkpoints and records.

use super::{Checkpoint, Checkpoints, Client, State, Twin};
use crate::dots::{Dots, SEQS, Vector, max};

impl State {
    /// What the head says, with what its checkpoint covers.
    pub(super) fn announced(&self) -> Vector {
        self.checkpoints.iter().enumerate().filter(|(at, _)| self.is_announced(*at)).fold(self.head, |all, (_, c)| max(&all, &c.vector))
    }

    /// Whether a reader is told of a checkpoint.
    pub(super) fn is_announced(&self, at: usize) -> bool {
        if self.listing { self.checkpoints[at].present } else { self.announced.map(usize::from) == Some(at) }
    }

    /// What folding everything up to a vector gives.
    pub(super) fn fold(&self, vector: &Vector) -> Dots {
        let all = Dots::up_to(vector);
        let versions = all.iter().filter(|dot| !self.versions[*dot].withdraws).fold(Dots::default(), |heads, dot| heads.and(Dots::of(dot)));
        all.iter().fold(versions, |heads, dot| heads.without(self.versions[dot].replaces))
    }

    pub(super) fn winner(&self, heads: Dots) -> Option<usize> {
        heads.iter().max_by_key(|dot| (self.versions[*dot].order, *dot))
    }

    /// Whether somebody who knows so much can learn what is announced.
    pub(super) fn reaches(&self, known: &Vector) -> bool {
        let missing = Dots::up_to(&self.announced()).without(Dots::up_to(known));
        let covered = self.readable().fold(Dots::default(), |all, c| all.and(Dots::up_to(&c.vector)));
        self.records.and(covered).covers(missing)
    }

    /// The checkpoints that a reader finds: the one that is announced, or all that are listed.
    pub(super) fn readable(&self) -> impl Iterator<Item = &Checkpoint> {
        let told = self.checkpoints.iter().enumerate().filter(|(at, _)| self.is_announced(*at));
        told.map(|(_, checkpoint)| checkpoint).filter(|checkpoint| checkpoint.present)
    }
}

impl Checkpoints {
    /// What is known after reading all that is announced.
    pub(super) fn learn(&self, state: &State, client: &Client) -> (Vector, Dots) {
        let (mut vector, mut heads) = (client.vector, client.heads);
        let target = state.announced();
        let missing = Dots::up_to(&target).without(Dots::up_to(&vector));
        if !state.records.covers(missing) {
            for checkpoint in state.readable() {
                let (known, covered) = (Dots::up_to(&vector), Dots::up_to(&checkpoint.vector));
                let kept = if self.twin == Twin::Union { heads } else { heads.both(checkpoint.heads.and(heads.without(covered))) };
                heads = kept.and(checkpoint.heads.without(known));
                vector = max(&vector, &checkpoint.vector);
            }
        }
        let rest = Dots::up_to(&target).without(Dots::up_to(&vector));
        let mut order: Vec<usize> = rest.iter().collect();
        order.sort_by_key(|dot| state.versions[*dot].order);
        for dot in order {
            let version = &state.versions[dot];
            heads = heads.without(version.replaces);
            if !version.withdraws {
                heads = heads.and(Dots::of(dot));
            }
        }
        (max(&vector, &target), heads)
    }

    pub(super) fn pull(&self, state: &mut State, c: usize) {
        let client = state.clients[c];
        let (vector, heads) = self.learn(state, &client);
        let mut now = Client { vector, heads, ..client };
        match state.winner(heads) {
            Some(winner) if !client.basis.has(winner) => {
                let lost = heads.both(client.basis).iter().any(|dot| dot / SEQS == c);
                let version = state.versions[winner];
                let (basis, seen) = (client.basis.and(Dots::of(winner)), client.seen.and(version.saw));
                now = if (client.dirty || lost) && client.present == version.deletes {
                    // One side is deleted: what is left stays.
                    Client { basis, seen, present: true, dirty: true, ..now }
                } else if client.dirty && !client.present {
                    // Deleted on both sides.
                    Client { basis: Dots::of(winner), seen, dirty: false, ..now }
                } else if client.dirty || lost {
                    Client { basis, seen, dirty: true, ..now }
                } else {
                    Client { basis: Dots::of(winner), seen: version.saw, present: !version.deletes, ..now }
                };
            }
            Some(_) => {}
            // Deleted long ago, and forgotten.
            None if client.dirty => now.basis = Dots::default(),
            None => now = Client { basis: Dots::default(), present: false, ..now },
        }
        state.clients[c] = now;
    }
}
