//! Open: who this client is, and what an interruption left behind.

use super::{
    Inner,
    host::{Host, Local, LookAt},
    ledger::{
        APPLYING, Applying, BASE, Base, CLIENT, CONFLICT, CONFLICT_BODY, FORMAT, Identity, Ledger, PUSHING, TODO, Todo, base_record, bytes,
        removal,
    },
    queue,
};
use crate::{
    Change, Error, ErrorKind, Result, Runtime, StateRecord,
    runtime::random_id,
    server::{self, Server},
};

/// How many numbers an opening takes for its queue entries. Another opening begins behind them, so no number is
/// given twice, not even by a process that was killed.
const NUMBERS: u64 = 1 << 32;

/// Loads the client's identity, making it at the first opening, and takes numbers for this opening.
/// Returns it with the first of them.
///
/// A new incarnation keeps all that was agreed, queued and interrupted, and only takes another id: what it does not
/// need of that (the original's lock, its log entries) is the original's by that id, or harmless when done twice.
pub(super) async fn identify(ledger: &Ledger, runtime: &dyn Runtime, new_incarnation: bool) -> Result<(Identity, u64)> {
    #[derive(serde::Deserialize)]
    struct Form {
        format: u32,
    }
    if let Some(Form { format }) = ledger.read::<Form>(vec![CLIENT.to_owned()]).await?.into_iter().next().flatten()
        && format > FORMAT
    {
        let detail = format!("the client's state has form {format}, and this version of the library knows {FORMAT}: update it");
        return Err(Error::new(ErrorKind::NeedsNewerVersion, "open", detail));
    }
    let stored = ledger.read::<Identity>(vec![CLIENT.to_owned()]).await?.into_iter().next().flatten();
    let mut identity = match stored {
        Some(identity) if new_incarnation => Identity { id: random_id(runtime)?, ..identity },
        Some(identity) => identity,
        None => Identity { format: FORMAT, id: random_id(runtime)?, next: 1, joined: false, last_sync_ms: None },
    };
    let first = identity.next;
    identity.next = first.saturating_add(NUMBERS);
    ledger.write(vec![StateRecord::set(CLIENT, bytes(&identity)?)]).await?;
    Ok((identity, first))
}

/// Settles applies whose end is not known: a document that already is what was to be applied was not edited.
pub(super) async fn settle_applies(ledger: &Ledger, host: &Host, server: &dyn Server) -> Result<()> {
    let mut after = None;
    loop {
        let page = ledger.page::<Applying>(APPLYING, after, 256).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        let look: Vec<LookAt> =
            page.iter().map(|(_, a)| LookAt { id: a.id.clone(), size: a.base.as_ref().map(|b| b.size), expected: true }).collect();
        let locals = host.look(&look).await?;
        let todos = ledger.of_rare::<Todo>(TODO, page.iter().map(|(_, a)| &a.id)).await?;
        let bases = ledger.of::<Base>(BASE, page.iter().map(|(_, a)| &a.id)).await?;
        let (mut batch, mut settled) = (Vec::new(), Vec::new());
        for ((((_, applying), local), todo), before) in page.into_iter().zip(locals).zip(todos).zip(bases) {
            let applied = match (&local, &applying.base) {
                (Local::Present(local), Some(base)) if local.digest == base.digest => true,
                (Local::Absent, None) => true,
                (Local::Unreadable, _) => continue,
                // An edit on top of it, or it never took place: the pull that comes must know of both.
                _ if todo.is_some() => continue,
                _ => false,
            };
            if applied {
                let now = applying.base.as_ref().map(|base| base.tag.clone()).or_else(|| applying.tag.clone());
                settled.push(server::Settled { id: applying.id.clone(), before: before.map(|base| base.tag), now, took: true });
                batch.push(base_record(&applying.id, applying.base.as_deref())?);
                // The apply has settled whatever was open about the document before.
                batch.extend([CONFLICT, CONFLICT_BODY, PUSHING].map(|prefix| removal(prefix, &applying.id)));
            }
            batch.push(removal(APPLYING, &applying.id));
        }
        batch.extend(server.settled(settled).await?);
        ledger.write(batch).await?;
    }
}

/// Queues every change that the host has not marked as committed.
pub(super) async fn requeue_uncommitted(inner: &Inner) -> Result<()> {
    let mut after = None;
    loop {
        let page: Vec<Change> = inner.host.uncommitted(after).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id.clone());
        queue::enqueue_all(inner, &page).await?;
        inner.host.committed(page).await?;
    }
}
