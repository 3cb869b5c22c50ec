//! What is about to be pushed: entries of the queue with their documents' contents, and what is decided about each.

use super::{
    host::{Host, HostSource},
    ledger::{self, BASE, Base, CONFLICT, ConflictRecord, ORDER, PUSHING, Pushing, QUEUE, Queued, TODO, Ticket, Todo, dequeue, enqueue},
    plan::{self, Push},
    run::Run,
};
use crate::{
    Action, Body, Digest, DocId, Document, MaybeSend, MaybeSync, Report, Result, Revision,
    document::Short,
    lookup::Lookup,
    server::{self, Announced, Attempt, Content, Outgoing, Tag},
};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// How many entries are looked at together.
const PAGE: u32 = 1000;
/// Mostly one of the first can be pushed.
const FIRST_PAGE: u32 = 16;

/// How many interrupted pushes of one document are remembered.
const ATTEMPTS: usize = 8;

/// A queued change with what is known of its document.
pub(super) struct Candidate {
    pub(super) entry: Box<Queued>,
    pub(super) base: Option<Box<Base>>,
    pub(super) pushing: Option<Box<Pushing>>,
}

impl Candidate {
    /// How large the document is, as far as that is known before it is read.
    pub(super) fn size(&self) -> Option<u64> {
        self.entry.size.or(self.base.as_ref().map(|base| base.size))
    }
}

/// A change about to be pushed: what to write, and what to remember of it.
pub(super) struct Ready {
    pub(super) change: Sent,
    pub(super) outgoing: Outgoing,
    /// What interrupted pushes of it may have left on the drive, unannounced.
    unannounced: Vec<Attempt>,
}

/// What to remember of a change that is pushed.
pub(super) struct Sent {
    pub(super) entry: Box<Queued>,
    pub(super) revision: Revision,
    pub(super) digest: Option<Digest>,
    pub(super) size: u64,
    /// What was agreed on before.
    pub(super) before: Option<Short>,
    /// Whether an earlier push of it was interrupted.
    pub(super) interrupted: bool,
}

impl Sent {
    pub(super) fn announced(&self, tag: &Tag) -> Announced {
        let action = if self.digest.is_some() { Action::Put } else { Action::Delete };
        Announced { id: self.entry.id.clone(), action, tag: tag.clone() }
    }
}

impl Ready {
    pub(super) fn new(candidate: Candidate, content: Option<(Revision, Digest, Content)>) -> Self {
        let Candidate { entry, base, pushing } = candidate;
        let (revision, digest, body) = match content {
            Some((revision, digest, body)) => (revision, Some(digest), Some((body, digest))),
            None => (entry.revision.clone(), None, None),
        };
        let size = body.as_ref().map_or(0, |(body, _)| body.size());
        let before = digest.and_then(|digest| ledger::before(base.as_deref(), digest));
        let base = base.as_ref().map(|b| b.tag.clone());
        let attempted = pushing.as_deref().map(Pushing::attempts).unwrap_or_default();
        let unannounced = pushing.as_deref().filter(|p| !p.announced).map(Pushing::attempts).unwrap_or_default();
        let outgoing = Outgoing { id: entry.id.clone(), revision: revision.clone(), body, base, attempted };
        let change = Sent { entry, revision, digest, size, before, interrupted: pushing.is_some() };
        Self { change, outgoing, unannounced }
    }

    /// What is to be durable before anything is written.
    pub(super) fn intent(&self, push: &str) -> Pushing {
        let Sent { entry, revision, digest, size, before, .. } = &self.change;
        let attempt = digest.map_or(Attempt::Delete, Attempt::Put);
        let older = self.unannounced.iter().copied().filter(|older| *older != attempt);
        let earlier = older.skip(self.unannounced.len().saturating_sub(ATTEMPTS)).collect();
        let (token, size, before, push) = (entry.token, *size, *before, push.to_owned());
        Pushing { id: entry.id.clone(), revision: revision.clone(), attempt, earlier, push, announced: false, token, size, before }
    }

    pub(super) fn split(self) -> (Sent, Outgoing) {
        (self.change, self.outgoing)
    }
}

/// Documents that the host gave, mostly in the order in which they were asked for.
struct Found {
    in_order: VecDeque<Document>,
    others: Lookup<DocId, Document>,
}

impl Found {
    fn new(batch: &[Candidate], documents: Vec<Document>) -> Self {
        let as_asked = batch.len() == documents.len() && batch.iter().zip(&documents).all(|(candidate, d)| candidate.entry.id == d.id);
        let (in_order, others) = if as_asked { (documents, Vec::new()) } else { (Vec::new(), documents) };
        Self { in_order: in_order.into(), others: others.into_iter().map(|d| (d.id.clone(), d)).collect() }
    }

    fn has(&self, id: &DocId) -> bool {
        !self.in_order.is_empty() || self.others.has(id)
    }

    fn take(&mut self, id: &DocId) -> Option<Document> {
        self.in_order.pop_front().or_else(|| self.others.remove(id))
    }
}

impl Run {
    /// Whether anything in the queue could be pushed now. What is in conflict or waits for a pull could not.
    /// What was tried and has to wait for somebody is reported, and tried again when there is more to push.
    pub(super) async fn has_pushable(&self) -> Result<bool> {
        self.has_entry(|_| true).await
    }

