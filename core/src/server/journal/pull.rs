//! The beginning of a pull: what the head, or the listing, says that is not known yet, and whether it can be believed.

use super::{
    Journal, Session, Strategy,
    checkpoint::{PieceName, Root},
    content::AtHand,
    fold::{Read, Seen},
    head::Head,
    heads::{Found, Names, Place, heads},
    join::Joining,
    moving::beacon,
    name::{Dot, Link, RecordName, Writer},
    standing::{DOC, JOIN, NEEDS, PAST, RETIRED, SEEN, SENT, SPLIT, Since, Standing, WITHDRAW, clear, forgotten_record},
};
use crate::{
    Error, ErrorKind, Level, Result,
    drive::{GetOptions, Got},
    gather::Gather as _,
    server::Metadata,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a pull has found out so far.
#[derive(Default)]
pub(super) struct Pull {
    /// The head as it was read or written last in this sync, with its place.
    pub(super) head: Option<(Head, Place)>,
    /// A numbered head that was refused: it is there, even if no listing names it yet.
    pub(super) taken: u64,
    /// Whether the head was asked for in this sync.
    pub(super) asked: bool,
    /// Whether a record was read in this sync.
    pub(super) begun: bool,
    /// Records to be read.
    pub(super) missing: BTreeSet<RecordName>,
    /// Records that were read and wait for others.
    pub(super) waiting: Vec<Read>,
    /// Checkpoints to be joined before any record is read, the first one last.
    pub(super) joins: Vec<PieceName>,
    pub(super) joining: Option<Joining>,
    /// Whether only the places of bodies are taken over.
    pub(super) adopting: bool,
    /// Checkpoints that were joined, or looked for, in this sync.
    pub(super) tried: BTreeSet<PieceName>,
    /// The root that was read last.
    pub(super) root: Option<(PieceName, Root)>,
    /// Whether the head made no sense, and is made again from the names of the records: it names every writer then.
    pub(super) rebuilt: bool,
    /// Whether the head lacks the checkpoint that is known here.
    pub(super) lost_checkpoint: bool,
    /// The contents of the records that were folded last.
    pub(super) at_hand: AtHand,
    /// Whether the head lacks what this client knows, and is to be written again.
    pub(super) heal: bool,
    /// Whether something is named that could not be folded: it is looked for again by the next sync.
    pub(super) incomplete: bool,
    /// The user has agreed to go on with an older vault: where documents differ, this device's stay.
    pub(super) keep_local: bool,
    /// Whether this device has written what this client does not remember: it was put back to a backup.
    pub(super) returned: bool,
    /// Whether the host's documents came first, so that contents may be here already.
    pub(super) sparse: bool,
}

impl Pull {
    /// Whether anything is to be read, or the head to be written again.
    pub(super) fn has_work(&self) -> bool {
        self.heal || !self.missing.is_empty() || !self.joins.is_empty()
    }
}

const ANOTHER: &str = "the drive holds another vault than the one this client joined";

/// Records that a head names beyond what is known of their writers.
pub(super) fn beyond<'a>(vector: &'a BTreeMap<Writer, Link>, seen: &'a Seen) -> impl Iterator<Item = (Writer, Link)> + 'a {
    let known = |writer| seen.vector.get(writer).map_or(0, |link| link.seq);
    vector.iter().filter(move |(writer, link)| link.seq > known(writer)).map(|(writer, link)| (*writer, *link))
}

/// What is known of writers beyond what a head names.
fn lacking(vector: &BTreeMap<Writer, Link>, seen: &Seen) -> Vec<(Writer, Link)> {
    let lower =
        |(writer, link): &(&Writer, &Link)| vector.get(writer).is_none_or(|found| found.seq < link.seq) && !seen.retired.contains(*writer);
    seen.vector.iter().filter(lower).map(|(writer, link)| (*writer, *link)).collect()
}

impl Journal {
    pub(super) async fn read_head(&self, session: &mut Session) -> Result<Metadata> {
        let nothing = Metadata { news: false, new_vault: false, first: false };
        if !self.contact(session).await? {
            return Ok(nothing);
        }
        if self.standing(session)?.forgetting {
            self.forget_history(session).await?;
        }
        session.pull.keep_local = self.standing(session)?.older;
        if session.gone {
            return self.join_anew(session, ANOTHER).await;
        }
        let known = self.known_place(session)?;
        let found = match (session.pull.asked, session.pull.head.clone()) {
            // It was read, or written, when an interrupted push was finished.
            (true, Some((head, place))) => Found::Head(head, place),
            _ => heads(self.standing(session)?.strategy, &self.drive).read(&known).await?,
        };
        session.pull.asked = true;
        let mut looked = self.look_at(session, found).await;
        if looked.is_ok() && self.check_closing(session).is_err() {
            looked = self.look_again(session).await;
        }
        let unannounced = looked.is_ok() && self.look_for_unannounced(session).await?;
        match looked {
            Ok(news) => {
                let news = news || unannounced || session.joining || session.pull.keep_local;
                if !news {
                    self.check_expected(session).await?;
                }
                Ok(Metadata { news, new_vault: false, first: session.joining || session.pull.returned })
            }
            Err(Refusal::Other(detail)) => self.join_anew(session, detail).await,
            Err(Refusal::Older(error)) if self.allow.rollback => {
                self.log.line(Level::Warn, || format!("going on with an older vault: {error}"));
                self.forget_history(session).await?;
                session.pull.keep_local = true;
                let found = heads(self.standing(session)?.strategy, &self.drive).read(&Place::default()).await?;
                self.look_at(session, found).await.map_err(Refusal::into_error)?;
                Ok(Metadata { news: true, new_vault: false, first: session.joining || session.pull.returned })
            }
            Err(refusal) => Err(refusal.into_error()),
        }
    }

    /// Looking has shown that a device was revoked: looks again with that in mind.
    async fn look_again(&self, session: &mut Session) -> Result<bool, Refusal> {
        self.obey_closing(session).await?;
        session.pull = Pull { asked: true, keep_local: session.pull.keep_local, ..Pull::default() };
        let found = heads(self.standing(session)?.strategy, &self.drive).read(&Place::default()).await?;
        self.look_at(session, found).await
    }

    /// Reads records that no head names, if the last listing has shown any, and announces them for whoever has not.
    async fn look_for_unannounced(&self, session: &mut Session) -> Result<bool> {
        if !std::mem::take(&mut self.standing(session)?.unannounced) {
            return Ok(false);
        }
        let found = self.names().await?;
        let seen = self.seen(session).await?.clone();
        let unknown: Vec<RecordName> = found.records.into_iter().filter(|name| !seen.has(name.dot())).collect();
        session.pull.heal |= !unknown.is_empty();
        session.pull.missing.extend(unknown);
        Ok(true)
    }

    /// The drive holds another vault, or none: if the user has agreed, it is joined as for the first time.
    async fn join_anew(&self, session: &mut Session, detail: &str) -> Result<Metadata> {
        self.agree_to_another_vault(detail)?;
        *session = Session { met: true, ..Session::default() };
        session.standing = match self.read_marker().await? {
            Some(marker) => Some(self.newcomer(&marker).await?),
            None => None,
        };
        session.seen = Some(Seen::default());
        if session.standing.is_none() {
            self.expect_none().await?;
            return Ok(Metadata { news: false, new_vault: true, first: false });
        }
        self.expect(session).await?;
        let found = heads(self.standing(session)?.strategy, &self.drive).read(&Place::default()).await?;
        session.pull.asked = true;
        match self.look_at(session, found).await {
            Ok(_) => Ok(Metadata { news: true, new_vault: true, first: false }),
            Err(refusal) => Err(refusal.into_error()),
        }
    }

    /// The place of the head that was read last, where it held nothing new.
    pub(super) fn known_place(&self, session: &mut Session) -> Result<Place> {
        let standing = self.standing(session)?;
        Ok(Place { version: standing.head.clone(), slot: standing.slot, taken: 0 })
    }

    /// Compares what was found with what is known. Returns whether there is anything to be done.
    async fn look_at(&self, session: &mut Session, found: Found) -> Result<bool, Refusal> {
        // Reading may have shown that a device was revoked.
        self.obey_closing(session).await?;
        match found {
            Found::Unchanged => {
                // It is the one that was remembered, and that named exactly what was folded.
                let (place, vault) = (self.known_place(session)?, self.standing(session)?.vault);
                let seen = self.seen(session).await?;
                let mut vector = seen.vector.clone();
                vector.retain(|writer, _| !seen.retired.contains(writer));
                session.pull.head = Some((Head { vector, ..self.empty_head(vault, session)? }, place));
                Ok(false)
            }
            // The strategy was lowered a moment ago, and its first head is still to come.
            Found::Nothing if self.standing(session)?.epoch > 0 => {
                self.check_marker(session).await?;
                session.pull.heal = true;
                let names = self.names().await?;
                self.look_at_names(session, names).await.map(|_| true)
            }
            // Who knows nothing cannot tell a vault without records from one that has lost its head.
            Found::Nothing if self.seen(session).await?.vector.is_empty() => {
                let names = self.names().await?;
                if names.records.is_empty() && names.roots.is_empty() {
                    return Ok(false);
                }
                self.log.line(Level::Warn, || "the head is gone; it is made again from the records".to_owned());
                self.rebuild(session, names, Place::default()).await
            }
            Found::Nothing => {
                self.check_marker(session).await?;
                self.look_at_vector(session, &BTreeMap::new()).await
            }
            Found::Head(head, place) => {
                if !self.is_of_vault(session, head.vault).await? {
                    return Err(Refusal::Other(ANOTHER));
                }
                if head.closed {
                    self.follow(session).await?;
                    let strategy = self.standing(session)?.strategy;
                    let found = heads(strategy, &self.drive).read(&Place::default()).await?;
                    return Box::pin(self.look_at(session, found)).await.map(|_| true);
                }
                let vector = head.vector.clone();
                self.take_head(session, head, place).await?;
                self.look_at_vector(session, &vector).await.map(|_| true)
            }
            Found::Damaged(place, why) => {
                self.log.line(Level::Warn, || format!("the head makes no sense ({why}); it is made again from the records"));
                let names = self.names().await?;
                self.rebuild(session, names, place).await
            }
            Found::Names(names) => self.look_at_names(session, names).await,
        }
    }

    /// Reads what a listing names, and writes the head at this place anew from it.
    async fn rebuild(&self, session: &mut Session, names: Names, place: Place) -> Result<bool, Refusal> {
        self.check_marker(session).await?;
        let vault = self.standing(session)?.vault;
        let checkpoint = self.newest_listed(session, &names).await?;
        session.pull.head = Some((Head { checkpoint, ..self.empty_head(vault, session)? }, place));
        (session.pull.heal, session.pull.rebuilt) = (true, true);
        self.look_at_names(session, names).await.map(|_| true)
    }

    /// Takes the records that a head names and that are not known, and notes whether the head lacks any that are.
    async fn look_at_vector(&self, session: &mut Session, vector: &BTreeMap<Writer, Link>) -> Result<bool, Refusal> {
        self.check_own(session, vector).await?;
        let seen = self.seen(session).await?.clone();
        let lost = lacking(vector, &seen);
        if !lost.is_empty() {
            self.check_innocent(session, &lost, vector).await?;
            session.pull.heal = true;
        }
        if session.pull.joins.is_empty() {
            self.look_for_missing(session, vector).await?;
        }
        self.return_anew(session).await?;
        Ok(session.pull.has_work())
    }

    /// Takes the records that a head names and that are not known, with those between.
    pub(super) async fn look_for_missing(&self, session: &mut Session, vector: &BTreeMap<Writer, Link>) -> Result<()> {
        let seen = self.seen(session).await?.clone();
        let news: Vec<(Writer, Link)> = beyond(vector, &seen).collect();
        self.note_own(session, news.iter().map(|(writer, _)| *writer));
        let far = news.iter().any(|(writer, link)| link.seq > seen.vector.get(writer).map_or(0, |known| known.seq) + 1);
        session.pull.missing.extend(news.iter().map(|(writer, link)| RecordName::new(*writer, link)));
        if far {
            // The names of those between are in the listing; what it does not show yet is found through its successors.
            let names = self.names().await?.records;
            // Of two with one number only the successor tells which one counts: a state was put back to before a push that was
            // not announced.
            let mut met = BTreeSet::new();
            let twice: BTreeSet<Dot> = names.iter().map(RecordName::dot).filter(|dot| !met.insert(*dot)).gather();
            let named = |name: &RecordName| vector.get(&name.writer).is_some_and(|last| name.seq < last.seq);
            let wanted = names.into_iter().filter(|name| named(name) && !seen.has(name.dot()) && !twice.contains(&name.dot()));
            session.pull.missing.extend(wanted);
        }
        Ok(())
    }

    async fn look_at_names(&self, session: &mut Session, mut found: Names) -> Result<bool, Refusal> {
        if found.records.contains(&beacon()) {
            self.check_marker(session).await?;
            found.records.retain(|name| *name != beacon());
        }
        let seen = self.seen(session).await?.clone();
        let (joined, vouched) = (self.standing(session)?.joined.clone(), self.standing(session)?.vouched.clone());
        let Names { records: names, roots } = &found;
        let known = |name: &RecordName| seen.vector.get(&name.writer).is_some_and(|link| name.fits(name.writer, link));
        // Not one record that is known: it may be another vault's folder, also for who has joined and folded nothing yet.
        let anything = !seen.vector.is_empty() || !names.is_empty() || !roots.is_empty();
        if anything && !session.met && !names.iter().any(known) && !roots.iter().any(|root| joined.contains(root)) {
            self.check_marker(session).await?;
        }
        if let Some(fork) =
            names.iter().find(|name| seen.vector.get(&name.writer).is_some_and(|l| l.seq == name.seq && !name.fits(name.writer, l)))
        {
            self.log.line(Level::Warn, || {
                format!("two records have the number {} of writer {}: a device was copied while it ran", fork.seq, fork.writer)
            });
            if fork.writer == self.standing(session)?.writer {
                self.renew_incarnation(session)?;
            }
        }
        self.look_at_roots(session, &found).await?;
        self.check_gone(session, &found).await?;
        let standing = self.standing(session)?;
        if standing.joined != joined || standing.vouched != vouched {
            // Where nothing else is new nothing else writes this down, and the same roots would be read in every sync.
            let record = standing.record()?;
            self.state.write(vec![record]).await?;
        }
        let unknown: Vec<RecordName> = found.records.into_iter().filter(|name| !seen.has(name.dot())).collect();
        self.note_own(session, unknown.iter().map(|name| name.writer));
        session.pull.missing.extend(unknown);
        Ok(session.pull.has_work())
    }

    /// Notes whether any of these writers, of whom something is not known here, is this device. What was interrupted is
    /// finished before anything is looked at.
    pub(super) fn note_own(&self, session: &mut Session, mut writers: impl Iterator<Item = Writer>) {
        let device = self.device();
        session.pull.returned |= writers.any(|writer| writer.device() == device);
    }

    /// Evidence of a copy, or of a restored backup: somebody has written as this client.
    pub(super) async fn check_own(&self, session: &mut Session, vector: &BTreeMap<Writer, Link>) -> Result<()> {
        let (writer, last) = {
            let standing = self.standing(session)?;
            (standing.writer, standing.last)
        };
        let ours = last.map_or(0, |link| link.seq);
        let Some(found) = vector.get(&writer) else { return Ok(()) };
        if found.seq > ours || found.seq == ours && last.is_some_and(|link| link.hash != found.hash) {
            self.log.line(Level::Warn, || "this device's state was copied or restored: it goes on under a new incarnation".to_owned());
            self.drop_sent(session).await?;
            self.renew_incarnation(session)?;
        }
        Ok(())
    }

    /// Whether each record that is no longer announced can still be read: then only its announcement was lost.
    pub(super) async fn check_innocent(
        &self,
        session: &mut Session,
        lost: &[(Writer, Link)],
        vector: &BTreeMap<Writer, Link>,
    ) -> Result<(), Refusal> {
        for (writer, link) in lost {
            let name = RecordName::new(*writer, link);
            let options = GetOptions { range: Some(0..1), unless: None };
            let gone = matches!(self.drive.get(name.path(), options).await?, Got::Missing);
            if gone && !self.is_covered(session, writer, link.seq).await? {
                let found = vector.get(writer).map_or(0, |found| found.seq);
                let detail = format!(
                    "the vault is older than what this client has seen: writer {writer} had {} records and has {found} now",
                    link.seq
                );
                let kind = ErrorKind::Rollback { remembered: link.seq, found };
                let error = self.or_lacks_keys(Error::new(kind, "sync", detail).about(name.path().as_str()));
                return Err(if matches!(error.kind, ErrorKind::Rollback { .. }) { Refusal::Older(error) } else { Refusal::Failed(error) });
            }
        }
        Ok(())
    }

    /// Whether a checkpoint that is there has what a record said.
    async fn is_covered(&self, session: &mut Session, writer: &Writer, seq: u64) -> Result<bool> {
        let announced = session.pull.head.as_ref().and_then(|(head, _)| head.checkpoint);
        let known = self.standing(session)?.checkpoint;
        for reference in [announced, known].into_iter().flatten() {
            if self.root(session, &reference.root).await?.is_some_and(|root| root.covers(writer, seq)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether what a head lacks that is about to be written again is there still.
    pub(super) async fn check_still_there(&self, session: &mut Session, vector: &BTreeMap<Writer, Link>) -> Result<()> {
        let lost = lacking(vector, self.seen(session).await?);
        self.check_innocent(session, &lost, vector).await.map_err(Refusal::into_error)
    }

    pub(super) async fn check_marker(&self, session: &mut Session) -> Result<(), Refusal> {
        match self.read_marker().await? {
            None => Err(Refusal::Other("the vault is gone from the drive: it was deleted, or this is another drive")),
            Some(marker) if self.is_of_vault(session, marker.vault).await? => Ok(()),
            Some(_) => Err(Refusal::Other(ANOTHER)),
        }
    }

    /// Forgets what the vault held, at the user's word; documents and bases stay.
    pub(super) async fn forget_history(&self, session: &mut Session) -> Result<()> {
        self.renew_incarnation(session)?;
        let vector = self.seen(session).await?.vector.clone();
        let standing = self.standing(session)?;
        // What was begun and interrupted has forgotten a part already.
        let known = (!standing.forgetting).then(|| forgotten_record(&vector));
        let forgotten = Standing {
            forgetting: true,
            went_back: true,
            older: true,
            head: None,
            slot: 0,
            order: 0,
            checkpoint: None,
            joined: Vec::new(),
            adopted: None,
            vouched: None,
            since: Since::default(),
            ..standing.clone()
        };
        self.state.write(known.into_iter().chain([forgotten.record()?]).collect()).await?;
        for prefix in [SENT, SEEN, DOC, SPLIT, WITHDRAW, PAST, JOIN, NEEDS, RETIRED] {
            clear(&*self.state, prefix).await?;
        }
        *standing = Standing { forgetting: false, ..forgotten };
        self.state.write(vec![standing.record()?]).await?;
        (session.seen, session.retired_before) = (Some(Seen::default()), Some(BTreeSet::new()));
        session.pull = Pull { asked: true, ..Pull::default() };
        Ok(())
    }

    pub(super) fn empty_head(&self, vault: super::name::VaultId, session: &mut Session) -> Result<Head> {
        let Standing { epoch, checkpoint, .. } = *self.standing(session)?;
        Ok(Head { vault, commit: [0; 16], epoch, closed: false, checkpoint, vector: BTreeMap::new() })
    }

    /// Whether the strategy has a head at all.
    pub(super) fn has_head(&self, session: &mut Session) -> Result<bool> {
        Ok(self.standing(session)?.strategy != Strategy::Listing)
    }
}

/// Why a vault is not gone on with.
pub(super) enum Refusal {
    /// It is another one; why.
    Other(&'static str),
    /// It is older than what was seen.
    Older(Error),
    Failed(Error),
}

impl Refusal {
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Other(detail) => Error::new(ErrorKind::VaultChanged, "sync", detail),
            Self::Older(error) | Self::Failed(error) => error,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
