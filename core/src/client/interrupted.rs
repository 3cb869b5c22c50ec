//! Interrupted pushes: what they may have left on the drive is remembered with each document until it is settled.

use super::{
    ledger::{PUSH, PUSHING, Pushing, QUEUE, Queued, enqueue, record},
    plan,
    run::Run,
};
use crate::{Action, Result, StateRecord};

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
