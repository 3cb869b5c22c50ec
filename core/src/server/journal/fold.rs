//! Fold: what records say, taken together. The result depends on which records were folded and on nothing else: not on
//! the host, not on the time, not on the order in which they were found.

use super::{
    checkpoint::FileName,
    checkpoint::Replaced,
    device::device_record,
    doc::{At, Body, InFrame, Version, Versions},
    name::{Dot, Link, RecordName, Writer},
    past::Past,
    record::{Change, Frame, Place, Record, Spot, What},
    standing::{DOC, SPLIT, Since, seen_record},
};
use crate::{
    DocId, Result, Revision, State, StateRecord,
    client::{MANY, key},
    gather::Gather as _,
    lookup::Lookup,
    server::{News, RemoteChange},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

/// How far an order may jump beyond the largest known: a broken client must not win for ever.
pub(super) const MAX_JUMP: u64 = 1 << 32;

/// Many smaller records are worth a checkpoint.
const SMALL_FILE_BYTES: u64 = 1 << 20;

/// A record that was read and checked.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) record: Record,
    pub(super) link: Link,
    /// Where the first frame begins in its file.
    pub(super) head_len: u64,
}

/// The last folded record of every writer, and the largest order of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) vector: BTreeMap<Writer, Link>,
    /// Those that the head does not name: its checkpoint covers them.
    pub(super) retired: BTreeSet<Writer>,
    pub(super) order: u64,
}

/// What folding changes.
#[derive(Debug, Default)]
pub(super) struct Folded {
    pub(super) records: Vec<StateRecord>,
    pub(super) changes: Vec<RemoteChange>,
    /// The documents that changed, as the records say it.
    pub(super) documents: Vec<(DocId, Versions)>,
    /// What this adds to what was folded since the last checkpoint.
    pub(super) since: Since,
}

impl Folded {
    /// Counts a version that was replaced, and remembers it: for the history, or because it has files of its own, which
    /// are then to be deleted.
    fn replaced(&mut self, change: &Change, version: Version, read: &Read, history: bool) {
        self.since.dead_bytes += version.stored_bytes();
        let in_parts = matches!(&version.body, Some(Body { at: At::Parts(parts), .. }) if !parts.is_empty());
        let expired = change.what == What::Withdraw && version.body.is_none();
        if in_parts || history && !expired {
            let replaced = Replaced { by: read.name().dot(), time: read.record.time };
            self.records.push(Past { id: change.id.clone(), version, replaced }.record());
        }
    }
}

impl Seen {
    pub(super) fn has(&self, dot: Dot) -> bool {
        self.vector.get(&dot.writer).is_some_and(|link| link.seq >= dot.seq)
    }

    fn seq(&self, writer: Writer) -> u64 {
        self.vector.get(&writer).map_or(0, |link| link.seq)
    }
}

impl Read {
    pub(super) fn name(&self) -> RecordName {
        RecordName::new(self.record.writer, &self.link)
    }

    /// Whether its file is so small that many like it are in the way.
    fn is_small(&self) -> bool {
        self.record.frames.iter().map(|frame| frame.stored_len).sum::<u64>() + self.head_len < SMALL_FILE_BYTES
    }

    /// Whether it can be folded now: it continues its writer's chain, and nothing that it replaces is unknown.
    fn is_ready(&self, seen: &Seen) -> bool {
        let previous = seen.vector.get(&self.record.writer);
        let continues = match (&self.record.prev, previous) {
            (None, None) => true,
            (Some(prev), Some(last)) => prev == last,
            _ => false,
        };
        // What one change of a record replaces was known to its author before the record was made.
        continues && self.record.changes.iter().flat_map(|c| &c.replaces).all(|dot| seen.has(*dot))
    }

    /// Whether it was folded before.
    fn is_old(&self, seen: &Seen) -> bool {
        self.link.seq <= seen.seq(self.record.writer)
    }

    /// The versions that it makes, with where each content lies.
    fn versions(&self) -> Vec<(&Change, Option<Version>)> {
        let ranges: Vec<_> = (0..self.record.frames.len()).map_while(|frame| self.record.frame_range(self.head_len, frame)).collect();
        let (dot, order, time) = (self.name().dot(), self.link.order, self.record.time);
        let version = |change: &Change, spot| {
            let (revision, body) = match &change.what {
                What::Withdraw => return None,
                What::Delete { revision } => (revision.clone(), None),
                What::Put { revision, digest, size, body } => {
                    let at = match body {
                        Place::Parts(parts) => At::Parts(parts.clone()),
                        // It is nowhere: an empty content needs no frame.
                        Place::Inline if *size == 0 => At::Parts(Vec::new()),
                        Place::Inline => At::Frame(self.in_frame(&ranges, spot?)?),
                    };
                    (revision.clone(), Some(Body { short: *digest, size: *size, at }))
                }
            };
            Some(Version { dot, order, time, revision, number: change.id.is_number(), body })
        };
        self.record.changes.iter().zip(self.record.locate()).map(|(change, spot)| (change, version(change, spot))).collect()
    }

    fn in_frame(&self, ranges: &[Range<u64>], spot: Spot) -> Option<InFrame> {
        let Frame { codec, stored_len, raw_len, .. } = *self.record.frames.get(spot.frame)?;
        Some(InFrame { file: FileName::Record(self.name()), begins: ranges.get(spot.frame)?.start, stored_len, codec, raw_len, spot })
    }
}

