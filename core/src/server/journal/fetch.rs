//! Reads records, a window at a time, folds those that can be folded, and keeps their contents at hand.

use super::{
    Journal, Session,
    checkpoint::FileName,
    contact::MARKER,
    fold::{MAX_JUMP, Read, fold, take_ready},
    front::{Much, front},
    name::RecordName,
    pace::Way,
    record::Record,
    wire::Flaw,
};
use crate::{Error, Level, Result, client::QUEUE, server::Changes};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

/// A window ends when its files take this many bytes together, or when reading them took long ([`super::pace`]).
const WINDOW_BYTES: usize = 8 << 20;
/// A change takes about this many bytes of memory.
const CHANGE_BYTES: usize = 256;

/// A record's file, as far as it was read.
enum File {
    Record(Box<Read>, Vec<u8>),
    Missing,
    /// It is there, and does not count: its key is closed.
    Closed,
    Senseless(&'static str),
    Newer,
}

impl Journal {
    pub(super) async fn read_records(&self, session: &mut Session) -> Result<Changes> {
        let mut page =
            Changes { at_hand: true, keep_local: session.pull.keep_local, look_at_all: session.pull.keep_local, ..Changes::default() };
        session.pull.sparse = self.is_sparse(session).await?;
        if self.join_some(session, &mut page).await? {
            page.more = true;
            page.remember.push(self.standing(session)?.record()?);
            return Ok(page);
        }
        self.pace.recall(&*self.state).await?;
        session.pull.at_hand.clear();
        let (mut ready, mut bytes, begun) = (Vec::new(), 0, self.runtime.now());
        let in_time = || self.runtime.now().saturating_sub(begun) < self.pace.window_time();
        while !session.pull.missing.is_empty() && session.pull.joins.is_empty() && bytes < WINDOW_BYTES && (bytes == 0 || in_time()) {
            for (name, file) in self.read_some(session).await? {
                bytes += self.take_file(session, &mut page, name, file).await?;
            }
            self.seen(session).await?;
            let (Some(seen), waiting) = (session.seen.as_mut(), &mut session.pull.waiting) else { break };
            ready.extend(take_ready(waiting, seen));
        }
        let folded = fold(&*self.state, &ready, false, self.options.keeps_history()).await?;
        session.pull.at_hand.know(folded.documents.into_iter());
        page.changes = folded.changes;
        page.remember = folded.records;
        page.more = !session.pull.missing.is_empty() || !session.pull.joins.is_empty();
        if !page.more {
            self.end_of_pull(session).await?;
        }
        let order = self.seen(session).await?.order;
        let standing = self.standing(session)?;
        standing.order = order;
        standing.since.add(folded.since);
        page.remember.push(standing.record()?);
        page.remember.extend(self.pace.news()?);
        Ok(page)
    }

    /// Whether contents may be here already: at the first pull of a host that has documents.
    async fn is_sparse(&self, session: &mut Session) -> Result<bool> {
        Ok(self.seen(session).await?.vector.is_empty() && !self.state.scan(QUEUE.to_owned(), None, 1).await?.is_empty()
            || session.pull.sparse)
    }

    /// Reads the next few files, those of the lowest order first.
    async fn read_some(&self, session: &mut Session) -> Result<Vec<(RecordName, File)>> {
        // The first one of all tells how fast the line is, and whoever may be stopped loses only one.
        let begins = !std::mem::replace(&mut session.pull.begun, true) && self.seen(session).await?.vector.is_empty();
        let first = begins && self.pace.is_unknown(Way::Down);
        let most = if first || self.pace.is_wary() { 1 } else { self.parallel() };
        let at_once = session.pull.at_hand.room().min(most).max(1);
        let some: Vec<RecordName> = (0..at_once).map_while(|_| session.pull.missing.pop_first()).collect();
        let much = if session.pull.sparse { Much::Head } else { Much::Whole };
        let files = stream::iter(some).map(|name| async move { Ok((name, self.read_file(name, much).await?)) });
        files.buffered(at_once).try_collect().await
    }

