//! Pull: read what changed on the drive, remember it durably, then work it off in batches.
//!
//! The place in the log moves together with the list of what is to be done (`todo/`), before any document is
//! fetched. So a pull that is interrupted anywhere goes on with the rest of that list.

use super::{
    interrupted::{self, PageOf},
    known::{NewsOf, Remote, RemoteContent},
    ledger::{BASE, Base, PAGE, PUSHING, Pushing, TODO, Todo, bytes, record, removal},
    queue,
    run::Run,
};
use crate::{
    DocId, Error, ErrorKind, Phase, Result, Revision, StateRecord,
    server::{Changes, Fetched, News, RemoteChange, Tag, Wanted},
};

/// At most this many documents are worked off at once,
const MAX_DOCUMENTS: u32 = 500;
/// and about this many bytes of bodies.
const MAX_BYTES: u64 = 8 << 20;
/// What a body is taken to be as long as none was seen.
const FIRST_GUESS_BYTES: u64 = 64 << 10;
/// Deletions below this number are never asked about.
pub(super) const MASS: u64 = 20;

/// What to delete is done last and only after asking, if it is much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Writes,
    Deletions,
}

impl Run {
    /// Brings the host up to date, as far as it has not edited itself.
    pub(super) async fn pull(&mut self) -> Result<()> {
        if self.server.finishes() {
            self.finish_interrupted().await?;
            if !self.past_page {
                interrupted::take_up_page(&self.ledger).await?;
            }
        } else {
            self.take_up_interrupted().await?;
        }
        let head = self.server.metadata_read().await?;
        if head.new_vault {
            self.forget_vault().await?;
        }
        if head.first {
            self.set_joined(false).await?;
        }
        if head.news {
            self.read_changes().await?;
        }
        self.work_off().await?;
        if !self.joined && self.report().stopped.is_none() {
            self.set_joined(true).await?;
        }
        Ok(())
    }

    async fn set_joined(&mut self, joined: bool) -> Result<()> {
        if self.joined != joined {
            self.inner.set_joined(joined).await?;
            self.joined = joined;
        }
        Ok(())
    }

    /// Reads the log to its end; what it names is durable in `todo/` then. What is at hand is worked off on the way.
    async fn read_changes(&mut self) -> Result<()> {
        self.begin(Phase::Read, None);
        let mut pulling = false;
        loop {
            let page = self.server.changes_read().await?;
            let (more, at_hand) = (page.more, page.at_hand);
            if !pulling {
                self.advance(Phase::Read, page.changes.len());
            }
            for (file, why) in &page.unreadable {
                self.report().skip(DocId::on_drive(file, false), why);
            }
            // What was left by earlier pages may be among what comes now.
            self.only_at_hand = at_hand && self.ledger.is_empty(TODO).await?;
            let keep_local = page.keep_local;
            let written = self.note(page).await?;
            if at_hand && !written.is_empty() {
                if !pulling {
                    // How many there are is known only if these are all.
                    self.begin(Phase::Pull, Some(written.len() as u64).filter(|_| !more));
                    pulling = true;
                }
                self.work_off_at_hand(written, keep_local).await?;
            }
            self.only_at_hand = false;
            if !more || at_hand && self.out_of_time() {
                return Ok(());
            }
        }
    }

    /// Works off what a page names as written, in the order of the page.
    async fn work_off_at_hand(&mut self, mut todos: Vec<Todo>, keep_local: bool) -> Result<()> {
        self.take_left();
        while !todos.is_empty() && !self.out_of_time() {
            let rest = todos.split_off(todos.len().min(MAX_DOCUMENTS as usize));
            let some = std::mem::replace(&mut todos, rest);
            let count = some.len();
            self.work_off_writes(some).await?;
            self.advance(Phase::Pull, count);
        }
        // What could not be done, or for what there was no time, waits like anything else.
        let left: Vec<DocId> = todos.into_iter().map(|todo| todo.id).chain(self.take_left()).collect();
        if left.is_empty() && !keep_local {
            self.past_page = true;
            return Ok(());
        }
        let mut batch = vec![StateRecord::remove(PAGE)];
        for id in left {
            let todo = Todo { id, news: News::Look { at: None }, keep_local };
            batch.push(record(TODO, &todo.id, &todo)?);
        }
        self.ledger.write(batch).await
    }

    /// Writes down a page of changes together with the server's new place. Returns what was written.
    async fn note(&mut self, page: Changes) -> Result<Vec<Todo>> {
        if page.look_at_all {
            self.note_all(page.keep_local).await?;
        }
        for id in &page.lost {
            self.warn(|| format!("announcing {id} again: its announcement was overwritten"));
        }
        queue::again(&self.inner, &page.lost).await?;
        let mut batch = self.recognise(&page.changes).await?;
        batch.extend(self.take_past_page());
        let mut written = Vec::new();
        for change in page.changes {
            let todo = Todo { id: change.id, news: change.news, keep_local: page.keep_local };
            if page.at_hand && !matches!(todo.news, News::Delete { .. }) {
                written.push(todo);
            } else {
                batch.push(record(TODO, &todo.id, &todo)?);
            }
        }
        if !written.is_empty() {
            let ids = written.iter().map(|todo| todo.id.clone()).collect();
            batch.push(StateRecord::set(PAGE, bytes(&PageOf { ids, keep_local: page.keep_local })?));
        }
        batch.extend(page.remember);
        self.ledger.write(batch).await?;
        Ok(written)
    }

