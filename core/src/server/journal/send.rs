//! Writes records, and remembers them until they are acknowledged: a record is never given up or made anew.

use super::{
    Journal, Session, Strategy,
    fold::{Read, Seen, fold, load},
    lost::Withdrawn,
    name::{Dot, Link, RecordName, Writer},
    pace::Way,
    pull::Refusal,
    record::{Change, MAX_TIME, Place, Record, What, part_path},
    stage::Staged,
    standing::{PAGE, SENT, WITHDRAW, damaged, json, parse},
    tag_of,
    wire::{Reader, put_prefixed},
};
use crate::{
    DocId, Error, ErrorKind, Result, StateRecord,
    client::key,
    drive::{Condition, GetOptions, Got},
    server::Acknowledged,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A device's name is shortened to this many bytes in records.
const DEVICE_BYTES: usize = 64;
/// At most about this many versions are withdrawn by one record; the others by the next ones.
const MOST_WITHDRAWALS: usize = 65_536;
/// The bytes of a larger record are forgotten once they are on the drive.
const SMALL_BYTES: usize = 64 << 10;

/// What was sent in this sync.
#[derive(Default)]
pub(super) struct Sending {
    /// Records that were written since the head was.
    unannounced: u32,
    /// The head is written after this many records: rarely where there are many, so that it costs little.
    group: u32,
    /// Whether a record was written only to see how fast the line is: it waits for the next one.
    tried: bool,
    /// The first record that was written in this sync, of which writer.
    first: Option<(Writer, u64)>,
    /// The last record that is announced, of which writer.
    pub(super) announced: Option<(Writer, u64)>,
    /// The last record that was acknowledged, of which writer: a state that keeps it all the same is not asked again.
    acknowledged: Option<(Writer, String)>,
    /// The record that was written last: mostly it is the next to be acknowledged, and need not be decoded.
    last: Option<Read>,
}

/// An own record that is not acknowledged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Sent {
    pub(super) writer: Writer,
    pub(super) link: Link,
    /// The pushes that it carries.
    pub(super) pushes: Vec<String>,
    /// The length of the record's head part.
    head_len: u64,
    /// Whether the file is known to be on the drive; only the head part is remembered then.
    placed: bool,
}

impl Sending {
    /// Counts a record. Whether it is time for a head is asked afterwards.
    fn sent(&mut self, only_tries: bool) {
        let waits = only_tries && !std::mem::replace(&mut self.tried, true);
        self.unannounced += u32::from(!waits);
    }

    pub(super) fn is_due(&self) -> bool {
        self.unannounced >= self.group.max(1)
    }

    /// The next group is four times as large.
    pub(super) fn announced(&mut self, writer: Writer, seq: u64) {
        self.group = self.group.max(1).saturating_mul(4);
        self.unannounced = 0;
        self.announced = Some((writer, seq));
    }
}

impl Sent {
    fn key(&self) -> String {
        format!("{SENT}{:012x}", self.link.seq)
    }

    fn record(&self, file: &[u8]) -> Result<StateRecord> {
        let mut value = Vec::with_capacity(file.len() + 512);
        put_prefixed(&mut value, &json(self)?);
        value.extend_from_slice(file);
        Ok(StateRecord::set(self.key(), value))
    }

    pub(super) fn decode(key: &str, value: &[u8]) -> Result<(Self, Vec<u8>)> {
        let mut from = Reader::new(value);
        let sent = from.prefixed(usize::MAX, "").map_err(|malformed| damaged(key).caused_by(malformed.0))?;
        let sent: Self = parse(key, sent)?;
        let file = from.bytes(from.left()).map_err(|malformed| damaged(key).caused_by(malformed.0))?;
        Ok((sent, file.to_vec()))
    }

    pub(super) fn name(&self) -> RecordName {
        RecordName::new(self.writer, &self.link)
    }
}

impl Journal {
    /// Where devices are not kept apart by the drive, every opening is a writer of its own, from its first record on.
    pub(super) fn choose_incarnation(&self, session: &mut Session) -> Result<()> {
        let writer = self.writer_of(&self.identity.opening);
        let opening = &self.identity.opening;
        let standing = self.standing(session)?;
        if standing.strategy == Strategy::Listing && standing.opening != *opening {
            (standing.writer, standing.last) = (writer, None);
            standing.opening.clone_from(opening);
        }
        Ok(())
    }

