//! Reading a file.

use super::{
    S3, call,
    send::{Answer, Asked, is_page},
};
use crate::http::{
    Call, Method, Repeat, Response,
    range::{asking, bounded, cut, is_asked},
};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{GetOptions, Got, Version},
};
use std::ops::Range;
use url::Url;

impl S3 {
    pub(super) async fn read(&self, path: &DrivePath, options: GetOptions) -> Result<Got> {
        if path.as_str().is_empty() {
            return self.check_bucket("get").await.map(|()| Got::Missing);
        }
        let range = options.range.map(bounded);
        let got = match &range {
            Some(range) if range.is_empty() => self.nothing_of(path).await?,
            _ => self.bytes_of(path, range, options.unless.as_ref()).await?,
        };
        // Some stores send it all the same.
        Ok(match got {
            Got::File { version, .. } if Some(&version) == options.unless.as_ref() => Got::Unchanged,
            got => got,
        })
    }

    async fn bytes_of(&self, path: &DrivePath, range: Option<Range<u64>>, unless: Option<&Version>) -> Result<Got> {
        let (call, url) = (call("get", path.as_str(), Repeat::Freely), self.bucket.object(&self.bucket.key(path)?));
        let tag = unless.and_then(tag_of);
        let asked = Asked::new(Method::Get, url.clone()).map(|request| {
            let request = asking(request, range.as_ref());
            tag.into_iter().fold(request, |request, tag| request.with("If-None-Match", tag))
        });
        let Answer { response, refusal } = self.send(&call, &asked).await?;
        match response.status {
            304 => Ok(Got::Unchanged),
            200 if is_page(&response) => Err(self.web.refused(&call, &url, &response)),
            // rclone calls a part the whole, and says beside it which part it is.
            200 if response.header("content-range").is_none() => self.file(&call, &url, response, |bytes| cut(bytes, 0, range.as_ref())),
            200 | 206 if is_asked(&response, range.as_ref()) => {
                let begins = range.as_ref().map_or(0, |range| range.start);
                self.file(&call, &url, response, |bytes| cut(bytes, begins, range.as_ref()))
            }
            200 | 206 => Err(self.web.error(&call, &url, ErrorKind::Unavailable, "gave another part of the file than was asked for")),
            416 => self.nothing_of(path).await,
            _ if refusal.is_missing() => Ok(Got::Missing),
            _ if refusal.is_missing_somehow() => self.check_bucket("get").await.map(|()| Got::Missing),
            _ => Err(self.refused(&call, &url, &response, &refusal)),
        }
    }

    fn file(&self, call: &Call, url: &Url, response: Response, cut: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Result<Got> {
        let version = self.version(call, url, &response)?;
        Ok(Got::File { bytes: cut(response.body), version })
    }

    /// Answers a read of no bytes at all.
    async fn nothing_of(&self, path: &DrivePath) -> Result<Got> {
        let version = self.look("get", path).await?;
        Ok(version.map_or(Got::Missing, |version| Got::File { bytes: Vec::new(), version }))
    }

    /// Returns the version of a file, if it is there.
    pub(super) async fn look(&self, operation: &'static str, path: &DrivePath) -> Result<Option<Version>> {
        let (call, url) = (call(operation, path.as_str(), Repeat::Freely), self.bucket.object(&self.bucket.key(path)?));
        let Answer { response, refusal } = self.send(&call, &Asked::new(Method::Head, url.clone())).await?;
        match response.status {
            200 if !is_page(&response) => self.version(&call, &url, &response).map(Some),
            // An answer to such a question has no words.
            404 => self.check_bucket(operation).await.map(|()| None),
            _ => Err(self.refused(&call, &url, &response, &refusal)),
        }
    }

    /// Takes the version out of an answer.
    pub(super) fn version(&self, call: &Call, url: &Url, response: &Response) -> Result<Version> {
        match response.header("etag").map(bare).filter(|tag| is_tag(tag)) {
            Some(tag) => Ok(Version::new(tag)),
            None => {
                let what = "gave no ETag; for a web page, the rules of the bucket (CORS) must expose that header";
                Err(self.web.error(call, url, ErrorKind::Unavailable, what))
            }
        }
    }
}

/// Some stores write a tag without quotes, and proxies that compress call it weak.
pub(super) fn bare(tag: &str) -> &str {
    tag.trim().trim_start_matches("W/").trim_matches('"')
}

/// Returns the tag as a header holds it; none for a version that no store has given.
pub(super) fn tag_of(version: &Version) -> Option<String> {
    let tag = bare(version.as_str());
    is_tag(tag).then(|| format!("\"{tag}\""))
}

fn is_tag(tag: &str) -> bool {
    !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_graphic() && b != b'"')
}