    /// Finds out which interrupted pushes took place after all: the log names them.
    async fn recognise(&self, changes: &[RemoteChange]) -> Result<Vec<StateRecord>> {
        let pushing = self.ledger.of_rare::<Pushing>(PUSHING, changes.iter().map(|c| &c.id)).await?;
        let ours = changes.iter().zip(pushing).filter_map(|(change, pushing)| pushing.filter(|p| change.push.as_ref() == Some(&p.push)));
        ours.map(|pushing| record(PUSHING, &pushing.id, &Pushing { announced: true, ..(*pushing).clone() })).collect()
    }

    /// Notes every document that has a base: the server cannot say which of them changed.
    async fn note_all(&self, keep_local: bool) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.ledger.page::<Base>(BASE, after, 1000).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            let todo = |base: Base| Todo { id: base.id, news: News::Look { at: None }, keep_local };
            let batch = page.into_iter().map(|(_, base)| todo(base)).map(|todo| record(TODO, &todo.id, &todo));
            self.ledger.write(batch.collect::<Result<_>>()?).await?;
        }
    }

    /// Works off what is to be done: first what was written, then, if it is not suspiciously much, what was deleted.
    async fn work_off(&mut self) -> Result<()> {
        self.replan_conflicts().await?;
        if self.ledger.is_empty(TODO).await? {
            return Ok(());
        }
        let total = self.ledger.count(TODO).await?;
        self.begin(Phase::Pull, Some(total));
        self.work_off_part(Part::Writes).await?;
        if self.report().stopped.is_none() {
            self.guard_deletions().await?;
            let (deleted, rejected) = {
                let report = self.report();
                (report.deleted, report.skipped.len())
            };
            self.work_off_part(Part::Deletions).await?;
            // What was in the way of a write may be gone now: a file that takes the place of an emptied folder.
            if self.report().deleted > deleted && rejected > 0 {
                self.work_off_part(Part::Writes).await?;
            }
        }
        Ok(())
    }

    async fn work_off_part(&mut self, part: Part) -> Result<()> {
        let mut after = None;
        let mut mean = FIRST_GUESS_BYTES;
        while !self.out_of_time() {
            let limit = u32::try_from(MAX_BYTES / mean.max(1)).unwrap_or(u32::MAX).clamp(16, MAX_DOCUMENTS);
            let page = self.ledger.page::<Todo>(TODO, after, limit).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            let wanted = |todo: &Todo| (part == Part::Deletions) == matches!(todo.news, News::Delete { .. });
            let todos: Vec<Todo> = page.into_iter().map(|(_, todo)| todo).filter(wanted).collect();
            let count = todos.len();
            match part {
                _ if count == 0 => continue,
                Part::Writes => mean = self.work_off_writes(todos).await?.unwrap_or(mean),
                Part::Deletions => self.work_off_deletions(todos).await?,
            }
            self.advance(Phase::Pull, count);
        }
        Ok(())
    }

    /// Fetches and settles a batch of documents that were written. Returns the mean size of the bodies, if there were any.
    async fn work_off_writes(&mut self, todos: Vec<Todo>) -> Result<Option<u64>> {
        let bases = self.ledger.of::<Base>(BASE, todos.iter().map(|t| &t.id)).await?;
        let fetched = self.fetch(&todos, &bases).await?;
        let (mut batch, mut news, mut bytes) = (Vec::new(), Vec::<NewsOf>::new(), 0);
        for ((todo, base), fetched) in todos.into_iter().zip(bases).zip(fetched) {
            match fetched {
                Fetched::Unreadable(why) => self.leave(todo.id, why),
                Fetched::Unchanged => batch.push(removal(TODO, &todo.id)),
                Fetched::Gone if self.is_fault(&todo).await? => {
                    let why = "the log names it, but its file is not on the drive; whoever deleted it has not said so yet";
                    self.leave(todo.id, why);
                }
                Fetched::Gone => batch.push(found_gone(todo, base)?),
                Fetched::Present(found) => {
                    bytes += found.body.len() as u64;
                    let content = Some(RemoteContent::whole(found.body));
                    let remote = Remote { revision: found.revision, tag: Some(found.tag), content };
                    news.push(NewsOf { id: found.id, remote, keep_local: todo.keep_local, base: Some(base) });
                }
                Fetched::Listed(found) => {
                    bytes += found.size;
                    let (id, remote) = (found.id.clone(), Remote::listed(found));
                    news.push(NewsOf { id, remote, keep_local: todo.keep_local, base: Some(base) });
                }
            }
        }
        self.ledger.write(batch).await?;
        let mean = bytes.checked_div(news.len() as u64);
        for some in bounded(news) {
            self.settle(some).await?;
        }
        Ok(mean)
    }

    /// Whether a document should be there, and is not. If this client was deleting it itself, all is well.
    async fn is_fault(&self, todo: &Todo) -> Result<bool> {
        let pushing = self.ledger.one::<Pushing>(PUSHING, &todo.id).await?;
        Ok(matches!(todo.news, News::Put { .. }) && pushing.is_none_or(|p| !p.may_have_left(None)))
    }

    async fn fetch(&self, todos: &[Todo], bases: &[Option<Box<Base>>]) -> Result<Vec<Fetched>> {
        let wanted = todos.iter().zip(bases).map(|(todo, base)| Wanted {
            id: todo.id.clone(),
            news: todo.news.clone(),
            base: base.as_ref().map(|b| b.tag.clone()),
        });
        let fetched = self.server.get(wanted.collect()).await?;
        if fetched.len() == todos.len() {
            return Ok(fetched);
        }
        Err(Error::internal("get", "the server answered another number of documents than it was asked for"))
    }

    /// Settles a batch of documents that were deleted.
    async fn work_off_deletions(&mut self, todos: Vec<Todo>) -> Result<()> {
        let news = todos.into_iter().filter_map(|todo| {
            let News::Delete { revision, at } = todo.news else { return None };
            let remote = Remote { revision, tag: at.map(|at| Tag(at.into())), content: None };
            Some(NewsOf { id: todo.id, remote, keep_local: todo.keep_local, base: None })
        });
        self.settle(news.collect()).await
    }

    /// Stops if a pull would delete more than half of the documents, and at least [`MASS`].
    async fn guard_deletions(&self) -> Result<()> {
        if self.options.allow.mass_delete {
            return Ok(());
        }
        let (mut deletes, mut after) = (0, None);
        loop {
            let page = self.ledger.page::<Todo>(TODO, after, 1000).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            let gone: Vec<&Todo> = page.iter().filter(|(_, t)| matches!(t.news, News::Delete { .. })).map(|(_, t)| t).collect();
            let bases = self.ledger.of::<Base>(BASE, gone.iter().map(|todo| &todo.id)).await?;
            let agreed = gone.into_iter().zip(bases).filter_map(|(todo, base)| Some((todo, base?)));
            let (kept, others): (Vec<_>, Vec<_>) = agreed.partition(|(todo, _)| todo.keep_local);
            // What was deleted since the drive was put back does not stay.
            let kept = kept.into_iter().map(|(todo, base)| (todo.id.clone(), Some(base.tag))).collect::<Vec<_>>();
            let newer = if kept.is_empty() { Vec::new() } else { self.server.unsettled(kept).await? };
            deletes += (others.len() + newer.iter().filter(|how| how.newer && !how.lost).count()) as u64;
        }
        if deletes < MASS {
            return Ok(());
        }
        check_mass(deletes, self.ledger.count(BASE).await?, "on the drive")
    }

    /// Forgets everything that was agreed with another vault. The host's documents are listed anew.
    async fn forget_vault(&mut self) -> Result<()> {
        self.set_joined(false).await?;
        self.ledger.forget_vault().await?;
        self.reconcile().await.map(drop)
    }
}

