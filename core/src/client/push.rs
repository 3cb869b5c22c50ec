//! Push: write queued documents, announce them, and acknowledge what is announced.
//!
//! Before anything of a push can be seen its intent is durable (`push/`), so that after an interruption the client knows
//! its own writes from another's. An entry leaves the queue only if it is still the one that was read before the
//! content: an edit that arrives meanwhile stays queued.

use super::{
    host::batches_of,
    ledger::{
        Base, ORDER, PUSH, PUSHING, Pushing, QUEUE, Queued, TODO, Ticket, Todo, base_record, bytes, dequeue, enqueue, key, record, removal,
    },
    outgoing::{Candidate, Ready, Sent},
    plan::attempt_digest,
    run::Run,
};
use crate::{
    Digest, DocId, Error, Level, Phase, Result, Revision, StateRecord,
    document::Short,
    gather::Gather as _,
    runtime,
    server::{Acknowledged, Announced, News, Placed, Tag, Written},
};
use futures::future::join;
use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

/// The first batch of a push has this many entries,
const FIRST_ENTRIES: u32 = 256;
/// and the next twice as many, as long as a batch ends within this time,
const BATCH_TIME: Duration = Duration::from_secs(1);
/// up to this many entries,
const MAX_ENTRIES: u32 = 2048;
/// and about this many bytes of bodies.
const MAX_BYTES: u64 = 4 << 20;
/// What the first body is taken to be if nobody has told its size.
const UNKNOWN_BYTES: u64 = 32 << 10;

/// How a push ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pushed {
    /// All that could be pushed is pushed.
    Done,
    /// Another client wrote meanwhile: pull first.
    Moved,
}

/// How far into the queue the contents have been read.
struct Reading {
    /// The last place that was looked at.
    after: Option<String>,
    /// How many entries the next page has.
    limit: u32,
    /// About how large a body is.
    mean: u64,
    /// Entries of the present page whose contents are still to be read.
    left: VecDeque<Candidate>,
}

/// Changes that are written together.
struct Batch {
    ready: Vec<Ready>,
    /// How many entries were looked at for it.
    looked_at: usize,
}

/// A change that is pushed: what is to be remembered of it.
struct Finished {
    id: DocId,
    token: u64,
    revision: Revision,
    digest: Option<Digest>,
    size: u64,
    /// What was agreed on before.
    before: Option<Short>,
    /// Whether an earlier push of it was interrupted.
    interrupted: bool,
}

impl From<Sent> for Finished {
    fn from(sent: Sent) -> Self {
        let Sent { entry, revision, digest, size, before, interrupted } = sent;
        let Queued { id, token, .. } = *entry;
        Self { id, token, revision, digest, size, before, interrupted }
    }
}

impl From<Pushing> for Finished {
    fn from(intent: Pushing) -> Self {
        let Pushing { id, token, revision, attempt, size, before, .. } = intent;
        Self { id, token, revision, digest: attempt_digest(attempt), size, before, interrupted: false }
    }
}

impl Run {
    /// Pushes the queue in batches, in the order in which documents were queued. While one is written, the contents of
    /// the next are read.
    pub(super) async fn push(&mut self) -> Result<Pushed> {
        let total = self.ledger.count(ORDER).await?;
        self.begin(Phase::Push, Some(total));
        let mut reading = Reading { after: None, limit: FIRST_ENTRIES, mean: UNKNOWN_BYTES, left: VecDeque::new() };
        let mut next = self.next_batch(&mut reading).await?;
        while let Some(Batch { ready, looked_at }) = next {
            if self.out_of_time() {
                break;
            }
            let begun = self.runtime.now();
            let (pushed, read) = join(self.push_some(ready), self.next_batch(&mut reading)).await;
            if pushed? == Pushed::Moved {
                return Ok(Pushed::Moved);
            }
            self.advance(Phase::Push, looked_at);
            if self.runtime.now().saturating_sub(begun) < BATCH_TIME {
                reading.limit = (reading.limit * 2).min(MAX_ENTRIES);
            }
            next = read?;
        }
        if self.server.finishes() {
            self.finish().await?;
        }
        Ok(Pushed::Done)
    }

