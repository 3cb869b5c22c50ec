//! Deleting a file, for good and not into the bin: an id that is gone never comes back.

use super::{GDrive, call, refusal::Refusal};
use crate::http::{Call, Repeat};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{Condition, Version},
};

/// So often others may be in between.
const ROUNDS: u32 = 8;

impl GDrive {
    pub(super) async fn remove(&self, path: &DrivePath, condition: &Condition) -> Result<()> {
        let call = call("delete", path.as_str(), Repeat::Freely);
        match condition {
            Condition::Matches(version) => self.remove_if(&call, path, version).await,
            Condition::Any => self.remove_any(&call, path).await,
            Condition::Absent => self.refuse_if_there(&call, path).await,
        }
    }

    async fn remove_any(&self, call: &Call, path: &DrivePath) -> Result<()> {
        for _ in 0..ROUNDS {
            let Some(place) = self.place(call, path).await? else { break };
            let is_alone = self.drop_doubles(call, path).await?;
            let deleted = self.delete_id(call, &place.id, None).await?;
            self.known.lose(path, &place.id);
            if deleted.is_ok() && is_alone {
                break;
            }
        }
        Ok(())
    }

    async fn remove_if(&self, call: &Call, path: &DrivePath, version: &Version) -> Result<()> {
        for _ in 0..ROUNDS {
            let Some((place, etag)) = self.tag_of(call, path, version).await? else { break };
            if !self.drop_doubles(call, path).await? {
                continue;
            }
            match self.delete_id(&Call { repeat: Repeat::OnlyIfRefused, ..call.clone() }, &place.id, Some(&etag)).await? {
                Ok(()) => {
                    self.known.lose(path, &place.id);
                    return Ok(());
                }
                Err(Refusal::Moved) => self.known.keep(path, super::known::Place::new(place.id)),
                Err(_) => self.known.lose(path, &place.id),
            }
        }
        Err(self.error(call, ErrorKind::Condition, "has another version of that file, or none"))
    }

    async fn refuse_if_there(&self, call: &Call, path: &DrivePath) -> Result<()> {
        for _ in 0..ROUNDS {
            let Some(place) = self.place(call, path).await? else { break };
            if self.look(call, &place.id).await?.is_some() {
                return Err(self.error(call, ErrorKind::Condition, "has such a file"));
            }
            self.known.lose(path, &place.id);
        }
        Ok(())
    }
}
