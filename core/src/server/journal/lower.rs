//! Lowers the strategy of a vault: explicitly, one way, and with a number.
//!
//! The marker is written first: from then on, whoever meets the vault takes the new strategy. Then the head of the old
//! one is closed: whoever reads it or wants to write it looks at the marker. Last, the new strategy gets a head that
//! names all that the old one named. A step that is missing after an interruption is made by doing it again; records are
//! found by listing meanwhile.

use super::{
    Journal, Session, Strategy,
    contact::{MARKER, encode},
    head::Head,
    heads::{Found, Place, heads},
    marker::Marker,
    standing::Standing,
};
use crate::{
    Error, ErrorKind, Level, Result,
    drive::{Condition, DrivePath},
};

impl Journal {
    /// Lowers the strategy of the vault.
    ///
    /// # Errors
    /// `invalid_input` if it is not lower, or if there is no vault yet; `condition` if somebody else has just done it.
    pub(crate) async fn lower(&self, strategy: Strategy) -> Result<()> {
        let mut session = self.session.lock().await;
        if !self.contact(&mut session).await? {
            return Err(Error::invalid("lower", "there is no vault on this drive yet: the first push makes it"));
        }
        let old = self.standing(&mut session)?.strategy;
        if strategy <= old {
            let detail = format!("the vault finds its records by {old}; {strategy} asks no less of its drive");
            return Err(Error::invalid("lower", detail));
        }
        self.check_strategy(strategy)?;
        let marker = self.write_lower_marker(&mut session, strategy).await?;
        let closed = self.close_head(&mut session, old, &marker).await?;
        let standing = self.standing(&mut session)?;
        (standing.strategy, standing.epoch, standing.head, standing.slot) = (marker.strategy, marker.epoch, None, 0);
        let record = standing.record()?;
        session.pull.head = None;
        self.seen(&mut session).await?;
        if strategy == Strategy::Slots {
            let mut head = Head { vector: closed.vector, checkpoint: closed.checkpoint, ..self.empty_head(marker.vault, &mut session)? };
            self.runtime.random(&mut head.commit)?;
            // Somebody who came first has named what they know; the rest heals.
            heads(strategy, &self.drive).write(&head, &Place::default()).await?;
        }
        self.log.line(Level::Info, || format!("the vault finds its records by {strategy} from now on"));
        self.state.write(vec![record]).await
    }

    async fn write_lower_marker(&self, session: &mut Session, strategy: Strategy) -> Result<Marker> {
        let Standing { vault, epoch, .. } = self.standing(session)?.clone();
        let gone =
            || Error::new(ErrorKind::VaultChanged, "lower", "the vault is gone from the drive, or another one is there").about(MARKER);
        let (found, version) = self.read_marker_with_version().await?.ok_or_else(gone)?;
        if !self.is_of_vault(session, found.vault).await? {
            return Err(gone());
        }
        let marker = self.marker(vault, strategy, found.epoch + 1)?;
        if found.epoch > epoch && found.strategy == strategy {
            // An interrupted lowering, of whomever: its other steps are made again.
            return Ok(found);
        }
        if found.epoch != epoch {
            return Err(Error::condition("lower", "the vault's strategy has been changed meanwhile: sync, and look again"));
        }
        let condition = if self.drive.capabilities().replace { Condition::Matches(version) } else { Condition::Any };
        self.drive.put(DrivePath::new(MARKER)?, encode(&marker)?, condition).await?;
        Ok(marker)
    }

    /// Closes the head of the old strategy, and returns it.
    pub(super) async fn close_head(&self, session: &mut Session, old: Strategy, marker: &Marker) -> Result<Head> {
        let port = heads(old, &self.drive);
        for _ in 0..super::announce::TRIES {
            let (mut head, place) = match port.read(&Place::default()).await? {
                Found::Head(head, place) => (head, place),
                Found::Damaged(place, _) => (self.empty_head(marker.vault, session)?, place),
                Found::Nothing | Found::Unchanged | Found::Names(_) => (self.empty_head(marker.vault, session)?, Place::default()),
            };
            let seen = self.seen(session).await?;
            head.join(seen.vector.iter().filter(|(writer, _)| !seen.retired.contains(*writer)));
            if head.closed {
                return Ok(head);
            }
            (head.closed, head.epoch) = (true, marker.epoch);
            self.runtime.random(&mut head.commit)?;
            if port.write(&head, &place).await?.is_some() {
                return Ok(head);
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "lower", "other clients kept writing; do it again"))
    }

    /// The head is closed: takes the strategy that the marker says.
    pub(super) async fn follow(&self, session: &mut Session) -> Result<()> {
        let epoch = self.standing(session)?.epoch;
        match self.read_marker().await? {
            Some(marker) if marker.epoch > epoch && self.is_of_vault(session, marker.vault).await? => {
                let standing = self.standing(session)?;
                (standing.strategy, standing.epoch, standing.head, standing.slot) = (marker.strategy, marker.epoch, None, 0);
                session.pull.head = None;
                Ok(())
            }
            Some(marker) if !self.is_of_vault(session, marker.vault).await? => {
                Err(Error::new(ErrorKind::VaultChanged, "sync", "the drive holds another vault than the one this client joined")
                    .about(MARKER))
            }
            _ => Err(Error::new(ErrorKind::Unavailable, "sync", "the vault's strategy is being lowered; try again").about(MARKER)),
        }
    }
}
