//! All that is known of a document before anything is decided about it.

use super::{
    host::{Local, LookAt, Present},
    ledger::{APPLYING, Applying, BASE, Base, CONFLICT, ConflictRecord, PUSHING, Pushing, QUEUE, Queued},
    plan::{self, Facts},
    run::Run,
};
use crate::{
    Digest, DocId, Result, Revision,
    document::Short,
    server::{Attempt, Listed, Source, Tag},
};
use std::{fmt, sync::Arc};

/// What the drive has of a document.
#[derive(Debug, Clone)]
pub(super) struct Remote {
    pub(super) revision: Revision,
    pub(super) tag: Option<Tag>,
    /// None if it was deleted.
    pub(super) content: Option<RemoteContent>,
}

/// The content that the drive has of a document.
#[derive(Debug, Clone)]
pub(super) struct RemoteContent {
    /// Its digest; one that equals no other as long as only its first half is known and matches nothing here.
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) held: Held,
}

/// Where a content of the drive is.
#[derive(Clone)]
pub(super) enum Held {
    Whole(Vec<u8>),
    Parts(Arc<dyn Source>),
    /// On the drive still: only the first half of its digest is known.
    Elsewhere(Short),
}

impl RemoteContent {
    pub(super) fn whole(body: Vec<u8>) -> Self {
        Self { digest: Digest::of(&body), size: body.len() as u64, held: Held::Whole(body) }
    }

    /// Takes one of these digests for its own, if it begins like it.
    fn recognise(&mut self, known: impl IntoIterator<Item = Digest>) {
        if let Held::Elsewhere(short) = self.held
            && let Some(digest) = known.into_iter().find(|digest| Short::of(digest) == short)
        {
            self.digest = digest;
        }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole(_) => "Whole",
            Self::Parts(_) => "Parts",
            Self::Elsewhere(_) => "Elsewhere",
        })
    }
}

impl Remote {
    /// A version that was listed, and whose content is not here.
    pub(super) fn listed(listed: Listed) -> Self {
        let Listed { revision, short, size, tag, .. } = listed;
        let content = RemoteContent { digest: short.stand_in(), size, held: Held::Elsewhere(short) };
        Self { revision, tag: Some(tag), content: Some(content) }
    }

    pub(super) fn digest(&self) -> Option<Digest> {
        self.content.as_ref().map(|content| content.digest)
    }

    /// Returns what would be agreed if the host had exactly this under the given revision.
    pub(super) fn base(&self, id: &DocId, revision: &Revision, digest: Digest) -> Option<Box<Base>> {
        let size = self.content.as_ref()?.size;
        let tag = self.tag.clone().unwrap_or_default();
        Some(Box::new(Base { id: id.clone(), revision: revision.clone(), digest, size, tag, before: None }))
    }
}

/// A document that may have changed on the drive.
#[derive(Debug, Clone)]
pub(super) struct NewsOf {
    pub(super) id: DocId,
    pub(super) remote: Remote,
    pub(super) keep_local: bool,
    /// What is agreed, if it was read just now.
    pub(super) base: Option<Option<Box<Base>>>,
}

/// All that is known of a document. What is large or rare is boxed: this is moved about a lot.
pub(super) struct Known {
    pub(super) id: DocId,
    pub(super) remote: Remote,
    pub(super) keep_local: bool,
    pub(super) base: Option<Box<Base>>,
    pub(super) queued: Option<Box<Queued>>,
    pub(super) applying: Option<Box<Applying>>,
    pub(super) pushing: Option<Box<Pushing>>,
    /// Whether a conflict about it waits for the host's decision.
    pub(super) in_conflict: bool,
    /// Whether a version of this client stands beside the drive's, unsettled.
    pub(super) lost: bool,
    /// Whether the drive's was made since the drive was put back, by somebody who went on from there.
    pub(super) newer: bool,
    /// Whether the drive had it, and a deletion is what it has now.
    pub(super) tombstone: bool,
    pub(super) local: Option<Box<Present>>,
}

impl Known {
    pub(super) fn facts(&self, joined: bool) -> Facts {
        Facts {
            remote: self.remote.digest(),
            base: self.base.as_ref().map(|b| b.digest),
            local: self.local_digest(),
            applying: self.applying.as_ref().map(|a| a.base.as_ref().map(|b| b.digest)),
            pushing: self.pushing.as_ref().filter(|p| !p.announced).map(|p| self.attempt_of(p)),
            queued: self.queued.is_some(),
            joined,
            in_conflict: self.in_conflict,
            lost: self.lost,
            tombstone: self.tombstone,
        }
    }

    /// The attempt that the drive has, if it has one of ours; otherwise the newest.
    fn attempt_of(&self, pushing: &Pushing) -> Attempt {
        let found = self.remote.digest();
        if pushing.may_have_left(found) { found.map_or(Attempt::Delete, Attempt::Put) } else { pushing.attempt }
    }

