//! The queue: one entry per document, in the order in which documents were first queued.

use super::{
    Inner,
    ledger::{BASE, Base, QUEUE, Queued, enqueue},
};
use crate::{Action, Change, DocId, Result, Revision};
use std::collections::{BTreeMap, BTreeSet};

/// Queues changes durably. A document that is queued already keeps its place; the last change counts.
pub(super) async fn enqueue_all(inner: &Inner, changes: &[Change]) -> Result<()> {
    let _turn = inner.ledger.turn().await;
    let stored = inner.ledger.of::<Queued>(QUEUE, changes.iter().map(|c| &c.id)).await?;
    let mut entries: BTreeMap<&DocId, Queued> = BTreeMap::new();
    for (change, stored) in changes.iter().zip(stored) {
        let number = inner.next_number();
        let before = entries.get(&change.id).cloned().or(stored);
        let place = before.as_ref().map_or(number, |b| b.place);
        let again = before.is_some_and(|b| b.again);
        let entry = Queued {
            id: change.id.clone(),
            revision: change.revision.clone(),
            action: change.action,
            token: number,
            place,
            again,
            waits: None,
        };
        entries.insert(&change.id, entry);
    }
    let mut batch = Vec::new();
    for entry in entries.values() {
        batch.extend(enqueue(entry)?);
    }
    inner.ledger.write(batch).await
}

/// Queues documents whose announcement was lost; they are announced again even if nothing changed.
pub(super) async fn again(inner: &Inner, ids: &[DocId]) -> Result<()> {
    // A document that was pushed twice is lost twice, and announced once.
    let ids: BTreeSet<&DocId> = ids.iter().collect();
    if ids.is_empty() {
        return Ok(());
    }
    let _turn = inner.ledger.turn().await;
    let stored = inner.ledger.of::<Queued>(QUEUE, ids.iter().copied()).await?;
    let bases = inner.ledger.of::<Base>(BASE, ids.iter().copied()).await?;
    let mut batch = Vec::new();
    for ((id, stored), base) in ids.into_iter().zip(stored).zip(bases) {
        let number = inner.next_number();
        let entry = stored.unwrap_or_else(|| Queued {
            id: id.clone(),
            revision: base.as_ref().map_or_else(|| Revision::of(id.as_str().as_bytes()), |b| b.revision.clone()),
            action: if base.is_some() { Action::Put } else { Action::Delete },
            token: number,
            place: number,
            again: true,
            waits: None,
        });
        batch.extend(enqueue(&Queued { again: true, waits: None, ..entry })?);
    }
    inner.ledger.write(batch).await
}
