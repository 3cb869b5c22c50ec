//! What a checkpoint covers: which one is announced, what it knows that is not known here, and which writers a head leaves
//! out for its sake.

use super::{
    Journal, Session,
    checkpoint::{self, PieceName, Root},
    fold::Seen,
    front::Much,
    head::{Head, Reference, hash_of_retired},
    heads::{Names, Place, names},
    name::{Dot, Hash, Link, RecordName, Writer},
    standing::retired_records,
};
use crate::{
    Level, Result,
    drive::{GetOptions, Got},
    gather::Gather as _,
};
use std::collections::{BTreeMap, BTreeSet};

/// Every so many checkpoints one is looked into, even if everything that it covers seems to be known.
const LOOK_INTO: u64 = 16;

/// Whether nothing that a vector names is beyond another.
pub(super) fn is_within(inner: &BTreeMap<Writer, Link>, outer: &BTreeMap<Writer, Link>) -> bool {
    inner.iter().all(|(writer, link)| outer.get(writer).is_some_and(|known| known.seq >= link.seq))
}

/// Whether a vector covers a record.
pub(super) fn is_known(vector: &BTreeMap<Writer, Link>, dot: Dot) -> bool {
    vector.get(&dot.writer).is_some_and(|link| link.seq >= dot.seq)
}

impl Root {
    pub(super) fn covers(&self, writer: &Writer, seq: u64) -> bool {
        self.vector.get(writer).is_some_and(|link| link.seq >= seq)
    }
}

impl Journal {
    /// Takes a head that was read for the present one, and finds out what its checkpoint covers.
    pub(super) async fn take_head(&self, session: &mut Session, mut head: Head, place: Place) -> Result<()> {
        let known = self.standing(session)?.checkpoint;
        match (head.checkpoint, known) {
            (found, known) if found == known => {}
            (found, Some(known)) if found.is_none_or(|found| found.root.of.generation < known.root.of.generation) => {
                if self.is_there(&known.root).await? {
                    // Its announcement was lost.
                    head.checkpoint = Some(known);
                    (session.pull.heal, session.pull.lost_checkpoint) = (true, true);
                } else {
                    self.go_back_to(session, &mut head).await?;
                }
            }
            (Some(found), _) => self.meet(session, &head, found).await?,
            (None, _) => {}
        }
        session.pull.head = Some((head, place));
        Ok(())
    }

    /// The drive was put back to a time before the checkpoint that is known here.
    async fn go_back_to(&self, session: &mut Session, head: &mut Head) -> Result<()> {
        self.standing(session)?.checkpoint = None;
        self.seen(session).await?.retired.clear();
        match head.checkpoint {
            Some(found) => self.meet(session, head, found).await,
            None => Ok(()),
        }
    }

    /// Meets a checkpoint that was not announced before.
    async fn meet(&self, session: &mut Session, head: &Head, found: Reference) -> Result<()> {
        let looked_into = self.standing(session)?.looked_into;
        let seen = self.seen(session).await?;
        if seen.vector.is_empty() {
            session.pull.joins = vec![found.root];
            return Ok(());
        }
        let omitted = |seen: &Seen| -> BTreeMap<Writer, Link> {
            let omitted = seen.vector.iter().filter(|(writer, _)| !head.vector.contains_key(writer));
            omitted.map(|(writer, link)| (*writer, *link)).gather()
        };
        let omitted = omitted(seen);
        if hash_of_retired(omitted.iter()) == found.retired && found.root.of.generation < looked_into + LOOK_INTO {
            seen.retired = omitted.into_keys().gather();
            return Ok(());
        }
        let Some(root) = self.root(session, &found.root).await? else {
            session.pull.joins = vec![found.root];
            return Ok(());
        };
        let seen = self.seen(session).await?;
        seen.retired = omitted.iter().filter(|(writer, link)| root.covers(writer, link.seq)).map(|(writer, _)| *writer).gather();
        // What the head does not name, no record leads to.
        let beyond = |(writer, link): (&Writer, &Link)| {
            !head.vector.contains_key(writer) && seen.vector.get(writer).is_none_or(|known| known.seq < link.seq)
        };
        let unknown: Vec<Writer> = root.vector.iter().filter(|entry| beyond(*entry)).map(|(writer, _)| *writer).collect();
        if !unknown.is_empty() {
            session.pull.joins = vec![found.root];
        }
        self.note_own(session, unknown.into_iter());
        self.forget_past(&root).await?;
        self.standing(session)?.looked_into = found.root.of.generation;
        Ok(())
    }

    /// The root of a checkpoint, read once in a sync; none if it cannot be had.
    pub(super) async fn root(&self, session: &mut Session, name: &PieceName) -> Result<Option<Root>> {
        if let Some((known, root)) = &session.pull.root
            && known == name
        {
            return Ok(Some(root.clone()));
        }
        let root = checkpoint::read(&*self.drive, name, Much::Head).await?.root();
        if let Some(root) = &root {
            session.pull.root = Some((*name, root.clone()));
        }
        Ok(root)
    }

    pub(super) async fn is_there(&self, name: &PieceName) -> Result<bool> {
        let options = GetOptions { range: Some(0..1), unless: None };
        Ok(!matches!(self.drive.get(name.path(), options).await?, Got::Missing))
    }

