//! Deleting a file.

use super::{
    LOOKS, OneDrive, call,
    item::{File, There},
};
use crate::http::{Call, Method, Repeat, Request};
use kitestring::{DrivePath, Result, drive::Condition};

/// How a deletion ended.
enum Ended {
    Deleted,
    Missing,
    Changed,
}

impl OneDrive {
    /// A file is deleted by its id and under its tag: by its name OneDrive would delete a folder with all that is in it, and a
    /// file whose name differs in case. What is deleted goes to the bin of the account.
    pub(super) async fn remove(&self, path: &DrivePath, condition: Condition) -> Result<()> {
        match condition {
            Condition::Any => self.remove_any(path).await,
            Condition::Absent => match self.look("delete", path).await? {
                There::File(_) => Err(self.other(&call("delete", path, Repeat::Freely))),
                There::Folder | There::Nothing => Ok(()),
            },
            Condition::Matches(version) => {
                let call = call("delete", path, Repeat::OnlyIfRefused);
                if path.as_str().is_empty() {
                    return Err(self.other(&call));
                }
                let mut seen = self.seen(&call, path, &version).await?;
                for tries in 0..LOOKS {
                    match self.remove_seen(&call, path, &seen).await? {
                        Ended::Deleted => return Ok(()),
                        Ended::Missing | Ended::Changed => seen = self.seen_again(&call, path, &seen).await?,
                    }
                    self.pause(tries).await?;
                }
                Err(self.too_fast(&call))
            }
        }
    }

    async fn remove_any(&self, path: &DrivePath) -> Result<()> {
        let call = call("delete", path, Repeat::Freely);
        for tries in 0..LOOKS {
            let There::File(file) = self.look("delete", path).await? else { return Ok(()) };
            match self.remove_seen(&call, path, &file).await? {
                Ended::Deleted | Ended::Missing => return Ok(()),
                Ended::Changed => self.pause(tries).await?,
            }
        }
        Err(self.too_fast(&call))
    }

    async fn remove_seen(&self, call: &Call, path: &DrivePath, seen: &File) -> Result<Ended> {
        let request = Request::new(Method::Delete, self.address_of(seen, "")?).with("If-Match", seen.tag.as_str());
        let ended = match self.ask(call, request).await? {
            Ok(_) => Ended::Deleted,
            Err(refusal) if refusal.is_missing() => Ended::Missing,
            Err(refusal) if refusal.is_changed() => return Ok(Ended::Changed),
            Err(refusal) => return Err(self.refused(call, &refusal)),
        };
        self.known.lose(path);
        Ok(ended)
    }
}
