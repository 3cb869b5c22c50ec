//! Documents: `docs/<stem>.json {doc, _rev}`.

use super::{
    Classic, Decode, Encode,
    files::{DocFile, DocHead, Read, Seen, WireId, doc_path, json},
    wire,
};
use crate::{
    Digest, DocId, Error, ErrorKind, Result, Revision, StateRecord,
    client::{BASE, QUEUE, key},
    drive::{Condition, GetOptions, Got, PutFile, Version},
    runtime::wall_ms,
    server::{Attempt, Content, Fetched, News, Outgoing, Placed, RemoteDocument, Tag, Wanted},
};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The state key of the document whose plain name has this folded form.
const FOLD: &str = "server/fold/";

/// A document ready to be written.
struct Prepared {
    seen: Seen,
    file: PutFile,
    digest: Digest,
}

impl Classic {
    fn parallel(&self) -> usize {
        self.drive.capabilities().parallel.max(1) as usize
    }

    pub(super) async fn fetch(&self, wanted: Vec<Wanted>) -> Result<Vec<Fetched>> {
        let plain = |w: &&Wanted| {
            w.base.is_none() && matches!(&w.news, News::Put { at: Some(at) } | News::Look { at: Some(at) } if at == w.id.as_str())
        };
        let ids: Vec<DocId> = wanted.iter().filter(plain).map(|w| w.id.clone()).collect();
        let fetched = stream::iter(wanted).map(|w| self.fetch_one(w)).buffered(self.parallel()).try_collect().await?;
        self.claim_plain_names(ids.iter()).await?;
        Ok(fetched)
    }

    async fn fetch_one(&self, wanted: Wanted) -> Result<Fetched> {
        let seen = wanted.base.as_ref().and_then(seen_in);
        let at = match &wanted.news {
            News::Put { at } | News::Look { at } | News::Delete { at, .. } => at.clone(),
        };
        let stem = at.or_else(|| seen.as_ref().map(|s| s.stem.clone())).unwrap_or_else(|| wire::encode(&wanted.id, false));
        let Ok(path) = doc_path(&stem) else { return Ok(Fetched::Unreadable("its name on the drive is no name of a file".to_owned())) };
        let unless = seen.filter(|s| s.stem == stem && self.drive.capabilities().versions).and_then(|s| s.version);
        match self
            .read(&path, unless, |bytes| Ok(parse(bytes)?.map(|p| Parsed { doc: p.doc.to_owned(), revision: p.revision, id: p.id })))
            .await?
        {
            Read::Unchanged => Ok(Fetched::Unchanged),
            Read::Missing => Ok(Fetched::Gone),
            Read::Senseless(why) => Ok(Fetched::Unreadable(format!("its file on the drive makes no sense: {why}"))),
            Read::Parsed(None, _) => {
                Ok(Fetched::Unreadable("its file on the drive holds no document; the next edit of it repairs that".to_owned()))
            }
            Read::Parsed(Some(Parsed { doc, revision, id }), version) => {
                Ok(self.decoded(&wanted.id, &stem, Parsed { doc: &*doc, revision, id }, Some(version)))
            }
        }
    }

    /// Takes a document's file apart.
    fn decoded(&self, id: &DocId, stem: &str, parsed: Parsed<&RawValue>, version: Option<Version>) -> Fetched {
        let Parsed { doc, revision, id: wire } = parsed;
        if wire.as_ref().is_some_and(|wire| wire.stem() != stem) {
            return Fetched::Unreadable("its file says that it belongs to another document; another program may have copied it".to_owned());
        }
        let number = wire.map_or(id.is_number(), |wire| wire.is_number());
        let revision = revision.unwrap_or_else(|| Revision::of(doc.get().as_bytes()));
        let wire_id = DocId::on_drive(stem, number);
        match self.options.format.decode(Decode { id, wire_id: &wire_id, revision: &revision, doc }) {
            Ok(decoded) => {
                let tag = tag_of(&Seen { stem: stem.to_owned(), number, revision, version });
                let id = id.clone().spelled_as_number(number);
                Fetched::Present(RemoteDocument { id, revision: decoded.revision, body: decoded.body, tag })
            }
            Err(e) => Fetched::Unreadable(format!("its file on the drive makes no sense: {}", e.detail())),
        }
    }