    /// Whether there is something that could be pushed now and that this sync has not reported as left out.
    pub(super) async fn has_untried(&self) -> Result<bool> {
        self.has_entry(|id| {
            let report = self.report();
            report.skipped.len() < Report::MAX_SKIPPED && !report.skipped.iter().any(|skipped| skipped.id == *id)
        })
        .await
    }

    async fn has_entry(&self, counts: impl Fn(&DocId) -> bool + MaybeSend + MaybeSync) -> Result<bool> {
        let (mut after, mut limit) = (None, FIRST_PAGE);
        loop {
            let page = self.ledger.page::<DocId>(ORDER, after, limit).await?;
            let Some((last, _)) = page.last() else { return Ok(false) };
            limit = PAGE;
            after = Some(last.clone());
            let ids: Vec<DocId> = page.into_iter().map(|(_, id)| id).collect();
            for Candidate { entry, .. } in self.candidates(&ids).await? {
                match entry.waits {
                    Some(why) => self.report().skip(entry.id, why),
                    None if counts(&entry.id) => return Ok(true),
                    None => {}
                }
            }
        }
    }

    /// Reads the entries of these documents, without those that must wait for the host or for a pull.
    pub(super) async fn candidates(&self, ids: &[DocId]) -> Result<Vec<Candidate>> {
        let entries = self.ledger.of::<Queued>(QUEUE, ids).await?;
        let conflicts = self.ledger.of_rare::<ConflictRecord>(CONFLICT, ids).await?;
        let todos = self.ledger.of_rare::<Todo>(TODO, ids).await?;
        let bases = self.ledger.of::<Base>(BASE, ids).await?;
        let pushing = self.ledger.of_rare::<Pushing>(PUSHING, ids).await?;
        let all = entries.into_iter().zip(conflicts).zip(todos).zip(bases).zip(pushing);
        let free = all.filter(|((((_, conflict), todo), _), _)| conflict.is_none() && todo.is_none());
        Ok(free.filter_map(|((((entry, _), _), base), pushing)| Some(Candidate { entry: entry?, base, pushing })).collect())
    }

    /// Reads the contents and decides; what needs no push leaves the queue, what cannot be pushed is reported.
    pub(super) async fn prepare(&self, batch: Vec<Candidate>) -> Result<Vec<Ready>> {
        let documents = self.host.get(batch.iter().map(|c| c.entry.id.clone()).collect()).await?;
        let mut found = Found::new(&batch, documents);
        let gone = self.truly_missing(&batch, |id| found.has(id)).await?;
        let (mut ready, mut done) = (Vec::with_capacity(batch.len()), Vec::new());
        for candidate in batch {
            let id = &candidate.entry.id;
            let content = match found.take(id) {
                Some(document) => {
                    let revision = document.revision.clone();
                    let Some(digest) = self.host.digest(&document).await? else {
                        self.report().skip(id.clone(), "it changed while it was read; the next sync pushes it");
                        self.report().go_on_after(Duration::ZERO);
                        continue;
                    };
                    Some((revision, digest, content(&self.host, document)))
                }
                None if gone.contains(id) => None,
                None => {
                    self.report().skip(id.clone(), "it cannot be read here now");
                    continue;
                }
            };
            let base = candidate.base.as_deref();
            let unsettled = candidate.entry.again || candidate.pushing.is_some();
            let deletes = candidate.entry.action == Action::Delete;
            match plan::push(deletes, base.map(|b| b.digest), content.as_ref().map(|c| c.1), unsettled) {
                Push::UpToDate => done.push((candidate.entry, candidate.base.map(|base| base.tag))),
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
    pub(super) async fn set_waiting(&self, entry: &Queued, why: &str) -> Result<()> {
        self.report().skip(entry.id.clone(), why);
        let _turn = self.ledger.turn().await;
        match self.ledger.one::<Queued>(QUEUE, &entry.id).await? {
            Some(now) if now.token == entry.token => {
                self.ledger.write(enqueue(&Queued { waits: Some(why.to_owned()), ..now })?.into()).await
            }
            _ => Ok(()),
        }
    }

    /// Takes entries out of the queue, unless they were renewed: the drive has exactly what they stand for.
    async fn drop_entries(&self, entries: Vec<(Box<Queued>, Option<Tag>)>) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let settled = entries.iter().filter_map(|(entry, before)| {
            let before = before.clone()?;
            Some(server::Settled { id: entry.id.clone(), before: Some(before), now: None, took: true })
        });
        let mut batch = self.server.settled(settled.collect()).await?;
        let _turn = self.ledger.turn().await;
        let now = self.ledger.of::<Ticket>(QUEUE, entries.iter().map(|(e, _)| &e.id)).await?;
        let same = entries.iter().zip(now).filter_map(|((entry, _), now)| Some((entry, now.filter(|now| now.token == entry.token)?)));
        batch.extend(same.flat_map(|(entry, now)| dequeue(&entry.id, now.place)));
        self.ledger.write(batch).await
    }
}

/// The content of a document, to be read in parts if that is how the host gives it.
fn content(host: &Host, document: Document) -> Content {
    match document.body {
        Body::Whole(bytes) => Content::Whole(bytes),
        Body::Parts { size } => Content::Parts { size, source: Arc::new(HostSource { host: host.clone(), document }) },
    }
}
