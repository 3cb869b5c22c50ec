//! Writing and deleting a file.

use super::{
    S3, call, invalid,
    read::tag_of,
    send::{Answer, Asked, is_page},
};
use crate::http::{Call, Method, Repeat};
use bytes::Bytes;
use kitestring::{
    DrivePath, Error, ErrorKind, Result,
    drive::{Condition, Version},
};
use url::Url;

/// A file of more bytes is sent in parts. With a condition it never is: few stores check one at the end of such an upload.
const LARGE_BYTES: usize = 64 << 20;

impl S3 {
    /// A condition that is not claimed is none.
    pub(super) fn honoured(&self, condition: Condition) -> Condition {
        match condition {
            Condition::Absent if !self.claims.create => Condition::Any,
            Condition::Matches(_) if !self.claims.replace => Condition::Any,
            condition => condition,
        }
    }

    pub(super) async fn write(&self, path: &DrivePath, bytes: Bytes, condition: Condition) -> Result<Version> {
        if path.as_str().is_empty() {
            return Err(invalid("put", "this is the drive's root, not a file"));
        }
        let key = self.bucket.key(path)?;
        if condition == Condition::Any && bytes.len() > LARGE_BYTES {
            return self.write_in_parts(path, &key, &bytes).await;
        }
        let repeat = if condition == Condition::Any { Repeat::Freely } else { Repeat::OnlyIfRefused };
        let (call, url) = (call("put", path.as_str(), repeat), self.bucket.object(&key));
        let header = self.header(&call, &url, &condition)?;
        let asked = Asked::new(Method::Put, url.clone()).map(|request| {
            let request = request.with("Content-Type", "application/octet-stream").containing(bytes);
            header.into_iter().fold(request, |request, (name, value)| request.with(name, value))
        });
        let Answer { response, refusal } = self.send(&call, &asked).await?;
        match response.status {
            200 if is_page(&response) => Err(self.web.refused(&call, &url, &response)),
            200 | 201 | 204 => self.version(&call, &url, &response),
            _ if refusal.is_condition() || (refusal.is_missing() && condition != Condition::Any) => Err(self.other(&call, &url)),
            _ => Err(self.refused(&call, &url, &response, &refusal)),
        }
    }

    /// Returns the header that a condition is.
    ///
    /// # Errors
    /// `condition` for a version that no store has given.
    fn header(&self, call: &Call, url: &Url, condition: &Condition) -> Result<Option<(&'static str, String)>> {
        Ok(match condition {
            Condition::Any => None,
            Condition::Absent => Some(("If-None-Match", "*".to_owned())),
            Condition::Matches(version) => Some(("If-Match", tag_of(version).ok_or_else(|| self.other(call, url))?)),
        })
    }

    fn other(&self, call: &Call, url: &Url) -> Error {
        self.web.error(call, url, ErrorKind::Condition, "has another version of the file, or none")
    }

    pub(super) async fn remove(&self, path: &DrivePath, condition: Condition) -> Result<()> {
        if path.as_str().is_empty() {
            return self.check_bucket("delete").await;
        }
        let repeat = if matches!(condition, Condition::Matches(_)) { Repeat::OnlyIfRefused } else { Repeat::Freely };
        let (call, url) = (call("delete", path.as_str(), repeat), self.bucket.object(&self.bucket.key(path)?));
        let header = match self.honoured(condition.clone()) {
            // To delete what is not there: a question, not a deletion.
            _ if condition == Condition::Absent => {
                let is_there = self.look("delete", path).await?.is_some();
                return if is_there && self.claims.create { Err(self.other(&call, &url)) } else { Ok(()) };
            }
            Condition::Matches(_) if self.look("delete", path).await?.is_none() => return Err(self.other(&call, &url)),
            condition => self.header(&call, &url, &condition)?,
        };
        let asked = Asked::new(Method::Delete, url.clone())
            .map(|request| header.into_iter().fold(request, |request, (name, value)| request.with(name, value)));
        let Answer { response, refusal } = self.send(&call, &asked).await?;
        match response.status {
            200 if is_page(&response) => Err(self.web.refused(&call, &url, &response)),
            200 | 202 | 204 => Ok(()),
            _ if refusal.is_condition() => Err(self.other(&call, &url)),
            _ if refusal.is_missing() && condition == Condition::Any => Ok(()),
            _ if refusal.is_missing() => Err(self.other(&call, &url)),
            _ => Err(self.refused(&call, &url, &response, &refusal)),
        }
    }
}
