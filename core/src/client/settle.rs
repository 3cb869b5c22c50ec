//! Settle: carry out what [`plan`] decides about documents that may have changed on the drive.

use super::{
    host::{Local, LookAt},
    known::{Held, Known, NewsOf},
    ledger::{
        APPLIES, APPLYING, Applying, Base, CONFLICT, CONFLICT_BODY, ConflictRecord, PUSHING, QUEUE, Queued, TODO, Todo, base_record, bytes,
        dequeue, enqueue, record, removal,
    },
    plan::{self, Pull},
    resolve::remote_side,
    run::Run,
};
use crate::{
    Action, Conflict, ConflictKind, Digest, DocId, Incoming, Level, Outcome, Result, Side, StateRecord,
    document::Short,
    server::{self, Loaded, Tag},
};
use std::{collections::VecDeque, time::Duration};

/// How often a document that the host edits at the same moment is planned again within one sync.
const TRIES: u32 = 3;

/// An apply under way.
struct Pending {
    known: Known,
    incoming: Incoming,
    intent: Option<Box<Applying>>,
}

/// What a batch of decisions leads to.
#[derive(Default)]
struct Steps {
    /// Conclusions, with the queue entry each was drawn from.
    settled: Vec<Settled>,
    pending: Vec<Pending>,
}

/// Documents about which nothing remains to be done.
struct Settled {
    id: DocId,
    /// What is agreed from now on.
    base: Option<Box<Base>>,
    /// The queue entry that is thereby done, if it is still the same.
    done: Option<Box<Queued>>,
    /// An edit that the host made without a word: it is queued now.
    unnoticed: Option<Box<Queued>>,
    conflict: Option<Box<(ConflictRecord, Option<Vec<u8>>)>>,
    /// Whether an interrupted push is settled by this.
    push_settled: bool,
    /// A version of this client's that lost is settled by this.
    lost_settled: Option<Box<server::Settled>>,
    /// Which records there were, to be removed.
    had: Had,
}

/// Which records of a document there are.
struct Had {
    applying: bool,
    pushing: bool,
    conflict: bool,
}

impl Settled {
    fn new(known: &Known, base: Option<Box<Base>>) -> Self {
        let had = Had { applying: known.applying.is_some(), pushing: known.pushing.is_some(), conflict: known.in_conflict };
        Self { id: known.id.clone(), base, done: None, unnoticed: None, conflict: None, push_settled: false, lost_settled: None, had }
    }

    /// Both sides are the same: the entry is done, and so is whatever was interrupted.
    fn agreed(known: &Known, base: Option<Box<Base>>) -> Self {
        let lost_settled = known.lost.then(|| {
            let before = known.base.as_ref().map(|base| base.tag.clone());
            Box::new(server::Settled { id: known.id.clone(), before, now: known.remote.tag.clone(), took: true })
        });
        Self { done: known.queued.clone(), push_settled: true, lost_settled, ..Self::new(known, base) }
    }
}

impl Run {
    /// Settles news: at most a few times over where the host edits at the same moment.
    pub(super) async fn settle(&mut self, mut news: Vec<NewsOf>) -> Result<()> {
        for _ in 0..TRIES {
            if news.is_empty() {
                return Ok(());
            }
            let known = self.look_up(news).await?;
            let steps = self.decide(known).await?;
            news = self.carry_out(steps).await?;
        }
        for left in news {
            self.leave(left.id, "it was edited here again and again during the sync; the next sync goes on with it");
            self.report().go_on_after(Duration::ZERO);
        }
        Ok(())
    }

    async fn decide(&mut self, all: Vec<Known>) -> Result<Steps> {
        let mut steps = Steps::default();
        for (known, outcome) in self.with_contents(all).await? {
            self.log.line(Level::Debug, || format!("{}: {outcome:?}", known.id));
            match outcome {
                Pull::AlreadyHave | Pull::Converged | Pull::Adopt => steps.settled.push(Settled::agreed(&known, known.base_as_local())),
                Pull::DeleteAlreadyGone => steps.settled.push(Settled::agreed(&known, None)),
                Pull::StaleEcho => {
                    let base = self.put_on_top(&known, known.base.clone());
                    steps.settled.push(Settled { unnoticed: self.unnoticed(&known).map(Box::new), ..Settled::new(&known, base) });
                }
                Pull::OwnPush => {
                    // The intent stays: it makes the next push write and announce it, whatever the host has by then.
                    steps
                        .settled
                        .push(Settled { unnoticed: self.unnoticed(&known).map(Box::new), ..Settled::new(&known, own_push(&known)) });
                }
                Pull::FastForward | Pull::Conflict(_) if stays(&known) => {
                    let base = self.put_on_top(&known, known.base_as_remote());
                    steps.settled.push(Settled { unnoticed: self.unnoticed(&known).map(Box::new), ..Settled::new(&known, base) });
                }
                Pull::FastForward => steps.pending.extend(self.prepare_apply(known).await?),
                Pull::Conflict(kind) => {
                    let settled = self.conflicting(&known, kind).await?;
                    steps.settled.extend(settled);
                }
            }
        }
        Ok(steps)
    }

