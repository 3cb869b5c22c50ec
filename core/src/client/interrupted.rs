//! What was interrupted: of pushes, what they may have left on the drive is remembered with each document until it is
//! settled; of applies, what the host may have; of a page that was at hand, what is still to be done.

use super::{
    ledger::{APPLIES, APPLYING, Applying, Ledger, PAGE, PUSH, PUSHING, Pushing, QUEUE, Queued, TODO, Todo, enqueue, record},
    plan,
    run::Run,
};
use crate::{Action, DocId, Result, StateRecord, server::News};
use serde::{Deserialize, Serialize};

/// The documents of a page that is at hand.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PageOf {
    pub(super) ids: Vec<DocId>,
    /// Where the drive differs from the host, the host's side stays and is pushed.
    pub(super) keep_local: bool,
}

/// Takes up applies that were interrupted: each document learns what the host may have of it.
pub(super) async fn take_up_applies(ledger: &Ledger) -> Result<()> {
    let mut after = None;
    while let Some((name, intents)) = ledger.page::<Vec<Applying>>(APPLIES, after, 1).await?.into_iter().next() {
        after = Some(name.clone());
        let mut batch = vec![StateRecord::remove(name)];
        for intent in &intents {
            batch.push(record(APPLYING, &intent.id, intent)?);
        }
        ledger.write(batch).await?;
    }
    Ok(())
}

/// Takes up a page that was interrupted: what is left of it is worked off like anything else. What is done already is
/// found to be so.
pub(super) async fn take_up_page(ledger: &Ledger) -> Result<()> {
    let Some(page) = ledger.read::<PageOf>(vec![PAGE.to_owned()]).await?.into_iter().next().flatten() else { return Ok(()) };
    let mut batch = vec![StateRecord::remove(PAGE)];
    for id in page.ids {
        let todo = Todo { id, news: News::Look { at: None }, keep_local: page.keep_local };
        batch.push(record(TODO, &todo.id, &todo)?);
    }
    ledger.write(batch).await
}

impl Run {
    /// Takes up pushes that were interrupted: each document learns what it may have left on the drive.
    pub(super) async fn take_up_interrupted(&self) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.ledger.page::<Vec<Pushing>>(PUSH, after, 1).await?;
            let Some((name, intents)) = page.into_iter().next() else { return self.requeue_interrupted().await };
            after = Some(name.clone());
            let mut batch = vec![StateRecord::remove(name)];
            for intent in &intents {
                batch.push(record(PUSHING, &intent.id, intent)?);
            }
            self.ledger.write(batch).await?;
        }
    }

    /// Makes sure that every interrupted push is in the queue, so that it is finished or replaced.
    async fn requeue_interrupted(&self) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.ledger.page::<Pushing>(PUSHING, after, 1000).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            let _turn = self.ledger.turn().await;
            let entries = self.ledger.of::<Queued>(QUEUE, page.iter().map(|(_, p)| &p.id)).await?;
            let mut batch = Vec::new();
            for ((_, pushing), entry) in page.into_iter().zip(entries) {
                if entry.is_none() {
                    let number = self.inner.next_number();
                    let action = plan::attempt_digest(pushing.attempt).map_or(Action::Delete, |_| Action::Put);
                    let entry = Queued {
                        id: pushing.id,
                        revision: pushing.revision,
                        action,
                        token: number,
                        place: number,
                        again: false,
                        waits: None,
                        size: Some(pushing.size),
                    };
                    batch.extend(enqueue(&entry)?);
                }
            }
            self.ledger.write(batch).await?;
        }
    }
}
