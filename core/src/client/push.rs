//! Push: write queued documents, announce them, and acknowledge what is announced.
//!
//! Before anything is written its intent is durable (`pushing/`), so that after an interruption the client knows
//! its own writes from another's. An entry leaves the queue only if it is still the one that was read before the
//! content: an edit that arrives meanwhile stays queued.

use super::{
    host::batches,
    ledger::{
        BASE, Base, CONFLICT, ConflictRecord, ORDER, PUSHING, Pushing, QUEUE, Queued, TODO, Todo, base_record, dequeue, enqueue, record,
        removal,
    },
    plan::{self, Push},
    run::Run,
};
use crate::{
    Action, Digest, DocId, Error, Level, Phase, Result, StateRecord, runtime,
    server::{Announced, Attempt, News, Outgoing, Placed, Tag, Written},
};

/// At most this many entries are looked at together,
const MAX_ENTRIES: u32 = 1000;
/// and about this many bytes of bodies are pushed together.
const MAX_BYTES: u64 = 8 << 20;
/// What a body is taken to be as long as it was never agreed on.
const UNKNOWN_BYTES: u64 = 32 << 10;

/// How a push ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pushed {
    /// All that could be pushed is pushed.
    Done,
    /// Another client wrote meanwhile: pull first.
    Moved,
}

/// A queued change with what is known of its document.
struct Candidate {
    entry: Queued,
    base: Option<Base>,
    pushing: Option<Pushing>,
}

/// A change about to be pushed.
struct Ready {
    entry: Queued,
    outgoing: Outgoing,
    digest: Option<Digest>,
    size: u64,
}

impl Run {
    /// Whether anything in the queue could be pushed now. What is in conflict or waits for a pull could not.
    /// What was tried and has to wait for somebody is reported, and tried again when there is more to push.
    pub(super) async fn has_pushable(&mut self) -> Result<bool> {
        let mut after = None;
        loop {
            let page = self.ledger.page::<DocId>(ORDER, after, MAX_ENTRIES).await?;
            let Some((last, _)) = page.last() else { return Ok(false) };
            after = Some(last.clone());
            let ids: Vec<DocId> = page.into_iter().map(|(_, id)| id).collect();
            for Candidate { entry, .. } in self.candidates(&ids).await? {
                match entry.waits {
                    Some(why) => self.report.skip(entry.id, why),
                    None => return Ok(true),
                }
            }
        }
    }

    /// Pushes the queue in batches, in the order in which documents were queued.
    pub(super) async fn push(&mut self) -> Result<Pushed> {
        let total = self.ledger.count(QUEUE).await?;
        self.begin(Phase::Push, Some(total));
        let mut after = None;
        while !self.out_of_time() {
            let page = self.ledger.page::<DocId>(ORDER, after, MAX_ENTRIES).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            let ids: Vec<DocId> = page.into_iter().map(|(_, id)| id).collect();
            if self.push_page(&ids).await? == Pushed::Moved {
                return Ok(Pushed::Moved);
            }
        }
        Ok(Pushed::Done)
    }

    /// Pushes a page of the queue: contents are read in small batches and written in larger ones.
    async fn push_page(&mut self, ids: &[DocId]) -> Result<Pushed> {
        let candidates = self.candidates(ids).await?;
        let (mut ready, mut bytes, mut looked_at, mut left) = (Vec::new(), 0, 0, candidates.len());
        for batch in batches(&candidates, |c| c.base.as_ref().map_or(UNKNOWN_BYTES, |b| b.size)) {
            let more = self.prepare(batch).await?;
            bytes += more.iter().map(|r| r.size).sum::<u64>();
            ready.extend(more);
            looked_at += batch.len();
            left -= batch.len();
            if bytes >= MAX_BYTES || left == 0 {
                self.log.line(Level::Debug, || format!("pushing {} changes, {bytes} bytes", ready.len()));
                if self.push_some(std::mem::take(&mut ready)).await? == Pushed::Moved {
                    return Ok(Pushed::Moved);
                }
                self.advance(Phase::Push, looked_at);
                (bytes, looked_at) = (0, 0);
                if self.out_of_time() {
                    break;
                }
            }
        }
        Ok(Pushed::Done)
    }

    /// Reads the entries of these documents, without those that must wait for the host or for a pull.
    async fn candidates(&self, ids: &[DocId]) -> Result<Vec<Candidate>> {
        let entries = self.ledger.of::<Queued>(QUEUE, ids).await?;
        let conflicts = self.ledger.of::<ConflictRecord>(CONFLICT, ids).await?;
        let todos = self.ledger.of::<Todo>(TODO, ids).await?;
        let bases = self.ledger.of::<Base>(BASE, ids).await?;
        let pushing = self.ledger.of::<Pushing>(PUSHING, ids).await?;
        let all = entries.into_iter().zip(conflicts).zip(todos).zip(bases).zip(pushing);
        let free = all.filter(|((((_, conflict), todo), _), _)| conflict.is_none() && todo.is_none());
        Ok(free.filter_map(|((((entry, _), _), base), pushing)| Some(Candidate { entry: entry?, base, pushing })).collect())
    }

