//! Writing a file.

use super::{
    LOOKS, OneDrive, call,
    item::{File, There},
    refusal::Refusal,
};
use crate::http::{Call, Method, Repeat, Request};
use bytes::Bytes;
use kitestring::{
    DrivePath, Error, ErrorKind, Result,
    drive::{Condition, Version},
};
use serde_json::Value;

/// One request takes no more ("Upload or replace the contents of a driveItem").
const MAX_BYTES: usize = 250_000_000;
/// A new file of more bytes is sent in pieces.
const LARGE_BYTES: usize = 4 << 20;
/// What is said of a new file in an address.
pub(super) const CONFLICT: &str = "@microsoft.graph.conflictBehavior";
pub(super) const BINARY: &str = "application/octet-stream";

/// How making a file ended.
enum Made {
    Yes(Version),
    /// There is one.
    No(Box<File>),
}

impl OneDrive {
    pub(super) async fn write(&self, path: &DrivePath, bytes: Bytes, condition: &Condition) -> Result<Version> {
        let invalid = |detail: &str| Err(Error::new(ErrorKind::InvalidInput, "put", detail).about(path.as_str()));
        if path.as_str().is_empty() {
            return invalid("this is the drive's root, not a file");
        }
        if bytes.len() > MAX_BYTES {
            return invalid("the file is larger than the 250 MB that go to OneDrive in one request");
        }
        match condition {
            Condition::Any => self.write_any(path, &bytes).await,
            Condition::Absent => {
                let call = call("put", path, Repeat::OnlyIfRefused);
                match self.make(&call, path, &bytes).await? {
                    Made::Yes(version) => Ok(version),
                    Made::No(_) => Err(self.other(&call)),
                }
            }
            Condition::Matches(version) => self.replace_version(path, &bytes, version).await,
        }
    }

    /// Writes a file whatever is there, but never over one whose name differs in case, as OneDrive would.
    async fn write_any(&self, path: &DrivePath, bytes: &Bytes) -> Result<Version> {
        let call = call("put", path, Repeat::Freely);
        if let Some(known) = self.known.file(path)
            && let Some(version) = self.replace(&call, path, &known, bytes).await?
        {
            return Ok(version);
        }
        for tries in 0..LOOKS {
            let there = match self.make(&call, path, bytes).await? {
                Made::Yes(version) => return Ok(version),
                Made::No(there) => there,
            };
            self.check_name(&call, path, &there)?;
            if let Some(version) = self.replace(&call, path, &there, bytes).await? {
                return Ok(version);
            }
            self.pause(tries).await?;
        }
        Err(self.too_fast(&call))
    }

    /// Replaces a file if it still has the content of this version. Its tag may move meanwhile, and OneDrive says at times that
    /// it has another one when it has not: then the file is looked at, and it is tried again if its content is the same.
    async fn replace_version(&self, path: &DrivePath, bytes: &Bytes, version: &Version) -> Result<Version> {
        let call = call("put", path, Repeat::OnlyIfRefused);
        let mut seen = self.seen(&call, path, version).await?;
        for tries in 0..LOOKS {
            if let Some(version) = self.replace(&call, path, &seen, bytes).await? {
                return Ok(version);
            }
            seen = self.seen_again(&call, path, &seen).await?;
            self.pause(tries).await?;
        }
        Err(self.too_fast(&call))
    }

    /// Returns the file if it has this version, by what is known or by a look.
    ///
    /// # Errors
    /// `condition` if it has not.
    pub(super) async fn seen(&self, call: &Call, path: &DrivePath, version: &Version) -> Result<File> {
        if let Some(known) = self.known.file(path).filter(|known| known.version() == version) {
            return Ok(known);
        }
        let there = self.look(call.operation, path).await?.file();
        there.filter(|file| file.version() == version).ok_or_else(|| self.other(call))
    }

    /// Returns the file with its tag of now if its content is the one that was seen.
    ///
    /// # Errors
    /// `condition` if it is not.
    pub(super) async fn seen_again(&self, call: &Call, path: &DrivePath, seen: &File) -> Result<File> {
        let there = self.peek(call, path).await?.file();
        there.filter(|now| now.has_content_of(seen)).ok_or_else(|| self.other(call))
    }

