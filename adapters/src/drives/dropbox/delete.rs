//! Deleting a file.

use super::{
    Dropbox, call,
    read::{Metadata, There},
    write::{LOOKS, check_version},
};
use crate::http::{Call, Repeat};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{Condition, Version},
};
use serde_json::json;

/// How a deletion ended.
enum Ended {
    Deleted,
    Missing,
    Changed,
}

impl Dropbox {
    pub(super) async fn remove(&self, path: &DrivePath, condition: Condition) -> Result<()> {
        let refused = |what| Err(self.web.error(&call("delete", path.as_str(), Repeat::Freely), self.api(), ErrorKind::Condition, what));
        match condition {
            Condition::Any => self.remove_any(path).await,
            Condition::Absent => match self.look("delete", path).await? {
                There::File(_) => refused("has such a file"),
                There::Folder | There::Nothing => Ok(()),
            },
            Condition::Matches(_) if path.as_str().is_empty() => refused("has a folder there"),
            Condition::Matches(version) => {
                check_version("delete", path, &version)?;
                match self.remove_version(path, &version, Repeat::OnlyIfRefused).await? {
                    Ended::Deleted => Ok(()),
                    Ended::Missing => refused("has no such file"),
                    Ended::Changed => refused("has another version of the file"),
                }
            }
        }
    }

    /// By its name alone Dropbox deletes a folder with all that is in it, and a file whose name differs in case. So the
    /// revision that was looked at is deleted, and no other.
    async fn remove_any(&self, path: &DrivePath) -> Result<()> {
        for _ in 0..LOOKS {
            let There::File(metadata) = self.look("delete", path).await? else { return Ok(()) };
            match self.remove_version(path, &Metadata::version(metadata), Repeat::Freely).await? {
                Ended::Deleted | Ended::Missing => return Ok(()),
                Ended::Changed => {}
            }
        }
        let call = call("delete", path.as_str(), Repeat::Freely);
        Err(self.web.error(&call, self.api(), ErrorKind::Unavailable, "is given new versions of the file faster than one can be deleted"))
    }

    async fn remove_version(&self, path: &DrivePath, version: &Version, repeat: Repeat) -> Result<Ended> {
        let call: Call = call("delete", path.as_str(), repeat);
        let arg = json!({"path": self.root.full(path)?, "parent_rev": version.as_str()});
        let _alone = self.writer.lock().await;
        match self.uncontended(|| self.rpc(&call, "delete_v2", &arg)).await? {
            Ok(_) => Ok(Ended::Deleted),
            Err(refusal) if refusal.is_missing() => Ok(Ended::Missing),
            Err(refusal) if refusal.is_conflict() => Ok(Ended::Changed),
            Err(refusal) => Err(self.not_written(&call, &refusal)),
        }
    }
}