    /// Reads the contents and decides; what needs no push leaves the queue, what cannot be pushed is reported.
    async fn prepare(&mut self, batch: &[Candidate]) -> Result<Vec<Ready>> {
        let documents = self.host.get(batch.iter().map(|c| c.entry.id.clone()).collect()).await?;
        let mut found: std::collections::BTreeMap<DocId, _> = documents.into_iter().map(|d| (d.id.clone(), d)).collect();
        let gone = self.truly_missing(batch, |id| found.contains_key(id)).await?;
        let (mut ready, mut done) = (Vec::new(), Vec::new());
        for candidate in batch {
            let id = &candidate.entry.id;
            let content = match found.remove(id) {
                Some(document) => {
                    let revision = document.revision.clone();
                    let Some(body) = self.host.body(document).await? else {
                        self.report.skip(id.clone(), "it changed while it was read; the next sync pushes it");
                        continue;
                    };
                    Some((revision, Digest::of(&body), body))
                }
                None if gone.contains(id) => None,
                None => {
                    self.report.skip(id.clone(), "it cannot be read here now");
                    continue;
                }
            };
            let base = candidate.base.as_ref();
            let unsettled = candidate.entry.again || candidate.pushing.is_some();
            let deletes = candidate.entry.action == Action::Delete;
            match plan::push(deletes, base.map(|b| b.digest), content.as_ref().map(|c| c.1), unsettled) {
                Push::UpToDate => done.push(candidate.entry.clone()),
                Push::Vanished => {
                    let why = "it was queued as written, but it is gone: queue its deletion, or reconcile";
                    self.set_waiting(&candidate.entry, why).await?;
                }

                Push::Put | Push::Delete => ready.push(Ready::new(candidate, content)),
            }
        }
        self.drop_entries(done).await?;
        Ok(ready)
    }

    /// Says which of the documents that the host did not give are gone, rather than unreadable.
    async fn truly_missing(&self, batch: &[Candidate], found: impl Fn(&DocId) -> bool) -> Result<Vec<DocId>> {
        let unseen: Vec<DocId> = batch.iter().map(|c| &c.entry.id).filter(|id| !found(id)).cloned().collect();
        if unseen.is_empty() { Ok(Vec::new()) } else { self.host.missing(unseen).await }
    }

    /// Reports an entry that cannot be pushed, and marks it so unless it was renewed.
    async fn set_waiting(&mut self, entry: &Queued, why: &str) -> Result<()> {
        self.report.skip(entry.id.clone(), why);
        let _turn = self.ledger.turn().await;
        match self.ledger.one::<Queued>(QUEUE, &entry.id).await? {
            Some(now) if now.token == entry.token => {
                self.ledger.write(enqueue(&Queued { waits: Some(why.to_owned()), ..now })?.into()).await
            }
            _ => Ok(()),
        }
    }

