//! Reading a file.

use super::{WebDav, call, look::There, quirks::NO_FILE};
use crate::http::{Call, Method, Repeat, Request, Response};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{GetOptions, Got},
};
use std::ops::Range;
use url::Url;

/// Positions beyond this one are none for any server.
const LAST: u64 = i64::MAX as u64;

impl WebDav {
    pub(super) async fn read(&self, path: &DrivePath, options: GetOptions) -> Result<Got> {
        let (call, url) = (call("get", path.as_str(), Repeat::Freely), self.root.file(path)?);
        let range = options.range.map(|range| range.start..range.end.min(LAST));
        if path.as_str().is_empty() || range.as_ref().is_some_and(Range::is_empty) {
            return Ok(if self.look("get", path).await? == There::File { self.file(Vec::new()) } else { Got::Missing });
        }
        let request = Request::new(Method::Get, url.clone()).with("Cache-Control", "no-cache");
        let request = match &range {
            Some(Range { start, end: LAST }) => request.with("Range", format!("bytes={start}-")),
            Some(Range { start, end }) => request.with("Range", format!("bytes={start}-{}", end - 1)),
            None => request,
        };
        let response = self.send(&call, request).await?;
        match response.status {
            // It may be the file, the listing of a folder, or the login page of a network.
            200 if response.is_html() && self.look("get", path).await? != There::File => Ok(Got::Missing),
            200 => Ok(self.file(cut(response.body, 0, range))),
            206 => self.part(&call, &url, response, range),
            416 => Ok(self.file(Vec::new())),
            404 | 410 => self.check_root("get").await.map(|()| Got::Missing),
            status if NO_FILE.contains(&status) && self.look("get", path).await? != There::File => Ok(Got::Missing),
            _ => Err(self.refused(&call, &url, &response)),
        }
    }

    fn part(&self, call: &Call, url: &Url, response: Response, range: Option<Range<u64>>) -> Result<Got> {
        let begins = response.header("content-range").and_then(beginning);
        match (begins, &range) {
            (Some(begins), Some(asked)) if begins == asked.start => Ok(self.file(cut(response.body, begins, range))),
            _ => Err(self.web.error(call, url, ErrorKind::Unavailable, "gave another part of the file than was asked for")),
        }
    }

    fn file(&self, bytes: Vec<u8>) -> Got {
        Got::File { bytes, version: self.version() }
    }
}

/// Reads `bytes 7-9/20`.
fn beginning(content_range: &str) -> Option<u64> {
    content_range.trim().strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}

/// Cuts bytes that begin at a position of the file down to the range.
fn cut(mut bytes: Vec<u8>, begins: u64, range: Option<Range<u64>>) -> Vec<u8> {
    let Some(range) = range else { return bytes };
    let at = |position: u64| usize::try_from(position.saturating_sub(begins)).unwrap_or(usize::MAX).min(bytes.len());
    let (start, end) = (at(range.start), at(range.end));
    bytes.truncate(end);
    bytes.drain(..start.min(end));
    bytes
}
