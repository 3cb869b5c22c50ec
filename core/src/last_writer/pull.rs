//! Pull: hand the host what the log names since the known place; without a place, or if the log is no longer the one that
//! was known, every document.

use super::{
    Run, Step,
    entry::{Entry, merged},
    files::{DocFile, Read, WINDOW, doc_path, path},
    memory::Left,
};
use crate::{Action, ErrorKind, Result, runtime::wall_ms};

/// After how many documents a pull makes durable how far it is.
const STRIDE: usize = 100;
/// How many syncs try a document that cannot be read.
const TRIES: u32 = 3;
/// How long a client waits before it takes its own change for seen: until whoever had the lock before it has either ended
/// or written over it.
const SETTLED_MS: u64 = 120_000;

impl Run<'_> {
    /// Brings the host up to date.
    pub(super) async fn pull(&mut self) -> Result<()> {
        let now = self.meta.last_change;
        let idle = self.standing.last_change == Some(now) && self.client.host.queue().await?.is_empty();
        if now == 0 || idle && self.standing.memory.place.is_none() {
            return Ok(());
        }
        let from = self.standing.memory.place.or(self.standing.last_change).unwrap_or_default();
        let news = match from {
            0 => None,
            from => self.read_log(from).await?,
        };
        let mut changes = std::mem::take(&mut self.standing.memory.todo);
        let tried: Vec<Left> = std::mem::take(&mut self.standing.memory.left);
        changes.extend(tried.iter().map(|left| left.entry.clone()));
        changes.extend(match news {
            Some(news) => news,
            None => self.list().await?,
        });
        let changes = merged(changes);
        if changes.is_empty() && self.standing.last_change == Some(now) {
            return Ok(());
        }
        self.work_off(changes, &tried).await?;
        self.standing.last_change = Some(now);
        self.standing.memory.place = None;
        self.remember(0, Vec::new()).await
    }

    /// Reads the log behind a known place; none if it does not continue what was known.
    async fn read_log(&mut self, from: u64) -> Result<Option<Vec<Entry>>> {
        let now = self.meta.last_change;
        if now < from {
            self.forget_own();
            return Ok(None);
        }
        let mut news = Vec::new();
        for index in from / WINDOW..=(now - 1) / WINDOW {
            let Some(window) = self.client.read_window(index).await? else {
                self.forget_own();
                return Ok(None);
            };
            let begins = index * WINDOW;
            let counted = window.len().min(usize::try_from(now - begins).unwrap_or(usize::MAX));
            let known = usize::try_from(from.saturating_sub(begins)).unwrap_or(usize::MAX);
            if known > 0 && !self.ends_as_known(window.get(..known.min(counted)).unwrap_or_default(), known) {
                self.forget_own();
                return Ok(None);
            }
            news.extend(window.iter().take(counted).skip(known).cloned());
            self.check_own(index, &window);
            self.standing.memory.tail = window.get(counted.saturating_sub(1)).cloned();
            self.windows.insert(index, window);
        }
        Ok(Some(news))
    }

    /// Whether what was known of this file of the log ends with the change that was the last.
    fn ends_as_known(&self, known: &[Entry], count: usize) -> bool {
        let Some(tail) = self.standing.memory.tail.as_ref() else { return true };
        known.len() == count && known.last().is_some_and(|last| last.says(tail))
    }

    /// Looks for this client's own changes in a file of the log. What was written over is logged again.
    fn check_own(&mut self, index: u64, window: &[Entry]) {
        let now_ms = wall_ms(&*self.client.runtime);
        let lost = &mut self.lost;
        self.standing.memory.own.retain(|own| {
            if own.number / WINDOW != index {
                return true;
            }
            let place = usize::try_from(own.number % WINDOW).unwrap_or(usize::MAX);
            if window.get(place).is_some_and(|entry| entry.says(&own.entry)) {
                return now_ms >= own.at_ms && now_ms - own.at_ms < SETTLED_MS;
            }
            lost.push(own.entry.clone());
            true
        });
    }

    /// Takes all of its own changes for written over: the log is another one.
    fn forget_own(&mut self) {
        self.lost = self.standing.memory.own.iter().map(|own| own.entry.clone()).collect();
        self.standing.memory.tail = None;
    }

    /// Lists every document of the drive.
    async fn list(&self) -> Result<Vec<Entry>> {
        let (mut changes, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.client.drive.list_dir(path("docs")?, cursor).await?;
            // What has another name is nobody's document.
            let names = page.entries.iter().filter(|entry| !entry.is_dir && !entry.name.starts_with('.'));
            changes.extend(names.filter_map(|entry| Entry::listed(entry.name.strip_suffix(".json")?).ok()));
            cursor = page.next;
            if cursor.is_none() {
                return Ok(changes);
            }
        }
    }

    /// Hands the changes to the host, one by one.
    async fn work_off(&mut self, changes: Vec<Entry>, tried: &[Left]) -> Result<()> {
        let total = changes.len();
        if total > STRIDE {
            self.standing.memory.place = Some(self.meta.last_change);
        }
        for (done, change) in changes.iter().enumerate() {
            if total > STRIDE && done % STRIDE == 0 {
                self.standing.memory.todo = changes.iter().skip(done).cloned().collect();
                self.remember(0, Vec::new()).await?;
            }
            self.client.host.observe(Step::Pull, change.json(), done, total).await?;
            match change.action() {
                Some(Action::Delete) => {
                    self.client.host.delete(change.json()).await?;
                    self.see(change.id(), change.revision());
                }
                Some(Action::Put) => self.take(change, tried).await?,
                None => {}
            }
        }
        self.standing.memory.todo.clear();
        Ok(())
    }

    /// Fetches a document and hands it over. What cannot be read is reported, and tried again by later syncs.
    async fn take(&mut self, change: &Entry, tried: &[Left]) -> Result<()> {
        let id = change.id();
        let Some(file) = doc_path(id) else {
            return self.client.host.warn(&format!("{id} cannot be the name of a file: it is not fetched")).await;
        };
        let why = match self.client.read::<DocFile>(&file).await {
            Ok(Read::Parsed(DocFile { doc: Some(doc), revision })) => {
                self.client.host.put(doc.get()).await?;
                self.see(id, revision.as_deref().or(change.revision()));
                return Ok(());
            }
            Ok(Read::Parsed(_)) => format!("The file of {id} holds no document. The next edit of it repairs that."),
            Ok(Read::Senseless(why)) => format!("The file of {id} makes no sense: {why}"),
            Ok(Read::Missing) => format!("Cannot find {id}. Is it deleted without updating the history?"),
            Err(e) if e.kind == ErrorKind::InvalidInput => format!("{id} cannot be fetched: {}", e.detail()),
            Err(e) => return Err(e),
        };
        let tries = tried.iter().find(|left| left.entry.id() == id).map_or(1, |left| left.tries + 1);
        if tries < TRIES {
            self.standing.memory.left.push(Left { entry: change.clone(), tries });
        }
        self.client.host.warn(&why).await
    }
}
