//! Reading a file: where the branch is, what it holds there, and the content by its id.
//!
//! A content is checked against its id, so that a page of somebody else is never taken for a file.

use super::{
    GitHub, call,
    object::{id_of, version},
    tree::Found,
};
use crate::http::{
    Call, Repeat,
    range::{bounded, cut},
};
use bytes::Bytes;
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{Changed, GetOptions, Got},
};
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// So many bytes of files that are read in parts are kept: GitHub gives no parts.
const KEPT: usize = 64 << 20;

/// Contents that somebody reads in parts, the last one last.
#[derive(Default)]
pub(super) struct Kept(Mutex<VecDeque<(String, Bytes)>>);

impl Kept {
    fn find(&self, sha: &str) -> Option<Bytes> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(own, _)| own == sha).map(|(_, bytes)| bytes.clone())
    }

    fn keep(&self, sha: &str, bytes: &Bytes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back((sha.to_owned(), bytes.clone()));
        while kept.len() > 1 && kept.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > KEPT {
            kept.pop_front();
        }
    }
}

impl GitHub {
    pub(super) async fn read(&self, path: &DrivePath, options: GetOptions) -> Result<Got> {
        let call = call("get", path.as_str(), Repeat::Freely);
        if path.as_str().is_empty() {
            return self.view(&call, self.moment(), &[]).await.map(|_| Got::Missing);
        }
        let Found::File { sha } = self.find(&call, path).await? else { return Ok(Got::Missing) };
        let version = version(&sha);
        if options.unless.as_ref() == Some(&version) {
            return Ok(Got::Unchanged);
        }
        let bytes = match options.range.map(bounded) {
            None => self.content(&call, &sha).await?,
            Some(range) if range.is_empty() => Vec::new(),
            Some(range) => cut(self.kept_content(&call, &sha).await?.to_vec(), 0, Some(&range)),
        };
        Ok(Got::File { bytes, version })
    }

    /// Where each file has one writer, what was seen once is still there.
    async fn find(&self, call: &Call, path: &DrivePath) -> Result<Found> {
        let full = self.spot.full(path)?;
        if self.has_one_writer(path)
            && let Some(found @ Found::File { .. }) = self.remembered(&full).await
        {
            return Ok(found);
        }
        Ok(self.view(call, self.moment(), &[&full]).await?.tree.find(&full))
    }

    async fn content(&self, call: &Call, sha: &str) -> Result<Vec<u8>> {
        let request = self.raw(&format!("git/blobs/{sha}"))?;
        let url = request.url.clone();
        let response = self.reading.send(call, request).await?;
        match response.status {
            200 if id_of(&response.body) == sha => Ok(response.body),
            200 => Err(self.reading.error(
                call,
                &url,
                ErrorKind::Unavailable,
                "gave another content than was asked for; is there a network that wants a login?",
            )),
            _ => Err(self.refused(call, &url, &response)),
        }
    }

    async fn kept_content(&self, call: &Call, sha: &str) -> Result<Bytes> {
        // One at a time, so that several parts of one file are one request.
        let _alone = self.parts.lock().await;
        if let Some(bytes) = self.kept.find(sha) {
            return Ok(bytes);
        }
        let bytes = Bytes::from(self.content(call, sha).await?);
        self.kept.keep(sha, &bytes);
        Ok(bytes)
    }

    /// Says whether the branch has moved. To ask is free if it has not.
    pub(super) async fn changed(&self, token: Option<String>) -> Result<Changed> {
        let commit = self.view_tip(&call("changed", "", Repeat::Freely)).await?;
        Ok(if token.as_ref() == Some(&commit) { Changed::No } else { Changed::Yes(commit) })
    }
}
