//! Deletes what neither the new checkpoint nor its parent refers to; where a drive's conditions are known to be exact, what
//! the new one does not refer to.
//!
//! Why the parent too: somebody may be writing a checkpoint with the same parent, or may have announced one at the same
//! moment, where a drive's conditions are not exact. It refers to files of the parent, to its own, and to records that the
//! parent does not cover, and to nothing else. All these stay.

use super::{
    super::{
        Journal, Session, Strategy,
        checkpoint::{CheckpointId, FileName, PieceName},
        covered::{is_known, is_within},
        doc::At,
        heads::old_slots,
        record::part_path,
    },
    Compacting, Parent,
    pieces::HISTORY,
    survey::Listed,
};
use crate::{
    Level, Result,
    drive::{Condition, DrivePath},
};
use futures::stream::{self, StreamExt as _};
use std::collections::{BTreeSet, VecDeque};

/// This many files are deleted in one step.
const FILES: usize = 64;
/// At most this many at once.
const AT_ONCE: usize = 4;

impl Journal {
    /// Finds the files that are to be deleted now that a checkpoint is announced.
    pub(super) async fn doomed(&self, session: &mut Session, compacting: &Compacting, name: PieceName) -> Result<VecDeque<DrivePath>> {
        let mut doomed = VecDeque::new();
        if self.standing(session)?.strategy == Strategy::Slots {
            doomed.extend(old_slots(&*self.drive).await?);
        }
        let at_once = self.sweeps_at_once(session)?;
        let parent = compacting.parent.as_ref();
        let mut needs = compacting.needs(name);
        if !at_once {
            needs.extend(parent.iter().flat_map(|parent| &parent.needs));
        }
        let listed = self.listed().await?;
        // What is not there now was there a moment ago: the drive was put back, or a head came late.
        let whole = if self.has_head(session)? { Some(&needs) } else { parent.map(|parent| &parent.needs) };
        if !whole.is_none_or(|needs| listed.has_all(needs)) {
            self.log.line(Level::Warn, || "files of the checkpoint are missing: nothing is deleted".to_owned());
            return Ok(doomed);
        }
        let covered = if at_once { Some(&compacting.vector) } else { parent.map(|parent| &parent.vector) };
        for record in listed.records().filter(|record| covered.is_some_and(|vector| is_known(vector, record.dot()))) {
            if !needs.contains(&FileName::Record(record)) {
                doomed.push_back(record.path());
            }
        }
        let Some(parent) = parent else { return Ok(doomed) };
        let shares = self.shares(session)?;
        let gone =
            if shares { Gone::UpTo(parent.name.of.generation) } else { self.covered_roots(session, compacting, parent, &listed).await? };
        let is_bad = |piece: &PieceName| gone.has(piece) && !needs.contains(&FileName::Piece(*piece));
        let (bad, good): (Vec<PieceName>, Vec<PieceName>) = listed.pieces().partition(is_bad);
        let is_history = |piece: &&PieceName| piece.no >= HISTORY;
        let written = compacting.history.written.iter().map(|other| other.name);
        let stays = good.iter().filter(is_history).copied().chain(written).collect();
        doomed.extend(self.doomed_parts(bad.iter().filter(is_history), stays).await?);
        doomed.extend(bad.iter().map(PieceName::path));
        Ok(doomed)
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

    /// Where there is no head: the checkpoints, but the parent, that the parent covers.
    async fn covered_roots(&self, session: &mut Session, compacting: &Compacting, parent: &Parent, listed: &Listed) -> Result<Gone> {
        let mut gone = BTreeSet::new();
        for name in listed.roots().filter(|name| *name != parent.name && name.of != compacting.id) {
            if let Some(root) = self.root(session, &name).await?
                && is_within(&root.vector, &parent.vector)
            {
                gone.insert(name.of);
            }
        }
        let roots = listed.roots().map(|root| root.of).chain([compacting.id]).filter(|of| !gone.contains(of)).collect();
        Ok(Gone::These { gone, roots, below: parent.name.of.generation })
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
