//! Gathers changes with their contents until they make a record.

use super::{
    Journal, Session, codec,
    content::basis_of,
    doc::Versions,
    fold::{Seen, load},
    frames::Frames,
    name::{Dot, Hash},
    pace::Way,
    record::{Change, Frame, Part, Place, What, part_path},
    tag_of,
};
use crate::{
    Digest, DocId, Error, Result, StateRecord,
    document::Short,
    drive::Condition,
    lookup::Lookup,
    server::{Content, Outgoing, PART_BYTES, Placed, Source, Written},
};
use std::collections::BTreeMap;

/// A record is written as soon as it holds this many bytes.
const RECORD_BYTES: u64 = 4 << 20;
/// Or as soon as it has this many changes,
const RECORD_CHANGES: usize = 65_536;
/// or about this many bytes of index. One more push fits into what an index may have.
pub(super) const INDEX_BYTES: usize = 2 << 20;
/// A larger content goes into files of its own, each made of this many bytes.
const LARGE_BYTES: u64 = 4 << 20;

/// About so many bytes of intents wait in memory for the record.
const INTENT_BYTES: usize = 1 << 20;

/// Changes that are to be one record.
#[derive(Default)]
pub(super) struct Stage {
    contents: Frames,
    /// About how many bytes the index has.
    index: usize,
    changes: BTreeMap<usize, Change>,
    ids: Lookup<DocId, usize>,
    /// The pushes that these changes belong to.
    pushes: Vec<String>,
    /// What the client has to remember of them, with the record itself.
    intents: Vec<StateRecord>,
}

/// What a record is made of.
pub(super) struct Staged {
    pub(super) frames: Vec<Frame>,
    pub(super) stored: Vec<u8>,
    pub(super) changes: Vec<Change>,
    pub(super) pushes: Vec<String>,
    pub(super) intents: Vec<StateRecord>,
}

impl Stage {
    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether it is to be written, where the line takes so many bytes in one piece.
    fn is_full(&mut self, piece: u64) -> bool {
        let small = piece < RECORD_BYTES && self.contents.about_bytes() + self.index as u64 >= piece;
        small || self.contents.stored_bytes() >= RECORD_BYTES || self.changes.len() >= RECORD_CHANGES || self.index >= INDEX_BYTES
    }

    /// Adds a change to a document that has none yet.
    fn add(&mut self, change: Change) {
        let at = self.changes.last_key_value().map_or(0, |(at, _)| at + 1);
        self.ids.insert(change.id.clone(), at);
        self.index += change.index_bytes();
        self.changes.insert(at, change);
    }

    /// Takes a change out again, with its content: the document is staged once more. The other contents are put into
    /// frames anew, which is rare.
    fn forget(&mut self, id: &DocId) -> Result<()> {
        let Some(at) = self.ids.remove(id) else { return Ok(()) };
        let raw = self.contents.unpack().map_err(|malformed| Error::internal("put", malformed.0))?;
        let mut raw = raw.as_slice();
        let sizes: Vec<(usize, usize)> = self.changes.iter().map(|(at, change)| (*at, inline_len(change))).collect();
        for (of, size) in sizes {
            let (content, rest) = raw.split_at_checked(size).unwrap_or((raw, &[]));
            if of != at && !content.is_empty() {
                self.contents.add(content);
            }
            raw = rest;
        }
        self.changes.remove(&at);
        Ok(())
    }

    /// Takes everything that was gathered.
    pub(super) fn take(&mut self) -> Staged {
        let Self { mut contents, changes, pushes, intents, .. } = std::mem::take(self);
        let (frames, stored) = contents.take();
        // It knows how much contents shrink here.
        self.contents = contents;
        Staged { frames, stored, changes: changes.into_values().collect(), pushes, intents }
    }
}

impl Journal {
    /// Takes documents into the next record. Nothing is on the drive yet, but parts of large ones.
    pub(super) async fn stage_documents(&self, session: &mut Session, documents: Vec<Outgoing>) -> Result<Vec<Placed>> {
        self.contact(session).await?;
        if !self.ensure_vault(session).await? {
            // Somebody else has created it just now: what is there comes first.
            return Ok(documents.iter().map(|_| Placed::Moved).collect());
        }
        self.choose_incarnation(session)?;
        let all = load(&*self.state, documents.iter().map(|d| &d.id)).await?;
        // What a vault that was put back has forgotten, nobody could ever fold.
        let seen = self.seen(session).await?.clone();
        let standing = self.standing(session)?;
        let dot = Dot { writer: standing.writer, seq: standing.last.map_or(0, |last| last.seq) + 1 };
        let (tag, mut placed) = (tag_of([dot]), Vec::with_capacity(documents.len()));
        for (document, versions) in documents.into_iter().zip(all) {
            let Some(replaces) = replaced(&document, &versions, &seen) else {
                placed.push(Placed::Moved);
                continue;
            };
            let staged = self.stage_one(session, document, replaces, dot).await?;
            placed.push(if staged { Placed::Done(tag.clone()) } else { changed() });
        }
        Ok(placed)
    }