    /// Finds out whether the drive's content is one that is known here, as far as its digest tells.
    fn recognise(&mut self) {
        let applying = self.applying.as_ref().and_then(|a| a.base.as_ref());
        let known = [self.local.as_ref().map(|l| l.digest), self.base.as_ref().map(|b| b.digest), applying.map(|b| b.digest)];
        if let Some(content) = &mut self.remote.content {
            content.recognise(known.into_iter().flatten());
        }
    }

    fn local_digest(&self) -> Option<Digest> {
        self.local.as_ref().map(|l| l.digest)
    }

    /// The base if both sides are taken to be the same, as the host has it.
    pub(super) fn base_as_local(&self) -> Option<Box<Base>> {
        let local = self.local.as_ref()?;
        let mut base = self.remote.base(&self.id, &local.revision, local.digest)?;
        base.size = local.size;
        base.follows(self.base.as_deref());
        Some(base)
    }

    /// The base if the host has exactly what the drive has.
    pub(super) fn base_as_remote(&self) -> Option<Box<Base>> {
        let mut base = self.remote.base(&self.id, &self.remote.revision, self.remote.digest()?)?;
        base.follows(self.base.as_deref());
        Some(base)
    }
}

impl Run {
    /// Gathers what is known. The queue entry is read before the content, so that an edit in between shows.
    pub(super) async fn look_up(&mut self, news: Vec<NewsOf>) -> Result<Vec<Known>> {
        let ids = || news.iter().map(|n| &n.id);
        let unread = news.iter().filter(|n| n.base.is_none()).map(|n| &n.id);
        let mut bases = self.ledger.of::<Base>(BASE, unread).await?.into_iter();
        let queued = self.ledger.of_rare::<Queued>(QUEUE, ids()).await?;
        let applying = self.ledger.of_rare::<Applying>(APPLYING, ids()).await?;
        let pushing = self.ledger.of_rare::<Pushing>(PUSHING, ids()).await?;
        let conflicts = self.ledger.of_rare::<ConflictRecord>(CONFLICT, ids()).await?;
        let mut known: Vec<Known> = Vec::with_capacity(news.len());
        let records = queued.into_iter().zip(applying).zip(pushing).zip(conflicts);
        for (n, (((queued, applying), pushing), conflict)) in news.into_iter().zip(records) {
            let NewsOf { id, remote, keep_local, base } = n;
            let base = base.unwrap_or_else(|| bases.next().flatten());
            let (base, in_conflict) = (pushed_base(&id, pushing.as_deref(), base), conflict.is_some());
            // A server that merely has no such document says nothing of a deletion.
            let tombstone = self.server.finishes() && remote.content.is_none() && remote.tag.is_some();
            known.push(Known {
                id,
                remote,
                keep_local,
                base,
                queued,
                applying,
                pushing,
                in_conflict,
                lost: false,
                newer: false,
                tombstone,
                local: None,
            });
        }
        let unsettled =
            self.server.unsettled(known.iter().map(|k| (k.id.clone(), k.base.as_ref().map(|b| b.tag.clone()))).collect()).await?;
        known.iter_mut().zip(unsettled).for_each(|(known, how)| (known.lost, known.newer) = (how.lost, how.newer));
        let look: Vec<LookAt> = known.iter().map(look_at).collect();
        let locals = self.host.look(&look).await?;
        let mut readable = Vec::with_capacity(known.len());
        for (mut known, local) in known.into_iter().zip(locals) {
            match local {
                Local::Unreadable => {
                    self.leave(known.id, "it cannot be read here now, so the drive's version waits");
                    continue;
                }
                Local::Present(present) => known.local = Some(Box::new(present)),
                Local::Absent => {}
            }
            known.recognise();
            readable.push(known);
        }
        Ok(readable)
    }
}

fn look_at(known: &Known) -> LookAt {
    let applied = known.applying.as_ref().and_then(|a| a.base.as_ref());
    let size = known.base.as_ref().or(applied).map(|b| b.size).or_else(|| known.queued.as_ref()?.size);
    LookAt { id: known.id.clone(), size, expected: size.is_some() || known.queued.is_some() }
}

/// Returns the base; that is what an interrupted push wrote, if the log says that it took place.
fn pushed_base(id: &DocId, pushing: Option<&Pushing>, base: Option<Box<Base>>) -> Option<Box<Base>> {
    let Some(pushing) = pushing.filter(|p| p.announced) else { return base };
    let digest = plan::attempt_digest(pushing.attempt)?;
    let (size, tag) = base.map(|b| (b.size, b.tag)).unwrap_or_default();
    Some(Box::new(Base { id: id.clone(), revision: pushing.revision.clone(), digest, size, tag, before: None }))
}
