//! What a document was, and how it becomes that again.

use super::{
    Inner,
    host::{Local, LookAt},
    ledger::{CONFLICT, ConflictRecord},
    queue,
};
use crate::{
    Action, Body, Change, Digest, DocId, Error, ErrorKind, Incoming, Outcome, Result, Revision,
    server::{Loaded, OldVersion},
};

/// Lists what a document was and is, the newest first.
pub(super) async fn list(inner: &Inner, id: &DocId) -> Result<Vec<OldVersion>> {
    inner.server().history(id).await
}

/// Makes a document what it was: a new edit, as if the user had made it.
pub(super) async fn restore(inner: &Inner, id: DocId, revision: Revision) -> Result<()> {
    if inner.ledger.one::<ConflictRecord>(CONFLICT, &id).await?.is_some() {
        return Err(Error::condition("restore", "there is a conflict about this document: settle it first").about(id.as_str()));
    }
    // A deletion may bear the revision of what it deletes.
    let (deletions, kept): (Vec<OldVersion>, _) =
        list(inner, &id).await?.into_iter().filter(|old| old.revision == revision).partition(|old| old.deleted);
    let Some(old) = kept.into_iter().next() else {
        let no_content = Error::invalid("restore", "this version is a deletion: delete the document instead").about(id.as_str());
        return Err(if deletions.is_empty() { not_kept(&id, "this version is not kept, or never was") } else { no_content });
    };
    let look = LookAt { id: id.clone(), size: None, expected: true };
    let expected = match inner.host.look(&[look]).await?.into_iter().next() {
        Some(Local::Present(present)) => Some(present.revision),
        Some(Local::Absent) | None => None,
        Some(Local::Unreadable) => {
            return Err(Error::condition("restore", "the document cannot be read here now").about(id.as_str()));
        }
    };
    let body = content(inner, &old).await?;
    // The edit is known before it is made: whatever happens in between, it is not lost.
    let change = Change { id: id.clone(), revision: revision.clone(), action: Action::Put };
    queue::enqueue_all(inner, &[change]).await?;
    let incoming = Incoming { id: id.clone(), revision, body: Some(body), expected };
    match inner.host.apply(vec![incoming]).await?.into_iter().next() {
        Some(Outcome::Applied) => Ok(()),
        Some(Outcome::Rejected(why)) => Err(Error::new(ErrorKind::Application, "restore", why).about(id.as_str())),
        Some(Outcome::Stale) | None => Err(Error::condition("restore", "the document was edited just now; look again").about(id.as_str())),
    }
}

async fn content(inner: &Inner, old: &OldVersion) -> Result<Body> {
    let id = &old.id;
    match inner.server().load_old(id, &old.tag).await? {
        Loaded::Whole(bytes, _) => inner.host.staged(id, &old.revision, bytes).await,
        Loaded::Parts(source) => {
            let staged = inner.host.staged_parts(id, &old.revision, old.size, &*source).await?;
            staged.map(|(body, _)| body).ok_or_else(|| not_kept(id, "its content on the drive is not what it should be"))
        }
        Loaded::Unreadable(why) => Err(not_kept(id, &why)),
    }
}

fn not_kept(id: &DocId, why: &str) -> Error {
    Error::new(ErrorKind::NotFound, "restore", why).about(id.as_str())
}

/// What both sides of a conflict last agreed on, if that is still kept.
pub(super) async fn base_body(inner: &Inner, id: &DocId, digest: Digest) -> Result<Option<Vec<u8>>> {
    let found = match inner.server().load_by_digest(id, digest).await? {
        Some(Loaded::Whole(bytes, _)) => bytes,
        Some(Loaded::Parts(_) | Loaded::Unreadable(_)) | None => return Ok(None),
    };
    Ok(Some(found).filter(|bytes| Digest::of(bytes) == digest))
}
