//! Resolve: the host decides about a conflict, as it was shown.

use super::{
    Inner,
    host::{Host, Local, LookAt, Present},
    known::{Held, Remote, RemoteContent},
    ledger::{
        APPLYING, Applying, BASE, Base, CONFLICT, CONFLICT_BODY, ConflictRecord, Ledger, PUSHING, QUEUE, Queued, base_record, dequeue,
        enqueue, key, record, removal,
    },
};
use crate::{
    Action, Body, Conflict, DocId, Document, Error, Incoming, Outcome, Resolution, Result, Revision, Side, StateRecord, Versions, server,
};

/// Lists the conflicts that wait, each with the host's side as it is now.
pub(super) async fn conflicts(inner: &Inner) -> Result<Vec<Conflict>> {
    let mut conflicts = Vec::new();
    let mut after = None;
    loop {
        let page = inner.ledger.page::<ConflictRecord>(CONFLICT, after, 256).await?;
        let Some((last, _)) = page.last() else { return Ok(conflicts) };
        after = Some(last.clone());
        let look: Vec<LookAt> = page.iter().map(|(_, r)| LookAt { id: r.conflict.id.clone(), size: None, expected: true }).collect();
        for ((_, record), local) in page.into_iter().zip(inner.host.look(&look).await?) {
            let mut conflict = record.conflict;
            match local {
                Local::Present(local) => conflict.local = Some(side(&local)),
                Local::Absent => conflict.local = None,
                // It stays as it was seen last.
                Local::Unreadable => {}
            }
            conflicts.push(conflict);
        }
    }
}

/// Gives the contents of both sides.
pub(super) async fn versions(inner: &Inner, id: DocId) -> Result<Versions> {
    let record = load(inner, &id).await?;
    let base = base_side(inner, &record).await?;
    let remote = remote_side(&inner.ledger, record).await?;
    let local = inner.host.get_one(&id).await?;
    let body = remote.content.and_then(|content| whole(content.held));
    let remote = body.map(|body| Document { id, revision: remote.revision, body: Body::Whole(body) });
    Ok(Versions { base, local, remote })
}

/// What both sides last agreed on, if it is still kept and can be had now.
async fn base_side(inner: &Inner, record: &ConflictRecord) -> Result<Option<Document>> {
    let Conflict { id, base: Some(base), .. } = &record.conflict else { return Ok(None) };
    match super::history::base_body(inner, id, base.digest).await {
        Ok(body) => Ok(body.map(|body| Document { id: id.clone(), revision: base.revision.clone(), body: Body::Whole(body) })),
        // Both sides can be shown without it, also without a drive.
        Err(e) => {
            inner.options.log.line(crate::Level::Debug, || format!("what was agreed on cannot be had now: {e}"));
            Ok(None)
        }
    }
}

/// Settles a conflict. If either side is no longer what was shown, nothing is done.
pub(super) async fn resolve(inner: &Inner, seen: Conflict, resolution: Resolution) -> Result<()> {
    let record = load(inner, &seen.id).await?;
    if record.conflict.remote != seen.remote {
        return Err(moved(&seen.id, "the drive's side has changed since the conflict was shown"));
    }
    let local = local_side(&inner.host, &seen.id).await?;
    if local.as_ref().map(|l| l.digest) != seen.local.as_ref().map(|s| s.digest) {
        return Err(moved(&seen.id, "the document here has changed since the conflict was shown"));
    }
    let claimed = record.claimed;
    let remote = remote_side(&inner.ledger, record).await?;
    match resolution {
        Resolution::KeepLocal => keep(inner, &seen.id, &remote, local.as_ref(), claimed).await,
        // What was valid until now is replaced for everybody, by what was left.
        Resolution::TakeRemote if claimed => {
            let body = remote.content.clone().and_then(|content| whole(content.held)).map(Body::Whole);
            let incoming = Incoming { id: seen.id.clone(), revision: remote.revision.clone(), body, expected: local.map(|l| l.revision) };
            apply(&inner.host, incoming).await?;
            let taken = local_side(&inner.host, &seen.id).await?;
            keep(inner, &seen.id, &remote, taken.as_ref(), true).await
        }
        Resolution::TakeRemote => take(inner, &seen.id, remote, local).await,
        Resolution::Merged { revision, body } => {
            let incoming =
                Incoming { id: seen.id.clone(), revision: revision.clone(), body: Some(body), expected: local.map(|l| l.revision) };
            apply(&inner.host, incoming).await?;
            let merged = local_side(&inner.host, &seen.id).await?;
            keep(inner, &seen.id, &remote, merged.as_ref(), claimed).await
        }
    }
}

async fn load(inner: &Inner, id: &DocId) -> Result<ConflictRecord> {
    let record = inner.ledger.one::<ConflictRecord>(CONFLICT, id).await?;
    record.ok_or_else(|| Error::new(crate::ErrorKind::NotFound, "resolve", "there is no conflict about this document").about(id.as_str()))
}

async fn local_side(host: &Host, id: &DocId) -> Result<Option<Present>> {
    match host.look(&[LookAt { id: id.clone(), size: None, expected: true }]).await?.into_iter().next() {
        Some(Local::Present(present)) => Ok(Some(present)),
        Some(Local::Absent) | None => Ok(None),
        Some(Local::Unreadable) => Err(moved(id, "the document cannot be read here now")),
    }
}

