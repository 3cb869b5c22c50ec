//! Deletes what neither the new checkpoint nor its parent refers to; where a drive's conditions are known to be exact, or
//! its listings consistent, what the new one does not refer to.
//!
//! Why the parent too: somebody may be writing a checkpoint with the same parent, or may have announced one at the same
//! moment, where a drive's conditions are not exact. It refers to files of the parent, to its own, and to records that the
//! parent does not cover, and to nothing else. All these stay. Without a head no checkpoint refers to files of others; but
//! where listings lag, others may find the parent only.

use super::{
    super::{
        Journal, Session, Strategy,
        checkpoint::{CheckpointId, FileName, PieceName},
        covered::is_within,
        doc::At,
        heads::{has_slot, old_slots},
        name::{Link, RecordName, Writer},
        record::part_path,
    },
    Compacting, Parent,
    pieces::HISTORY,
    survey::Listed,
};
use crate::{
    Level, Result,
    drive::{Condition, DrivePath},
    gather::Gather as _,
};
use futures::stream::{self, StreamExt as _};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// This many files are deleted in one step.
const FILES: usize = 64;
/// At most this many at once.
const AT_ONCE: usize = 4;

/// What takes the place of the files that go.
struct Basis<'a> {
    /// Records that it covers go.
    vector: &'a BTreeMap<Writer, Link>,
    /// Where there is no head: this checkpoint, in whose place others go.
    name: PieceName,
    /// What stays.
    needs: BTreeSet<FileName>,
}

impl Journal {
    /// Finds the files that are to be deleted now that a checkpoint is announced.
    pub(super) async fn doomed(&self, session: &mut Session, compacting: &Compacting, name: PieceName) -> Result<VecDeque<DrivePath>> {
        let mut doomed = VecDeque::new();
        if self.standing(session)?.strategy == Strategy::Slots {
            doomed.extend(old_slots(&*self.drive).await?);
        }
        let has_head = self.has_head(session)?;
        let at_once = has_head && self.sweeps_at_once(session).await?;
        let listed = self.listed().await?;
        let basis = if has_head {
            compacting.basis(name, at_once, &listed)
        } else {
            compacting.listed_basis(name, self.drive.capabilities().consistent, &listed)
        };
        let Some(Basis { vector, name: of, needs }) = basis else { return Ok(doomed) };
        for record in listed.records().filter(|record| is_covered(vector, record)) {
            if !needs.contains(&FileName::Record(record)) {
                doomed.push_back(record.path());
            }
        }
        let generation = compacting.parent.as_ref().map_or(0, |parent| parent.name.of.generation);
        let gone = if has_head { Gone::UpTo(generation) } else { self.replaced(session, vector, of, generation, &listed).await? };
        let is_bad = |piece: &PieceName| gone.has(piece) && piece.of != compacting.id && !needs.contains(&FileName::Piece(*piece));
        let (bad, good): (Vec<PieceName>, Vec<PieceName>) = listed.pieces().partition(is_bad);
        let is_history = |piece: &&PieceName| piece.no >= HISTORY;
        let written = compacting.history.written.iter().map(|other| other.name);
        let stays = good.iter().filter(is_history).copied().chain(written).gather();
        doomed.extend(self.doomed_parts(bad.iter().filter(is_history), stays).await?);
        doomed.extend(bad.iter().map(PieceName::path));
        Ok(doomed)
    }

    /// Whether what the checkpoint before needed can go at once: nobody else can have announced one at the same moment.
    async fn sweeps_at_once(&self, session: &mut Session) -> Result<bool> {
        if !self.drive.capabilities().exact {
            return Ok(false);
        }
        match (self.standing(session)?.strategy, &session.pull.head) {
            (Strategy::CompareAndSwap, _) => Ok(true),
            // Whoever stood still for long may have created a number again that was deleted meanwhile: so was the one before.
            (Strategy::Slots, Some((_, place))) => has_slot(&*self.drive, place.slot.saturating_sub(1)).await,
            _ => Ok(false),
        }
    }

    /// The files of the large documents in history that is to be deleted, unless other history has them too: that of a
    /// checkpoint that was given up has what the one in its place has.
    async fn doomed_parts(&self, bad: impl Iterator<Item = &PieceName>, stays: Vec<PieceName>) -> Result<Vec<DrivePath>> {
        let mut parts = BTreeSet::new();
        for piece in bad {
            parts.extend(self.parts_of(piece).await?.unwrap_or_default());
        }
        for piece in stays {
            if parts.is_empty() {
                break;
            }
            match self.parts_of(&piece).await? {
                Some(kept) => parts.retain(|path| !kept.contains(path)),
                None => parts.clear(),
            }
        }
        Ok(parts.into_iter().collect())
    }

