//! Puts a checkpoint into the head, and takes over its places.

use super::{
    super::{
        Journal, Session,
        announce::TRIES,
        checkpoint::{Piece, PieceName, Root},
        doc::Version,
        fold::{doc_records, load},
        head::Reference,
        heads::heads,
        join::encode_files,
        standing::{COMPACTING, NEEDS, Since},
    },
    Compacting,
};
use crate::{
    DocId, Error, ErrorKind, Result, StateRecord,
    drive::{Condition, DrivePath},
};
use std::collections::VecDeque;

/// This many documents get their new places at once.
const DOCUMENTS: usize = 1000;

impl Journal {
    /// Writes the root and announces it. Returns the files to be deleted; none if another checkpoint was announced
    /// meanwhile.
    pub(super) async fn publish(&self, session: &mut Session, compacting: &mut Compacting) -> Result<Option<VecDeque<DrivePath>>> {
        if !compacting.documents.written.is_empty() && !compacting.documents.is_empty() {
            self.seal_documents(session, compacting).await?;
        }
        let root = Root {
            order: compacting.order,
            time: compacting.time,
            parent: compacting.parent.as_ref().map(|parent| parent.name),
            live_bytes: compacting.live_bytes,
            vector: compacting.vector.clone(),
            pieces: compacting.documents.written.clone(),
            history: compacting.kept_history.iter().chain(&compacting.history.written).copied().collect(),
        };
        let vault = self.standing(session)?.vault;
        let sealed = compacting.documents.seal(vault, compacting.id, Some(root.clone()));
        let sealed = sealed.map_err(|malformed| Error::internal("put", malformed.0))?;
        let name = sealed.name;
        self.put_piece(sealed).await?;
        if !self.announce_checkpoint(session, compacting, name).await? {
            if !compacting.tried {
                self.drive.delete(name.path(), Condition::Any).await?;
            }
            return Ok(None);
        }
        self.take_over(session, compacting, name).await?;
        session.pull.root = Some((name, root));
        self.doomed(session, compacting, name).await.map(Some)
    }

    /// Writes the head that names a checkpoint, as long as the one before is still its parent.
    async fn announce_checkpoint(&self, session: &mut Session, compacting: &mut Compacting, name: PieceName) -> Result<bool> {
        let over = compacting.over;
        for _ in 0..TRIES {
            let strategy = self.standing(session)?.strategy;
            if !self.has_head(session)? {
                self.standing(session)?.joined.push(name);
                return Ok(true);
            }
            if session.pull.head.is_none() {
                self.read_for_writing(session).await?;
            }
            let Some((mut head, place)) = session.pull.head.clone() else { continue };
            let found = head.checkpoint.map(|found| found.root);
            if head.closed || found != over && found != Some(name) {
                return Ok(false);
            }
            let seen = self.seen(session).await?;
            head.join(seen.vector.iter());
            let (retired, hash) = Self::retire(&head.vector, &compacting.vector, self.options.scale.writers);
            head.vector.retain(|writer, _| !retired.contains(writer));
            head.checkpoint = Some(Reference { root: name, retired: hash });
            self.runtime.random(&mut head.commit)?;
            compacting.tried = true;
            match heads(strategy, &self.drive).write(&head, &place).await? {
                Some(place) => {
                    self.seen(session).await?.retired = retired;
                    session.pull.head = Some((head, place));
                    return Ok(true);
                }
                None => (session.pull.head, session.pull.taken) = (None, place.slot + 1),
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "compact", "other clients kept writing; nothing is lost, it is tried again"))
    }

    /// Takes the checkpoint for this client's own from now on.
    async fn take_over(&self, session: &mut Session, compacting: &mut Compacting, name: PieceName) -> Result<()> {
        for (piece, head) in compacting.documents.heads.drain(..) {
            let decoded =
                Piece::decode(&head, &piece).map_err(|_| Error::internal("compact", "a file that was just made makes no sense"))?;
            let documents: Vec<(DocId, Vec<Version>)> =
                decoded.documents(piece, head.len() as u64).into_iter().map(|(id, versions, _)| (id, versions)).collect();
            for some in documents.chunks(DOCUMENTS) {
                let records = self.new_places(some).await?;
                if !records.is_empty() {
                    self.state.write(records).await?;
                }
            }
        }
        self.remember_place(session).await?;
        let standing = self.standing(session)?;
        (standing.adopted, standing.since) = (Some(name), Since { live_bytes: compacting.live_bytes, ..Since::default() });
        let mut records = vec![standing.record()?, StateRecord::remove(COMPACTING)];
        records.push(StateRecord::set(NEEDS, encode_files(&compacting.needs(name))));
        records.extend(compacting.done_with.drain(..).map(StateRecord::remove));
        self.state.write(records).await
    }

    async fn new_places(&self, documents: &[(DocId, Vec<Version>)]) -> Result<Vec<StateRecord>> {
        let all = load(&*self.state, documents.iter().map(|(id, _)| id)).await?;
        let mut records = Vec::new();
        for ((id, placed), before) in documents.iter().zip(all) {
            let mut now = before.clone();
            for version in placed {
                if let Some(here) = now.heads.iter_mut().find(|here| here.dot == version.dot) {
                    *here = version.clone();
                }
            }
            if now != before {
                records.extend(doc_records(id, &now, &before));
            }
        }
        Ok(records)
    }
}
