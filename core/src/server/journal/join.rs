//! Joins a checkpoint: takes over what it knows, in place of the records that are gone.
//!
//! Of each document, a version that is here stays if the checkpoint has it or does not cover it, and a version that the
//! checkpoint has comes in unless it is covered here. What it covers and does not have was replaced. So it does not matter
//! what was known before, in which order checkpoints are joined, or how often. Afterwards the places of bodies are those
//! that the checkpoint names.

use super::{
    Journal, Session,
    checkpoint::{self, FileName, Kind, PieceFile, PieceName, Replaced, Root},
    covered::is_within,
    doc::{Version, Versions},
    fold::{Seen, doc_records, load, news, spelled},
    front::{FRONT_BYTES, Much},
    name::{Link, Writer},
    past::Past,
    standing::{DOC, JOIN, NEEDS, PAGE, Since, damaged, json, parse, seen_record},
    wire::{Reader, put_number},
};
use crate::{
    DocId, Level, Result, StateRecord,
    drive::{GetOptions, Got},
    gather::Gather as _,
    lookup::Lookup,
    server::{Changes, RemoteChange},
};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// At most this many documents are joined at once,
const DOCUMENTS: usize = 4096;
/// and contents from about this many bytes of files.
const WINDOW_BYTES: u64 = 8 << 20;

/// A document of a checkpoint.
type Document = (DocId, Vec<Version>, Option<Replaced>);

/// A checkpoint that is being joined.
pub(super) struct Joining {
    name: PieceName,
    root: Root,
    /// Its files that were not read yet, each with its number.
    files: VecDeque<(usize, PieceName)>,
    /// The file that is read, and how many of its documents are done.
    present: (usize, usize),
    documents: VecDeque<Document>,
    /// Files whose bytes are kept at hand.
    kept: BTreeSet<FileName>,
    /// All files that it refers to, unless some were read by an earlier sync.
    needs: Option<BTreeSet<FileName>>,
    /// Whether contents are mostly needed.
    eager: bool,
    /// The documents that it has, where others may be known here that it does not have.
    mentioned: Option<Lookup<DocId, ()>>,
    /// Documents of which something was replaced since the last checkpoint.
    past: BTreeSet<DocId>,
    /// How far those others were looked for.
    swept: Option<String>,
    /// Where an earlier sync stopped.
    skip: Option<Progress>,
}

/// How far a checkpoint was read by a client that knew nothing before: it goes on there.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Progress {
    root: PieceName,
    file: usize,
    documents: usize,
}

impl Journal {
    /// Reads the next documents of the checkpoints that are to be joined. False if there is none left.
    pub(super) async fn join_some(&self, session: &mut Session, page: &mut Changes) -> Result<bool> {
        if session.pull.joining.is_none() && !self.begin_join(session, page).await? {
            return Ok(false);
        }
        let Some(mut joining) = session.pull.joining.take() else { return Ok(false) };
        let ended = self.continue_join(session, &mut joining, page).await?;
        if !ended {
            session.pull.joining = Some(joining);
        }
        Ok(true)
    }

    /// Takes over the places of bodies that a checkpoint names, of which nothing is unknown here.
    pub(super) async fn adopt(&self, session: &mut Session, root: PieceName) -> Result<bool> {
        let known = match self.root(session, &root).await? {
            Some(found) => is_within(&found.vector, &self.seen(session).await?.vector),
            None => false,
        };
        if !known {
            return Ok(false);
        }
        let waiting = std::mem::take(&mut session.pull.joins);
        (session.pull.joins, session.pull.adopting) = (vec![root], true);
        let mut page = Changes::default();
        while self.join_some(session, &mut page).await? {
            self.state.write(std::mem::take(&mut page.remember)).await?;
        }
        (session.pull.joins, session.pull.adopting) = (waiting, false);
        let standing = self.standing(session)?;
        let adopted = standing.adopted == Some(root);
        let record = standing.record()?;
        self.state.write(vec![record]).await?;
        Ok(adopted)
    }