    pub(super) async fn place(&self, mut documents: Vec<Outgoing>) -> Result<Vec<Placed>> {
        for (content, _) in documents.iter_mut().filter_map(|document| document.body.as_mut()) {
            // One file holds all of a document here. What changes while it is read stays in parts, and is refused.
            if let Content::Parts { .. } = content
                && let Some(bytes) = content.clone().whole().await?
            {
                *content = Content::Whole(bytes);
            }
        }
        let twins = self.twins(&documents).await?;
        self.claim_plain_names(documents.iter().zip(&twins).filter(|(d, twin)| d.base.is_none() && !**twin).map(|(d, _)| &d.id)).await?;
        let mut placed: Vec<Option<Placed>> = documents.iter().map(|_| None).collect();
        let (mut puts, mut files, mut deletions) = (Vec::new(), Vec::new(), Vec::new());
        for (n, (document, twin)) in documents.iter().zip(&twins).enumerate() {
            if *twin && self.is_at_plain_name(document).await? {
                set(&mut placed, n, Placed::Moved);
                continue;
            }
            match self.prepare(document, *twin) {
                Ok(Some(Prepared { seen, file, .. })) => {
                    puts.push((n, document, *twin, seen));
                    files.push(file);
                }
                Ok(None) => deletions.push((n, document, *twin)),
                Err(e) if e.kind == ErrorKind::InvalidInput => set(&mut placed, n, Placed::Refused(e.detail().to_owned())),
                Err(e) => return Err(e),
            }
        }
        let results = self.drive.put_many(files).await;
        for ((n, document, twin, seen), result) in puts.into_iter().zip(results) {
            let answer = match result {
                Ok(version) => Placed::Done(tag_of(&Seen { version: Some(version), ..seen })),
                Err(e) if e.is_condition() => self.place_over(document, twin).await?,
                Err(e) if e.kind == ErrorKind::InvalidInput => Placed::Refused(e.detail().to_owned()),
                Err(e) => return Err(e),
            };
            set(&mut placed, n, answer);
        }
        let (places, removals): (Vec<usize>, Vec<_>) =
            deletions.into_iter().map(|(n, document, twin)| (n, self.remove(document, twin))).unzip();
        let deleted: Vec<Placed> = stream::iter(removals).buffered(self.parallel()).try_collect().await?;
        for (n, answer) in places.into_iter().zip(deleted) {
            set(&mut placed, n, answer);
        }
        Ok(placed.into_iter().map(|p| p.unwrap_or(Placed::Moved)).collect())
    }

    /// Makes the file of a document; none for a deletion.
    fn prepare(&self, document: &Outgoing, twin: bool) -> Result<Option<Prepared>> {
        let (body, digest) = match &document.body {
            Some((Content::Whole(body), digest)) => (body, digest),
            Some((Content::Parts { .. }, _)) => return Err(Error::invalid("put", "it changed while it was read; the next sync pushes it")),
            None => return Ok(None),
        };
        let before = document.base.as_ref().and_then(seen_in);
        let stem = before.as_ref().map_or_else(|| wire::encode(&document.id, twin), |s| s.stem.clone());
        let number = before.as_ref().map_or(document.id.is_number() || self.options.numbers, |s| s.number);
        let wire_id = DocId::on_drive(&stem, number);
        let revision = self.spelled(&document.revision, before.as_ref());
        let encode = Encode {
            id: &document.id,
            wire_id: &wire_id,
            revision: &revision,
            previous: before.as_ref().map(|s| &s.revision),
            now_ms: wall_ms(&*self.runtime),
            body,
        };
        let encoded = self.options.format.encode(encode)?;
        let id = Some(&wire_id).filter(|id| id.is_number() && wire_id_in(&encoded.doc).is_none());
        let bytes = json(&DocOut { doc: &encoded.doc, revision: &encoded.revision, id })?;
        let condition = self.condition(before.as_ref().and_then(|s| s.version.clone()));
        let file = PutFile { path: doc_path(&stem)?, bytes, condition };
        let seen = Seen { stem, number: wire_id.is_number(), revision: encoded.revision, version: None };
        Ok(Some(Prepared { seen, file, digest: *digest }))
    }

    /// Spells a revision as that document's revisions were spelled before.
    fn spelled(&self, revision: &Revision, before: Option<&Seen>) -> Revision {
        let number = before.map_or(self.options.numbers, |s| s.revision.is_number());
        if revision.is_number() { revision.clone() } else { revision.clone().spelled_as_number(number) }
    }