    /// Decides about documents by what is known of them, and loads the contents of those that need theirs.
    async fn with_contents(&self, all: Vec<Known>) -> Result<Vec<(Known, Pull)>> {
        let decide = |known: Known| {
            let outcome = plan::pull(&known.facts(self.joined));
            (known, outcome)
        };
        let mut decided: Vec<(Known, Pull)> = all.into_iter().map(decide).collect();
        let wanted = decided.iter().filter(|(known, outcome)| needs_content(known, *outcome));
        let wanted: Vec<(DocId, Tag)> = wanted.map(|(known, _)| (known.id.clone(), known.remote.tag.clone().unwrap_or_default())).collect();
        if wanted.is_empty() {
            return Ok(decided);
        }
        let mut loaded: VecDeque<Loaded> = self.server.load(wanted).await?.into();
        decided.retain_mut(|(known, outcome)| {
            if !needs_content(known, *outcome) {
                return true;
            }
            let Some(content) = &mut known.remote.content else { return false };
            match loaded.pop_front() {
                Some(Loaded::Whole(bytes, digest)) => {
                    (content.digest, content.size, content.held) = (digest, bytes.len() as u64, Held::Whole(bytes))
                }
                Some(Loaded::Parts(source)) => content.held = Held::Parts(source),
                Some(Loaded::Unreadable(why)) => {
                    self.leave(known.id.clone(), why);
                    return false;
                }
                None => return false,
            }
            true
        });
        Ok(decided)
    }

    /// A base on which the host's side stays on top of the drive's.
    fn put_on_top(&self, known: &Known, base: Option<Box<Base>>) -> Option<Box<Base>> {
        let mut base = base?;
        let seen = known.remote.tag.clone().unwrap_or_default();
        base.tag = self.server.on_top(known.base.as_ref().map(|base| &base.tag), &seen);
        Some(base)
    }

    /// A queue entry for an edit that the host made without telling, if there is one.
    fn unnoticed(&self, known: &Known) -> Option<Queued> {
        if known.queued.is_some() {
            return None;
        }
        let action = if known.local.is_some() { Action::Put } else { Action::Delete };
        let revision = known.local.as_ref().map_or_else(|| known.remote.revision.clone(), |l| l.revision.clone());
        let number = self.inner.next_number();
        Some(Queued { id: known.id.clone(), revision, action, token: number, place: number, again: false, waits: None, size: None })
    }

    /// None: the content that is to be shown cannot be had now.
    async fn conflicting(&self, known: &Known, kind: ConflictKind) -> Result<Option<Settled>> {
        let body = match known.remote.content.as_ref().map(|content| content.held.clone()) {
            Some(Held::Whole(body)) => Some(body),
            Some(Held::Parts(source)) => {
                let body = self.collected(known, source).await?;
                if body.is_none() {
                    self.leave(known.id.clone(), "its content on the drive is not what it should be, or changed while it was read");
                    return Ok(None);
                }
                body
            }
            Some(Held::Elsewhere(_)) | None => None,
        };
        if let (Some(local), Some(body)) = (&known.local, &body)
            && let Some(document) = self.host.get_one(&known.id).await?
            && document.revision == local.revision
            && let Some(ours) = self.host.body(document).await?
            && Digest::of(&ours) == local.digest
            && self.server.same_content(&ours, body)
        {
            return Ok(Some(Settled::agreed(known, known.base_as_local())));
        }
        let side = |digest: Option<Digest>, revision: &crate::Revision| digest.map(|digest| Side { revision: revision.clone(), digest });
        let conflict = Conflict {
            id: known.id.clone(),
            kind,
            // What this client pushed itself, and what lost, is no ancestor of what the drive has.
            base: known.base.as_ref().filter(|_| !known.lost).and_then(|b| side(Some(b.digest), &b.revision)),
            local: known.local.as_ref().and_then(|l| side(Some(l.digest), &l.revision)),
            remote: side(known.remote.digest(), &known.remote.revision),
        };
        let record = ConflictRecord { conflict, tag: known.remote.tag.clone().unwrap_or_default(), claimed: false };
        Ok(Some(Settled { conflict: Some(Box::new((record, body))), ..Settled::new(known, known.base.clone()) }))
    }

