//! Obeys a keyring that closes keys, because somebody has them who was revoked (E43 of `spec/sealed.md`).
//!
//! Of what was sealed with a closed key, one checkpoint counts, and nothing beyond it: who was revoked can still seal what it
//! likes. So a client that has folded more than that checkpoint has either sees that its author has sealed it again, or it
//! has built on what nobody else will ever see. Its own it seals again itself.

use super::{
    Journal, PieceName, Session,
    fold::Seen,
    name::{Hash, Link, RecordName, Writer},
    record::Record,
    send::Sent,
    standing::SENT,
};
use crate::{
    Error, ErrorKind, Level, Result, StateRecord,
    drive::{Condition, GetOptions, Got},
    gather::Gather as _,
    seal::Closing,
};
use std::collections::{BTreeMap, BTreeSet};

impl Journal {
    /// What was closed last, as far as this client knows.
    pub(super) fn closing(&self) -> Option<Closing> {
        self.sealing.as_ref().and_then(|sealing| sealing.closing())
    }

    /// Whether keys of this vault were closed.
    pub(super) fn has_closed(&self) -> bool {
        self.closing().is_some()
    }

    /// Whether a record is there, and does not count.
    pub(super) fn is_closed(&self, name: &RecordName) -> bool {
        self.sealed.as_ref().is_some_and(|sealed| sealed.is_closed(&name.path()))
    }

    /// Whether a file was met that is sealed with a key of no keyring that is there. Until it is, nothing is put in order, and
    /// nothing that is missing is taken for gone.
    pub(super) fn lacks_keys(&self) -> bool {
        self.sealed.as_ref().is_some_and(|sealed| sealed.lacks_keys())
    }

    /// What is missing may only be sealed with a key that is not there yet, unless the user knows better.
    pub(super) fn or_lacks_keys(&self, older: Error) -> Error {
        if !self.lacks_keys() || self.allow.rollback {
            return older;
        }
        let detail = "files are sealed with a key whose keyring is not on the drive yet: sync the other devices; \
                      if the one that made it is lost, go on with what is here as with an older vault";
        Error::new(ErrorKind::Unavailable, "sync", detail).about("k").caused_by(older)
    }

    /// Whether nothing was closed that this client has not obeyed yet.
    ///
    /// # Errors
    /// `unavailable` if there was: what is under way was begun without it.
    pub(super) fn check_closing(&self, session: &mut Session) -> Result<()> {
        if self.closing() == self.standing(session)?.closing {
            return Ok(());
        }
        let detail = "a device was revoked while this sync was under way: nothing is lost, sync again";
        Err(Error::new(ErrorKind::Unavailable, "sync", detail))
    }

    /// Obeys what was closed since this client looked last.
    ///
    /// # Errors
    /// `rollback` if this client has folded what does not count, unless the user has agreed to go on.
    pub(super) async fn obey_closing(&self, session: &mut Session) -> Result<()> {
        let Some(closing) = self.closing().filter(|closing| session.standing.as_ref().is_some_and(|s| s.closing != Some(*closing))) else {
            return Ok(());
        };
        let seen = self.seen(session).await?.clone();
        let covered = if seen.vector.is_empty() { BTreeMap::new() } else { self.all_that_counts(session, &closing).await? };
        let late: BTreeMap<Writer, Link> = beyond(&seen, &covered);
        match self.check_late(&late, &covered).await? {
            None => self.seal_own_again(session, &late, &covered).await?,
            Some(error) if self.allow.rollback => {
                self.log.line(Level::Warn, || format!("going on without what does not count: {error}"));
                self.forget_history(session).await?;
                session.pull.keep_local = true;
            }
            Some(error) => return Err(error),
        }
        let standing = self.standing(session)?;
        standing.closing = Some(closing);
        let record = standing.record()?;
        self.state.write(vec![record]).await
    }

    /// The last record of each writer that any checkpoint covers that counts: the one that the keyring names, and those that
    /// came after it.
    async fn all_that_counts(&self, session: &mut Session, closing: &Closing) -> Result<BTreeMap<Writer, Link>> {
        let listed = self.names().await?.roots;
        let roots: BTreeSet<PieceName> = listed.into_iter().chain(closing.root).gather();
        let mut covered = BTreeMap::new();
        for name in roots {
            for (writer, link) in self.root(session, &name).await?.map(|root| root.vector).unwrap_or_default() {
                let last = covered.entry(writer).or_insert(link);
                *last = if last.seq < link.seq { link } else { *last };
            }
        }
        Ok(covered)
    }

