//! Closes the keys that a device has, so that nothing counts any longer that it writes (E43 of `spec/sealed.md`).

use super::{Journal, PieceName, Session, checkpoint::Piece, closing::beyond};
use crate::{
    Error, ErrorKind, Result,
    drive::{Condition, GetOptions, Got},
    seal::{KeySlot, Revocation},
};

impl Journal {
    /// Closes all keys of the vault but a new one, that only what is given opens. A checkpoint has just been written.
    ///
    /// # Errors
    /// `unavailable` if the checkpoint does not have all that is known here.
    pub(crate) async fn close_keys(&self, revocation: &Revocation, device: Option<[u8; 8]>) -> Result<KeySlot> {
        let session = &mut *self.session.lock().await;
        let sealing = self.sealing.as_ref().ok_or_else(not_sealed)?;
        let root = self.whole_checkpoint(session).await?;
        let slot = sealing.revoke(&*self.raw, revocation, device, root).await?;
        let closing = self.closing();
        let standing = self.standing(session)?;
        (standing.closing, standing.head) = (closing, None);
        let record = standing.record()?;
        self.state.write(vec![record]).await?;
        let Some(root) = root else { return Ok(slot) };
        if self.has_head(session)? {
            // The one that is there does not count any longer. If this fails, whoever comes next makes it again.
            session.pull.lost_checkpoint = true;
            self.write_head(session).await?;
        } else {
            self.seal_root_again(&root).await?;
        }
        Ok(slot)
    }

    /// Where there is no head, a new checkpoint is what others look at first: its key tells them.
    async fn seal_root_again(&self, root: &PieceName) -> Result<()> {
        if let Got::File { bytes, .. } = self.bodies.get(root.path(), GetOptions::default()).await?
            && let Ok(len) = Piece::head_len(&bytes)
            && bytes.get(..len as usize).is_some_and(|head| Piece::decode(head, root).is_ok())
        {
            self.drive.put(root.path(), bytes, Condition::Any).await?;
        }
        Ok(())
    }

    /// The checkpoint that has all that is known here; none if nothing is.
    async fn whole_checkpoint(&self, session: &mut Session) -> Result<Option<PieceName>> {
        let seen = self.seen(session).await?.clone();
        if seen.vector.is_empty() {
            return Ok(None);
        }
        let announced = session.pull.head.as_ref().and_then(|(head, _)| head.checkpoint).map(|found| found.root);
        let name = if self.has_head(session)? { announced } else { self.standing(session)?.adopted };
        if let Some(name) = name
            && let Some(root) = self.root(session, &name).await?
            && beyond(&seen, &root.vector).is_empty()
        {
            return Ok(Some(name));
        }
        let detail = "other devices kept writing, so that no device can be revoked now: nothing has changed, try again";
        Err(Error::new(ErrorKind::Unavailable, "key", detail))
    }

    /// Whether a device can be revoked so, before anything is done.
    ///
    /// # Errors
    /// `invalid_input` otherwise.
    pub(crate) async fn check_revocation(&self, revocation: &Revocation) -> Result<()> {
        let session = &mut *self.session.lock().await;
        let sealing = self.sealing.as_ref().ok_or_else(not_sealed)?;
        if !self.contact(session).await? {
            return Err(Error::invalid("key", "there is no vault on this drive yet: the first push makes it"));
        }
        sealing.check_revocation(&*self.raw, revocation).await
    }
}

fn not_sealed() -> Error {
    Error::invalid("key", "the vault is not sealed")
}