/// Takes the records that can be folded now, in the order in which they can; what is old is dropped, the rest waits.
pub(super) fn take_ready(waiting: &mut Vec<Read>, seen: &mut Seen) -> Vec<Read> {
    let mut ready = Vec::new();
    waiting.sort_by_key(|read| (read.record.order, read.record.writer, read.link.seq));
    loop {
        waiting.retain(|read| !read.is_old(seen));
        let Some(at) = waiting.iter().position(|read| read.is_ready(seen)) else { return ready };
        let read = waiting.remove(at);
        seen.vector.insert(read.record.writer, read.link);
        seen.retired.remove(&read.record.writer);
        seen.order = seen.order.max(read.link.order);
        ready.push(read);
    }
}

/// Folds records, in this order. `own` says that they are this client's: their versions are what it has; `history` that
/// what they replace is to be remembered.
pub(super) async fn fold(state: &dyn State, ready: &[Read], own: bool, history: bool) -> Result<Folded> {
    let (ids, numbers) = numbered(ready);
    let before = load(state, ids.iter().copied()).await?;
    let mut documents: Vec<Document> = before.iter().map(|versions| Document { versions: versions.clone(), place: 0 }).collect();
    let mut folded = Folded::default();
    let changes = ready.iter().flat_map(|read| read.versions().into_iter().map(move |(change, version)| (read, change, version)));
    for (place, ((read, change, version), number)) in changes.zip(numbers).enumerate() {
        let Some(Document { versions, place: last }) = documents.get_mut(number) else { continue };
        for version in versions.remove(&change.replaces) {
            folded.replaced(change, version, read, history);
        }
        if own {
            // Where the document stays, its base says what the local content includes.
            let deleted = version.iter().filter(|version| version.body.is_none());
            versions.basis = deleted.map(|version| version.dot).gather();
        }
        if let Some(version) = version {
            *last = place;
            folded.since.live_bytes += version.stored_bytes();
            versions.insert(version);
        }
    }
    for read in ready {
        folded.since.small_records += u64::from(read.is_small());
        folded.records.push(seen_record(read.record.writer, &read.link)?);
        folded.records.push(device_record(read)?);
    }
    // In the order in which contents lie in the files, which is that in which they are worked off.
    let mut changed = Vec::with_capacity(ids.len());
    changed.extend(ids.into_iter().zip(documents).zip(&before).filter(|((_, now), before)| now.versions != **before));
    changed.sort_by_key(|((_, now), _)| now.place);
    for ((id, Document { versions, .. }), before) in changed {
        folded.records.extend(doc_records(id, &versions, before));
        if !own {
            folded.changes.push(RemoteChange { id: spelled(id, &versions), news: news(id, &versions), push: None });
            folded.documents.push((id.clone(), versions));
        }
    }
    Ok(folded)
}

/// A document that is folded.
struct Document {
    versions: Versions,
    /// Which of the folded changes made its last version.
    place: usize,
}

/// The documents that records change, each once, and for each change the number of its document.
fn numbered(ready: &[Read]) -> (Vec<&DocId>, Vec<usize>) {
    let changes = ready.iter().flat_map(|read| &read.record.changes);
    let count = ready.iter().map(|read| read.record.changes.len()).sum();
    let (mut known, mut ids) = (Lookup::with_capacity(count), Vec::with_capacity(count));
    let numbers = changes.map(|change| {
        *known.get_or_insert_with(&change.id, || {
            ids.push(&change.id);
            ids.len() - 1
        })
    });
    let numbers = numbers.collect();
    (ids, numbers)
}

/// Reads what is known of documents, one answer each in the same order.
pub(super) async fn load(state: &dyn State, ids: impl Iterator<Item = &DocId> + Clone) -> Result<Vec<Versions>> {
    let asked = ids.clone().count();
    if asked == 0 || asked >= MANY && state.scan(DOC.to_owned(), None, 1).await?.is_empty() {
        return Ok(vec![Versions::default(); asked]);
    }
    let keys = ids.clone().map(|id| key(DOC, id.as_str())).collect();
    let values = state.read(keys).await?;
    ids.zip(values).map(|(id, value)| value.map_or_else(|| Ok(Versions::default()), |v| Versions::decode(id, &v))).collect()
}

/// The records that make what is known of a document durable.
pub(super) fn doc_records(id: &DocId, now: &Versions, before: &Versions) -> Vec<StateRecord> {
    let doc = key(DOC, id.as_str());
    let mut records = vec![if now.is_empty() { StateRecord::remove(doc) } else { StateRecord::set(doc, now.encode()) }];
    let split = |versions: &Versions| versions.heads.len() > 1;
    match (split(before), split(now)) {
        (false, true) => records.push(StateRecord::set(key(SPLIT, id.as_str()), id.as_str())),
        (true, false) => records.push(StateRecord::remove(key(SPLIT, id.as_str()))),
        _ => {}
    }
    records
}

/// The id in the spelling of the version that wins.
pub(super) fn spelled(id: &DocId, versions: &Versions) -> DocId {
    versions.winner().map_or_else(|| id.clone(), |winner| id.clone().spelled_as_number(winner.number))
}

pub(super) fn news(id: &DocId, versions: &Versions) -> News {
    match versions.winner() {
        Some(Version { body: Some(_), .. }) => News::Put { at: None },
        Some(winner) => News::Delete { revision: winner.revision.clone(), at: Some(super::tag_of([winner.dot]).0.to_string()) },
        // Every version was withdrawn.
        None => News::Delete { revision: Revision::of(format!("withdrawn {id}").as_bytes()), at: None },
    }
}
