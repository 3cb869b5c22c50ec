//! Puts records into the head, so that others find them.

use super::{
    Journal, Session, Strategy,
    head::Head,
    heads::{Found, Place, heads},
    name::Link,
    pull::Refusal,
};
use crate::{Error, ErrorKind, Result};

/// How often the head is tried again while others write it.
pub(super) const TRIES: u32 = 16;

impl Journal {
    /// Announces the records that this client has written. Afterwards they can be acknowledged.
    ///
    /// # Errors
    /// Whatever the drive answers. The head may have been written then: the next sync looks.
    pub(super) async fn announce_sent(&self, session: &mut Session) -> Result<()> {
        let standing = self.standing(session);
        let Ok((writer, Some(last), strategy)) = standing.map(|s| (s.writer, s.last, s.strategy)) else { return Ok(()) };
        if session.send.announced == Some((writer, last.seq)) {
            return Ok(());
        }
        if strategy != Strategy::Listing {
            self.write_head_with(session, Some(last)).await?;
        }
        // A copy of this client may have written meanwhile: then it goes on as another writer.
        if self.standing(session)?.writer == writer {
            session.send.announced(writer, last.seq);
        }
        Ok(())
    }

    /// Writes the head anew: it lacks what this client knows.
    pub(super) async fn write_head(&self, session: &mut Session) -> Result<()> {
        if self.has_head(session)? { self.write_head_with(session, None).await } else { Ok(()) }
    }

    /// Writes the join of the head that is there with all that this client knows, until no other comes between.
    async fn write_head_with(&self, session: &mut Session, own: Option<Link>) -> Result<()> {
        for _ in 0..TRIES {
            let strategy = self.standing(session)?.strategy;
            if strategy == Strategy::Listing {
                return Ok(());
            }
            if session.pull.head.is_none() {
                self.read_for_writing(session).await?;
            }
            let Some((mut head, place)) = session.pull.head.clone() else { continue };
            if head.closed {
                self.follow(session).await?;
                continue;
            }
            if own.is_some() && self.is_overtaken(session, &head).await? {
                return Ok(());
            }
            if !self.join(session, &mut head, own).await? {
                return Ok(());
            }
            self.check_closing(session)?;
            self.runtime.random(&mut head.commit)?;
            session.pull.asked = true;
            match heads(strategy, &self.drive).write(&head, &place).await? {
                Some(place) => {
                    session.pull.head = Some((head, place));
                    return Ok(());
                }
                // Another one has come between: it is read, never assumed.
                None => (session.pull.head, session.pull.taken) = (None, place.slot + 1),
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "sync", "other clients kept writing during the sync; nothing is lost, try again"))
    }

    /// Reads the head to write the next one. A vault that nobody has pushed to has none.
    pub(super) async fn read_for_writing(&self, session: &mut Session) -> Result<()> {
        let vault = self.standing(session)?.vault;
        let strategy = self.standing(session)?.strategy;
        let first = session.met && self.seen(session).await?.vector.is_empty() && !session.pull.asked;
        let found = if first {
            Found::Nothing
        } else {
            heads(strategy, &self.drive).read(&Place { taken: session.pull.taken, ..Place::default() }).await?
        };
        session.pull.asked = true;
        if matches!(found, Found::Nothing) && !session.met {
            self.check_marker(session).await.map_err(Refusal::into_error)?;
        }
        let (head, place) = match found {
            Found::Head(head, place) if self.is_of_vault(session, head.vault).await? => (head, place),
            Found::Head(..) => {
                let detail = "the drive holds another vault than the one this client joined";
                return Err(Error::new(ErrorKind::VaultChanged, "sync", detail));
            }
            // What it named may be covered by a checkpoint that is not known here.
            Found::Damaged(place, _) => {
                let names = self.names().await?;
                let checkpoint = self.newest_listed(session, &names).await?;
                (Head { checkpoint, ..self.empty_head(vault, session)? }, place)
            }
            Found::Nothing | Found::Unchanged | Found::Names(_) => {
                (Head { checkpoint: None, ..self.empty_head(vault, session)? }, Place::default())
            }
        };
        // The drive may have been put back while this sync was under way: what is gone must not be announced.
        let vector = head.vector.clone();
        self.take_head(session, head, place).await?;
        self.check_still_there(session, &vector).await?;
        Ok(())
    }

    /// Whether somebody else has written as this client: a copy of it. Its own record can never be announced then.
    async fn is_overtaken(&self, session: &mut Session, head: &Head) -> Result<bool> {
        let before = self.standing(session)?.writer;
        let vector = head.vector.clone();
        self.check_own(session, &vector).await?;
        Ok(self.standing(session)?.writer != before)
    }

    /// Adds what this client knows, and its own last record. Returns whether the head lacked anything.
    async fn join(&self, session: &mut Session, head: &mut Head, own: Option<Link>) -> Result<bool> {
        let before = head.vector.clone();
        let seen = self.seen(session).await?;
        head.join(seen.vector.iter().filter(|(writer, _)| !seen.retired.contains(*writer)));
        let writer = self.standing(session)?.writer;
        if let Some(own) = own {
            head.join([(&writer, &own)].into_iter());
        }
        Ok(std::mem::take(&mut session.pull.lost_checkpoint) || head.vector != before)
    }

    /// Remembers the head as read, if it names nothing that was not folded.
    pub(super) async fn remember_place(&self, session: &mut Session) -> Result<()> {
        let Some((head, place)) = session.pull.head.clone() else { return Ok(()) };
        let seen = self.seen(session).await?;
        if head.vector.iter().all(|(writer, link)| seen.vector.get(writer).is_some_and(|known| known.seq >= link.seq)) {
            self.remember_retired(session).await?;
            let standing = self.standing(session)?;
            (standing.head, standing.slot, standing.checkpoint) = (place.version, place.slot, head.checkpoint);
        }
        Ok(())
    }
}
