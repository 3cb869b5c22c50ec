//! Versions that lost and wait for an author who may never come back: any client may list them and take them up.

use super::{
    Inner,
    host::{Local, LookAt},
    ledger::{CONFLICT, CONFLICT_BODY, ConflictRecord, key, record},
    resolve::side,
};
use crate::{
    Conflict, ConflictKind, Digest, Error, ErrorKind, Result, Side, StateRecord,
    server::{Content, LeftVersion, Loaded},
};

/// Lists the versions that stand beside the present ones and are nobody's conflict here.
pub(super) async fn list(inner: &Inner) -> Result<Vec<LeftVersion>> {
    let all = inner.server().left().await?;
    let conflicts = inner.ledger.of_rare::<ConflictRecord>(CONFLICT, all.iter().map(|left| &left.id)).await?;
    Ok(all.into_iter().zip(conflicts).filter(|(_, conflict)| conflict.is_none()).map(|(left, _)| left).collect())
}

/// Makes a version that was left a conflict of this client, which it settles as any other.
pub(super) async fn claim(inner: &Inner, left: LeftVersion) -> Result<Conflict> {
    if inner.ledger.one::<ConflictRecord>(CONFLICT, &left.id).await?.is_some() {
        return Err(Error::condition("claim", "there is a conflict about this document already: settle it first").about(left.id.as_str()));
    }
    let body = if left.deleted { None } else { Some(content(inner, &left).await?) };
    let look = LookAt { id: left.id.clone(), size: None, expected: true };
    let local = match inner.host.look(&[look]).await?.into_iter().next() {
        Some(Local::Present(present)) => Some(side(&present)),
        Some(Local::Absent) | None => None,
        Some(Local::Unreadable) => return Err(Error::condition("claim", "the document cannot be read here now").about(left.id.as_str())),
    };
    let kind = match (&local, &body) {
        (_, None) => ConflictKind::EditDelete,
        (None, _) => ConflictKind::DeleteEdit,
        _ => ConflictKind::EditEdit,
    };
    let remote = body.as_ref().map(|body| Side { revision: left.revision.clone(), digest: Digest::of(body) });
    let conflict = Conflict { id: left.id.clone(), kind, base: None, local, remote };
    let claimed = ConflictRecord { conflict: conflict.clone(), tag: left.tag, claimed: true };
    let mut batch = vec![record(CONFLICT, &left.id, &claimed)?];
    batch.extend(body.map(|body| StateRecord::set(key(CONFLICT_BODY, left.id.as_str()), body)));
    inner.ledger.write(batch).await.map(|()| conflict)
}

async fn content(inner: &Inner, left: &LeftVersion) -> Result<Vec<u8>> {
    let gone = |why: String| Error::new(ErrorKind::NotFound, "claim", why).about(left.id.as_str());
    match inner.server().load(vec![(left.id.clone(), left.tag.clone())]).await?.into_iter().next() {
        Some(Loaded::Whole(bytes, _)) => Ok(bytes),
        Some(Loaded::Parts(source)) => {
            let whole = Content::Parts { size: left.size, source }.whole().await?;
            whole.ok_or_else(|| gone("its content on the drive is not what it should be".to_owned()))
        }
        Some(Loaded::Unreadable(why)) => Err(gone(why)),
        None => Err(gone("it is no longer there".to_owned())),
    }
}