    /// Writes what was staged as a record: first into the state, then onto the drive.
    pub(super) async fn send_staged(&self, session: &mut Session) -> Result<()> {
        if session.stage.is_empty() {
            return Ok(());
        }
        self.check_closing(session)?;
        let Staged { frames, stored, mut changes, pushes, intents } = session.stage.take();
        changes.extend(self.withdrawals(&changes).await?);
        let device = self.identity.device.as_deref().map(shortened).unwrap_or_default();
        let standing = self.standing(session)?;
        let record = Record {
            vault: standing.vault,
            writer: standing.writer,
            seq: standing.last.map_or(0, |last| last.seq) + 1,
            order: standing.next_order(),
            prev: standing.last,
            time: seconds(&*self.runtime),
            device,
            frames,
            changes,
        };
        let (mut file, link) = record.encode().map_err(|malformed| Error::internal("put", malformed.0))?;
        let mut sent = Sent { writer: record.writer, link, pushes, head_len: file.len() as u64, placed: false };
        let size = file.len() + stored.len();
        let only_tries = self.pace.is_unknown(Way::Up);
        let head = (size > SMALL_BYTES || self.pace.is_dear(Way::Up, size as u64)).then(|| file.clone());
        file.extend_from_slice(&stored);
        drop(stored);
        // What covers the record before says nothing of this one.
        standing.last = Some(link);
        let records = [sent.record(&file)?, standing.record()?].into_iter().chain(intents);
        self.state.write(records.collect()).await?;
        self.drive.put(sent.name().path(), file, Condition::Any).await?;
        if let Some(head) = head {
            sent.placed = true;
            let records = [sent.record(&head)?].into_iter().chain(self.pace.news()?);
            self.state.write(records.collect()).await?;
        }
        session.send.first = session.send.first.filter(|(writer, _)| *writer == sent.writer).or(Some((sent.writer, link.seq)));
        session.send.last = Some(Read { record, link, head_len: sent.head_len });
        session.send.sent(only_tries);
        Ok(())
    }

    /// Own versions that lost and were settled since: the next record takes them out for everybody.
    async fn withdrawals(&self, changes: &[Change]) -> Result<Vec<Change>> {
        let (mut withdrawals, mut after) = (Vec::new(), None);
        let mut changed: Option<BTreeSet<&str>> = None;
        loop {
            let page = self.state.scan(WITHDRAW.to_owned(), after, PAGE).await?;
            let Some(last) = page.last().filter(|_| withdrawals.len() < MOST_WITHDRAWALS) else { return Ok(withdrawals) };
            after = Some(last.key.clone());
            let changed = changed.get_or_insert_with(|| changes.iter().map(|change| change.id.as_str()).collect());
            for record in page {
                let Some(Withdrawn { id, dots, expired }) =
                    record.value.map(|value| parse::<Withdrawn>(&record.key, &value)).transpose()?
                else {
                    continue;
                };
                let versions = load(&*self.state, std::iter::once(&id)).await?;
                let replaces: Vec<Dot> = dots.into_iter().filter(|dot| versions.iter().any(|v| v.get(*dot).is_some())).collect();
                let alone = versions.iter().all(|versions| versions.heads.len() == 1);
                if !replaces.is_empty() && !changed.contains(id.as_str()) && (alone || !expired) {
                    withdrawals.push(Change { id, replaces, what: What::Withdraw });
                }
            }
        }
    }

    /// Finishes records that were begun by an interrupted sync: the same bytes under the same name, then the head.
    pub(super) async fn finish_sent(&self, session: &mut Session) -> Result<()> {
        if self.state.scan(SENT.to_owned(), None, 1).await?.is_empty() || !self.contact(session).await? {
            return Ok(());
        }
        // Nothing is put where the vault is no more.
        match self.check_marker(session).await {
            Err(Refusal::Other(_)) if self.allow.vault_changed => {
                session.gone = true;
                return Ok(());
            }
            met => met.map_err(Refusal::into_error)?,
        }
        let mut after = None;
        loop {
            let page = self.state.scan(SENT.to_owned(), after, 1).await?;
            let Some(StateRecord { key, value: Some(value) }) = page.into_iter().next() else { break };
            after = Some(key.clone());
            let (sent, file) = Sent::decode(&key, &value)?;
            if sent.writer != self.standing(session)?.writer {
                // The state was copied: the original finishes its own record, and this device pushes what it carried.
                self.state.write(vec![StateRecord::remove(key)]).await?;
                continue;
            }
            if !sent.placed {
                self.pace.recall(&*self.state).await?;
                if self.pace.is_dear(Way::Up, file.len() as u64) {
                    self.pace.was_cut_off();
                }
                self.drive.put(sent.name().path(), file, Condition::Any).await?;
            }
        }
        match self.announce_sent(session).await {
            // The pull that comes reads the head anew, says so, and goes on as the user has agreed.
            Err(e) if self.is_agreed(&e) => {
                let standing = self.standing(session)?;
                (standing.head, standing.slot) = (None, 0);
                session.pull.head = None;
                Ok(())
            }
            announced => announced,
        }
    }

