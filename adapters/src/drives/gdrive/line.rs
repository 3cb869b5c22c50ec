//! The line for the lock: the revisions of `lock.json` behind the one that is passed by.

use super::{
    GDrive,
    model::version_of,
    revisions::{Deleted, Revision},
};
use crate::http::{Call, Repeat};
use kitestring::{DrivePath, Result, drive::Version};
use std::time::Duration;

/// So often the list is read again for what was just added, and after which time.
const READS: u32 = 4;
const READ_AGAIN: Duration = Duration::from_millis(250);

/// Who stands in line, without the revision that is passed by.
pub(super) struct Line {
    pub(super) base: Option<Revision>,
    pub(super) waiting: Vec<Revision>,
}

impl Line {
    pub(super) fn first(&self) -> Option<&str> {
        self.waiting.first().map(|revision| revision.id.as_str())
    }

    /// Returns the place and the id of a content in line.
    pub(super) fn find(&self, content: &Version) -> Option<(usize, String)> {
        let at = self.waiting.iter().position(|revision| revision.content().as_ref() == Some(content))?;
        Some((at, self.waiting.get(at)?.id.clone()))
    }
}

impl GDrive {
    /// Reads who stands in line; none if the file is gone.
    pub(super) async fn line(&self, call: &Call, path: &DrivePath, id: &str) -> Result<Option<Line>> {
        let Some(revisions) = self.revisions(call, id).await? else {
            self.known.lose(path, id);
            return Ok(None);
        };
        let mut revisions = revisions.into_iter();
        Ok(Some(Line { base: revisions.next(), waiting: revisions.collect() }))
    }

    /// The same, as soon as a content is in it: should the list not know yet what was added, it is read again for a while.
    pub(super) async fn line_with(&self, call: &Call, path: &DrivePath, id: &str, content: &Version) -> Result<Option<Line>> {
        for _ in 0..READS {
            match self.line(call, path, id).await? {
                Some(line) if line.find(content).is_none() => self.runtime.sleep(READ_AGAIN).await,
                line => return Ok(line),
            }
        }
        self.line(call, path, id).await
    }

    /// Adds a revision, and returns its content. If nobody knows whether it was added, it is looked for.
    pub(super) async fn stand_in_line(&self, call: &Call, path: &DrivePath, id: &str, bytes: &[u8]) -> Result<Version> {
        let content = version_of(bytes);
        self.known.lock().lock.own.insert(content.clone());
        let once = Call { repeat: Repeat::OnlyIfRefused, ..call.clone() };
        match self.add_revision(&once, id, bytes.to_vec()).await {
            Ok(true) => Ok(content),
            Ok(false) => {
                self.known.lose(path, id);
                Ok(content)
            }
            Err(error) => match self.line_with(call, path, id, &content).await? {
                Some(line) if line.find(&content).is_some() => Ok(content),
                _ => Err(error),
            },
        }
    }

    /// Takes an own revision away that came too late.
    pub(super) async fn leave(&self, call: &Call, id: &str, place: Option<(usize, String)>) -> Result<()> {
        match place {
            Some((_, own)) => self.delete_revision(call, id, &own).await.map(drop),
            None => Ok(()),
        }
    }

    /// Takes revisions away that an earlier call of this client has left, because it was dropped or its answer was lost.
    /// The one that is standing in line stays.
    pub(super) async fn without_strays(
        &self,
        call: &Call,
        path: &DrivePath,
        id: &str,
        line: Line,
        standing: Option<&Version>,
    ) -> Result<Line> {
        let strays: Vec<String> = {
            let lock = &self.known.lock().lock;
            let is_stray = |revision: &&Revision| {
                let content = revision.content().filter(|content| lock.own.contains(content));
                content.is_some() && content.as_ref() != standing && lock.held.as_ref() != Some(&revision.id)
            };
            line.waiting.iter().filter(is_stray).map(|revision| revision.id.clone()).collect()
        };
        if strays.is_empty() {
            return Ok(line);
        }
        for stray in strays {
            self.delete_revision(call, id, &stray).await?;
        }
        Ok(self.line(call, path, id).await?.unwrap_or(Line { base: None, waiting: Vec::new() }))
    }

    /// Deletes the revision that stands directly before an own one. False if somebody else has done so.
    pub(super) async fn step_up(&self, call: &Call, path: &DrivePath, id: &str, before: &str, own: &str) -> Result<bool> {
        let once = Call { repeat: Repeat::OnlyIfRefused, ..call.clone() };
        match self.delete_revision(&once, id, before).await {
            Ok(deleted) => Ok(deleted == Deleted::Now),
            // Nobody knows whether it took effect.
            Err(error) => match self.line(call, path, id).await? {
                Some(line) if line.first() == Some(own) => Ok(true),
                _ => Err(error),
            },
        }
    }
}