    /// False if the content changed while it was read.
    async fn stage_one(&self, session: &mut Session, document: Outgoing, replaces: Vec<Dot>, dot: Dot) -> Result<bool> {
        let Outgoing { id, revision, body, .. } = document;
        let what = match body {
            None => What::Delete { revision },
            Some((content, digest)) => {
                let size = content.size();
                let body = match content {
                    Content::Whole(bytes) if size <= LARGE_BYTES => {
                        session.stage.forget(&id)?;
                        session.stage.contents.add(&bytes);
                        Place::Inline
                    }
                    Content::Whole(bytes) => match self.write_parts(dot, size, digest, &InMemory(bytes)).await? {
                        Some(parts) => Place::Parts(parts),
                        None => return Ok(false),
                    },
                    Content::Parts { source, .. } => match self.write_parts(dot, size, digest, &*source).await? {
                        Some(parts) => Place::Parts(parts),
                        None => return Ok(false),
                    },
                };
                What::Put { revision, digest: Short::of(&digest), size, body }
            }
        };
        // Of several changes to one document the last counts.
        session.stage.forget(&id)?;
        session.stage.add(Change { id, replaces, what });
        Ok(true)
    }

    /// Writes a large content into files of its own; none if it changed while it was read. Their names are never used
    /// again, so that a late write of an earlier attempt meets none of them.
    async fn write_parts(&self, dot: Dot, size: u64, digest: Digest, source: &dyn Source) -> Result<Option<Vec<Part>>> {
        let mut random = [0; 8];
        self.runtime.random(&mut random)?;
        let first = u64::from_be_bytes(random);
        let (mut parts, mut whole, mut offset) = (Vec::new(), Digest::builder(), 0);
        while offset < size {
            let Some(raw) = read_up_to(source, offset, LARGE_BYTES.min(size - offset)).await? else { return Ok(None) };
            whole.update(&raw);
            offset += raw.len() as u64;
            let (codec, stored) = codec::compress(&raw);
            let no = first.wrapping_add(parts.len() as u64);
            parts.push(Part { name_no: no, codec, stored_len: stored.len() as u64, raw_len: raw.len() as u64, hash: Hash::of(&stored) });
            self.drive.put(part_path(dot.writer, no), stored, Condition::Any).await?;
        }
        Ok(Some(parts).filter(|_| whole.finish() == digest))
    }

    /// Ends a push that was staged. Once a record is full, it is written.
    pub(super) async fn stage_push(&self, session: &mut Session, push: String, intents: Option<StateRecord>) -> Result<Written> {
        session.stage.pushes.push(push);
        session.stage.intents.extend(intents);
        if session.stage.intents.iter().filter_map(|intents| intents.value.as_ref()).map(Vec::len).sum::<usize>() > INTENT_BYTES {
            self.state.write(std::mem::take(&mut session.stage.intents)).await?;
        }
        self.pace.recall(&*self.state).await?;
        if !session.stage.is_full(self.pace.piece(Way::Up)) {
            return Ok(Written::Later);
        }
        self.send_staged(session).await?;
        Ok(if session.send.is_due() { Written::Done(Vec::new()) } else { Written::Later })
    }
}

/// The versions that a document's new one replaces; none if the document is not based on the one that wins.
fn replaced(document: &Outgoing, versions: &Versions, seen: &Seen) -> Option<Vec<Dot>> {
    let basis = basis_of(document.base.as_ref(), versions);
    let deleted = document.base.is_none();
    let gone = versions.winner().is_some_and(|winner| winner.body.is_none());
    let up_to_date = versions.is_up_to_date(&basis) || deleted && gone;
    up_to_date.then(|| versions.replaced_by_edit(&basis, deleted).into_iter().filter(|dot| seen.has(*dot)).collect())
}

/// How many bytes of a change are in the frames of its record.
fn inline_len(change: &Change) -> usize {
    match &change.what {
        What::Put { size, body: Place::Inline, .. } => *size as usize,
        What::Put { .. } | What::Delete { .. } | What::Withdraw => 0,
    }
}

fn changed() -> Placed {
    Placed::Refused("it changed while it was read; the next sync pushes it".to_owned())
}

/// Reads so many bytes; none if the content changed.
async fn read_up_to(source: &dyn Source, begins: u64, length: u64) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < length {
        let read = bytes.len() as u64;
        let part = source.part(begins + read, PART_BYTES.min(length - read)).await?;
        let Some(part) = part.filter(|part| !part.is_empty()) else { return Ok(None) };
        bytes.extend(part);
    }
    Ok(Some(bytes))
}

/// A content that is in memory already.
struct InMemory(Vec<u8>);

#[macro_rules_attribute::apply(port!)]
impl Source for InMemory {
    async fn part(&self, offset: u64, length: u64) -> Result<Option<Vec<u8>>> {
        let at = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).min(self.0.len());
        Ok(self.0.get(at(offset)..at(offset.saturating_add(length))).map(<[u8]>::to_vec))
    }
}