    fn is_agreed(&self, error: &Error) -> bool {
        match error.kind {
            ErrorKind::Rollback { .. } => self.allow.rollback,
            ErrorKind::VaultChanged => self.allow.vault_changed,
            _ => false,
        }
    }

    /// Forgets records that were begun: somebody else writes as this client, and they can never be announced. What they
    /// carried is in the queue still.
    pub(super) async fn drop_sent(&self, session: &mut Session) -> Result<()> {
        session.send = Sending::default();
        super::standing::clear(&*self.state, SENT).await
    }

    /// Folds the next own record that is announced.
    pub(super) async fn next_acknowledged(&self, session: &mut Session) -> Result<Option<Acknowledged>> {
        let Some((writer, announced)) = session.send.announced else { return Ok(None) };
        let after = session.send.acknowledged.clone().filter(|(of, _)| *of == writer).map(|(_, key)| key);
        let page = self.state.scan(SENT.to_owned(), after, 1).await?;
        let Some(StateRecord { key: sent_key, value: Some(value) }) = page.into_iter().next() else { return Ok(None) };
        let (sent, file) = Sent::decode(&sent_key, &value)?;
        if sent.writer != writer || sent.link.seq > announced {
            return Ok(None);
        }
        session.send.acknowledged = Some((writer, sent_key.clone()));
        let read = match session.send.last.take_if(|last| last.link == sent.link && last.record.writer == writer) {
            Some(read) => read,
            None => {
                let head = file.get(..sent.head_len as usize).unwrap_or(&file);
                let (record, link) = Record::decode(head, &sent.name()).map_err(|_| damaged(&sent_key))?;
                Read { record, link, head_len: sent.head_len }
            }
        };
        let link = read.link;
        let is_older = session.send.first.is_none_or(|(first, seq)| first != writer || link.seq < seq);
        let absent = if is_older { self.without_contents(&read.record).await? } else { Vec::new() };
        session.pull.at_hand.forget(read.record.changes.iter().map(|change| &change.id));
        let folded = fold(&*self.state, std::slice::from_ref(&read), true, self.options.keeps_history()).await?;
        let (mut remember, since) = (folded.records, folded.since);
        let seen: &mut Seen = self.seen(session).await?;
        seen.vector.insert(writer, link);
        seen.retired.remove(&writer);
        seen.order = seen.order.max(link.order);
        let order = seen.order;
        if !self.state.scan(WITHDRAW.to_owned(), None, 1).await?.is_empty() {
            let withdrawn = read.record.changes.iter().map(|change| key(WITHDRAW, change.id.as_str()));
            remember.extend(withdrawn.map(StateRecord::remove));
        }
        remember.push(StateRecord::remove(sent_key));
        self.remember_place(session).await?;
        let standing = self.standing(session)?;
        standing.order = standing.order.max(order);
        standing.since.add(since);
        remember.push(standing.record()?);
        let tag = tag_of([Dot { writer, seq: link.seq }]);
        Ok(Some(Acknowledged { pushes: sent.pushes, tag, remember, absent }))
    }

    /// The documents of an interrupted push whose contents are in files of their own that the drive does not have: it was
    /// put back since they were written, or has lost them.
    async fn without_contents(&self, record: &Record) -> Result<Vec<DocId>> {
        let mut absent = Vec::new();
        for change in &record.changes {
            let What::Put { body: Place::Parts(parts), .. } = &change.what else { continue };
            for part in parts {
                let first = GetOptions { range: Some(0..1), unless: None };
                if matches!(self.drive.get(part_path(record.writer, part.name_no), first).await?, Got::Missing) {
                    absent.push(change.id.clone());
                    break;
                }
            }
        }
        Ok(absent)
    }
}

/// The device's clock, in seconds since the Unix epoch.
pub(super) fn seconds(runtime: &dyn crate::Runtime) -> u64 {
    runtime.wall().as_secs().min(MAX_TIME)
}

/// Shortens a name at the end of a character.
fn shortened(name: &str) -> String {
    let end = (0..=name.len().min(DEVICE_BYTES)).rev().find(|end| name.is_char_boundary(*end)).unwrap_or_default();
    name.get(..end).unwrap_or_default().to_owned()
}