    /// Where there is no head: the checkpoints that one replaces. Of two that know the same, the one with the greater name
    /// stays.
    async fn replaced(
        &self,
        session: &mut Session,
        vector: &BTreeMap<Writer, Link>,
        name: PieceName,
        below: u64,
        listed: &Listed,
    ) -> Result<Gone> {
        let mut gone = BTreeSet::new();
        for other in listed.roots().filter(|other| *other != name) {
            let Some(root) = self.root(session, &other).await? else { continue };
            if is_within(&root.vector, vector) && (other < name || !is_within(vector, &root.vector)) {
                gone.insert(other.of);
            }
        }
        let roots = listed.roots().map(|root| root.of).filter(|of| !gone.contains(of)).gather();
        Ok(Gone::These { gone, roots, below })
    }

    /// The files of the large documents in a file of history; none if it cannot be had.
    async fn parts_of(&self, history: &PieceName) -> Result<Option<Vec<DrivePath>>> {
        let Some(versions) = self.read_history(history).await? else { return Ok(None) };
        let mut paths = Vec::new();
        for (_, version, _) in versions {
            if let Some(At::Parts(parts)) = version.body.map(|body| body.at) {
                paths.extend(parts.iter().map(|part| part_path(version.dot.writer, part.name_no)));
            }
        }
        Ok(Some(paths))
    }

    /// Deletes some of them, in their order: a file that leads to others comes after these.
    pub(super) async fn sweep_some(&self, doomed: &mut VecDeque<DrivePath>) -> Result<()> {
        let some: Vec<DrivePath> = doomed.drain(..FILES.min(doomed.len())).collect();
        let deleted = stream::iter(some).map(|path| async move {
            let deleted = self.drive.delete(path.clone(), Condition::Any).await;
            if let Err(e) = &deleted {
                self.log.line(Level::Warn, || format!("{path} could not be deleted: {e}"));
            }
            deleted
        });
        let mut deleted = deleted.buffered(self.parallel().min(AT_ONCE));
        while let Some(deleted) = deleted.next().await {
            deleted?;
        }
        Ok(())
    }
}

/// Whether a checkpoint has what this very record says: another one of the same number is not covered by it.
fn is_covered(vector: &BTreeMap<Writer, Link>, record: &RecordName) -> bool {
    vector.get(&record.writer).is_some_and(|link| link.seq > record.seq || record.fits(record.writer, link))
}

impl Compacting {
    /// What goes where there is a head; none if a file is missing to which the checkpoint refers. What is not there now was
    /// there a moment ago: the drive was put back, or a head came late.
    fn basis(&self, name: PieceName, at_once: bool, listed: &Listed) -> Option<Basis<'_>> {
        let (parent, mut needs) = (self.parent.as_ref(), self.needs(name));
        let vector = if at_once { Some(&self.vector) } else { parent.map(|parent| &parent.vector) };
        needs.extend(parent.filter(|_| !at_once).iter().flat_map(|parent| &parent.needs));
        vector.filter(|_| listed.has_all(&needs)).map(|vector| Basis { vector, name, needs })
    }

    /// What goes where there is none: what this checkpoint covers, if everybody's listing shows it; otherwise what its parent
    /// covers, if that is shown and shares no files.
    fn listed_basis(&self, name: PieceName, consistent: bool, listed: &Listed) -> Option<Basis<'_>> {
        let needs = self.needs(name);
        if consistent && listed.has_all(&needs) {
            return Some(Basis { vector: &self.vector, name, needs });
        }
        let parent = self.parent.as_ref().filter(|parent| listed.has_all(&parent.needs) && !parent.shares())?;
        let needs = needs.union(&parent.needs).copied().gather();
        Some(Basis { vector: &parent.vector, name: parent.name, needs })
    }
}

impl Parent {
    /// Whether documents lie in files that are not its own.
    fn shares(&self) -> bool {
        let own = |file: &FileName| matches!(file, FileName::Piece(piece) if piece.of == self.name.of || piece.no >= HISTORY);
        !self.needs.iter().all(own)
    }
}

/// Which checkpoints' files are superfluous, unless something refers to them.
enum Gone {
    /// All up to this generation.
    UpTo(u64),
    /// These; and history up to this generation, if it belongs to none of the roots that stay.
    These { gone: BTreeSet<CheckpointId>, roots: BTreeSet<CheckpointId>, below: u64 },
}

impl Gone {
    fn has(&self, piece: &PieceName) -> bool {
        match self {
            Self::UpTo(generation) => piece.of.generation <= *generation,
            Self::These { gone, roots, below } => {
                let history = piece.no >= HISTORY && piece.of.generation <= *below;
                gone.contains(&piece.of) || history && !roots.contains(&piece.of)
            }
        }
    }
}