    /// Reads a large content of the drive into memory.
    async fn collected(&self, known: &Known, source: std::sync::Arc<dyn server::Source>) -> Result<Option<Vec<u8>>> {
        let size = known.remote.content.as_ref().map_or(0, |content| content.size);
        server::Content::Parts { size, source }.whole().await
    }

    /// Hands the content over, if it is large, and makes the call. None: the content is not what it should be.
    async fn prepare_apply(&self, mut known: Known) -> Result<Option<Pending>> {
        let id = known.id.clone();
        let body = match &mut known.remote.content {
            Some(content) => match &content.held {
                // What can be loaded again need not be kept for another try.
                Held::Whole(_) if self.server.finishes() => {
                    let again = Held::Elsewhere(Short::of(&content.digest));
                    let Held::Whole(body) = std::mem::replace(&mut content.held, again) else { return Ok(None) };
                    Some(self.host.staged(&id, &known.remote.revision, body).await?)
                }
                Held::Whole(body) => Some(self.host.staged(&id, &known.remote.revision, body.clone()).await?),
                Held::Parts(source) => {
                    let Some((body, digest)) = self.host.staged_parts(&id, &known.remote.revision, content.size, &**source).await? else {
                        self.leave(id, "its content on the drive is not what it should be, or changed while it was read");
                        return Ok(None);
                    };
                    if Short::of(&digest) != Short::of(&content.digest) {
                        self.leave(id, "its content on the drive is not what it should be");
                        return Ok(None);
                    }
                    content.digest = digest;
                    Some(body)
                }
                Held::Elsewhere(_) => return Ok(None),
            },
            None => None,
        };
        let base = known.base_as_remote();
        let tag = known.remote.tag.clone().filter(|_| base.is_none());
        let incoming = Incoming {
            id: id.clone(),
            revision: known.remote.revision.clone(),
            body,
            expected: known.local.as_ref().map(|l| l.revision.clone()),
        };
        Ok(Some(Pending { intent: Some(Box::new(Applying { id, base, tag })), known, incoming }))
    }

    /// Writes conclusions down and applies what is to be applied. Returns what must be planned again.
    async fn carry_out(&mut self, steps: Steps) -> Result<Vec<NewsOf>> {
        // One record for all: only an interruption ever asks for each.
        let applying: Vec<&Applying> = steps.pending.iter().filter_map(|pending| pending.intent.as_deref()).collect();
        let intents = format!("{APPLIES}{:016x}", self.inner.next_number());
        let durable = if applying.is_empty() { Vec::new() } else { vec![StateRecord::set(intents.clone(), bytes(&applying)?)] };
        self.conclude(steps.settled, durable).await?;
        if steps.pending.is_empty() {
            return Ok(Vec::new());
        }
        let (known, incoming): (Vec<_>, Vec<_>) = steps.pending.into_iter().map(|p| (p.known, p.incoming)).unzip();
        let outcomes = self.host.apply(incoming).await?;
        let (mut settled, mut cleared, mut again) = (Vec::new(), vec![StateRecord::remove(intents)], Vec::new());
        for (known, outcome) in known.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Applied => {
                    let deleted = known.remote.content.is_none();
                    self.report().no_longer_skipped(&known.id);
                    let mut report = self.report();
                    *if deleted { &mut report.deleted } else { &mut report.pulled } += 1;
                    settled.push(Settled::agreed(&known, known.base_as_remote()));
                }
                Outcome::Stale => {
                    cleared.extend(known.applying.iter().map(|applying| removal(APPLYING, &applying.id)));
                    again.push(NewsOf { id: known.id, remote: known.remote, keep_local: known.keep_local, base: None });
                }
                Outcome::Rejected(why) => {
                    cleared.extend(known.applying.iter().map(|applying| removal(APPLYING, &applying.id)));
                    self.leave(known.id, format!("it cannot be stored here: {why}"));
                }
            }
        }
        self.conclude(settled, cleared).await?;
        Ok(again)
    }

    /// Makes conclusions durable, in one batch with `others`. A queue entry that is newer than the conclusion stays.
    async fn conclude(&self, mut settled: Vec<Settled>, others: Vec<StateRecord>) -> Result<()> {
        let lost: Vec<server::Settled> = settled.iter_mut().filter_map(|settled| settled.lost_settled.take().map(|lost| *lost)).collect();
        let others = if lost.is_empty() { others } else { [others, self.server.settled(lost).await?].concat() };
        let _turn = self.ledger.turn().await;
        let entries = self.ledger.of_rare::<Queued>(QUEUE, settled.iter().map(|s| &s.id)).await?;
        let mut batch = others;
        for (settled, entry) in settled.into_iter().zip(entries) {
            let id = &settled.id;
            batch.push(base_record(id, settled.base.as_deref())?);
            batch.extend((!self.only_at_hand).then(|| removal(TODO, id)));
            batch.extend(settled.had.applying.then(|| removal(APPLYING, id)));
            if settled.push_settled && settled.had.pushing {
                batch.push(removal(PUSHING, id));
            }
            match (&settled.done, &settled.unnoticed, &entry) {
                (Some(done), _, Some(entry)) if done.token == entry.token => batch.extend(done_with(entry, settled.base.is_some())?),
                (_, Some(unnoticed), None) => batch.extend(enqueue(unnoticed)?),
                _ => {}
            }
            if settled.had.conflict || settled.conflict.is_some() {
                batch.extend(conflict_records(id, settled.conflict.map(|conflict| *conflict))?);
            }
        }
        self.ledger.write(batch).await
    }

    /// Plans conflicts again whose document the host has changed: it may have made it equal to one side.
    pub(super) async fn replan_conflicts(&mut self) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.ledger.page::<ConflictRecord>(CONFLICT, after, 16).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            let records: Vec<ConflictRecord> = page.into_iter().map(|(_, record)| record).collect();
            let todos = self.ledger.of_rare::<Todo>(TODO, records.iter().map(|r| &r.conflict.id)).await?;
            let look: Vec<LookAt> = records.iter().map(|r| LookAt { id: r.conflict.id.clone(), size: None, expected: true }).collect();
            let locals = self.host.look(&look).await?;
            let mut news = Vec::new();
            for ((record, todo), local) in records.into_iter().zip(todos).zip(locals) {
                if todo.is_none() && !record.claimed && has_changed(&record.conflict, &local) {
                    let id = record.conflict.id.clone();
                    news.push(NewsOf { id, remote: remote_side(&self.ledger, record).await?, keep_local: false, base: None });
                }
            }
            self.settle(news).await?;
        }
    }
}

