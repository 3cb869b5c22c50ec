//! Push: documents, then the log, then the count, then what this client remembers.

use super::{
    Run, Step,
    entry::{Entry, merged},
    files::{DocFile, WINDOW, doc_path, json, path},
    memory::Own,
};
use crate::{Action, Error, Result, drive::Condition, runtime::wall_ms};
use serde_json::value::RawValue;

/// How many of its own changes a client looks after.
const MOST_OWN: usize = 200;

impl Run<'_> {
    /// Pushes the queue, as far as the drive has nothing newer.
    pub(super) async fn push(&mut self) -> Result<()> {
        let queue = self.client.host.queue().await?;
        if queue.is_empty() && self.lost.is_empty() {
            return Ok(());
        }
        let changes = queue.iter().map(|change| Entry::parse(change)).collect::<Result<Vec<_>, _>>();
        let changes = changes.map_err(|e| Error::invalid("push", format!("a queued change makes no sense: {e}")))?;
        let mut wanted = Vec::new();
        for change in merged(changes) {
            if self.is_wanted(&change).await? {
                wanted.push(change);
            }
        }
        let (mut logged, mut keep) = (Vec::new(), Vec::new());
        let total = wanted.len();
        for (done, change) in wanted.into_iter().enumerate() {
            self.client.keep().await?;
            self.client.host.observe(Step::Push, change.json(), done, total).await?;
            let Some(file) = doc_path(change.id()) else {
                keep.push(change.json().to_owned());
                self.client.host.warn(&format!("{} cannot be the name of a file: it stays in the queue", change.id())).await?;
                continue;
            };
            if self.write(&change, file).await? {
                logged.push(change);
            }
        }
        let (pushed, lost) = (logged.len(), std::mem::take(&mut self.lost));
        logged.extend(merged(lost).into_iter().filter(|lost| !queue_has(&queue, lost)));
        self.client.keep().await?;
        self.log(&logged).await?;
        // Not before: what is written and not logged is to be pushed again.
        for change in logged.iter().take(pushed) {
            self.see(change.id(), change.revision());
        }
        self.standing.last_change = Some(self.meta.last_change);
        self.remember(queue.len(), keep).await
    }

    /// Whether the drive has nothing newer.
    async fn is_wanted(&self, change: &Entry) -> Result<bool> {
        let seen = self.client.session().seen.get(change.id()).cloned();
        match seen {
            Some(seen) => self.client.host.is_newer(change.revision().map(RawValue::get), seen.get()).await,
            None => Ok(true),
        }
    }

    /// Writes or deletes a document's file. Answers false if the document is gone: nothing is logged of it.
    async fn write(&self, change: &Entry, file: crate::DrivePath) -> Result<bool> {
        match change.action() {
            Some(Action::Delete) => self.client.drive.delete(file, Condition::Any).await?,
            Some(Action::Put) => {
                let Some(document) = self.client.host.get(change.json()).await? else {
                    let line = format!("{} was queued as written, but it is gone: queue its deletion", change.id());
                    return self.client.host.warn(&line).await.map(|()| false);
                };
                let doc = RawValue::from_string(document).map_err(|e| Error::internal("push", "a document is no JSON").caused_by(e))?;
                let file_of = DocFile { doc: Some(doc), revision: change.revision().map(ToOwned::to_owned) };
                self.client.put(file, json(&file_of)?).await?;
            }
            None => {}
        }
        Ok(true)
    }

    /// Writes changes behind the known place of the log, then the count.
    async fn log(&mut self, changes: &[Entry]) -> Result<()> {
        let Some(first) = changes.first().cloned() else { return Ok(()) };
        let before = self.meta.last_change;
        let (index, counted) = (before / WINDOW, usize::try_from(before % WINDOW).unwrap_or_default());
        let mut entries = match self.windows.remove(&index) {
            _ if counted == 0 => Vec::new(),
            Some(window) => window,
            None => self.client.read_window(index).await?.unwrap_or_default(),
        };
        // What lies behind the count does not count. A file that is shorter than its count was written over: what follows
        // must get the place that it is counted at.
        entries.resize(counted, first);
        entries.extend(changes.iter().cloned());
        for (index, window) in (index..).zip(entries.chunks(WINDOW as usize)) {
            self.client.put(path(&format!("changes/{index}.json"))?, json(&window)?).await?;
        }
        let now = before + changes.len() as u64;
        self.client.write_meta(&mut self.meta, now).await?;
        self.standing.memory.tail = changes.last().cloned();
        self.look_after(before, changes);
        Ok(())
    }

    /// Remembers its own changes until they were seen again.
    fn look_after(&mut self, before: u64, changes: &[Entry]) {
        let at_ms = wall_ms(&*self.client.runtime);
        let own = &mut self.standing.memory.own;
        own.retain(|old| !changes.iter().any(|new| new.says(&old.entry)));
        own.extend((before..).zip(changes).map(|(number, entry)| Own { number, at_ms, entry: entry.clone() }));
        own.drain(..own.len().saturating_sub(MOST_OWN));
    }
}

fn queue_has(queue: &[String], entry: &Entry) -> bool {
    queue.iter().any(|change| Entry::parse(change).is_ok_and(|change| change.id() == entry.id()))
}
