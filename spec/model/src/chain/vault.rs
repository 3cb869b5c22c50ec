//! What is on the drive, what a checkpoint refers to, and what may be deleted.

use super::{Chain, Twin};
use crate::files::{Files, RECORDS, bodies, checkpoint_of, index};

/// A checkpoint as it was written, whether or not its files are still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Checkpoint {
    pub(super) generation: u8,
    pub(super) parent: Option<u8>,
    /// The records that it covers.
    pub(super) covers: Files,
    /// The file in which the body of each record is, unless it is replaced.
    pub(super) places: [Option<u8>; RECORDS],
    /// What was there when it was written, and neither it nor its parent needs.
    pub(super) garbage: Files,
    /// Whether everything that goes with it was deleted.
    pub(super) done: bool,
}

/// An older copy of the drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OldCopy {
    pub(super) head: Option<u8>,
    pub(super) present: Files,
}

/// The drive, and what is known of everything that ever was on it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Vault {
    /// The checkpoint that the head announces.
    pub(super) head: Option<u8>,
    pub(super) present: Files,
    pub(super) checkpoints: Vec<Checkpoint>,
    /// How many records were ever written, and which of them replace the one before.
    pub(super) written: u8,
    pub(super) replace: Files,
    /// Those that anybody can know of: not those that were gone when the drive was put back.
    pub(super) known: Files,
    pub(super) copy: Option<OldCopy>,
    pub(super) copies_left: u8,
}

impl Vault {
    pub(super) fn covers(&self, checkpoint: Option<u8>) -> Files {
        checkpoint.map_or(Files::default(), |at| self.checkpoints[usize::from(at)].covers)
    }

    pub(super) fn generation(&self, checkpoint: Option<u8>) -> u8 {
        checkpoint.map_or(0, |at| self.checkpoints[usize::from(at)].generation)
    }

    /// The records among these that are not replaced by another of these.
    pub(super) fn living(&self, known: Files) -> Files {
        let replaced: Files = known.both(self.replace).iter().map(|record| record - 1).collect();
        known.without(replaced)
    }

    /// The files that a checkpoint refers to, its index among them.
    pub(super) fn refers(&self, checkpoint: Option<u8>) -> Files {
        let Some(at) = checkpoint.map(usize::from) else { return Files::default() };
        let places = self.checkpoints[at].places.iter().flatten();
        places.map(|file| usize::from(*file)).chain([index(at)]).collect()
    }

    /// The files that a reader of a checkpoint needs: with the records that it does not cover.
    pub(super) fn needs(&self, checkpoint: Option<u8>) -> Files {
        self.refers(checkpoint).and(self.known.without(self.covers(checkpoint)))
    }

    pub(super) fn is_whole(&self, checkpoint: Option<u8>) -> bool {
        self.present.covers(self.refers(checkpoint))
    }

    /// Where the bodies of the records are that a checkpoint covers, and, where it does not, the records.
    pub(super) fn places(&self, checkpoint: Option<u8>, known: Files) -> [Option<u8>; RECORDS] {
        let mut places = [None; RECORDS];
        for record in self.living(known).iter() {
            places[record] = match checkpoint {
                Some(at) if self.covers(checkpoint).has(record) => self.checkpoints[usize::from(at)].places[record],
                _ => u8::try_from(record).ok(),
            };
        }
        places
    }

    /// Whether a checkpoint and the records give all that is known, and nothing else.
    pub(super) fn gives_all(&self, checkpoint: Option<u8>) -> bool {
        let places = self.places(checkpoint, self.known);
        let bodies = self.living(self.known).iter().all(|record| places[record].is_some_and(|file| self.present.has(usize::from(file))));
        bodies && self.known.covers(self.covers(checkpoint)) && checkpoint.is_none_or(|at| self.present.has(index(usize::from(at))))
    }

    /// The checkpoints that a reader may take: the announced one, or, if a file is missing, those of the greatest
    /// generation whose files are all there.
    pub(super) fn readable(&self) -> Vec<Option<u8>> {
        if self.present.covers(self.needs(self.head)) {
            return vec![self.head];
        }
        let all = (0..self.checkpoints.len()).map(|at| u8::try_from(at).ok()).chain([None]);
        let whole: Vec<Option<u8>> = all.filter(|at| self.is_whole(*at)).collect();
        let last = whole.iter().map(|at| self.generation(*at)).max();
        whole.into_iter().filter(|at| Some(self.generation(*at)) == last).collect()
    }

    /// What a checkpoint gives free: all that neither it nor its parent needs.
    pub(super) fn garbage_beside(&self, checkpoint: u8) -> Files {
        let parent = self.checkpoints[usize::from(checkpoint)].parent;
        let needed = self.refers(Some(checkpoint)).and(self.refers(parent));
        let old = |file: &usize| match checkpoint_of(*file) {
            Some(of) => self.checkpoints[of].generation <= self.generation(parent),
            None => self.covers(parent).has(*file),
        };
        self.present.without(needed).iter().filter(old).collect()
    }

    pub(super) fn put_back(&mut self, copy: OldCopy) {
        self.known = copy.present.both(self.known).and(self.covers(copy.head));
        (self.head, self.present, self.copy) = (copy.head, copy.present, None);
    }
}

impl Chain {
    /// What whoever has announced a checkpoint deletes now.
    pub(super) fn deletes(&self, vault: &Vault, checkpoint: u8) -> Files {
        let own = vault.refers(Some(checkpoint));
        let parent = vault.checkpoints[usize::from(checkpoint)].parent;
        if !vault.is_whole(Some(checkpoint)) && self.twin != Twin::DeletesUnseen {
            return Files::default();
        }
        let garbage = vault.garbage_beside(checkpoint);
        let old = vault.covers(Some(checkpoint));
        match self.twin {
            Twin::ForgetsParent => garbage.and(vault.present.both(vault.refers(parent)).without(own)),
            Twin::DeletesHigherGenerations => {
                let files = vault.present.iter().filter(|file| checkpoint_of(*file).is_some());
                garbage.and(files.collect::<Files>().without(own).without(vault.refers(parent)))
            }
            Twin::DeletesWhatOnlyItCovers => garbage.and(vault.present.both(old).without(own).without(vault.refers(parent))),
            Twin::OnlyItsParents => garbage.both(vault.refers(parent).and(old)),
            _ => garbage,
        }
    }

    /// Writes the files of a checkpoint. Nothing if a body that moves is not there any more.
    pub(super) fn write(vault: &mut Vault, parent: Option<u8>, knows: Files, moves: Files) -> Option<u8> {
        if !vault.present.covers(moves) {
            return None;
        }
        let at = vault.checkpoints.len();
        let mut checkpoint = Checkpoint {
            generation: vault.generation(parent) + 1,
            parent,
            covers: knows,
            places: vault.places(parent, knows),
            garbage: Files::default(),
            done: false,
        };
        for place in checkpoint.places.iter_mut().filter(|place| place.is_some_and(|file| moves.has(usize::from(file)))) {
            *place = u8::try_from(bodies(at)).ok();
        }
        vault.checkpoints.push(checkpoint);
        let number = u8::try_from(at).ok()?;
        vault.checkpoints[at].garbage = vault.garbage_beside(number);
        let own = vault.refers(Some(number)).iter().filter(|file| checkpoint_of(*file) == Some(at)).collect();
        vault.present = vault.present.and(own);
        Some(number)
    }
}