    /// Reads the contents of the next entries, in small batches, until there is enough to be written together.
    async fn next_batch(&self, reading: &mut Reading) -> Result<Option<Batch>> {
        if reading.left.is_empty() {
            let page = self.ledger.page::<DocId>(ORDER, reading.after.take(), reading.limit).await?;
            let Some((last, _)) = page.last() else { return Ok(None) };
            reading.after = Some(last.clone());
            let ids: Vec<DocId> = page.into_iter().map(|(_, id)| id).collect();
            reading.left = self.candidates(&ids).await?.into();
        }
        let (mut ready, mut bytes, mut looked_at) = (Vec::with_capacity(reading.left.len()), 0, 0);
        let room = self.server.room().await?.min(MAX_BYTES);
        while bytes < room && !reading.left.is_empty() {
            // One whose size nobody has told is taken to be like those before it.
            let unknown = reading.mean.max(room / 128);
            let size = |candidate: &Candidate| candidate.size().unwrap_or(unknown);
            let some = batches_of(room - bytes, reading.left.make_contiguous(), size).first().map_or(0, |b| b.len());
            let some: Vec<Candidate> = reading.left.drain(..some).collect();
            looked_at += some.len();
            let more = self.prepare(some).await?;
            let these = more.iter().map(|r| r.change.size).sum::<u64>();
            reading.mean = these.checked_div(more.len() as u64).unwrap_or(reading.mean);
            bytes += these;
            ready.extend(more);
        }
        self.log.line(Level::Debug, || format!("pushing {} changes, {bytes} bytes", ready.len()));
        Ok(Some(Batch { ready, looked_at }))
    }

    /// Writes documents and announces them.
    async fn push_some(&self, ready: Vec<Ready>) -> Result<Pushed> {
        if ready.is_empty() {
            return Ok(Pushed::Done);
        }
        let push = runtime::random_id(&*self.runtime)?.split_off(16);
        let intents: Vec<Pushing> = ready.iter().map(|r| r.intent(&push)).collect();
        if !self.server.finishes() {
            self.ledger.write(vec![StateRecord::set(key(PUSH, &push), bytes(&intents)?)]).await?;
        }
        let (changes, outgoing): (Vec<_>, Vec<_>) = ready.into_iter().map(Ready::split).unzip();
        let placed = self.server.put(outgoing).await?;
        if placed.len() != changes.len() {
            return Err(Error::internal("put", "the server answered another number of documents than it was given"));
        }
        let (mut written, mut announced, mut moved) = (Vec::with_capacity(placed.len()), Vec::with_capacity(placed.len()), Vec::new());
        for (change, placed) in changes.into_iter().zip(placed) {
            match placed {
                Placed::Done(tag) => {
                    announced.push(change.announced(&tag));
                    written.push((change, tag));
                }
                Placed::Moved => moved.push(change),
                Placed::Refused(why) => {
                    // What an earlier, interrupted push may have left stays remembered.
                    self.set_waiting(&change.entry, &format!("it cannot be stored on the drive: {why}")).await?;
                }
            }
        }
        self.look_again(&moved, &intents).await?;
        let pushed = if self.server.finishes() {
            self.commit(announced, intents, push).await?
        } else {
            self.announce(announced, written, push).await?
        };
        Ok(if moved.is_empty() { pushed } else { Pushed::Moved })
    }

    /// Notes that documents must be looked at before they can be pushed. What was refused may still be this client's
    /// own: a drive that repeats a request may meet its own first attempt, so the intents are kept.
    async fn look_again(&self, moved: &[Sent], intents: &[Pushing]) -> Result<()> {
        let ids: BTreeSet<&DocId> = moved.iter().map(|change| &change.entry.id).gather();
        let mut batch = Vec::new();
        for intent in intents.iter().filter(|intent| ids.contains(&intent.id)) {
            let look = Todo { id: intent.id.clone(), news: News::Look { at: None }, keep_local: false };
            batch.push(record(TODO, &look.id, &look)?);
            if !self.server.finishes() {
                batch.push(record(PUSHING, &intent.id, intent)?);
            }
        }
        self.ledger.write(batch).await
    }

    /// Hands a batch to a server that writes pushes in one step and finishes what was interrupted. It may keep the batch
    /// until there is more.
    async fn commit(&self, announced: Vec<Announced>, mut intents: Vec<Pushing>, push: String) -> Result<Pushed> {
        if announced.len() < intents.len() {
            // Only what is really written is acknowledged.
            let placed: BTreeSet<&DocId> = announced.iter().map(|a| &a.id).gather();
            intents.retain(|intent| placed.contains(&intent.id));
        }
        let durable = StateRecord::set(key(PUSH, &push), bytes(&intents)?);
        self.intents().keep(push.clone(), intents);
        match self.server.changes_write(announced, push, Some(durable)).await? {
            Written::Later => Ok(Pushed::Done),
            Written::Moved => Ok(Pushed::Moved),
            Written::Done(_) => self.finish().await.map(|()| Pushed::Done),
        }
    }

