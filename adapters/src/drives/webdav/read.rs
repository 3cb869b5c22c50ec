//! Reading a file.

use super::{WebDav, call, look::There, quirks::NO_FILE};
use crate::http::{
    Call, Method, Repeat, Request, Response,
    range::{asking, bounded, cut, is_asked},
};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{GetOptions, Got},
};
use std::ops::Range;
use url::Url;

impl WebDav {
    pub(super) async fn read(&self, path: &DrivePath, options: GetOptions) -> Result<Got> {
        let (call, url) = (call("get", path.as_str(), Repeat::Freely), self.root.file(path)?);
        let range = options.range.map(bounded);
        if path.as_str().is_empty() || range.as_ref().is_some_and(Range::is_empty) {
            return Ok(if self.look("get", path).await? == There::File { self.file(Vec::new()) } else { Got::Missing });
        }
        let request = Request::new(Method::Get, url.clone()).with("Cache-Control", "no-cache");
        let request = asking(request, range.as_ref());
        let response = self.send(&call, request).await?;
        match response.status {
            // It may be the file, the listing of a folder, or the login page of a network.
            200 if response.is_html() && self.look("get", path).await? != There::File => Ok(Got::Missing),
            200 => Ok(self.file(cut(response.body, 0, range.as_ref()))),
            206 => self.part(&call, &url, response, range),
            416 => Ok(self.file(Vec::new())),
            404 | 410 => self.check_root("get").await.map(|()| Got::Missing),
            status if NO_FILE.contains(&status) && self.look("get", path).await? != There::File => Ok(Got::Missing),
            _ => Err(self.refused(&call, &url, &response)),
        }
    }

    fn part(&self, call: &Call, url: &Url, response: Response, range: Option<Range<u64>>) -> Result<Got> {
        match &range {
            Some(asked) if is_asked(&response, Some(asked)) => Ok(self.file(cut(response.body, asked.start, Some(asked)))),
            _ => Err(self.web.error(call, url, ErrorKind::Unavailable, "gave another part of the file than was asked for")),
        }
    }

    fn file(&self, bytes: Vec<u8>) -> Got {
        Got::File { bytes, version: self.version() }
    }
}
