//! Reconcile: compare the host with what was last agreed, and queue what changed unnoticed.

use super::{
    Reconciled,
    host::{Local, LookAt},
    ledger::{APPLYING, Applying, BASE, Base, PUSH, QUEUE, Queued},
    pull::{MASS, check_mass},
    queue::{self, FoundChange},
    run::Run,
};
use crate::{Action, Change, Digest, DocId, Entry, Error, ErrorKind, Phase, Result, Revision, document::Short};
use serde::{Deserialize, de::IgnoredAny};

/// How many of the host's documents have a record of ours.
#[derive(Debug, Default)]
struct Seen {
    with_base: u64,
    queued: u64,
    /// Documents that are what they were one version earlier, and that nobody queued.
    reverted: u64,
}

/// What a comparison asks of a [`Base`]: the rest of the record is passed over, not copied.
#[derive(Debug, Deserialize)]
struct Agreed {
    digest: Digest,
    size: u64,
    #[serde(default)]
    before: Option<Short>,
}

/// What a comparison asks of a [`Queued`].
#[derive(Debug, Deserialize)]
struct InLine {
    action: Action,
    token: u64,
    #[serde(default)]
    waits: Option<IgnoredAny>,
}

impl Run {
    /// Queues documents whose content is not what was agreed, and deletions.
    ///
    /// A host that gives digests is compared without reading a single body.
    pub(super) async fn reconcile(&mut self) -> Result<Reconciled> {
        let documents = self.ledger.count(BASE).await?;
        self.begin(Phase::Scan, Some(documents).filter(|n| *n > 0));
        let mut found = Reconciled::default();
        let (mut seen, mut after) = (Seen::default(), None);
        loop {
            let page = self.host.entries(after).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id.clone());
            self.compare_page(&page, &mut found, &mut seen).await?;
            self.advance(Phase::Scan, page.len());
        }
        if seen.reverted > 0 {
            self.check_older(seen.reverted, found.put)?;
            found.put += self.queue_reverted().await?;
        }
        // Documents appear while they are listed, never twice: as many as there are bases means that none is gone.
        if seen.with_base < documents {
            found.deleted = self.queue_deletions(documents).await?;
        }
        // So with the queue: whatever is in it beyond what was seen may be gone.
        if seen.queued < self.ledger.count(QUEUE).await? {
            self.queue_vanished().await?;
        }
        Ok(found)
    }

    /// Compares a page of the host's documents.
    async fn compare_page(&mut self, page: &[Entry], found: &mut Reconciled, seen: &mut Seen) -> Result<()> {
        let ids = || page.iter().map(|e| &e.id);
        let bases = self.ledger.of::<Agreed>(BASE, ids()).await?;
        let queued = self.ledger.of_rare::<InLine>(QUEUE, ids()).await?;
        let applying = self.ledger.of_rare::<Applying>(APPLYING, ids()).await?;
        let digests = self.digests(page, &bases).await?;
        // What an interrupted push carries may be older than what is here now: finishing it must not end the entry.
        let renews = self.server.finishes() && !self.ledger.is_empty(PUSH).await?;
        let mut changes = Vec::new();
        for ((((entry, base), queued), applying), digest) in page.iter().zip(bases).zip(queued).zip(applying).zip(digests) {
            seen.with_base += u64::from(base.is_some());
            if queued.is_none() && has_gone_back(base.as_deref(), digest) {
                seen.reverted += 1;
                continue;
            }
            let (was_queued, token) = (queued.is_some(), queued.as_ref().map(|q| q.token));
            let applied = applying.and_then(|a| a.base).is_some_and(|b| digest == Some(b.digest));
            let changed = digest != base.map(|b| b.digest) && !applied;
            let again = renews && was_queued;
            if again || changed && queued.is_none_or(|q| q.action == Action::Delete || q.waits.is_some()) {
                let change = Change { id: entry.id.clone(), revision: entry.revision.clone(), action: Action::Put };
                changes.push(FoundChange { change, size: entry.size, token });
                seen.queued += u64::from(!was_queued);
            }
            seen.queued += u64::from(was_queued);
        }
        // A page is older than the queue: what was queued as deleted may have been deleted since it was listed.
        let doubtful: Vec<DocId> = changes.iter().filter(|c| c.token.is_some()).map(|c| c.change.id.clone()).collect();
        if !doubtful.is_empty() {
            let gone = self.host.missing(doubtful).await?;
            changes.retain(|c| !gone.contains(&c.change.id));
        }
        found.put += queue::enqueue_found(&self.inner, changes).await?;
        Ok(())
    }

    /// Stops if most of what changed, and at least [`MASS`] documents, went back to what it was before: an older copy of the
    /// host's documents looks so, and what it lacks is no deletion and no edit.
    fn check_older(&self, reverted: u64, others: u64) -> Result<()> {
        let changed = reverted + others;
        if self.options.allow.host_older || reverted < MASS || reverted * 2 <= changed {
            return Ok(());
        }
        let detail = format!(
            "{reverted} of {changed} documents that changed here are exactly what they were one version earlier, as if an older copy of \
             them was put back; nothing is pushed before that is confirmed"
        );
        Err(Error::new(ErrorKind::HostOlder { reverted, changed }, "sync", detail))
    }

    /// Queues documents that went back to what they were before.
    async fn queue_reverted(&mut self) -> Result<u64> {
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.host.entries(after).await?;
            let Some(last) = page.last() else { return Ok(count) };
            after = Some(last.id.clone());
            let bases = self.ledger.of::<Agreed>(BASE, page.iter().map(|e| &e.id)).await?;
            let queued = self.ledger.of::<Queued>(QUEUE, page.iter().map(|e| &e.id)).await?;
            let digests = self.digests(&page, &bases).await?;
            let all = page.iter().zip(&bases).zip(queued).zip(digests);
            let back = all.filter(|(((_, base), queued), digest)| queued.is_none() && has_gone_back(base.as_deref(), *digest));
            let changes = back.map(|(((entry, _), _), _)| {
                let change = Change { id: entry.id.clone(), revision: entry.revision.clone(), action: Action::Put };
                FoundChange { change, size: entry.size, token: None }
            });
            count += queue::enqueue_found(&self.inner, changes.collect()).await?;
        }
    }

    /// Returns the digest of each entry: the host's own, or computed from the body where there is a base to compare.
    async fn digests(&self, page: &[Entry], bases: &[Option<Box<Agreed>>]) -> Result<Vec<Option<Digest>>> {
        let unknown = |(entry, base): &(&Entry, &Option<Box<Agreed>>)| entry.digest.is_none() && base.is_some();
        let read: Vec<LookAt> = page
            .iter()
            .zip(bases)
            .filter(unknown)
            .map(|(e, b)| LookAt { id: e.id.clone(), size: e.size.or(b.as_ref().map(|b| b.size)), expected: false })
            .collect();
        let mut looked = self.host.look(&read).await?.into_iter();
        let digests = page.iter().zip(bases).map(|(entry, base)| match (entry.digest, base) {
            (Some(digest), _) => Some(digest),
            // New documents are queued whatever they hold.
            (None, None) => Some(Digest::of(&[])),
            (None, Some(base)) => match looked.next() {
                Some(Local::Present(local)) => Some(local.digest),
                // Not readable now: taken as unchanged, and found by the next comparison.
                _ => Some(base.digest),
            },
        });
        Ok(digests.collect())
    }

    /// Queues the deletion of documents that were agreed on and that the host no longer has, after counting them.
    async fn queue_deletions(&mut self, documents: u64) -> Result<u64> {
        let mut deletes = 0;
        for queues in [false, true] {
            let mut after = None;
            loop {
                let page = self.ledger.page::<Base>(BASE, after, 1000).await?;
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
                let missing = self.host.missing(page.iter().map(|(_, b)| b.id.clone()).collect()).await?;
                if queues {
                    self.queue_missing(&missing).await?;
                } else {
                    deletes += missing.len() as u64;
                }
            }
            if !queues && !self.options.allow.mass_delete {
                check_mass(deletes, documents, "here")?;
            }
        }
        Ok(deletes)
    }

    /// Queues documents as deleted, except those that are queued so already.
    async fn queue_missing(&self, missing: &[DocId]) -> Result<()> {
        let queued = self.ledger.of::<Queued>(QUEUE, missing).await?;
        let applying = self.ledger.of_rare::<Applying>(APPLYING, missing).await?;
        let new = missing.iter().zip(queued).zip(applying).filter(|((_, queued), applying)| {
            let deleted_by_us = applying.as_ref().is_some_and(|a| a.base.is_none());
            queued.as_ref().is_none_or(|q| q.action == Action::Put) && !deleted_by_us
        });
        let changes: Vec<Change> = new.map(|((id, _), _)| deletion(id)).collect();
        queue::enqueue_all(&self.inner, &changes).await
    }

    /// Turns entries of documents that were written and deleted before they were ever pushed into deletions, which
    /// the next push finds to be nothing at all.
    async fn queue_vanished(&mut self) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.ledger.page::<Queued>(QUEUE, after, 1000).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            let written: Vec<DocId> = page.into_iter().filter(|(_, q)| q.action == Action::Put).map(|(_, q)| q.id).collect();
            let bases = self.ledger.of::<Base>(BASE, &written).await?;
            let new: Vec<DocId> = written.into_iter().zip(bases).filter(|(_, base)| base.is_none()).map(|(id, _)| id).collect();
            if new.is_empty() {
                continue;
            }
            let missing = self.host.missing(new).await?;
            let changes: Vec<Change> = missing.iter().map(deletion).collect();
            queue::enqueue_all(&self.inner, &changes).await?;
        }
    }
}

/// Whether a document is what it was before the version that was agreed on last.
fn has_gone_back(base: Option<&Agreed>, digest: Option<Digest>) -> bool {
    let Some((base, digest)) = base.zip(digest) else { return false };
    digest != base.digest && base.before == Some(Short::of(&digest))
}

/// A deletion found by its absence; its revision is derived from the id, the same on every device.
fn deletion(id: &DocId) -> Change {
    Change { id: id.clone(), revision: Revision::of(format!("gone {id}").as_bytes()), action: Action::Delete }
}