    /// Writes what the server has kept, and acknowledges all that is written.
    async fn finish(&self) -> Result<()> {
        self.server.metadata_write().await?;
        self.acknowledge_finished().await
    }

    /// Acknowledges pushes that are finished, each from the intents that are durable.
    async fn acknowledge_finished(&self) -> Result<()> {
        while let Some(Acknowledged { pushes, tag, remember, absent }) = self.server.acknowledged().await? {
            let (mut records, mut written) = (remember, Vec::new());
            for push in pushes {
                let kept = self.intents().take(&push);
                let intents = match kept {
                    Some(intents) => intents,
                    None => self.ledger.read::<Vec<Pushing>>(vec![key(PUSH, &push)]).await?.into_iter().flatten().flatten().collect(),
                };
                written.extend(intents.into_iter().map(|intent| (Finished::from(intent), tag.clone())));
                records.push(StateRecord::remove(key(PUSH, &push)));
            }
            self.count(written.iter().map(|(finished, _)| finished.digest));
            self.acknowledge(written, records, absent).await?;
        }
        Ok(())
    }

    /// Finishes pushes that were interrupted. What was not begun on the drive is forgotten: it is in the queue still.
    pub(super) async fn finish_interrupted(&self) -> Result<()> {
        self.server.take_up().await?;
        self.acknowledge_finished().await?;
        self.ledger.clear(PUSH).await
    }

    /// Counts what was pushed.
    fn count(&self, digests: impl Iterator<Item = Option<Digest>>) {
        let mut report = self.report();
        digests.for_each(|digest| *if digest.is_some() { &mut report.pushed } else { &mut report.deleted } += 1);
    }

    async fn announce(&self, announced: Vec<Announced>, written: Vec<(Sent, Tag)>, push: String) -> Result<Pushed> {
        let mut records = vec![StateRecord::remove(key(PUSH, &push))];
        if announced.is_empty() {
            return self.ledger.write(records).await.map(|()| Pushed::Done);
        }
        let Written::Done(more) = self.server.changes_write(announced, push, None).await? else { return Ok(Pushed::Moved) };
        records.extend(more);
        let Written::Done(more) = self.server.metadata_write().await? else { return Ok(Pushed::Moved) };
        records.extend(more);
        let digests: Vec<_> = written.iter().map(|(change, _)| change.digest).collect();
        self.acknowledge(written.into_iter().map(|(change, tag)| (change.into(), tag)).collect(), records, Vec::new()).await?;
        self.count(digests.into_iter());
        Ok(Pushed::Done)
    }

    /// Remembers that these are agreed; an entry that was renewed meanwhile stays, on top of what was pushed, and so does one
    /// of what is absent.
    async fn acknowledge(&self, written: Vec<(Finished, Tag)>, records: Vec<StateRecord>, absent: Vec<DocId>) -> Result<()> {
        let _turn = self.ledger.turn().await;
        let now = self.ledger.of::<Ticket>(QUEUE, written.iter().map(|(change, _)| &change.id)).await?;
        let mut batch = records;
        for ((change, tag), now) in written.into_iter().zip(now) {
            let Finished { id, token, revision, digest, size, before, interrupted } = change;
            let is_absent = absent.contains(&id);
            batch.extend(interrupted.then(|| removal(PUSHING, &id)));
            let base = digest.map(|digest| Base { id: id.clone(), revision, digest, size, tag, before });
            batch.push(base_record(&id, base.as_ref())?);
            match now {
                Some(now) if now.token == token && !is_absent => batch.extend(dequeue(&id, now.place)),
                Some(_) => batch.extend(self.still_queued(&id, is_absent).await?),
                None => {}
            }
        }
        self.ledger.write(batch).await
    }

    /// The records of an entry that was renewed while an older change was pushed, or whose content is to be pushed again.
    async fn still_queued(&self, id: &DocId, again: bool) -> Result<Vec<StateRecord>> {
        let now = self.ledger.one::<Queued>(QUEUE, id).await?;
        Ok(now.map(|now| enqueue(&Queued { again, ..now })).transpose()?.into_iter().flatten().collect())
    }
}