    async fn begin_join(&self, session: &mut Session, page: &mut Changes) -> Result<bool> {
        while let Some(name) = session.pull.joins.pop() {
            let fresh = self.is_fresh(&name).await?;
            let eager = fresh.is_some() && !session.pull.sparse;
            let file = checkpoint::read(&*self.drive, &name, if eager { Much::Whole } else { Much::Head }).await?;
            let (piece, head_len, bytes) = match file {
                PieceFile::Piece { piece, head_len, bytes } => (piece, head_len, bytes),
                PieceFile::Missing => {
                    self.look_for_another(session, &name).await?;
                    continue;
                }
                PieceFile::Unreadable(why) => {
                    session.pull.incomplete = true;
                    page.unreadable.push((name.path().to_string(), why));
                    continue;
                }
            };
            let Kind::Root(root) = piece.kind.clone() else { continue };
            if !self.is_of_vault(session, piece.vault).await? {
                session.pull.incomplete = true;
                page.unreadable.push((name.path().to_string(), "it belongs to another vault".to_owned()));
                continue;
            }
            self.log.line(Level::Debug, || format!("joining {name}"));
            let known = is_within(&root.vector, &self.seen(session).await?.vector);
            let mentioned = (fresh.is_none() && !known).then(Lookup::default);
            let past = Past::ids(&*self.state).await?;
            let progress = fresh.flatten();
            let files = root.pieces.iter().enumerate().map(|(no, other)| (no + 1, other.name)).collect();
            let mut needs: BTreeSet<FileName> = root.pieces.iter().chain(&root.history).map(|other| FileName::Piece(other.name)).gather();
            needs.insert(FileName::Piece(name));
            let mut joining = Joining {
                name,
                root: *root,
                files,
                present: (0, 0),
                documents: VecDeque::new(),
                kept: BTreeSet::new(),
                needs: progress.is_none().then_some(needs),
                eager,
                mentioned,
                past,
                swept: None,
                skip: progress,
            };
            joining.take_file(session, 0, name, *piece, head_len, bytes);
            session.pull.joining = Some(joining);
            return Ok(true);
        }
        Ok(false)
    }

    /// Whether nothing was known before this checkpoint; with how far it was read, if an earlier sync has begun.
    async fn is_fresh(&self, name: &PieceName) -> Result<Option<Option<Progress>>> {
        let stored = self.state.read(vec![JOIN.to_owned()]).await?.into_iter().next().flatten();
        let progress: Option<Progress> = stored.map(|bytes| parse(JOIN, &bytes)).transpose()?;
        match progress.filter(|progress| progress.root == *name) {
            Some(progress) => Ok(Some(Some(progress))),
            None => Ok(self.state.scan(DOC.to_owned(), None, 1).await?.is_empty().then_some(None)),
        }
    }

    /// A root that is announced and not there: another one may be.
    async fn look_for_another(&self, session: &mut Session, missing: &PieceName) -> Result<()> {
        // Only of what is known here can the places be taken over.
        if session.pull.adopting {
            return Ok(());
        }
        session.pull.incomplete = true;
        self.log.line(Level::Warn, || format!("{} is announced and not there", missing.path()));
        let found = self.names().await?;
        let others = found.roots.iter().filter(|root| *root != missing && !session.pull.tried.contains(*root));
        let newest = others.max_by_key(|root| (root.of.generation, std::cmp::Reverse(**root))).copied();
        session.pull.tried.insert(*missing);
        session.pull.joins.extend(newest);
        Ok(())
    }

    /// Joins some documents. True if that was the last of it.
    async fn continue_join(&self, session: &mut Session, joining: &mut Joining, page: &mut Changes) -> Result<bool> {
        session.pull.at_hand.clear_but(&joining.kept);
        while joining.documents.is_empty() {
            let Some((no, name)) = joining.files.pop_front() else {
                return self.sweep(session, joining, page).await;
            };
            let much = if joining.eager { Much::Whole } else { Much::Head };
            match checkpoint::read(&*self.drive, &name, much).await? {
                PieceFile::Piece { piece, head_len, bytes } => joining.take_file(session, no, name, *piece, head_len, bytes),
                PieceFile::Missing => {
                    // Somebody has deleted it: there is a newer one.
                    let root = joining.name;
                    self.look_for_another(session, &root).await?;
                    self.log.line(Level::Warn, || format!("{} is named by a checkpoint and not there", name.path()));
                    return Ok(true);
                }
                PieceFile::Unreadable(why) => {
                    session.pull.incomplete = true;
                    page.unreadable.push((name.path().to_string(), why));
                    return Ok(true);
                }
            }
        }
        let (some, files) = joining.some_documents();
        if joining.eager {
            self.fetch_files(session, joining, files).await?;
        }
        self.join_documents(session, joining, some, page).await?;
        if joining.mentioned.is_none() && self.seen(session).await?.vector.is_empty() {
            let progress = Progress { root: joining.name, file: joining.present.0, documents: joining.present.1 };
            page.remember.push(StateRecord::set(JOIN, json(&progress)?));
        }
        Ok(false)
    }

