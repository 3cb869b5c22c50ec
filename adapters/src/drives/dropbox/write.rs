//! Writing a file, and making the drive's folder.

use super::{
    Dropbox, call,
    read::{Metadata, There},
    refusal::Refusal,
};
use crate::http::{Call, Repeat};
use bytes::Bytes;
use kitestring::{
    DrivePath, Error, ErrorKind, Result,
    drive::{Condition, Version},
};
use serde_json::{Value, json};
use std::future::Future;

/// One request takes no more.
pub(super) const MAX_BYTES: usize = 150 << 20;
/// A file that somebody else writes again and again is looked at so many times.
pub(super) const LOOKS: u32 = 8;
/// A write that meets others is sent so many times.
pub(super) const TRIES: u32 = 6;

impl Dropbox {
    pub(super) async fn write(&self, path: &DrivePath, bytes: Vec<u8>, condition: &Condition) -> Result<Version> {
        if *condition == Condition::Any {
            return self.write_any(path, bytes.into()).await;
        }
        let call = call("put", path.as_str(), Repeat::OnlyIfRefused);
        self.try_write(&call, path, bytes.into(), condition)
            .await?
            .map(Metadata::version)
            .map_err(|refusal| self.not_written(&call, &refusal))
    }

    /// Writes a file whatever is there, but never over one whose name differs in case, as Dropbox would: one request for a new
    /// file, and for bytes that are there already; three to replace others.
    async fn write_any(&self, path: &DrivePath, bytes: Bytes) -> Result<Version> {
        let call = call("put", path.as_str(), Repeat::Freely);
        for _ in 0..LOOKS {
            match self.try_write(&call, path, bytes.clone(), &Condition::Any).await? {
                Ok(metadata) => {
                    self.check_name(&call, self.api(), path, &metadata)?;
                    return Ok(metadata.version());
                }
                Err(refusal) if refusal.is_another_file() => {}
                Err(refusal) => return Err(self.not_written(&call, &refusal)),
            }
            let There::File(seen) = self.look("put", path).await? else { continue };
            match self.try_write(&call, path, bytes.clone(), &Condition::Matches(seen.version())).await? {
                Ok(metadata) => return Ok(metadata.version()),
                Err(refusal) if refusal.is_another_file() => {}
                Err(refusal) => return Err(self.not_written(&call, &refusal)),
            }
        }
        Err(self.web.error(&call, self.api(), ErrorKind::Unavailable, "is given new versions of the file faster than one can be replaced"))
    }

    async fn try_write(&self, call: &Call, path: &DrivePath, bytes: Bytes, condition: &Condition) -> Result<Result<Metadata, Refusal>> {
        let commit = self.commit(path, bytes.len(), condition)?;
        let _alone = self.writer.lock().await;
        match self.uncontended(|| self.upload(call, "upload", &commit, bytes.clone())).await? {
            Ok(value) => Metadata::read(value).map(Ok).ok_or_else(|| self.senseless(call)),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Says where a file is to be written, and when. Without a condition it is added, and the same bytes are no conflict.
    /// `mute`: nobody wants a notice of each file on the desktop.
    ///
    /// # Errors
    /// `invalid_input` if it never can be; `condition` for a version that Dropbox has not given.
    pub(super) fn commit(&self, path: &DrivePath, size: usize, condition: &Condition) -> Result<Value> {
        let invalid = |detail: &str| Err(Error::new(ErrorKind::InvalidInput, "put", detail).about(path.as_str()));
        if path.as_str().is_empty() {
            return invalid("this is the drive's root, not a file");
        }
        if size > MAX_BYTES {
            return invalid("the file is larger than the 150 MiB that go to Dropbox in one request");
        }
        let full = self.root.full(path)?;
        let mode = match condition {
            Condition::Any | Condition::Absent => json!("add"),
            Condition::Matches(version) => {
                check_version("put", path, version)?;
                json!({".tag": "update", "update": version.as_str()})
            }
        };
        let is_strict = *condition != Condition::Any;
        Ok(json!({"path": full, "mode": mode, "autorename": false, "strict_conflict": is_strict, "mute": true}))
    }

    /// Sends a write again for as long as it meets others. Such an answer says that nothing was written.
    pub(super) async fn uncontended<F>(&self, send: impl Fn() -> F) -> Result<Result<Value, Refusal>>
    where
        F: Future<Output = Result<Result<Value, Refusal>>>,
    {
        let mut tries = 1;
        loop {
            match send().await? {
                Err(refusal) if refusal.is_contention() && tries < TRIES => self.web.wait(tries).await?,
                answer => return Ok(answer),
            }
            tries += 1;
        }
    }

    pub(super) fn not_written(&self, call: &Call, refusal: &Refusal) -> Error {
        self.refused(call, self.api(), refusal.meaning())
    }

    /// Makes the folder, and those above it, if they are not there.
    ///
    /// # Errors
    /// `unauthorized` if this account may not; `invalid_input` if a file has its name; `unavailable`.
    pub async fn make_root(&self) -> Result<()> {
        if self.has_root().await? {
            return Ok(());
        }
        let path = self.root_path()?;
        let (call, arg) = (call("open", &path, Repeat::Freely), json!({"path": path, "autorename": false}));
        let _alone = self.writer.lock().await;
        match self.uncontended(|| self.rpc(&call, "create_folder_v2", &arg)).await? {
            Ok(_) => Ok(()),
            // Somebody else has made it meanwhile, or the first of two tries has.
            Err(refusal) if refusal.is_conflict() && self.has_root().await? => Ok(()),
            Err(refusal) => Err(self.not_written(&call, &refusal)),
        }
    }
}

/// A version that Dropbox has not given would be no call at all: a revision has nine hexadecimal digits or more.
pub(super) fn check_version(operation: &'static str, path: &DrivePath, version: &Version) -> Result<()> {
    let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if version.as_str().len() >= 9 && version.as_str().bytes().all(is_digit) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Condition, operation, "no file of Dropbox has ever had this version").about(path.as_str()))
}
