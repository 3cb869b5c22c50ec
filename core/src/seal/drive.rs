//! A drive on which everything is sealed. The layout above reads and writes as ever.

use super::{
    file::{self, HEADER_BYTES, Header},
    keys::{KeyId, Keys},
    names::Names,
    vault::Sealing,
};
use crate::{
    Error, Level, Result,
    drive::{Capabilities, Changed, Condition, DirEntry, Drive, DrivePath, GetOptions, Got, Listing, PutFile, Version},
};
use futures::stream::{self, StreamExt as _};
use macro_rules_attribute::apply;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The beginnings of this many files are kept: a part of a file is read with one request then.
const HEADERS: usize = 4096;

/// A drive below which everything is sealed, for the time of one sync.
#[derive(Clone)]
pub(crate) struct SealedDrive {
    drive: Arc<dyn Drive>,
    sealing: Arc<Sealing>,
    known: Arc<Known>,
    /// Whether also those records are read that count for nothing but the bodies in them.
    for_bodies: bool,
}

/// What was learnt of files.
#[derive(Default)]
struct Known {
    /// The beginnings of some that never change.
    headers: Mutex<BTreeMap<DrivePath, Header>>,
    /// Keys that no keyring has: asked for once.
    unknown: Mutex<BTreeSet<[u8; 8]>>,
    /// Records and checkpoints that do not count, because their key is closed (E43).
    closed: Mutex<BTreeSet<DrivePath>>,
}

/// A path of the layout, and what it is on the drive.
struct Place {
    logical: DrivePath,
    path: DrivePath,
}

impl SealedDrive {
    pub(crate) fn new(drive: Arc<dyn Drive>, sealing: Arc<Sealing>) -> Self {
        Self { drive, sealing, known: Arc::default(), for_bodies: false }
    }

    /// The same drive, for bodies: they are compared with their digests, so that it does not matter who has the key.
    pub(crate) fn for_bodies(&self) -> Self {
        Self { for_bodies: true, ..self.clone() }
    }

    /// Whether a file was found not to count, because its key is closed. It was answered as missing then.
    pub(crate) fn is_closed(&self, path: &DrivePath) -> bool {
        locked(&self.known.closed).contains(path)
    }

    /// Where a file of the layout lies.
    pub(crate) fn path_of(&self, path: &DrivePath) -> Result<DrivePath> {
        Ok(self.place(path)?.map_or_else(|| path.clone(), |place| place.path))
    }

    /// What the layout calls a file with this name; none if it is none of this vault's.
    pub(crate) fn name_of(&self, folder: &str, name: &str) -> Option<String> {
        Names::are_in(folder).then(|| self.keys().ok()?.1.decrypt(folder, name)).flatten()
    }

    /// Opens a copy of a file that lies elsewhere; none if it is not what was sealed for this place.
    pub(crate) fn open_copy(&self, path: &DrivePath, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
        let Some(header) = Header::read(bytes) else { return Ok(None) };
        let keys = self.keys()?.0;
        if !keys.counts(header.key, path.as_str(), self.for_bodies) {
            return Ok(None);
        }
        let sealed = bytes.get(HEADER_BYTES as usize..).unwrap_or_default().to_vec();
        file::open(&keys, path.as_str(), &header, 0, sealed, &(0..u64::MAX))
    }

    /// Seals something that does not lie on the drive as a file of its own, as if it lay in this place.
    pub(crate) fn seal_copy(&self, path: &DrivePath, bytes: &[u8]) -> Result<Vec<u8>> {
        self.sealing.seal(&self.keys()?.0, path.as_str(), bytes)
    }

    /// Whether a file was met that is sealed with a key of no keyring that is there: what it says may only be late.
    pub(crate) fn lacks_keys(&self) -> bool {
        let unknown = locked(&self.known.unknown).clone();
        self.sealing.keys().is_some_and(|(keys, _)| unknown.iter().any(|key| keys.data_key(KeyId(*key)).is_none()))
    }