    /// Reads files whose bodies come next, as far as there is room for them.
    async fn fetch_files(&self, session: &mut Session, joining: &mut Joining, files: BTreeSet<FileName>) -> Result<()> {
        let at_hand = &mut session.pull.at_hand;
        let mut absent: Vec<FileName> = files.iter().rev().filter(|file| !at_hand.has_file(file)).copied().collect();
        while !absent.is_empty() && at_hand.room() > 0 {
            let at_once = at_hand.room().min(self.parallel());
            let some = absent.split_off(absent.len().saturating_sub(at_once)).into_iter().rev();
            let read = stream::iter(some).map(|file| async move {
                let options = GetOptions { range: Some(0..FRONT_BYTES), unless: None };
                let got = self.bodies.get(file.path(), options).await?;
                Ok::<_, crate::Error>((file, got))
            });
            let read: Vec<(FileName, Got)> = read.buffered(at_once).try_collect().await?;
            for (file, got) in read {
                if let Got::File { bytes, .. } = got {
                    at_hand.insert(file, bytes);
                }
            }
        }
        joining.kept.extend(files.last());
        Ok(())
    }

    async fn join_documents(&self, session: &mut Session, joining: &mut Joining, some: Vec<Document>, page: &mut Changes) -> Result<()> {
        let before = load(&*self.state, some.iter().map(|(id, ..)| id)).await?;
        let seen = self.seen(session).await?.clone();
        for ((id, theirs, _), before) in some.into_iter().zip(before) {
            if joining.past.contains(&id) {
                page.remember.extend(self.past_places(&id, &theirs).await?);
            }
            let now = joined(&before, theirs, &seen, &joining.root.vector);
            joined_document(page, session, id, &before, now);
        }
        Ok(())
    }

    /// The places that a checkpoint names of what was replaced since.
    async fn past_places(&self, id: &DocId, theirs: &[Version]) -> Result<Vec<StateRecord>> {
        let past = Past::of(&*self.state, id).await?.into_iter();
        let placed = past.filter_map(|past| {
            let version = theirs.iter().find(|their| their.dot == past.version.dot && **their != past.version)?;
            Some(Past { version: version.clone(), ..past }.record())
        });
        Ok(placed.collect())
    }

    /// Looks for documents that the checkpoint does not have, though it covers what is known of them: they were replaced.
    async fn sweep(&self, session: &mut Session, joining: &mut Joining, page: &mut Changes) -> Result<bool> {
        if let Some(mentioned) = &joining.mentioned {
            let records = self.state.scan(DOC.to_owned(), joining.swept.take(), PAGE).await?;
            if let Some(last) = records.last() {
                joining.swept = Some(last.key.clone());
                let seen = self.seen(session).await?.clone();
                for StateRecord { key, value } in records {
                    let id = super::doc::id_of(&key).ok_or_else(|| damaged(&key))?;
                    if mentioned.has(&id) {
                        continue;
                    }
                    let before = value.map(|value| Versions::decode(&id, &value)).transpose()?.unwrap_or_default();
                    let now = joined(&before, Vec::new(), &seen, &joining.root.vector);
                    joined_document(page, session, id, &before, now);
                }
                return Ok(false);
            }
        }
        self.end_join(session, joining, page).await.map(|()| true)
    }

    /// From now on, everything that the checkpoint covers is known.
    async fn end_join(&self, session: &mut Session, joining: &mut Joining, page: &mut Changes) -> Result<()> {
        let Joining { name, root, needs, .. } = joining;
        let known = is_within(&root.vector, &self.seen(session).await?.vector);
        let seen = self.seen(session).await?;
        for (writer, link) in &root.vector {
            if seen.vector.get(writer).is_none_or(|last| last.seq < link.seq) {
                seen.vector.insert(*writer, *link);
                page.remember.push(seen_record(*writer, link)?);
            }
        }
        seen.order = seen.order.max(root.order);
        let order = seen.order;
        page.remember.push(StateRecord::remove(JOIN));
        let standing = self.standing(session)?;
        standing.order = standing.order.max(order);
        if let Some(needs) = needs {
            standing.adopted = Some(*name);
            page.remember.push(StateRecord::set(NEEDS, encode_files(needs)));
        }
        if !known {
            standing.since = Since { live_bytes: root.live_bytes, ..Since::default() };
        }
        standing.has_joined(*name, root.parent);
        let covered = standing.joined.clone();
        session.pull.joins.retain(|name| !covered.contains(name));
        let root = root.clone();
        self.after_join(session).await?;
        self.forget_past(&root).await?;
        session.pull.root = Some((joining.name, root));
        Ok(())
    }

    /// What the head leaves out is known now; what it names beyond the checkpoint is to be read.
    async fn after_join(&self, session: &mut Session) -> Result<()> {
        let Some(seen) = session.seen.as_mut() else { return Ok(()) };
        session.pull.missing.retain(|name| !seen.has(name.dot()));
        let Some((head, _)) = &session.pull.head else { return Ok(()) };
        let left_out = |writer: &&Writer| !session.pull.rebuilt && !head.vector.contains_key(*writer);
        seen.retired = seen.vector.keys().filter(left_out).copied().gather();
        let vector = head.vector.clone();
        self.look_for_missing(session, &vector).await
    }