    async fn read_file(&self, name: RecordName, much: Much) -> Result<File> {
        let Some(front) = front(&*self.drive, name.path(), much, Record::head_len).await? else {
            return Ok(if self.is_closed(&name) { File::Closed } else { File::Missing });
        };
        Ok(match front.and_then(|front| Ok((Record::decode(front.head(), &name)?, front))) {
            Ok(((record, link), front)) => File::Record(Box::new(Read { record, link, head_len: front.head_len() }), front.bytes),
            Err(Flaw::Newer) => File::Newer,
            Err(Flaw::Malformed(why)) => File::Senseless(why),
        })
    }

    /// Takes a file that was read; returns about how many bytes of memory it takes.
    async fn take_file(&self, session: &mut Session, page: &mut Changes, name: RecordName, file: File) -> Result<usize> {
        let order = self.seen(session).await?.order;
        let foreign = match &file {
            File::Record(read, _) => !self.is_of_vault(session, read.record.vault).await?,
            _ => false,
        };
        if foreign && session.joining && !self.is_listed(session).await? {
            let detail = "the marker names a vault that nobody created here, and the records are another's: \
                          put the vault's own marker back, and nothing is lost";
            return Err(Error::corrupt("sync", detail).about(MARKER));
        }
        let why = match file {
            File::Record(..) if foreign => "it belongs to another vault".to_owned(),
            File::Record(read, _) if read.record.order > order.saturating_add(MAX_JUMP) => {
                "its order is absurd: its writer is broken".to_owned()
            }
            File::Record(read, bytes) => {
                self.look_for_previous(session, &read).await?;
                let kept = bytes.len() + read.record.changes.len() * CHANGE_BYTES;
                session.pull.at_hand.insert(FileName::Record(name), bytes);
                session.pull.waiting.push(*read);
                return Ok(kept);
            }
            // It was deleted, because a checkpoint covers it.
            File::Missing | File::Closed if self.join_instead(session) => return Ok(0),
            // Its author seals it again if it is honest, and then it is met again.
            File::Closed => return Ok(0),
            File::Missing => {
                session.pull.incomplete = true;
                self.log.line(Level::Warn, || format!("{} is announced and not there yet", name.path()));
                return Ok(0);
            }
            File::Senseless(why) => format!("it makes no sense: {why}"),
            File::Newer => "a newer version of this library wrote it: update this one".to_owned(),
        };
        session.pull.incomplete = true;
        page.unreadable.push((name.path().to_string(), why));
        Ok(0)
    }

    /// Whether the checkpoint that is announced is to be joined in place of a record that is gone. Once in a sync.
    fn join_instead(&self, session: &mut Session) -> bool {
        let Some(root) = session.pull.head.as_ref().and_then(|(head, _)| head.checkpoint).map(|found| found.root) else { return false };
        if session.pull.joins.contains(&root) {
            return true;
        }
        let new = session.pull.tried.insert(root);
        session.pull.joins.extend(new.then_some(root));
        new
    }

    /// A record whose predecessor is neither known nor named by anything leads to it.
    async fn look_for_previous(&self, session: &mut Session, read: &Read) -> Result<()> {
        let Some(prev) = read.record.prev else { return Ok(()) };
        let name = RecordName::new(read.record.writer, &prev);
        let known = self.seen(session).await?.has(name.dot());
        let read_already = session.pull.waiting.iter().any(|waiting| waiting.name() == name);
        if !known && !read_already && self.has_head(session)? {
            session.pull.missing.insert(name);
        }
        Ok(())
    }

    /// Everything that is named was read: heals the head if it lacks something, and remembers its place.
    async fn end_of_pull(&self, session: &mut Session) -> Result<()> {
        if session.pull.heal {
            self.write_head(session).await?;
            session.pull.heal = false;
        }
        self.check_expected(session).await?;
        if session.pull.incomplete || !session.pull.waiting.is_empty() {
            return Ok(());
        }
        self.standing(session)?.older = false;
        self.remember_place(session).await
    }
}