    fn condition(&self, version: Option<Version>) -> Condition {
        let capabilities = self.drive.capabilities();
        match version {
            Some(version) if capabilities.replace => Condition::Matches(version),
            None if capabilities.create => Condition::Absent,
            _ => Condition::Any,
        }
    }

    /// Another file was there than expected: is it what an earlier, interrupted push of this client left?
    async fn place_over(&self, document: &Outgoing, twin: bool) -> Result<Placed> {
        // Made again rather than kept: a whole batch of files in memory twice is too much for a rare case.
        let Some(mut prepared) = self.prepare(document, twin)? else { return Ok(Placed::Moved) };
        let found = match self.drive.get(prepared.file.path.clone(), GetOptions::default()).await? {
            Got::File { bytes, version } => Some((bytes, version)),
            Got::Unchanged | Got::Missing => None,
        };
        let Some((bytes, version)) = found else {
            if !document.attempted.contains(&Attempt::Delete) {
                return Ok(Placed::Moved);
            }
            prepared.file.condition = self.condition(None);
            return self.place_again(prepared).await;
        };
        let parsed = parse(&bytes).ok().flatten();
        if document.base.is_none() && parsed.as_ref().is_some_and(|p| is_twin(p.id.as_ref(), &prepared.seen.stem)) {
            // The drive ignores case: the plain name is another document's.
            return match self.prepare(document, true)? {
                Some(prepared) => self.place_again(prepared).await,
                None => Ok(Placed::Moved),
            };
        }
        let body = parsed.and_then(|parsed| match self.decoded(&document.id, &prepared.seen.stem, parsed, None) {
            Fetched::Present(found) => Some(Digest::of(&found.body)),
            _ => None,
        });
        if body.is_some_and(|body| body == prepared.digest || document.attempted.contains(&Attempt::Put(body))) {
            prepared.file.condition = self.condition(Some(version));
            return self.place_again(prepared).await;
        }
        Ok(Placed::Moved)
    }

    async fn place_again(&self, prepared: Prepared) -> Result<Placed> {
        let PutFile { path, bytes, condition } = prepared.file;
        match self.drive.put(path, bytes, condition).await {
            Ok(version) => Ok(Placed::Done(tag_of(&Seen { version: Some(version), ..prepared.seen }))),
            Err(e) if e.is_condition() => Ok(Placed::Moved),
            // The name of a twin is longer than the plain one.
            Err(e) if e.kind == ErrorKind::InvalidInput => Ok(Placed::Refused(e.detail().to_owned())),
            Err(e) => Err(e),
        }
    }

    async fn remove(&self, document: &Outgoing, twin: bool) -> Result<Placed> {
        let before = document.base.as_ref().and_then(seen_in);
        let stem = before.as_ref().map_or_else(|| wire::encode(&document.id, twin), |s| s.stem.clone());
        let number = before.as_ref().map_or(document.id.is_number(), |s| s.number);
        let revision = self.spelled(&document.revision, before.as_ref());
        let revision = self.options.format.deletion(&revision, before.as_ref().map(|s| &s.revision), wall_ms(&*self.runtime));
        let version = before.and_then(|s| s.version);
        let seen = Seen { stem, number, revision, version: None };
        let path = doc_path(&seen.stem)?;
        let condition = version.filter(|_| self.drive.capabilities().replace).map_or(Condition::Any, Condition::Matches);
        match self.drive.delete(path.clone(), condition).await {
            Ok(()) => return Ok(Placed::Done(tag_of(&seen))),
            Err(e) if e.is_condition() => {}
            Err(e) => return Err(e),
        }
        let Got::File { bytes, version } = self.drive.get(path.clone(), GetOptions::default()).await? else {
            // Somebody else deleted it: both agree.
            return Ok(Placed::Done(tag_of(&seen)));
        };
        let ours = parse(&bytes).ok().flatten().is_some_and(|parsed| match self.decoded(&document.id, &seen.stem, parsed, None) {
            Fetched::Present(found) => document.attempted.contains(&Attempt::Put(Digest::of(&found.body))),
            _ => false,
        });
        if !ours {
            return Ok(Placed::Moved);
        }
        match self.drive.delete(path, Condition::Matches(version)).await {
            Ok(()) => Ok(Placed::Done(tag_of(&seen))),
            Err(e) if e.is_condition() => Ok(Placed::Moved),
            Err(e) => Err(e),
        }
    }

