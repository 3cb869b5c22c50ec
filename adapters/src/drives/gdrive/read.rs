//! Reading a file.

use super::{GDrive, call, known::Place, model::Content};
use crate::http::{Call, Repeat, range::bounded};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{GetOptions, Got},
};
use std::ops::Range;

/// So often a file is looked for again that others delete and make meanwhile.
const ROUNDS: u32 = 5;
/// So often a file is read again that others replace meanwhile; after the first few times it is waited for.
const READS: u32 = 24;
const AT_ONCE: u32 = 8;

impl GDrive {
    pub(super) async fn read(&self, path: &DrivePath, options: GetOptions) -> Result<Got> {
        let call = call("get", path.as_str(), Repeat::Freely);
        for _ in 0..ROUNDS {
            let Some(place) = self.place(&call, path).await? else { return Ok(Got::Missing) };
            let id = place.id.clone();
            match self.read_at(&call, path, place, &options).await? {
                Some(got) => return Ok(got),
                None => self.known.lose(path, &id),
            }
        }
        Ok(Got::Missing)
    }

    /// Reads the file of this id; none if it is gone.
    async fn read_at(&self, call: &Call, path: &DrivePath, mut place: Place, options: &GetOptions) -> Result<Option<Got>> {
        let part = options.range.clone().map(bounded);
        // What was found by a listing comes with the digest of its content: if that is what comes, it is that version.
        let may_be_all = part.as_ref().is_none_or(|part| part.start == 0 && !part.is_empty());
        if may_be_all && options.unless.is_none() && place.content.version().is_some() {
            let Some(bytes) = self.media(call, &place.id, None, part.as_ref()).await? else { return Ok(None) };
            if place.content.holds(&bytes) {
                return Ok(file(bytes, &place.content));
            }
        }
        let mut earlier = None::<Vec<u8>>;
        for read in 0..READS {
            let Some(tagged) = self.look(call, &place.id).await? else { return Ok(None) };
            place.seen(tagged);
            self.known.keep(path, place.clone());
            let Some(version) = place.content.version() else { return Ok(Some(Got::Missing)) };
            if options.unless.as_ref() == Some(&version) {
                return Ok(Some(Got::Unchanged));
            }
            // What was read before this look may be what is there now.
            if let Some(bytes) = earlier.take().filter(|bytes| place.content.holds(bytes)) {
                return Ok(file(bytes, &place.content));
            }
            let Some(bytes) = self.content(call, &place, part.as_ref()).await? else { continue };
            if part.is_some() || place.content.holds(&bytes) {
                return Ok(file(bytes, &place.content));
            }
            earlier = Some(bytes);
            if read > AT_ONCE {
                self.web.wait(0).await?;
            }
        }
        Err(self.error(call, ErrorKind::Unavailable, "has a file there that others write all the time; it goes on later"))
    }

    /// Reads the content of a file, or a part of the one that was looked at; none if that is gone.
    async fn content(&self, call: &Call, place: &Place, part: Option<&Range<u64>>) -> Result<Option<Vec<u8>>> {
        match part {
            Some(part) if part.is_empty() => Ok(Some(Vec::new())),
            // A part cannot be checked by the digest, but it can be asked for of that very revision.
            Some(part) => self.media(call, &place.id, place.content.revision(), Some(part)).await,
            None => self.media(call, &place.id, None, None).await,
        }
    }
}

fn file(bytes: Vec<u8>, content: &Content) -> Option<Got> {
    Some(Got::File { bytes, version: content.version()? })
}