    fn keys(&self) -> Result<(Arc<Keys>, Arc<Names>)> {
        self.sealing.keys().ok_or_else(|| Error::internal("sync", "a sealed vault was used before its keyring was opened"))
    }

    /// Where a file lies; none if it is not sealed.
    fn place(&self, path: &DrivePath) -> Result<Option<Place>> {
        let logical = path.clone();
        let Some((folder, name)) = path.as_str().split_once('/') else {
            let sealed = SEALED_FILES.contains(&path.as_str());
            return Ok(sealed.then_some(Place { logical, path: path.clone() }));
        };
        if !Names::are_in(folder) {
            return Ok(None);
        }
        let name = self.keys()?.1.encrypt(folder, name).ok_or_else(|| Error::internal("sync", "a file has a name that no vault gives"))?;
        Ok(Some(Place { logical, path: DrivePath::new(format!("{folder}/{name}"))? }))
    }

    fn seal(&self, place: &Place, content: &[u8]) -> Result<Vec<u8>> {
        self.sealing.seal(&self.keys()?.0, place.logical.as_str(), content)
    }

    fn known_header(&self, path: &DrivePath) -> Option<Header> {
        locked(&self.known.headers).get(path).copied()
    }

    fn keep_header(&self, path: &DrivePath, header: Option<Header>) {
        let mut headers = locked(&self.known.headers);
        match header {
            Some(header) => {
                if headers.len() >= HEADERS {
                    headers.pop_first();
                }
                headers.insert(path.clone(), header);
            }
            None => {
                headers.remove(path);
            }
        }
    }

    /// Reads the beginning of a file: as much as is enough for these bytes, if they are near it.
    async fn get_front(&self, place: &Place, content: &Range<u64>, unless: Option<Version>) -> Result<Got> {
        let range = if content.end == u64::MAX { None } else { Some(0..file::front(content.end)) };
        let got = self.drive.get(place.path.clone(), GetOptions { range, unless }).await?;
        let Got::File { mut bytes, version } = got else { return Ok(got) };
        let Some(header) = Header::read(&bytes) else { return Ok(self.refused(place, version)) };
        self.keep_header(&place.path, Some(header));
        let Some(keys) = self.keys_for(place, &header).await? else { return Ok(self.does_not_count(place, version)) };
        let whole = 0..content.end;
        bytes.drain(..HEADER_BYTES as usize);
        Ok(match file::open(&keys, place.logical.as_str(), &header, 0, bytes, &whole)? {
            Some(mut bytes) => {
                bytes.drain(..(content.start as usize).min(bytes.len()));
                Got::File { bytes, version }
            }
            None => self.refused(place, version),
        })
    }

    /// Reads a part of a file; none if its beginning is another by now.
    async fn get_part(&self, place: &Place, header: &Header, content: &Range<u64>) -> Result<Option<Got>> {
        let (span, first) = header.span(content);
        let got = self.drive.get(place.path.clone(), GetOptions { range: Some(span), unless: None }).await?;
        let Got::File { bytes, version } = got else { return Ok(Some(got)) };
        let Some(keys) = self.keys_for(place, header).await? else { return Ok(Some(self.does_not_count(place, version))) };
        let opened = file::open(&keys, place.logical.as_str(), header, first, bytes, content)?;
        Ok(opened.map(|bytes| Got::File { bytes, version }))
    }

    async fn get_sealed(&self, place: &Place, options: GetOptions) -> Result<Got> {
        let content = options.range.unwrap_or(0..u64::MAX);
        if content.start < file::PIECE_BYTES {
            return self.get_front(place, &content, options.unless).await;
        }
        if let Some(header) = self.known_header(&place.path)
            && let Some(got) = self.get_part(place, &header, &content).await?
        {
            return Ok(got);
        }
        // It was written again since, with another salt, or nothing is known of it.
        let got = self.drive.get(place.path.clone(), GetOptions { range: Some(0..HEADER_BYTES), unless: None }).await?;
        let Got::File { bytes, version } = got else { return Ok(got) };
        let Some(header) = Header::read(&bytes) else { return Ok(self.refused(place, version)) };
        self.keep_header(&place.path, Some(header));
        Ok(self.get_part(place, &header, &content).await?.unwrap_or_else(|| self.refused(place, version)))
    }