    /// Takes entries out of the queue, unless they were renewed.
    async fn drop_entries(&self, entries: Vec<Queued>) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let _turn = self.ledger.turn().await;
        let now = self.ledger.of::<Queued>(QUEUE, entries.iter().map(|e| &e.id)).await?;
        let same = entries.iter().zip(now).filter_map(|(entry, now)| now.filter(|now| now.token == entry.token));
        self.ledger.write(same.flat_map(|entry| dequeue(&entry)).collect()).await
    }

    /// Writes documents and announces them.
    async fn push_some(&mut self, ready: Vec<Ready>) -> Result<Pushed> {
        if ready.is_empty() {
            return Ok(Pushed::Done);
        }
        let push = runtime::random_id(&*self.runtime).split_off(16);
        let intents = ready.iter().map(|r| {
            let attempt = r.digest.map_or(Attempt::Delete, Attempt::Put);
            let id = r.entry.id.clone();
            record(
                PUSHING,
                &r.entry.id,
                &Pushing { id, revision: r.outgoing.revision.clone(), attempt, push: push.clone(), announced: false },
            )
        });
        self.ledger.write(intents.collect::<Result<_>>()?).await?;
        let (entries, outgoing): (Vec<_>, Vec<_>) =
            ready.into_iter().map(|r| ((r.entry, r.digest, r.size, r.outgoing.revision.clone()), r.outgoing)).unzip();
        let placed = self.server.put(outgoing).await?;
        if placed.len() != entries.len() {
            return Err(Error::internal("put", "the server answered another number of documents than it was given"));
        }
        let (mut written, mut announced, mut moved) = (Vec::new(), Vec::new(), Vec::new());
        for ((entry, digest, size, revision), placed) in entries.into_iter().zip(placed) {
            match placed {
                Placed::Done(tag) => {
                    let action = if digest.is_some() { Action::Put } else { Action::Delete };
                    announced.push(Announced { id: entry.id.clone(), action, tag: tag.clone() });
                    let base = digest.map(|digest| Base { id: entry.id.clone(), revision, digest, size, tag });
                    written.push((entry, base));
                }
                Placed::Moved => moved.push(entry.id),
                Placed::Refused(why) => {
                    self.ledger.write(vec![removal(PUSHING, &entry.id)]).await?;
                    self.set_waiting(&entry, &format!("it cannot be stored on the drive: {why}")).await?;
                }
            }
        }
        let announced = self.announce(announced, written, push).await?;
        if moved.is_empty() {
            return Ok(announced);
        }
        self.ledger.write(moved.iter().map(look_again).collect::<Result<_>>()?).await?;
        Ok(Pushed::Moved)
    }

    async fn announce(&mut self, announced: Vec<Announced>, written: Vec<(Queued, Option<Base>)>, push: String) -> Result<Pushed> {
        if announced.is_empty() {
            return Ok(Pushed::Done);
        }
        let Written::Done(mut records) = self.server.changes_write(announced, push).await? else { return Ok(Pushed::Moved) };
        let Written::Done(more) = self.server.metadata_write().await? else { return Ok(Pushed::Moved) };
        records.extend(more);
        for (_, base) in &written {
            *if base.is_some() { &mut self.report.pushed } else { &mut self.report.deleted } += 1;
        }
        self.acknowledge(written, records).await?;
        Ok(Pushed::Done)
    }

    /// Remembers that these are agreed; an entry that was renewed meanwhile stays, on top of what was pushed.
    async fn acknowledge(&self, written: Vec<(Queued, Option<Base>)>, records: Vec<StateRecord>) -> Result<()> {
        let _turn = self.ledger.turn().await;
        let now = self.ledger.of::<Queued>(QUEUE, written.iter().map(|(entry, _)| &entry.id)).await?;
        let mut batch = records;
        for ((entry, base), now) in written.into_iter().zip(now) {
            batch.push(base_record(&entry.id, base.as_ref())?);
            batch.push(removal(PUSHING, &entry.id));
            match now {
                Some(now) if now.token == entry.token => batch.extend(dequeue(&now)),
                Some(now) => batch.extend(enqueue(&Queued { again: false, ..now })?),
                None => {}
            }
        }
        self.ledger.write(batch).await
    }

    /// Makes sure that every interrupted push is in the queue, so that it is finished or replaced.
    pub(super) async fn requeue_interrupted(&self) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.ledger.page::<Pushing>(PUSHING, after, 1000).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            let _turn = self.ledger.turn().await;
            let entries = self.ledger.of::<Queued>(QUEUE, page.iter().map(|(_, p)| &p.id)).await?;
            let mut batch = Vec::new();
            for ((_, pushing), entry) in page.into_iter().zip(entries) {
                if entry.is_none() {
                    let number = self.inner.next_number();
                    let action = plan::attempt_digest(pushing.attempt).map_or(Action::Delete, |_| Action::Put);
                    let entry = Queued {
                        id: pushing.id,
                        revision: pushing.revision,
                        action,
                        token: number,
                        place: number,
                        again: false,
                        waits: None,
                    };
                    batch.extend(enqueue(&entry)?);
                }
            }
            self.ledger.write(batch).await?;
        }
    }
}

impl Ready {
    fn new(candidate: &Candidate, content: Option<(crate::Revision, Digest, Vec<u8>)>) -> Self {
        let Candidate { entry, base, pushing } = candidate;
        let (revision, digest, body) = match content {
            Some((revision, digest, body)) => (revision, Some(digest), Some(body)),
            None => (entry.revision.clone(), None, None),
        };
        let size = body.as_ref().map_or(0, Vec::len) as u64;
        let tag: Option<Tag> = base.as_ref().map(|b| b.tag.clone());
        let attempted = pushing.as_ref().map(|p| p.attempt);
        let outgoing = Outgoing { id: entry.id.clone(), revision, body, base: tag, attempted };
        Self { entry: entry.clone(), outgoing, digest, size }
    }
}

/// Notes that a document must be looked at before it can be pushed.
fn look_again(id: &DocId) -> Result<StateRecord> {
    record(TODO, id, &Todo { id: id.clone(), news: News::Look { at: None }, keep_local: false })
}