    /// Makes a file where there is none. The folders above it are made with it.
    async fn make(&self, call: &Call, path: &DrivePath, bytes: &Bytes) -> Result<Made> {
        for tries in 0..LOOKS {
            let made = if bytes.len() > LARGE_BYTES {
                self.make_large(call, path, bytes).await?
            } else {
                let mut url = self.address(path, "content")?;
                url.query_pairs_mut().append_pair(CONFLICT, "fail");
                self.ask(call, writing(Request::new(Method::Put, url), bytes)).await?
            };
            let refusal = match made {
                Ok(value) => return self.written(call, path, value).map(Made::Yes),
                Err(refusal) => refusal,
            };
            // Also two that make one folder at once are refused so.
            if !refusal.is_taken() && !refusal.is_missing() && !refusal.is_changed() && !refusal.is_senseless_there() {
                return Err(self.refused(call, &refusal));
            }
            match self.peek(call, path).await? {
                There::File(file) => return Ok(Made::No(file)),
                There::Folder => return Err(self.in_the_way(call)),
                There::Nothing => self.check_folders(call, path, &refusal).await?,
            }
            self.web.wait(tries).await?;
        }
        Err(self.too_fast(call))
    }

    /// Makes sure that a refusal has nothing to do with a file in the place of a folder.
    async fn check_folders(&self, call: &Call, path: &DrivePath, refusal: &Refusal) -> Result<()> {
        let names: Vec<&str> = path.segments().collect();
        for depth in 1..names.len() {
            let above = DrivePath::new(names.get(..depth).unwrap_or_default().join("/"))?;
            match self.peek(call, &above).await? {
                There::File(_) => return Err(self.in_the_way(call)),
                There::Nothing => break,
                There::Folder => {}
            }
        }
        if refusal.is_senseless_there() { Err(self.refused(call, refusal)) } else { Ok(()) }
    }

    /// Replaces the file that was seen; none if it has another tag now, or is gone.
    async fn replace(&self, call: &Call, path: &DrivePath, seen: &File, bytes: &Bytes) -> Result<Option<Version>> {
        let request = Request::new(Method::Put, self.address_of(seen, "content")?).with("If-Match", seen.tag.as_str());
        match self.ask(call, writing(request, bytes)).await? {
            Ok(value) => self.written(call, path, value).map(Some),
            Err(refusal) if refusal.is_changed() || refusal.is_missing() => Ok(None),
            Err(refusal) => Err(self.refused(call, &refusal)),
        }
    }

    /// Takes the version out of the answer to an upload.
    fn written(&self, call: &Call, path: &DrivePath, value: Value) -> Result<Version> {
        let file = There::read(value).and_then(There::file).ok_or_else(|| self.senseless(call))?;
        if path.segments().last() != Some(file.name.as_str()) {
            self.known.lose(path);
            return Err(self.error(call, ErrorKind::Unavailable, "has written the file under another name: was it renamed meanwhile?"));
        }
        self.known.keep(path, &file);
        Ok(file.version().clone())
    }

    /// Waits before something is tried again: not at all the first time, since most of the time only a tag has moved.
    pub(super) async fn pause(&self, tries: u32) -> Result<()> {
        match tries {
            0 => Ok(()),
            _ => self.web.wait(tries - 1).await,
        }
    }

    pub(super) fn other(&self, call: &Call) -> Error {
        self.error(call, ErrorKind::Condition, "has another version of the file, or none")
    }

    fn in_the_way(&self, call: &Call) -> Error {
        self.error(call, ErrorKind::InvalidInput, "has a file and a folder that want the same name")
    }

    pub(super) fn too_fast(&self, call: &Call) -> Error {
        self.error(call, ErrorKind::Unavailable, "is given new versions of the file, or new tags, faster than one can be written")
    }
}

fn writing(request: Request, bytes: &Bytes) -> Request {
    request.with("Content-Type", BINARY).containing(bytes.clone())
}
