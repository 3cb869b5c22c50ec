//! Reading a file: what is known of it first, which is all if it is unchanged, and its content then.
//!
//! Between the two somebody may have written the file, and the content comes without a tag. So it counts as that of a file that
//! was looked at, before or after, and whose hash it has; without a hash, if the file was the same before and after.

use super::{
    OneDrive, call,
    item::{File, There},
};
use crate::http::{
    Call, Method, Repeat, Request,
    range::{asking, bounded, cut, is_asked},
};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{GetOptions, Got},
};
use std::ops::Range;

/// A file that others write again and again is read so many times.
const ROUNDS: u32 = 40;

/// What came from the address of a content.
enum Content {
    Whole(Vec<u8>),
    /// The part that was asked for.
    Part(Vec<u8>),
    /// Nothing: the file is gone or shorter, or its address holds no longer.
    Nothing,
}

impl OneDrive {
    pub(super) async fn read(&self, path: &DrivePath, options: GetOptions) -> Result<Got> {
        if path.as_str().is_empty() {
            return self.check_root("get").await.map(|()| Got::Missing);
        }
        let (call, range) = (call("get", path, Repeat::Freely), options.range.map(bounded));
        // Who goes on with a file in pieces has looked at it for the piece before, and will look at it after this one.
        let goes_on = |file: &File| range.as_ref().is_some_and(|range| 0 < range.start && range.start < range.end.min(file.size));
        let known = self.known.file(path).filter(|file| options.unless.is_none() && file.content.is_some() && goes_on(file));
        let mut file = match known {
            Some(known) => known,
            None => match self.look("get", path).await? {
                There::File(file) => *file,
                There::Folder | There::Nothing => return Ok(Got::Missing),
            },
        };
        for _ in 0..ROUNDS {
            if options.unless.as_ref() == Some(file.version()) {
                return Ok(Got::Unchanged);
            }
            let is_nothing = |range: &Range<u64>| range.is_empty() || range.start >= file.size;
            if file.size == 0 || range.as_ref().is_some_and(is_nothing) {
                return Ok(got(&file, Vec::new()));
            }
            // The whole can be told by its hash, a part cannot.
            let part = range.as_ref().filter(|range| range.start > 0 || range.end < file.size);
            let content = match self.content(&call, &file, part).await? {
                Content::Whole(bytes) if file.is_of(&bytes) == Some(true) => return Ok(got(&file, cut(bytes, 0, range.as_ref()))),
                other => other,
            };
            let There::File(now) = self.look("get", path).await? else { return Ok(Got::Missing) };
            match content {
                Content::Whole(bytes) if now.is_of(&bytes) == Some(true) || is_unhashed_and_same(&file, &now, &bytes) => {
                    return Ok(got(&now, cut(bytes, 0, range.as_ref())));
                }
                Content::Part(part) if now.is_same(&file) => return Ok(got(&now, part)),
                Content::Whole(_) | Content::Part(_) => {}
                Content::Nothing => self.web.wait(0).await?,
            }
            file = *now;
        }
        Err(self.error(&call, ErrorKind::Unavailable, "is given new versions of the file faster than one can be read"))
    }

    /// Asks for the content of a file, or for a part of it.
    async fn content(&self, call: &Call, file: &File, range: Option<&Range<u64>>) -> Result<Content> {
        let Some(url) = &file.content else { return Err(self.senseless(call)) };
        let request = asking(Request::new(Method::Get, url.clone()), range);
        let response = self.elsewhere.send(call, Repeat::Freely, request).await?;
        match response.status {
            200 if response.is_html() => Err(self.elsewhere.refused(call, url, &response)),
            200 => Ok(Content::Whole(response.body)),
            206 if is_asked(&response, range) => {
                let begins = range.map_or(0, |range| range.start);
                let part = cut(response.body, begins, range);
                let length = range.map_or(file.size, |range| range.end.min(file.size)) - begins;
                Ok(if part.len() as u64 == length { Content::Part(part) } else { Content::Nothing })
            }
            206 => Err(self.error(call, ErrorKind::Unavailable, "gave another part of the file than was asked for")),
            401 | 403 | 404 | 410 | 416 => Ok(Content::Nothing),
            _ => Err(self.elsewhere.refused(call, url, &response)),
        }
    }
}

/// Whether a content can only be that of this file: it came while the file was the same, and OneDrive has no hash of it yet.
fn is_unhashed_and_same(before: &File, now: &File, bytes: &[u8]) -> bool {
    now.is_of(bytes).is_none() && now.size == bytes.len() as u64 && now.is_same(before)
}

fn got(file: &File, bytes: Vec<u8>) -> Got {
    Got::File { bytes, version: file.version().clone() }
}