    /// Says for each new document whether another one's plain name differs from its own only in case.
    async fn twins(&self, documents: &[Outgoing]) -> Result<Vec<bool>> {
        let folded: Vec<String> = documents.iter().map(|d| wire::fold(d.id.as_str())).collect();
        let owners = self.state.read(folded.iter().map(|folded| key(FOLD, folded)).collect()).await?;
        let mut first: BTreeMap<&str, &DocId> = BTreeMap::new();
        let mut twins = Vec::new();
        for ((document, folded), owner) in documents.iter().zip(&folded).zip(owners) {
            let text = document.id.as_str();
            let in_batch = first.get(folded.as_str()).is_some_and(|id| **id != document.id);
            let twin = match owner {
                _ if document.base.is_some() => false,
                // What claimed the plain name keeps it: an interrupted push may have left the document there.
                Some(owner) => owner != text.as_bytes(),
                // A name in lower case is not claimed: the document itself says that it is there.
                None => in_batch || (folded != text && self.exists(folded).await?),
            };
            twins.push(twin);
            first.entry(folded).or_insert(&document.id);
        }
        Ok(twins)
    }

    /// Whether a document that would get a twin's name is on the drive under its plain one: another client put it there
    /// that does not know of the twin.
    async fn is_at_plain_name(&self, document: &Outgoing) -> Result<bool> {
        let stem = wire::encode(&document.id, false);
        let Got::File { bytes, .. } = self.drive.get(doc_path(&stem)?, GetOptions::default()).await? else { return Ok(false) };
        let found = parse(&bytes).ok().flatten().and_then(|parsed| parsed.id);
        Ok(found.is_some_and(|id| id.stem() == stem))
    }

    /// Whether the client knows a document with this id.
    async fn exists(&self, id: &str) -> Result<bool> {
        Ok(self.state.read(vec![key(BASE, id), key(QUEUE, id)]).await?.iter().any(Option::is_some))
    }

    /// Remembers who has the plain name, for ids that have letters in upper case.
    async fn claim_plain_names(&self, ids: impl Iterator<Item = &DocId>) -> Result<()> {
        let records: Vec<_> =
            ids.filter_map(|id| Some((id, wire::fold(id.as_str()))).filter(|(id, folded)| folded != id.as_str())).collect();
        if records.is_empty() {
            return Ok(());
        }
        self.state.write(records.into_iter().map(|(id, folded)| StateRecord::set(key(FOLD, &folded), id.as_str())).collect()).await
    }
}

/// `docs/<stem>.json` to be written.
#[derive(Serialize)]
struct DocOut<'a> {
    doc: &'a RawValue,
    #[serde(rename = "_rev")]
    revision: &'a Revision,
    #[serde(rename = "_id", skip_serializing_if = "Option::is_none")]
    id: Option<&'a DocId>,
}

fn set(placed: &mut [Option<Placed>], n: usize, answer: Placed) {
    if let Some(place) = placed.get_mut(n) {
        *place = Some(answer);
    }
}

/// A document's file, parsed.
struct Parsed<D> {
    doc: D,
    revision: Option<Revision>,
    /// The wire id, if the document or its file says it.
    id: Option<WireId>,
}

/// Parses a document's file; none if it holds no document.
fn parse(bytes: &[u8]) -> Result<Option<Parsed<&RawValue>>, String> {
    let file: DocFile<'_> = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    let DocFile { doc, revision, id } = file;
    Ok(doc.map(|doc| Parsed { doc, revision, id: wire_id_in(doc).or(id) }))
}

/// Returns the id that a document says it has.
fn wire_id_in(doc: &RawValue) -> Option<WireId> {
    serde_json::from_str::<DocHead>(doc.get()).ok().and_then(|head| head.id)
}

/// Whether this document has the same name in another case.
fn is_twin(id: Option<&WireId>, stem: &str) -> bool {
    id.map(WireId::stem).is_some_and(|found| found != stem && wire::fold(found) == wire::fold(stem))
}

fn seen_in(tag: &Tag) -> Option<Seen> {
    serde_json::from_str(&tag.0).ok()
}

fn tag_of(seen: &Seen) -> Tag {
    // A tag has only text, numbers and flags: making it cannot fail.
    Tag(serde_json::to_string(seen).unwrap_or_default().into())
}