/// Whether the user has agreed to keep this device's side: of what the drive had before it was put back, and not of what
/// was made since.
fn stays(known: &Known) -> bool {
    known.keep_local && known.local.is_some() && !known.newer
}

/// Whether a content must be at hand to carry this out, and is not.
fn needs_content(known: &Known, outcome: Pull) -> bool {
    let elsewhere = known.remote.content.as_ref().is_some_and(|content| matches!(content.held, Held::Elsewhere(_)));
    elsewhere
        && match outcome {
            Pull::FastForward | Pull::Conflict(_) => true,
            Pull::AlreadyHave | Pull::Converged | Pull::Adopt | Pull::DeleteAlreadyGone | Pull::StaleEcho | Pull::OwnPush => false,
        }
}

/// Whether the host's side is no longer what the conflict says.
fn has_changed(conflict: &Conflict, local: &Local) -> bool {
    let seen = conflict.local.as_ref().map(|side| side.digest);
    match local {
        Local::Present(present) => seen != Some(present.digest),
        Local::Absent => seen.is_some(),
        Local::Unreadable => false,
    }
}

/// What an interrupted push has left on the drive is what both sides agree on.
fn own_push(known: &Known) -> Option<Box<Base>> {
    let pushing = known.pushing.as_ref()?;
    let found = known.remote.digest()?;
    let newest = plan::attempt_digest(pushing.attempt) == Some(found);
    let revision = if newest { &pushing.revision } else { &known.remote.revision };
    known.remote.base(&known.id, revision, found)
}

/// The records of an entry that is done. An announcement that was lost is still to be made, of what is agreed now.
fn done_with(entry: &Queued, exists: bool) -> Result<[StateRecord; 2]> {
    if !entry.again {
        return Ok(dequeue(&entry.id, entry.place));
    }
    let action = if exists { Action::Put } else { Action::Delete };
    enqueue(&Queued { action, ..entry.clone() })
}

fn conflict_records(id: &DocId, conflict: Option<(ConflictRecord, Option<Vec<u8>>)>) -> Result<Vec<StateRecord>> {
    let Some((conflict, body)) = conflict else { return Ok(vec![removal(CONFLICT, id), removal(CONFLICT_BODY, id)]) };
    let body =
        body.map_or_else(|| removal(CONFLICT_BODY, id), |body| StateRecord::set(super::ledger::key(CONFLICT_BODY, id.as_str()), body));
    Ok(vec![record(CONFLICT, id, &conflict)?, body])
}