    /// Whether what was folded beyond a checkpoint counts; the refusal, if something does not.
    async fn check_late(&self, late: &BTreeMap<Writer, Link>, covered: &BTreeMap<Writer, Link>) -> Result<Option<Error>> {
        let device = self.device();
        for (writer, link) in late {
            let name = RecordName::new(*writer, link);
            // It was sealed with a key that nobody else knows, or is not what was written.
            let first = GetOptions { range: Some(0..1), unless: None };
            let counts = matches!(self.drive.get(name.path(), first).await?, Got::File { bytes, .. } if !bytes.is_empty());
            if counts || writer.device() == device && self.read_closed(&name).await?.is_some() {
                continue;
            }
            let (remembered, found) = (link.seq, covered.get(writer).map_or(0, |link| link.seq));
            let whose = match self.sealing.as_ref().is_some_and(|sealing| sealing.has_revoked(writer.device())) {
                true => "which was revoked",
                false => "which has not sealed them again since another device was revoked",
            };
            let detail = format!("this client has {remembered} records of writer {writer}, {whose}: {found} of them count");
            let kind = ErrorKind::Rollback { remembered, found };
            return Ok(Some(self.or_lacks_keys(Error::new(kind, "sync", detail).about(name.path().as_str()))));
        }
        Ok(None)
    }

    /// Seals own records again that were made before this client knew that their key is closed: the same bytes under the
    /// same names, the first of them first, so that whoever finds the last has all.
    async fn seal_own_again(&self, session: &mut Session, late: &BTreeMap<Writer, Link>, covered: &BTreeMap<Writer, Link>) -> Result<()> {
        let device = self.device();
        for (writer, link) in late.iter().filter(|(writer, _)| writer.device() == device) {
            let (mut chain, mut next) = (Vec::new(), Some(*link));
            while let Some(link) = next.filter(|link| covered.get(writer).is_none_or(|known| known.seq < link.seq)) {
                let name = RecordName::new(*writer, &link);
                let Some((record, _)) = self.read_closed(&name).await? else { break };
                next = record.prev;
                chain.push(name);
            }
            for name in chain.into_iter().rev() {
                self.seal_again(session, &name).await?;
            }
        }
        // What was sent and is not acknowledged yet; what is not there will be put anyway.
        let mut after = None;
        loop {
            let page = self.state.scan(SENT.to_owned(), after, 1).await?;
            let Some(StateRecord { key, value: Some(value) }) = page.into_iter().next() else { return Ok(()) };
            let (sent, _) = Sent::decode(&key, &value)?;
            self.seal_again(session, &sent.name()).await?;
            after = Some(key);
        }
    }

    async fn seal_again(&self, session: &mut Session, name: &RecordName) -> Result<()> {
        let Some((_, file)) = self.read_closed(name).await? else { return Ok(()) };
        self.standing(session)?.head = None;
        self.log.line(Level::Debug, || format!("{} is sealed again", name.path()));
        self.drive.put(name.path(), file, Condition::Any).await.map(drop)
    }

    /// Reads a record whatever it was sealed with; none unless every byte is what its author wrote.
    async fn read_closed(&self, name: &RecordName) -> Result<Option<(Record, Vec<u8>)>> {
        let Got::File { bytes, .. } = self.bodies.get(name.path(), GetOptions::default()).await? else { return Ok(None) };
        let head_len = Record::head_len(&bytes).ok().and_then(|len| usize::try_from(len).ok());
        let Some((head_len, head)) = head_len.and_then(|len| Some((len, bytes.get(..len)?))) else { return Ok(None) };
        let Ok((record, _)) = Record::decode(head, name) else { return Ok(None) };
        let is_whole = record.frames.iter().enumerate().all(|(n, frame)| {
            let range = record.frame_range(head_len as u64, n);
            let stored = range.and_then(|range| bytes.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?));
            stored.is_some_and(|stored| Hash::of(stored) == frame.hash)
        });
        Ok(is_whole.then_some((record, bytes)))
    }
}

/// What was folded beyond a checkpoint.
pub(super) fn beyond(seen: &Seen, covered: &BTreeMap<Writer, Link>) -> BTreeMap<Writer, Link> {
    let late = seen.vector.iter().filter(|(writer, link)| covered.get(*writer).is_none_or(|known| known.seq < link.seq));
    late.map(|(writer, link)| (*writer, *link)).gather()
}
