//! Writing a file.

use super::{
    GDrive, call,
    create::Job,
    known::Place,
    model::{MADE, version_of},
    refusal::Refusal,
    routes::SMALL,
};
use crate::http::{Call, Repeat};
use futures::stream::{self, StreamExt as _};
use kitestring::{
    DrivePath, Error, ErrorKind, Result,
    drive::{Condition, PutFile, Version},
};

/// So often a tag may move while the content stays the same.
const ROUNDS: u32 = 8;

impl GDrive {
    pub(super) async fn write(&self, file: PutFile) -> Result<Version> {
        let mut answers = self.write_many(vec![file]).await;
        answers.pop().unwrap_or_else(|| Err(Error::new(ErrorKind::Internal, "put", "there is no answer")))
    }

    /// Files that are new are entered in the table of names together; the others are written one by one.
    pub(super) async fn write_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        self.recall().await;
        let (mut new, mut single) = (Vec::new(), Vec::new());
        for (at, file) in files.into_iter().enumerate() {
            let is_new = match file.condition {
                Condition::Matches(_) => false,
                Condition::Absent => true,
                Condition::Any => !self.has_one_writer(&file.path) && self.known.file(&file.path).is_none(),
            };
            if is_new && !file.path.as_str().is_empty() && !self.is_lock(&file.path) {
                new.push(Job::new(at, file))
            } else {
                single.push((at, file))
            }
        }
        let writes = single.into_iter().map(|(at, file)| async move { (at, self.write_one(file).await) });
        let parallel = super::PARALLEL as usize;
        let (mut answers, entered) = futures::join!(stream::iter(writes).buffer_unordered(parallel).collect::<Vec<_>>(), self.enter(new));
        answers.extend(entered);
        answers.sort_by_key(|(at, _)| *at);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    async fn write_one(&self, file: PutFile) -> Result<Version> {
        let PutFile { path, bytes, condition } = file;
        if path.as_str().is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "put", "this is the drive's root, not a file"));
        }
        if self.is_lock(&path) {
            return self.write_lock(PutFile { path, bytes, condition }).await;
        }
        match condition {
            Condition::Matches(version) => self.write_if(&path, bytes, &version).await,
            _ => self.write_any(path, bytes).await,
        }
    }

    /// Replaces a file whose id is known, or makes it.
    async fn write_any(&self, path: DrivePath, bytes: Vec<u8>) -> Result<Version> {
        let call = call("put", path.as_str(), Repeat::Freely);
        self.freshen(&call, &path).await?;
        if let Some(place) = self.known.file(&path) {
            match self.replace(&call, &place.id, bytes.clone()).await? {
                Ok(file) => {
                    let version = file.content.version().ok_or_else(|| self.senseless(&call))?;
                    self.known.keep(&path, Place { content: file.content, etag: None, ..place });
                    self.written(&call, &path, &version).await?;
                    return Ok(version);
                }
                Err(_) => self.known.lose(&path, &place.id),
            }
        }
        if self.has_one_writer(&path) {
            let root = self.root(&call).await?;
            let place = self.make_file(&call, &path, &root.folder, None, bytes).await?;
            self.known.keep(&path, place.clone());
            return place.content.version().ok_or_else(|| self.senseless(&call));
        }
        let file = PutFile { path, bytes, condition: Condition::Any };
        let entered = self.enter(vec![Job::new(0, file)]).await.pop();
        entered.map_or_else(|| Err(self.senseless(&call)), |(_, answer)| answer)
    }

    /// Makes a file. Without a kind it has one writer: should it be made twice, because the first answer was lost, both hold
    /// the same.
    pub(super) async fn make_file(&self, call: &Call, path: &DrivePath, folder: &str, kind: Option<&str>, bytes: Vec<u8>) -> Result<Place> {
        let mut metadata = self.metadata(path.as_str(), folder, kind).await?;
        if let Some(properties) = metadata.get_mut("appProperties").and_then(serde_json::Value::as_object_mut) {
            properties.insert(MADE.to_owned(), version_of(&bytes).as_str().into());
        }
        match self.create(call, &metadata, bytes).await? {
            Ok(file) => Ok(Place { content: file.content, ..Place::new(file.id) }),
            // An earlier attempt of this very call has made it.
            Err(Refusal::Taken) => {
                let mut place = Place::new(metadata.get("id").and_then(serde_json::Value::as_str).unwrap_or_default());
                place.seen(self.look(call, &place.id).await?.ok_or_else(|| self.senseless(call))?);
                Ok(place)
            }
            Err(_) => Err(self.no_root(call)),
        }
    }

    /// Replaces a file if it has this version.
    async fn write_if(&self, path: &DrivePath, bytes: Vec<u8>, version: &Version) -> Result<Version> {
        let (reads, writes) = (call("put", path.as_str(), Repeat::Freely), call("put", path.as_str(), Repeat::OnlyIfRefused));
        if bytes.len() > SMALL {
            return Err(self.error(&writes, ErrorKind::InvalidInput, "replaces no file above 5 MB under a condition"));
        }
        for _ in 0..ROUNDS {
            let Some((mut place, etag)) = self.tag_of(&reads, path, version).await? else { break };
            match self.replace_if(&writes, &place.id, &etag, bytes.clone()).await? {
                Ok(tagged) => {
                    place.seen(tagged);
                    let version = place.content.version().ok_or_else(|| self.senseless(&writes))?;
                    self.known.keep(path, place);
                    self.written(&reads, path, &version).await?;
                    return Ok(version);
                }
                // The tag moves by itself too: then the content still is the one that was asked for.
                Err(Refusal::Moved) => self.known.keep(path, Place::new(place.id)),
                Err(_) => self.known.lose(path, &place.id),
            }
        }
        Err(self.error(&writes, ErrorKind::Condition, "has another version of that file, or none"))
    }

    /// A file was replaced: it is the only one of its name from now on.
    async fn written(&self, call: &Call, path: &DrivePath, version: &Version) -> Result<()> {
        self.see_head(path, version, true);
        self.drop_doubles(call, path).await.map(drop)
    }

    /// Returns the tag of a file that has this version; none if it has another one, or if there is no file.
    pub(super) async fn tag_of(&self, call: &Call, path: &DrivePath, version: &Version) -> Result<Option<(Place, String)>> {
        for _ in 0..ROUNDS {
            let Some(mut place) = self.place(call, path).await? else { return Ok(None) };
            let is_same = |place: &Place| place.content.version().as_ref() == Some(version);
            if let Some(etag) = place.etag.clone().filter(|_| is_same(&place)) {
                return Ok(Some((place, etag)));
            }
            let Some(tagged) = self.look(call, &place.id).await? else {
                self.known.lose(path, &place.id);
                continue;
            };
            let etag = tagged.etag.clone();
            place.seen(tagged);
            self.known.keep(path, place.clone());
            return Ok(Some((place, etag)).filter(|(place, _)| is_same(place)));
        }
        Ok(None)
    }
}