    /// The keys with which a file is opened; none if it does not count.
    async fn keys_for(&self, place: &Place, header: &Header) -> Result<Option<Arc<Keys>>> {
        let (mut keys, _) = self.keys()?;
        if keys.data_key(header.key).is_none() && self.is_first_time(header.key.0) {
            self.sealing.look_for_keys(&*self.drive).await?;
            keys = self.keys()?.0;
        }
        Ok(keys.counts(header.key, place.logical.as_str(), self.for_bodies).then_some(keys))
    }

    fn is_first_time(&self, key: [u8; 8]) -> bool {
        locked(&self.known.unknown).insert(key)
    }

    /// A record that does not count is as if it were not there. Of a head that is another matter: it is to be written over.
    fn does_not_count(&self, place: &Place, version: Version) -> Got {
        if !place.logical.as_str().starts_with("j/") {
            return self.refused(place, version);
        }
        self.sealing.log.line(Level::Debug, || format!("{} was sealed with a key that is closed", place.logical));
        locked(&self.known.closed).insert(place.logical.clone());
        Got::Missing
    }

    /// What was not sealed with a key of this vault makes no sense, and is never taken for missing (E15).
    fn refused(&self, place: &Place, version: Version) -> Got {
        self.keep_header(&place.path, None);
        self.sealing.log.line(Level::Warn, || format!("{} is not what was sealed under this name", place.logical));
        Got::File { bytes: Vec::new(), version }
    }
}

/// Never held across an await.
fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The sealed files that lie in no folder.
const SEALED_FILES: [&str; 2] = ["head", "lease"];

#[apply(port!)]
impl Drive for SealedDrive {
    fn capabilities(&self) -> Capabilities {
        self.drive.capabilities()
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        match self.place(&path)? {
            Some(place) => self.get_sealed(&place, options).await,
            None => self.drive.get(path, options).await,
        }
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        match self.place(&path)? {
            Some(place) => {
                self.keep_header(&place.path, None);
                let sealed = self.seal(&place, &bytes)?;
                drop(bytes);
                self.drive.put(place.path, sealed, condition).await
            }
            None => self.drive.put(path, bytes, condition).await,
        }
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        let path = self.place(&path)?.map_or(path, |place| place.path);
        self.drive.delete(path, condition).await
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        let folder = dir.as_str().to_owned();
        let Listing { entries, next } = self.drive.list_dir(dir, cursor).await?;
        if !Names::are_in(&folder) {
            return Ok(Listing { entries, next });
        }
        let names = self.keys()?.1;
        let known = |entry: DirEntry| {
            let name = names.decrypt(&folder, &entry.name)?;
            Some(DirEntry { name, size: entry.size.map(file::content_bytes), ..entry })
        };
        Ok(Listing { entries: entries.into_iter().filter_map(known).collect(), next })
    }

    async fn put_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        // One by one where sealing fails, which no drive would tell of.
        let sealed: Result<Vec<PutFile>> = files.iter().map(|file| self.sealed_file(file)).collect();
        if let Ok(sealed) = sealed {
            return self.drive.put_many(sealed).await;
        }
        stream::iter(files).then(|file| self.put(file.path, file.bytes, file.condition)).collect().await
    }

    async fn changed_since(&self, token: Option<String>) -> Result<Changed> {
        self.drive.changed_since(token).await
    }

    async fn wait_for_change(&self, token: Option<String>, timeout: Duration) -> Result<Changed> {
        self.drive.wait_for_change(token, timeout).await
    }
}

impl SealedDrive {
    fn sealed_file(&self, file: &PutFile) -> Result<PutFile> {
        Ok(match self.place(&file.path)? {
            Some(place) => PutFile { bytes: self.seal(&place, &file.bytes)?, path: place.path, condition: file.condition.clone() },
            None => file.clone(),
        })
    }
}
