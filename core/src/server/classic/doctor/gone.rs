//! Whether the vault has gone to the journal layout, or is on its way: nothing else is the matter with it then.

use super::{
    super::{closed::Closed, files::path},
    Doctor,
};
use crate::{
    ErrorKind, FindingKind as Kind, Result,
    drive::{GetOptions, Got},
};

const META: &str = "meta.json";
const LOCK: &str = "lock.json";
const COMPLETE: &str = "complete it: migrate the vault there once more, from any device";

impl Doctor<'_> {
    /// Says where the vault has gone. False if it is here.
    pub(super) async fn has_gone(&mut self) -> Result<bool> {
        let got = self.classic.drive.get(path(META)?, GetOptions::default()).await?;
        if let Got::File { bytes, .. } = got
            && let Some(closed) = Closed::read(&bytes)
        {
            let gone = closed.gone();
            let (kind, advice) = match gone.kind {
                ErrorKind::Moved { .. } => (Kind::Moved, "look whether the address is right, and follow the vault"),
                ErrorKind::Unavailable => (Kind::Moving, COMPLETE),
                _ => (Kind::CountDamaged, "do not follow it; if the vault was not moved, put back the file from a backup"),
            };
            self.look.findings.refused(kind, META, gone.detail(), advice);
            return Ok(true);
        }
        self.look.is_here = !self.classic.is_to_be_closed().await?;
        if !self.look.is_here {
            let detail = "somebody has begun to bring the vault to the journal layout, and it is not closed: that was interrupted, or an \
                          old client has written since";
            self.look.findings.refused(Kind::Moving, LOCK, detail, COMPLETE);
        }
        Ok(false)
    }
}