    /// Looks at the checkpoints that a listing names: those that know what no listed record leads to are to be joined.
    pub(super) async fn look_at_roots(&self, session: &mut Session, found: &Names) -> Result<()> {
        let listed: BTreeSet<PieceName> = found.roots.iter().copied().gather();
        self.standing(session)?.joined.retain(|root| listed.contains(root));
        let mut new: Vec<PieceName> = listed.into_iter().collect();
        // The newest first: it may know what the others do.
        new.reverse();
        let records: BTreeSet<RecordName> = found.records.iter().copied().gather();
        for name in new {
            if self.standing(session)?.joined.contains(&name) {
                continue;
            }
            if self.seen(session).await?.vector.is_empty() {
                session.pull.joins.insert(0, name);
                continue;
            }
            let Some(root) = self.root(session, &name).await? else { continue };
            let seen = self.seen(session).await?;
            if is_within(&root.vector, &seen.vector) {
                self.standing(session)?.has_joined(name, root.parent);
            } else if self.has_closed() || !leads_to(&records, &seen.vector, &root.vector) {
                let unknown: Vec<Writer> = super::pull::beyond(&root.vector, seen).map(|(writer, _)| writer).collect();
                self.note_own(session, unknown.into_iter());
                session.pull.joins.insert(0, name);
            }
        }
        Ok(())
    }

    /// The reference to the newest checkpoint that a listing names, for a head that is made again from the names.
    pub(super) async fn newest_listed(&self, session: &mut Session, found: &Names) -> Result<Option<Reference>> {
        let known = self.standing(session)?.checkpoint.map(|known| known.root);
        let best = self.best_listed(session, found).await?;
        let root = match (known.filter(|known| found.roots.contains(known)), best) {
            (Some(known), Some(best)) if known.of.generation >= best.of.generation => Some(known),
            (_, best) => best,
        };
        // Such a head names every writer.
        self.seen(session).await?.retired.clear();
        Ok(root.map(|root| Reference { root, retired: hash_of_retired(std::iter::empty()) }))
    }

    /// The greatest checkpoint that a listing names. Where keys were closed, others' names say nothing: it must count.
    async fn best_listed(&self, session: &mut Session, found: &Names) -> Result<Option<PieceName>> {
        let mut roots = found.roots.clone();
        roots.sort_by_key(|root| (std::cmp::Reverse(root.of.generation), *root));
        for root in roots {
            if !self.has_closed() || self.root(session, &root).await?.is_some() {
                return Ok(Some(root));
            }
        }
        Ok(None)
    }

    /// Reads the names of records and checkpoints.
    pub(super) async fn names(&self) -> Result<Names> {
        names(&*self.drive).await
    }

    /// Makes durable which writers are retired, where that has changed.
    pub(super) async fn remember_retired(&self, session: &mut Session) -> Result<()> {
        let before = session.retired_before.clone();
        let seen = self.seen(session).await?;
        if before.as_ref() == Some(&seen.retired) {
            return Ok(());
        }
        let records = retired_records(&seen.vector, &seen.retired, &before.unwrap_or_default())?;
        let retired = seen.retired.clone();
        self.state.write(records).await?;
        session.retired_before = Some(retired);
        Ok(())
    }

    /// A client that a head no longer names was silent for long. It goes on as a new incarnation, so that what is retired
    /// stays so.
    pub(super) async fn return_anew(&self, session: &mut Session) -> Result<()> {
        let writer = self.standing(session)?.writer;
        if self.seen(session).await?.retired.contains(&writer) {
            self.log.line(Level::Info, || "this client was silent for long: it goes on under a new incarnation".to_owned());
            self.renew_incarnation(session)?;
        }
        Ok(())
    }

    /// The writers that a head need not name once its checkpoint covers so much, and the hash over them.
    pub(super) fn retire(vector: &BTreeMap<Writer, Link>, covered: &BTreeMap<Writer, Link>, keep: usize) -> (BTreeSet<Writer>, Hash) {
        let mut by_order: Vec<(&Writer, &Link)> = vector.iter().collect();
        by_order.sort_by_key(|(_, link)| std::cmp::Reverse(link.order));
        let is_covered = |writer: &Writer, link: &Link| covered.get(writer).is_some_and(|covered| covered.seq >= link.seq);
        let silent = by_order.into_iter().skip(keep).filter(|(writer, link)| is_covered(writer, link));
        let silent: BTreeMap<Writer, Link> = silent.map(|(writer, link)| (*writer, *link)).gather();
        let hash = hash_of_retired(silent.iter());
        (silent.into_keys().gather(), hash)
    }
}

/// Whether all that one vector has beyond another is in records that are listed.
fn leads_to(records: &BTreeSet<RecordName>, known: &BTreeMap<Writer, Link>, beyond: &BTreeMap<Writer, Link>) -> bool {
    beyond.iter().all(|(writer, link)| {
        let known = known.get(writer).map_or(0, |known| known.seq);
        let wanted = link.seq.saturating_sub(known);
        wanted == records.iter().filter(|name| name.writer == *writer && (known + 1..=link.seq).contains(&name.seq)).count() as u64
    })
}
