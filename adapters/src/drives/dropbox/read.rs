//! Reading a file, and looking at what is there.

use super::{Dropbox, call, routes::answer};
use crate::http::{
    Call, Repeat, Response,
    range::{asking, bounded, cut, is_asked},
};
use kitestring::{
    DrivePath, Error, ErrorKind, Result,
    drive::{GetOptions, Got, Version},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::ops::Range;
use url::Url;

/// What has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum There {
    File(Metadata),
    Folder,
    Nothing,
}

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Metadata {
    name: String,
    rev: String,
}

impl Metadata {
    pub(super) fn read(value: Value) -> Option<Self> {
        serde_json::from_value(value).ok()
    }

    pub(super) fn version(self) -> Version {
        Version::new(self.rev)
    }
}

impl Dropbox {
    /// An unchanged file is sent too: asking first would be a second request for each that has changed, and what is read
    /// again and again is small.
    pub(super) async fn read(&self, path: &DrivePath, options: GetOptions) -> Result<Got> {
        if path.as_str().is_empty() {
            return self.check_root("get").await.map(|()| Got::Missing);
        }
        let range = options.range.map(bounded);
        let got = match &range {
            Some(range) if range.is_empty() => self.nothing_of(path).await?,
            _ => self.bytes_of(path, range).await?,
        };
        Ok(match got {
            Got::File { version, .. } if Some(&version) == options.unless.as_ref() => Got::Unchanged,
            got => got,
        })
    }

    async fn bytes_of(&self, path: &DrivePath, range: Option<Range<u64>>) -> Result<Got> {
        let call = call("get", path.as_str(), Repeat::Freely);
        let request = self.download(&json!({"path": self.root.full(path)?}))?;
        let request = asking(request, range.as_ref());
        let url = request.url.clone();
        let response = self.web.send(&call, request).await?;
        match response.status {
            200 => self.file(&call, &url, path, response, |bytes| cut(bytes, 0, range.as_ref())),
            206 if is_asked(&response, range.as_ref()) => {
                let begins = range.as_ref().map_or(0, |range| range.start);
                self.file(&call, &url, path, response, |bytes| cut(bytes, begins, range.as_ref()))
            }
            206 => Err(self.web.error(&call, &url, ErrorKind::Unavailable, "gave another part of the file than was asked for")),
            416 => self.nothing_of(path).await,
            _ => match answer(&self.web, &call, &url, &response)? {
                Err(refusal) if refusal.is_missing() => self.check_root("get").await.map(|()| Got::Missing),
                Err(refusal) => Err(self.refused(&call, &url, refusal.meaning())),
                Ok(_) => Err(self.web.refused(&call, &url, &response)),
            },
        }
    }

    /// Takes the file out of an answer. Its metadata stands in a header, without which this is a page of somebody else.
    fn file(&self, call: &Call, url: &Url, path: &DrivePath, response: Response, cut: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Result<Got> {
        let metadata = response.header("dropbox-api-result").and_then(|text| serde_json::from_str(text).ok());
        let Some(metadata) = metadata.and_then(Metadata::read) else {
            let what = "answered without saying what file that is; is there a network that wants a login?";
            return Err(self.web.error(call, url, ErrorKind::Unavailable, what));
        };
        self.check_name(call, url, path, &metadata)?;
        Ok(Got::File { bytes: cut(response.body), version: metadata.version() })
    }

    /// Answers a read of no bytes at all.
    async fn nothing_of(&self, path: &DrivePath) -> Result<Got> {
        Ok(match self.look("get", path).await? {
            There::File(metadata) => Got::File { bytes: Vec::new(), version: metadata.version() },
            There::Folder | There::Nothing => Got::Missing,
        })
    }

    /// Says what has this name.
    ///
    /// # Errors
    /// `unavailable` if the root is gone; `invalid_input` if it is a file whose name differs in case.
    pub(super) async fn look(&self, operation: &'static str, path: &DrivePath) -> Result<There> {
        if path.as_str().is_empty() {
            return self.check_root(operation).await.map(|()| There::Folder);
        }
        let call = call(operation, path.as_str(), Repeat::Freely);
        let there = self.metadata(&call, &self.root.full(path)?).await?;
        match &there {
            There::Nothing => self.check_root(operation).await?,
            There::File(metadata) => self.check_name(&call, self.api(), path, metadata)?,
            There::Folder => {}
        }
        Ok(there)
    }

    async fn metadata(&self, call: &Call, full: &str) -> Result<There> {
        match self.rpc(call, "get_metadata", &json!({"path": full})).await? {
            Ok(value) if value.get(".tag").and_then(Value::as_str) == Some("folder") => Ok(There::Folder),
            Ok(value) => Metadata::read(value).map(There::File).ok_or_else(|| self.senseless(call)),
            Err(refusal) if refusal.is_not_found() => Ok(There::Nothing),
            Err(refusal) => Err(self.refused(call, self.api(), refusal.meaning())),
        }
    }

    /// Dropbox gives a file by its name in any case.
    pub(super) fn check_name(&self, call: &Call, url: &Url, path: &DrivePath, metadata: &Metadata) -> Result<()> {
        if path.segments().last() == Some(metadata.name.as_str()) {
            return Ok(());
        }
        let what = format!("has {} there: to it, names that differ in case are the same; rename one of the two", metadata.name);
        Err(self.web.error(call, url, ErrorKind::InvalidInput, &what))
    }

    /// Makes sure that the drive's folder is there.
    ///
    /// # Errors
    /// `unavailable` if it is not.
    pub(super) async fn check_root(&self, operation: &'static str) -> Result<()> {
        if self.is_root_there(operation).await? {
            return Ok(());
        }
        let what = "has no such folder (any longer): was it moved, or is its name wrong?";
        Err(self.web.error(&call(operation, &self.root_path()?, Repeat::Freely), self.api(), ErrorKind::Unavailable, what))
    }

    async fn is_root_there(&self, operation: &'static str) -> Result<bool> {
        if self.root.is_top() {
            return Ok(true);
        }
        let path = self.root_path()?;
        let call = call(operation, &path, Repeat::Freely);
        match self.metadata(&call, &path).await? {
            There::Folder => Ok(true),
            There::Nothing => Ok(false),
            There::File(_) => {
                Err(self.web.error(&call, self.api(), ErrorKind::Unavailable, "has a file in the place of the drive's folder"))
            }
        }
    }

    /// Whether the folder is there.
    ///
    /// # Errors
    /// What Dropbox answers.
    pub async fn has_root(&self) -> Result<bool> {
        self.is_root_there("open").await
    }

    pub(super) fn root_path(&self) -> Result<String> {
        self.root.full(&DrivePath::root())
    }

    pub(super) fn refused(&self, call: &Call, url: &Url, (kind, what): (ErrorKind, String)) -> Error {
        self.web.error(call, url, kind, &what)
    }

    pub(super) fn senseless(&self, call: &Call) -> Error {
        self.web.error(call, self.api(), ErrorKind::Unavailable, "gave an answer that makes no sense")
    }

    pub(super) fn api(&self) -> &Url {
        self.hosts.api()
    }
}