/// Cuts news into batches whose contents are small enough to hold in memory.
fn bounded(news: Vec<NewsOf>) -> Vec<Vec<NewsOf>> {
    let (mut batches, mut batch, mut bytes) = (Vec::new(), Vec::new(), 0);
    for one in news {
        let more = one.remote.content.as_ref().map_or(0, |content| content.size);
        if bytes > 0 && bytes + more > MAX_BYTES {
            batches.push(std::mem::take(&mut batch));
            bytes = 0;
        }
        bytes += more;
        batch.push(one);
    }
    batches.push(batch);
    batches
}

/// Refuses deletions that look like an accident.
pub(super) fn check_mass(deletes: u64, of: u64, place: &str) -> Result<()> {
    if deletes < MASS || deletes * 2 <= of {
        return Ok(());
    }
    let detail = format!("{deletes} of {of} documents were deleted {place}; nothing is deleted here or there before that is confirmed");
    Err(Error::new(ErrorKind::MassDelete { deletes, of }, "sync", detail))
}

/// A document that was looked for and is not there: its deletion is settled with all others. The revision of the
/// deletion is not known; one is derived, the same on every device.
fn found_gone(todo: Todo, base: Option<Box<Base>>) -> Result<StateRecord> {
    let Some(base) = base else { return Ok(removal(TODO, &todo.id)) };
    let revision = Revision::of(format!("deleted {}", base.revision).as_bytes());
    let todo = Todo { news: News::Delete { revision, at: None }, ..todo };
    record(TODO, &todo.id, &todo)
}
