//! Writes what was replaced since the last checkpoint into the history, and lets the oldest of it go.

use super::{
    super::{
        Journal, Session,
        checkpoint::{self, FileName, Kind, Other, PieceFile, PieceName, Replaced},
        doc::{At, Body, Version},
        front::Much,
        name::Writer,
        past::Past,
    },
    Compacting,
};
use crate::{DocId, Error, Result, server::Loaded};
use std::collections::VecDeque;

/// At most this many versions at once,
const VERSIONS: usize = 1000;
/// and about this many bytes of bodies.
const BODIES: u64 = 8 << 20;
/// History may always take this many bytes.
const LEAST_BYTES: u64 = 16 << 20;
const DAY: u64 = 24 * 60 * 60;

/// What is still to be written.
pub(super) struct Queue {
    versions: VecDeque<(DocId, Version, Replaced)>,
    /// The keys of what is thereby done with.
    pub(super) keys: Vec<String>,
}

impl Journal {
    /// Finds out what goes into the history, and what of the parent's stays in it.
    pub(super) async fn survey_history(&self, session: &mut Session, compacting: &mut Compacting) -> Result<Queue> {
        let oldest = compacting.surely().saturating_sub(u64::from(self.options.history_days) * DAY);
        let mut queue = Queue { versions: VecDeque::new(), keys: Vec::new() };
        if let Some(parent) = compacting.parent.as_ref().map(|parent| parent.name)
            && let Some(root) = self.root(session, &parent).await?
        {
            compacting.kept_history = root.history;
        }
        let keeps = self.options.keeps_history();
        compacting.kept_history.retain(|other| keeps && other.time >= oldest);
        if self.shares(session)?
            && let Some(last) = compacting.kept_history.last().copied()
            && last.file_len < self.options.scale.small_file_bytes
            // The files of large documents are deleted with the file that leads to them.
            && last.kept_bytes == last.file_len
            && let Some(versions) = self.read_history(&last.name).await?
        {
            // A small file is written again, with what comes now and without what is too old.
            compacting.kept_history.pop();
            queue.versions.extend(versions.into_iter().filter(|(_, _, replaced)| replaced.time >= oldest));
        }
        let mut after = None;
        loop {
            let page = Past::page(&*self.state, None, after).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (key, Past { id, version, replaced }) in page {
                queue.keys.push(key);
                let in_parts = matches!(version.body.as_ref().map(|body| &body.at), Some(At::Parts(parts)) if !parts.is_empty());
                let replaced = Replaced { time: replaced.time.min(compacting.now()), ..replaced };
                // What has files of its own passes through the history in any case: there they are deleted.
                if in_parts || keeps && replaced.time >= oldest {
                    queue.versions.push_back((id, version, replaced));
                }
            }
        }
        queue.versions.make_contiguous().sort_by_key(|(_, version, _)| place(version));
        Ok(queue)
    }

    /// Reads a file of history, with the places of its bodies; none if it cannot be had.
    pub(in super::super) async fn read_history(&self, name: &PieceName) -> Result<Option<Vec<(DocId, Version, Replaced)>>> {
        let PieceFile::Piece { piece, head_len, .. } = checkpoint::read(&*self.drive, name, Much::Head).await? else { return Ok(None) };
        if piece.kind != Kind::History {
            return Ok(None);
        }
        let documents = piece.documents(*name, head_len).into_iter();
        let one = |(id, versions, replaced): (DocId, Vec<Version>, Option<Replaced>)| Some((id, versions.into_iter().next()?, replaced?));
        Ok(Some(documents.filter_map(one).collect()))
    }

    /// Writes the next versions. False if there is none left.
    pub(super) async fn write_history(&self, session: &mut Session, compacting: &mut Compacting, queue: &mut Queue) -> Result<bool> {
        let (mut some, mut bytes) = (Vec::new(), 0);
        while some.len() < VERSIONS && bytes < BODIES {
            let Some((id, version, replaced)) = queue.versions.pop_front() else { break };
            bytes += version.body.as_ref().map_or(0, |body| body.size);
            some.push((id, version, replaced));
        }
        let body = |version: &Version| {
            let body = version.body.clone().filter(|body| matches!(body.at, At::Frame(_)));
            body.map(|body: Body| (version.dot.writer, body))
        };
        let wanted = some.iter().map(|(_, version, _)| body(version)).collect();
        let loaded = self.load_twice(session, wanted).await?;
        for ((id, version, replaced), loaded) in some.into_iter().zip(loaded) {
            let in_frame = version.file().is_some();
            match loaded {
                Loaded::Whole(bytes, _) if in_frame => compacting.history.add(id, vec![(version, Some(bytes))], Some(replaced)),
                _ if !in_frame => compacting.history.add(id, vec![(version, None)], Some(replaced)),
                // It is gone, or makes no sense: there is nothing to keep.
                _ => {}
            }
            if compacting.history.is_full() {
                self.seal_history(session, compacting).await?;
            }
        }
        if queue.versions.is_empty() && !compacting.history.is_empty() {
            self.seal_history(session, compacting).await?;
        }
        if queue.versions.is_empty() {
            compacting.done_with = std::mem::take(&mut queue.keys);
            compacting.limit_history();
        }
        Ok(!queue.versions.is_empty())
    }

    /// Loads bodies. One that cannot be had is asked for once more: what is left out now is lost, and a reader may have had
    /// a bad moment.
    async fn load_twice(&self, session: &mut Session, wanted: Vec<Option<(Writer, Body)>>) -> Result<Vec<Loaded>> {
        let loaded = self.load_bodies(&mut session.pull.at_hand, wanted.clone()).await?;
        let failed = |wanted: &Option<(Writer, Body)>, loaded: &Loaded| wanted.is_some() && matches!(loaded, Loaded::Unreadable(_));
        let again: Vec<_> = wanted.iter().zip(&loaded).filter(|(wanted, loaded)| failed(wanted, loaded)).map(|(w, _)| w.clone()).collect();
        if again.is_empty() {
            return Ok(loaded);
        }
        let mut again = self.load_bodies(&mut session.pull.at_hand, again).await?.into_iter();
        let all = wanted.iter().zip(loaded);
        Ok(all.map(|(wanted, loaded)| if failed(wanted, &loaded) { again.next().unwrap_or(loaded) } else { loaded }).collect())
    }

    async fn seal_history(&self, session: &mut Session, compacting: &mut Compacting) -> Result<()> {
        let vault = self.standing(session)?.vault;
        let sealed = compacting.history.seal(vault, compacting.id, None).map_err(|malformed| Error::internal("put", malformed.0))?;
        self.put_piece(sealed).await
    }
}

impl Compacting {
    /// Lets the oldest history go, so that together it takes no more than what is alive.
    fn limit_history(&mut self) {
        let limit = self.live_bytes.max(LEAST_BYTES);
        let kept = |others: &[Other]| others.iter().map(|other| other.kept_bytes).sum::<u64>();
        let mut bytes = kept(&self.kept_history) + kept(&self.history.written);
        while bytes > limit && !self.kept_history.is_empty() {
            bytes -= self.kept_history.remove(0).kept_bytes;
        }
    }
}

fn place(version: &Version) -> (Option<FileName>, u64, u64) {
    match version.body.as_ref().map(|body| &body.at) {
        Some(At::Frame(at)) => (Some(at.file), at.begins, at.spot.offset),
        Some(At::Parts(_)) | None => (None, 0, 0),
    }
}