    /// Forgets what was replaced by records that a checkpoint covers: whoever made it has taken it into the history.
    pub(super) async fn forget_past(&self, root: &Root) -> Result<()> {
        let mut after = None;
        loop {
            let page = Past::page(&*self.state, None, after).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            let covered = page.iter().filter(|(_, past)| root.covers(&past.replaced.by.writer, past.replaced.by.seq));
            let records: Vec<StateRecord> = covered.map(|(key, _)| StateRecord::remove(key.clone())).collect();
            if !records.is_empty() {
                self.state.write(records).await?;
            }
        }
    }

    /// The files to which the adopted checkpoint refers.
    pub(super) async fn needs(&self) -> Result<BTreeSet<FileName>> {
        let stored = self.state.read(vec![NEEDS.to_owned()]).await?.into_iter().next().flatten();
        stored.map_or_else(|| Ok(BTreeSet::new()), |bytes| decode_files(&bytes).ok_or_else(|| damaged(NEEDS)))
    }
}

impl Joining {
    fn take_file(&mut self, session: &mut Session, no: usize, name: PieceName, piece: checkpoint::Piece, head_len: u64, bytes: Vec<u8>) {
        if let Some(needs) = &mut self.needs {
            needs.extend(piece.files());
        }
        self.kept.clear();
        if self.eager {
            self.kept.insert(FileName::Piece(name));
            session.pull.at_hand.insert(FileName::Piece(name), bytes);
        }
        self.present = (no, 0);
        self.documents = piece.documents(name, head_len).into();
        match self.skip.as_ref().map(|stopped| stopped.file) {
            Some(file) if file > no => {
                self.documents.clear();
                self.files.retain(|(no, _)| *no >= file);
            }
            Some(file) if file == no => {
                let done = self.skip.take().map_or(0, |stopped| stopped.documents);
                self.documents.drain(..done.min(self.documents.len()));
                self.present.1 = done;
            }
            _ => {}
        }
    }

    /// Takes the next documents, with the files in which their bodies lie.
    fn some_documents(&mut self) -> (Vec<Document>, BTreeSet<FileName>) {
        let (mut some, mut files, mut bytes) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
        while some.len() < DOCUMENTS {
            let Some((_, versions, _)) = self.documents.front() else { break };
            for version in versions {
                if let Some(file) = version.file() {
                    *bytes.entry(file).or_insert(0) += version.stored_bytes();
                    files.insert(file);
                }
            }
            some.extend(self.documents.pop_front());
            self.present.1 += 1;
            if bytes.values().sum::<u64>() > WINDOW_BYTES {
                break;
            }
        }
        if let Some(mentioned) = &mut self.mentioned {
            mentioned.extend(some.iter().map(|(id, ..)| (id.clone(), ())));
        }
        (some, files)
    }
}

/// What is known of a document after a checkpoint is joined that has these versions of it.
fn joined(before: &Versions, theirs: Vec<Version>, seen: &Seen, covered: &BTreeMap<Writer, Link>) -> Versions {
    let covers = |version: &Version| covered.get(&version.dot.writer).is_some_and(|link| link.seq >= version.dot.seq);
    let has = |version: &Version| theirs.iter().any(|their| their.dot == version.dot);
    let mut now = before.clone();
    now.heads.retain(|version| has(version) || !covers(version));
    for version in theirs {
        match now.heads.iter_mut().find(|here| here.dot == version.dot) {
            Some(here) => *here = version,
            None if seen.has(version.dot) => {}
            None => now.insert(version),
        }
    }
    now
}

fn joined_document(page: &mut Changes, session: &mut Session, id: DocId, before: &Versions, now: Versions) {
    if now == *before {
        return;
    }
    page.remember.extend(doc_records(&id, &now, before));
    if !now.heads.iter().map(|version| version.dot).eq(before.heads.iter().map(|version| version.dot)) {
        page.changes.push(RemoteChange { id: spelled(&id, &now), news: news(&id, &now), push: None });
        session.pull.at_hand.know(std::iter::once((id, now)));
    }
}

pub(super) fn encode_files(files: &BTreeSet<FileName>) -> Vec<u8> {
    let mut to = Vec::new();
    put_number(&mut to, files.len() as u64);
    files.iter().for_each(|file| file.encode(&mut to));
    to
}

fn decode_files(bytes: &[u8]) -> Option<BTreeSet<FileName>> {
    let mut from = Reader::new(bytes);
    let count = from.number().ok()?;
    (0..count).map(|_| FileName::decode(&mut from).ok()).collect()
}
