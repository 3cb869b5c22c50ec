//! Writes the documents of a checkpoint.

use super::{
    super::{
        Journal, Session,
        checkpoint::FileName,
        covered::is_known,
        doc::{At, Body, Version},
        fold::load,
        name::Writer,
    },
    Compacting,
    pieces::Sealed,
};
use crate::{DocId, Error, Level, Result, drive::Condition, gather::Gather as _, server::Loaded};
use std::collections::BTreeSet;

/// At most this many documents at once,
const DOCUMENTS: usize = 1000;
/// and about this many bytes of bodies.
const BODIES: u64 = 8 << 20;

impl Journal {
    /// Writes the next documents; returns how many.
    pub(super) async fn write_documents(&self, session: &mut Session, compacting: &mut Compacting) -> Result<u64> {
        let ids: Vec<DocId> = compacting.survey.documents.drain(..DOCUMENTS.min(compacting.survey.documents.len())).collect();
        let all = load(&*self.state, ids.iter()).await?;
        let (mut done, mut bytes) = (0, 0);
        let mut some = Vec::new();
        for (id, versions) in ids.iter().zip(all) {
            if bytes > BODIES {
                break;
            }
            let versions: Vec<Version> = versions.heads.into_iter().map(|version| compacting.dated(version)).collect();
            bytes += versions.iter().filter(|v| compacting.moves(v)).map(|v| v.body.as_ref().map_or(0, |b| b.size)).sum::<u64>();
            some.push((id.clone(), versions));
            done += 1;
        }
        // What did not fit comes next.
        ids.into_iter().skip(done).rev().for_each(|id| compacting.survey.documents.push_front(id));
        let wanted = some.iter().flat_map(|(_, versions)| versions).map(|version| body_to_move(compacting, version)).collect();
        let mut loaded = self.load_bodies(&mut session.pull.at_hand, wanted).await?.into_iter();
        let shares = self.shares(session)?;
        for (id, versions) in some {
            let place = |version: Version| {
                let moved = loaded.next().and_then(|loaded| self.moved(compacting, &version, loaded));
                if moved.is_none() {
                    compacting.refers.extend(version.file());
                    compacting.lacks |= !shares && version.file().is_some();
                }
                compacting.live_bytes += version.stored_bytes();
                (version, moved)
            };
            let versions = versions.into_iter().map(place).collect::<Vec<_>>();
            compacting.documents.add(id, versions, None);
            if compacting.documents.is_full() {
                self.seal_documents(session, compacting).await?;
            }
        }
        Ok(done as u64)
    }

    /// The content of a version that moves. One that cannot be had stays where it is said to be.
    fn moved(&self, compacting: &Compacting, version: &Version, loaded: Loaded) -> Option<Vec<u8>> {
        match loaded {
            _ if !compacting.moves(version) => None,
            Loaded::Whole(bytes, _) => Some(bytes),
            Loaded::Parts(_) => None,
            Loaded::Unreadable(why) => {
                self.log.line(Level::Warn, || format!("a body stays where it is: {why}"));
                None
            }
        }
    }

    pub(super) async fn seal_documents(&self, session: &mut Session, compacting: &mut Compacting) -> Result<()> {
        let vault = self.standing(session)?.vault;
        let sealed = compacting.documents.seal(vault, compacting.id, None).map_err(|malformed| Error::internal("put", malformed.0))?;
        self.put_piece(sealed).await
    }

    pub(super) async fn put_piece(&self, Sealed { name, file }: Sealed) -> Result<()> {
        self.drive.put(name.path(), file, Condition::Any).await.map(drop)
    }
}

/// The body that is to be loaded for a version.
fn body_to_move(compacting: &Compacting, version: &Version) -> Option<(Writer, Body)> {
    version.body.clone().filter(|_| compacting.moves(version)).map(|body| (version.dot.writer, body))
}

impl Compacting {
    /// Whether the body of a version is moved into a file of this checkpoint.
    pub(super) fn moves(&self, version: &Version) -> bool {
        match version.body.as_ref().map(|body| &body.at) {
            Some(At::Frame(at)) => self.survey.moved.contains(&at.file),
            Some(At::Parts(_)) | None => false,
        }
    }

    /// Whether it refers to a file that is not there, and the checkpoint before does not: the drive was put back to a time
    /// before that file.
    pub(super) fn refers_to_nothing(&self) -> bool {
        let known = |file: &FileName| self.parent.as_ref().is_some_and(|parent| parent.needs.contains(file));
        let new: BTreeSet<FileName> = self.refers.iter().filter(|file| !known(file)).copied().gather();
        !self.survey.listed.has_all(&new)
    }

    /// A version with a time that can be: no clock of another device makes it look older than the checkpoint that did not
    /// know it, or younger than now. What was known before has such a time.
    fn dated(&self, version: Version) -> Version {
        match &self.parent {
            Some(parent) if is_known(&parent.vector, version.dot) => version,
            Some(parent) => Version { time: version.time.clamp(parent.time, self.now()), ..version },
            None => Version { time: version.time.min(self.now()), ..version },
        }
    }

    /// All files to which this checkpoint refers, with its own.
    pub(super) fn needs(&self, root: super::super::checkpoint::PieceName) -> BTreeSet<FileName> {
        let written = self.documents.written.iter().chain(&self.history.written).chain(&self.kept_history);
        let own = written.map(|other| FileName::Piece(other.name)).chain([FileName::Piece(root)]);
        own.chain(self.refers.iter().copied()).gather()
    }
}
