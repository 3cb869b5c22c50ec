//! The queue: one entry per document, in the order in which documents were first queued.

use super::{
    Inner,
    ledger::{BASE, Base, QUEUE, Queued, enqueue},
};
use crate::{Action, Change, DocId, Result, Revision, gather::Gather as _, lookup::Lookup};
use std::collections::BTreeSet;

/// Queues changes durably. A document that is queued already keeps its place; the last change counts.
pub(super) async fn enqueue_all(inner: &Inner, changes: &[Change]) -> Result<()> {
    let _turn = inner.ledger.turn().await;
    let stored = inner.ledger.of::<Queued>(QUEUE, changes.iter().map(|c| &c.id)).await?;
    let (mut entries, mut known) = (Vec::<Queued>::with_capacity(changes.len()), Lookup::with_capacity(changes.len()));
    for (change, stored) in changes.iter().zip(stored) {
        let number = *known.get_or_insert_with(&change.id, || entries.len());
        match entries.get_mut(number) {
            Some(before) => *before = renewed(inner, change, Some(before)),
            None => entries.push(renewed(inner, change, stored.as_deref())),
        }
    }
    let mut batch = Vec::with_capacity(2 * entries.len());
    for entry in &entries {
        batch.extend(enqueue(entry)?);
    }
    inner.ledger.write(batch).await
}

/// A change that a comparison of the host has found.
pub(super) struct FoundChange {
    pub(super) change: Change,
    /// The size of the document, as far as the host told it.
    pub(super) size: Option<u64>,
    /// The token of the entry that there was before the host was asked.
    pub(super) token: Option<u64>,
}

/// Queues what a comparison of the host has found. What was queued since is newer than the finding and stays.
pub(super) async fn enqueue_found(inner: &Inner, found: Vec<FoundChange>) -> Result<u64> {
    let _turn = inner.ledger.turn().await;
    let stored = inner.ledger.of::<Queued>(QUEUE, found.iter().map(|found| &found.change.id)).await?;
    let (mut batch, mut count) = (Vec::new(), 0);
    for (FoundChange { change, size, token }, stored) in found.into_iter().zip(stored) {
        if stored.as_ref().map(|entry| entry.token) == token {
            batch.extend(enqueue(&Queued { size, ..renewed(inner, &change, stored.as_deref()) })?);
            count += 1;
        }
    }
    inner.ledger.write(batch).await?;
    Ok(count)
}

/// The entry for a change, in the place of the one before it.
fn renewed(inner: &Inner, change: &Change, before: Option<&Queued>) -> Queued {
    let number = inner.next_number();
    Queued {
        id: change.id.clone(),
        revision: change.revision.clone(),
        action: change.action,
        token: number,
        place: before.map_or(number, |b| b.place),
        again: before.is_some_and(|b| b.again),
        waits: None,
        size: None,
    }
}

/// Queues documents whose announcement was lost; they are announced again even if nothing changed.
pub(super) async fn again(inner: &Inner, ids: &[DocId]) -> Result<()> {
    // A document that was pushed twice is lost twice, and announced once.
    let ids: BTreeSet<&DocId> = ids.iter().gather();
    if ids.is_empty() {
        return Ok(());
    }
    let _turn = inner.ledger.turn().await;
    let stored = inner.ledger.of::<Queued>(QUEUE, ids.iter().copied()).await?;
    let bases = inner.ledger.of::<Base>(BASE, ids.iter().copied()).await?;
    let mut batch = Vec::new();
    for ((id, stored), base) in ids.into_iter().zip(stored).zip(bases) {
        let number = inner.next_number();
        let entry = stored.map(|stored| *stored).unwrap_or_else(|| Queued {
            id: id.clone(),
            revision: base.as_ref().map_or_else(|| Revision::of(id.as_str().as_bytes()), |b| b.revision.clone()),
            action: if base.is_some() { Action::Put } else { Action::Delete },
            token: number,
            place: number,
            again: true,
            waits: None,
            size: base.as_ref().map(|b| b.size),
        });
        batch.extend(enqueue(&Queued { again: true, waits: None, ..entry })?);
    }
    inner.ledger.write(batch).await
}