/// The host's side stays and replaces the drive's by the next push.
///
/// `again` says that it is pushed even if the drive's side is the same: what is valid there is another version.
async fn keep(inner: &Inner, id: &DocId, remote: &Remote, local: Option<&Present>, again: bool) -> Result<()> {
    let (server, before) = (inner.server(), inner.ledger.one::<Base>(BASE, id).await?.map(|base| base.tag));
    let mut base = remote.digest().and_then(|digest| remote.base(id, &remote.revision, digest));
    if let Some(base) = &mut base {
        base.tag = server.on_top(before.as_ref(), &base.tag);
    }
    let settled_there = server.settled(vec![server::Settled { id: id.clone(), before, now: remote.tag.clone(), took: false }]).await?;
    let number = inner.next_number();
    let revision = local.map_or_else(|| remote.revision.clone(), |l| l.revision.clone());
    let action = if local.is_some() { Action::Put } else { Action::Delete };
    let _turn = inner.ledger.turn().await;
    let before = inner.ledger.one::<Queued>(QUEUE, id).await?;
    let place = before.map_or(number, |b| b.place);
    let entry = Queued { id: id.clone(), revision, action, token: number, place, again, waits: None, size: None };
    let mut batch = settled(id, base.as_deref())?;
    batch.extend(settled_there);
    batch.extend(enqueue(&entry)?);
    inner.ledger.write(batch).await
}

/// The drive's side replaces the host's now.
async fn take(inner: &Inner, id: &DocId, remote: Remote, local: Option<Present>) -> Result<()> {
    let queued = inner.ledger.one::<Queued>(QUEUE, id).await?;
    let base = remote.digest().and_then(|digest| remote.base(id, &remote.revision, digest));
    let applying = Applying { id: id.clone(), base: base.clone(), tag: remote.tag.clone().filter(|_| base.is_none()) };
    inner.ledger.write(vec![record(APPLYING, id, &applying)?]).await?;
    let before = inner.ledger.one::<Base>(BASE, id).await?.map(|base| base.tag);
    let now = server::Settled { id: id.clone(), before, now: remote.tag.clone(), took: true };
    let body = match remote.content.map(|content| content.held) {
        Some(Held::Whole(body)) => Some(inner.host.staged(id, &remote.revision, body).await?),
        Some(Held::Parts(_) | Held::Elsewhere(_)) | None => None,
    };
    if body.is_some() || local.is_some() {
        let incoming = Incoming { id: id.clone(), revision: remote.revision, body, expected: local.map(|l| l.revision) };
        if let Err(e) = apply(&inner.host, incoming).await {
            if e.is_condition() {
                inner.ledger.write(vec![removal(APPLYING, id)]).await?;
            }
            return Err(e);
        }
    }
    let settled_there = inner.server().settled(vec![now]).await?;
    let _turn = inner.ledger.turn().await;
    let now = inner.ledger.one::<Queued>(QUEUE, id).await?;
    let mut batch = settled(id, base.as_deref())?;
    batch.extend(settled_there);
    if let (Some(before), Some(now)) = (queued, now)
        && before.token == now.token
    {
        batch.extend(dequeue(&now.id, now.place));
    }
    inner.ledger.write(batch).await
}

async fn apply(host: &Host, incoming: Incoming) -> Result<()> {
    let id = incoming.id.clone();
    match host.apply(vec![incoming]).await?.into_iter().next() {
        Some(Outcome::Applied) => Ok(()),
        Some(Outcome::Rejected(why)) => Err(Error::new(crate::ErrorKind::Application, "resolve", why).about(id.as_str())),
        Some(Outcome::Stale) | None => Err(moved(&id, "the document here has changed since the conflict was shown")),
    }
}

/// The records that end a conflict, with what is agreed from now on.
fn settled(id: &DocId, base: Option<&Base>) -> Result<Vec<StateRecord>> {
    Ok(vec![base_record(id, base)?, removal(CONFLICT, id), removal(CONFLICT_BODY, id), removal(APPLYING, id), removal(PUSHING, id)])
}

/// Returns the drive's side of a conflict, as it was stored.
pub(super) async fn remote_side(ledger: &Ledger, record: ConflictRecord) -> Result<Remote> {
    let id = &record.conflict.id;
    let stored = ledger.state.read(vec![key(CONFLICT_BODY, id.as_str())]).await?.into_iter().next().flatten();
    let revision = record.conflict.remote.map_or_else(|| Revision::of(format!("deleted {id}").as_bytes()), |side| side.revision);
    let tag = Some(record.tag).filter(|tag| stored.is_some() || !tag.0.is_empty());
    Ok(Remote { revision, tag, content: stored.map(RemoteContent::whole) })
}

/// A content that is stored with its conflict is whole.
fn whole(held: Held) -> Option<Vec<u8>> {
    match held {
        Held::Whole(body) => Some(body),
        Held::Parts(_) | Held::Elsewhere(_) => None,
    }
}

pub(super) fn side(local: &Present) -> Side {
    Side { revision: local.revision.clone(), digest: local.digest }
}

fn moved(id: &DocId, why: &str) -> Error {
    Error::condition("resolve", format!("{why}; look at it again")).about(id.as_str())
}
