//! Writing and deleting a file.

use super::{
    WebDav, call,
    look::{There, above},
    quirks::{NO_FOLDER, REFUSED_NAME},
};
use crate::http::{Call, Method, Repeat, Request, Response};
use kitestring::{
    DrivePath, Error, ErrorKind, Result,
    drive::{Condition, Version},
};
use url::Url;

/// A body of more bytes is not sent before its folder is known to be there: a server that has none takes all of it, and then
/// says so.
const LARGE_BYTES: usize = 256 << 10;

impl WebDav {
    pub(super) async fn write(&self, path: &DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        if path.as_str().is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "put", "this is the drive's root, not a file"));
        }
        let creates = self.claims.create && condition == Condition::Absent;
        let repeat = if creates { Repeat::OnlyIfRefused } else { Repeat::Freely };
        let (call, url) = (call("put", path.as_str(), repeat), self.root.file(path)?);
        // Without a type, some servers refuse it; with one that they know, some convert it.
        let request = Request::new(Method::Put, url.clone()).with("Content-Type", "application/octet-stream").containing(bytes);
        let request = if creates { request.with("If-None-Match", "*") } else { request };
        let begun = self.folders.now();
        let first = request.body.len() > LARGE_BYTES || self.folders.was_missing_above(path).await;
        if first && !self.folders.has_made_above(path).await? {
            // What cannot be made here, the write finds out about.
            drop(self.make_above(path, begun).await);
        }
        let mut response = self.send(&call, request.clone()).await?;
        if NO_FOLDER.contains(&response.status)
            && let Some(was_missing) = self.make_above(path, begun).await?
            // A fault of the server may have come after the write.
            && (was_missing || response.status != 500)
        {
            response = self.send(&call, request).await?;
        }
        match response.status {
            200 if response.is_html() => Err(self.refused(&call, &url, &response)),
            200 | 201 | 204 => Ok(self.version()),
            412 if creates => Err(self.web.error(&call, &url, ErrorKind::Condition, "has such a file already")),
            _ => Err(self.why_not_written(&call, path, &url, &response).await),
        }
    }

    /// Finds out whether it was for the name.
    async fn why_not_written(&self, call: &Call, path: &DrivePath, url: &Url, response: &Response) -> Error {
        let refused = self.refused(call, url, response);
        if !NO_FOLDER.contains(&response.status) && !REFUSED_NAME.contains(&response.status) {
            return refused;
        }
        let invalid = |what: &str| self.web.error(call, url, ErrorKind::InvalidInput, what);
        match self.in_the_way(path).await {
            Err(error) => error,
            Ok(true) => invalid("has a file and a folder that want the same name"),
            Ok(false) if REFUSED_NAME.contains(&response.status) && response.status != 409 => {
                invalid(&format!("answered {}: it stores no file of that name", response.status))
            }
            Ok(false) => refused,
        }
    }

    /// Whether a folder has the name of the file, or a file that of a folder above it.
    async fn in_the_way(&self, path: &DrivePath) -> Result<bool> {
        if self.look("put", path).await? == There::Folder {
            return Ok(true);
        }
        let mut folder = above(path)?;
        while let Some(next) = folder {
            if self.look("put", &next).await? == There::File {
                return Ok(true);
            }
            folder = above(&next)?;
        }
        Ok(false)
    }

    pub(super) async fn remove(&self, path: &DrivePath, condition: Condition) -> Result<()> {
        let (call, url) = (call("delete", path.as_str(), Repeat::Freely), self.root.file(path)?);
        // Some servers delete a folder with all that is in it, whatever the depth that is asked for: rclone, sabre/dav.
        match (self.look("delete", path).await?, condition) {
            (There::File, Condition::Absent) if self.claims.create => {
                return Err(self.web.error(&call, &url, ErrorKind::Condition, "has such a file"));
            }
            (There::File, Condition::Any | Condition::Matches(_)) => {}
            _ => return Ok(()),
        }
        let response = self.send(&call, Request::new(Method::Delete, url.clone()).with("Depth", "0")).await?;
        match response.status {
            204 | 404 | 410 => Ok(()),
            200 | 202 if self.look("delete", path).await? == There::Nothing => Ok(()),
            _ => Err(self.refused(&call, &url, &response)),
        }
    }
}
