//! The revisions of a file: what v3 keeps of it each time it is written.

use super::{
    GDrive,
    refusal::{Refusal, is_rate},
    routes::BINARY,
};
use crate::http::{Call, Method, Request};
use kitestring::{Result, drive::Version};
use serde::Deserialize;

/// A revision, as v3 tells it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Revision {
    pub(super) id: String,
    md5_checksum: Option<String>,
    #[serde(default)]
    pub(super) keep_forever: bool,
}

impl Revision {
    /// Which content it is.
    pub(super) fn content(&self) -> Option<Version> {
        Some(Version::new(self.md5_checksum.as_ref()?.to_ascii_lowercase()))
    }
}

#[derive(Deserialize)]
struct Revisions {
    revisions: Vec<Revision>,
}

/// What became of a revision that was to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deleted {
    Now,
    /// There is none (any longer).
    Before,
    /// It is the last one of its file.
    Never,
}

impl GDrive {
    /// Lists the revisions of a file, the oldest first: all of them, since a file keeps no more than are listed at once. None
    /// if there is no such file.
    pub(super) async fn revisions(&self, call: &Call, id: &str) -> Result<Option<Vec<Revision>>> {
        let query = [("pageSize", "1000"), ("fields", "revisions(id,md5Checksum,keepForever)")];
        let response = self.send(call, Request::new(Method::Get, self.url(&format!("drive/v3/files/{id}/revisions"), &query)?)).await?;
        Ok(self.read_answer::<Revisions>(call, &response, &[Refusal::Missing])?.ok().map(|answer| answer.revisions))
    }

    /// Gives a file a new revision that is kept. False if there is no such file.
    pub(super) async fn add_revision(&self, call: &Call, id: &str, bytes: Vec<u8>) -> Result<bool> {
        let query = [("uploadType", "media"), ("keepRevisionForever", "true"), ("fields", "id")];
        let request = Request::new(Method::Patch, self.url(&format!("upload/drive/v3/files/{id}"), &query)?);
        let response = self.send(call, request.with("Content-Type", BINARY).containing(bytes)).await?;
        Ok(self.read_answer::<serde_json::Value>(call, &response, &[Refusal::Missing])?.is_ok())
    }

    /// Says that a revision is to be kept.
    pub(super) async fn keep_revision(&self, call: &Call, id: &str, revision: &str) -> Result<()> {
        let url = self.url(&format!("drive/v3/files/{id}/revisions/{revision}"), &[("fields", "id")])?;
        let request = Request::new(Method::Patch, url).with("Content-Type", "application/json; charset=UTF-8");
        let response = self.send(call, request.containing(r#"{"keepForever":true}"#)).await?;
        self.read_answer::<serde_json::Value>(call, &response, &[Refusal::Missing]).map(drop)
    }

    /// Deletes a revision.
    pub(super) async fn delete_revision(&self, call: &Call, id: &str, revision: &str) -> Result<Deleted> {
        let response =
            self.send(call, Request::new(Method::Delete, self.url(&format!("drive/v3/files/{id}/revisions/{revision}"), &[])?)).await?;
        match response.status {
            200 | 204 if !response.is_html() => Ok(Deleted::Now),
            404 if Refusal::of(&response, &[Refusal::Missing]).is_some() => Ok(Deleted::Before),
            // That the last one stays is documented, and by which words it is said is not.
            400 | 403 if !is_rate(&response) && self.is_last(call, id, revision).await? => Ok(Deleted::Never),
            _ => Err(self.refused(call, &response)),
        }
    }

    async fn is_last(&self, call: &Call, id: &str, revision: &str) -> Result<bool> {
        let left = self.revisions(call, id).await?.unwrap_or_default();
        Ok(left.len() == 1 && left.iter().any(|left| left.id == revision))
    }
}
