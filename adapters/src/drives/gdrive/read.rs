//! Reading a file.

use super::{GDrive, call, known::Place, model::version_of, routes::Media};
use crate::http::{
    Call, Repeat,
    range::{bounded, cut},
};
use kitestring::{
    DrivePath, Result,
    drive::{GetOptions, Got, Version},
};
use std::ops::Range;

/// So often a file is looked for again that others delete and make meanwhile.
const ROUNDS: u32 = 5;
/// So often a part is asked for of the newest revision; if that is another one each time, the whole is read.
const PARTS: u32 = 3;

impl GDrive {
    pub(super) async fn read(&self, path: &DrivePath, options: GetOptions) -> Result<Got> {
        let call = call("get", path.as_str(), Repeat::Freely);
        for _ in 0..ROUNDS {
            let Some(place) = self.place(&call, path).await? else { return Ok(Got::Missing) };
            let id = place.id.clone();
            if let Some(got) = self.read_at(&call, path, place, &options).await? {
                if self.is_asked_often(path, &options) {
                    self.note(path, &id).await;
                }
                if let Got::File { version, .. } = &got {
                    self.see_head(path, version, false);
                }
                return Ok(got);
            }
            self.known.lose(path, &id);
        }
        Ok(Got::Missing)
    }

    /// Reads the file of this id; none if it is gone.
    async fn read_at(&self, call: &Call, path: &DrivePath, mut place: Place, options: &GetOptions) -> Result<Option<Got>> {
        if let Some(unless) = &options.unless {
            if !self.look_at(call, path, &mut place).await? {
                return Ok(None);
            }
            if place.content.version().as_ref() == Some(unless) {
                return Ok(Some(Got::Unchanged));
            }
        }
        let part = options.range.clone().map(bounded);
        let got = match &part {
            Some(part) => self.part(call, path, place, part).await?,
            None => self.whole(call, &place).await?.map(|bytes| file(version_of(&bytes), bytes)),
        };
        let is_same = |got: &Got| matches!(got, Got::File { version, .. } if Some(version) == options.unless.as_ref());
        Ok(got.map(|got| if is_same(&got) { Got::Unchanged } else { got }))
    }

    /// Asks what a file holds; false if it is gone, or in the bin.
    async fn look_at(&self, call: &Call, path: &DrivePath, place: &mut Place) -> Result<bool> {
        let Some(tagged) = self.look(call, &place.id).await? else { return Ok(false) };
        place.seen(tagged);
        self.known.keep(path, place.clone());
        Ok(true)
    }

    async fn whole(&self, call: &Call, place: &Place) -> Result<Option<Vec<u8>>> {
        Ok(self.media(call, &place.id, None, None).await?.map(|media| media.bytes))
    }

    /// Reads a part. What it is a part of cannot be told by its bytes, so it is asked for of the revision that was looked at.
    async fn part(&self, call: &Call, path: &DrivePath, mut place: Place, part: &Range<u64>) -> Result<Option<Got>> {
        // It may be the whole after all.
        if part.start == 0 && !part.is_empty() {
            let Some(Media { bytes, is_whole }) = self.media(call, &place.id, None, Some(part)).await? else { return Ok(None) };
            if is_whole {
                return Ok(Some(file(version_of(&bytes), bytes)));
            }
        }
        for attempt in 0..PARTS {
            // What one writer has written, and a listing has told, is seldom another thing now.
            let is_told = attempt == 0 && self.has_one_writer(path) && place.content.revision().is_some();
            if !is_told && !self.look_at(call, path, &mut place).await? {
                return Ok(None);
            }
            let (Some(version), Some(revision)) = (place.content.version(), place.content.revision()) else { return Ok(None) };
            if part.is_empty() {
                return Ok(Some(file(version, Vec::new())));
            }
            if let Some(media) = self.media(call, &place.id, Some(revision), Some(part)).await? {
                return Ok(Some(file(version, media.bytes)));
            }
        }
        Ok(self.whole(call, &place).await?.map(|bytes| file(version_of(&bytes), cut(bytes, 0, Some(part)))))
    }
}

fn file(version: Version, bytes: Vec<u8>) -> Got {
    Got::File { bytes, version }
}
