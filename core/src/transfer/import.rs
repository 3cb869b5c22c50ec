//! Copies a vault that was exported into an empty place.
//!
//! Everything is compared with the list of files before anything is written. The place gets a marker that nobody takes for a
//! vault; then all files; last the vault's own marker, in its place. So an import that is killed is no vault, and goes on
//! with the same export where it was.

use super::{
    Transferred, VaultFile, VaultSource, importing,
    listing::{Kind, Listed, list},
    manifest::{Manifest, Told},
};
use crate::{
    CancelToken, Digest, DrivePath, Error, ErrorKind, Phase, ProgressSink, Result, Runtime, Strategy,
    drive::{Condition, Drive, GetOptions, Got, Version, probe},
    server::journal::{Marker, list_with_sizes},
};
use std::{collections::BTreeSet, fmt, sync::Arc};

/// How to import.
#[derive(Clone)]
pub struct ImportOptions {
    /// Clock, timer and randomness: a drive whose kind does not settle what it can do is tried once.
    pub runtime: Arc<dyn Runtime>,
    /// Ends it from elsewhere, with the error `cancelled`.
    pub cancel: Option<CancelToken>,
    /// Where progress goes: files, first those that are compared, in the phase `Read`, then those that are written, in `Push`.
    pub progress: ProgressSink,
}

impl ImportOptions {
    /// Takes a runtime; nothing is told of progress.
    pub fn new(runtime: Arc<dyn Runtime>) -> Self {
        Self { runtime, cancel: None, progress: ProgressSink::default() }
    }
}

impl fmt::Debug for ImportOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportOptions").finish_non_exhaustive()
    }
}

/// Imports a vault into an empty place, as it was exported. It needs no key, and no client.
///
/// # Errors
/// `corrupt` if a file is not what the list of files says, or the list is missing: nothing is written then. `invalid_input` if
/// the place is not empty, and not of an import of this very export that was interrupted; `unsupported` if the vault finds its
/// records in a way that the drive does not offer; those of source and drive.
///
/// # Cancel safety
/// Dropped at any await, the place is no vault, and the same call goes on; or it is the whole vault.
pub async fn import(drive: Arc<dyn Drive>, from: Arc<dyn VaultSource>, options: ImportOptions) -> Result<Transferred> {
    let cancel = options.cancel.clone().unwrap_or_default();
    let work = Box::pin(run(&*drive, &*from, &options));
    cancel.guard(work).await.unwrap_or_else(|| Err(Error::cancelled("import")))
}

async fn run(drive: &dyn Drive, from: &dyn VaultSource, options: &ImportOptions) -> Result<Transferred> {
    let (manifest, kind) = verify(from, &options.progress).await?;
    let place = Place::open(drive, kind, manifest.digest()?, &*options.runtime).await?;
    check_strategy(&place, from, &manifest).await?;
    let marked = place.mark().await?;
    let resumed = place.write_files(from, &manifest, &options.progress).await?;
    place.complete(from, &manifest, marked).await?;
    let (files, bytes) = (manifest.files.len() as u64, manifest.files.values().map(|told| told.size).sum());
    Ok(Transferred { vault: manifest.vault, files, bytes, resumed })
}

/// Compares every file with what the list says of it.
async fn verify(from: &dyn VaultSource, progress: &ProgressSink) -> Result<(Manifest, Kind)> {
    from.rewind().await?;
    let (mut found, mut last, mut done) = (std::collections::BTreeMap::new(), None, 0);
    progress.report(Phase::Read, 0, None);
    while let Some(VaultFile { path, bytes }) = from.next().await? {
        if path == VaultFile::MANIFEST {
            last = Some(bytes);
            continue;
        }
        // One that came before is replaced.
        found.insert(path, Told::of(&bytes));
        done += 1;
        progress.report(Phase::Read, done, None);
    }
    let Some(last) = last else {
        return Err(Error::corrupt("import", "the list of files is missing: the export was cut off").about(VaultFile::MANIFEST));
    };
    let (manifest, kind) = Manifest::decode(&last)?;
    for (path, told) in &manifest.files {
        match found.get(path) {
            Some(found) if found == told => {}
            Some(_) => return Err(Error::corrupt("import", "a file of the export is not what its list of files says").about(path.as_str())),
            None => return Err(Error::corrupt("import", "a file of the export is missing").about(path.as_str())),
        }
    }
    Ok((manifest, kind))
}

/// Reads one file of the export.
async fn file_of(from: &dyn VaultSource, wanted: &str, manifest: &Manifest) -> Result<Option<Vec<u8>>> {
    let Some(told) = manifest.files.get(wanted) else { return Ok(None) };
    from.rewind().await?;
    while let Some(VaultFile { path, bytes }) = from.next().await? {
        if path == wanted && Told::of(&bytes) == *told {
            return Ok(Some(bytes));
        }
    }
    Err(changed(wanted))
}

fn changed(path: &str) -> Error {
    Error::corrupt("import", "the export has changed while it was imported").about(path)
}

/// A vault that this drive cannot serve is better refused before it is there.
async fn check_strategy(place: &Place<'_>, from: &dyn VaultSource, manifest: &Manifest) -> Result<()> {
    if place.kind == Kind::Classic {
        return Ok(());
    }
    let marker = file_of(from, place.kind.marker(), manifest).await?.ok_or_else(|| changed(place.kind.marker()))?;
    let strategy = Marker::decode(&marker).map(|marker| marker.strategy).unwrap_or(Strategy::Listing);
    if place.create && place.replace || strategy == Strategy::Listing || strategy == Strategy::Slots && place.create {
        return Ok(());
    }
    let detail =
        format!("the vault finds its records by {strategy}, which this drive does not offer: lower its strategy before it is exported");
    Err(Error::new(ErrorKind::Unsupported, "import", detail))
}

/// The place into which a vault comes.
pub(super) struct Place<'a> {
    pub(super) drive: &'a dyn Drive,
    kind: Kind,
    digest: Digest,
    create: bool,
    pub(super) replace: bool,
    /// The marker of an import of the same that was interrupted.
    pub(super) marked: Option<Version>,
}

impl<'a> Place<'a> {
    /// Makes sure that it is empty, or that this import was interrupted there.
    pub(super) async fn open(drive: &'a dyn Drive, kind: Kind, digest: Digest, runtime: &dyn Runtime) -> Result<Self> {
        let capabilities = match drive.capabilities() {
            claimed if claimed.unproven => probe::probe(drive, runtime).await?,
            known => known,
        };
        let (create, replace) = (capabilities.create, capabilities.replace);
        let place = Self { drive, kind, digest, create, replace, marked: None };
        if let Got::File { bytes, version } = drive.get(place.marker_path()?, GetOptions::default()).await? {
            if importing::read(&bytes) == Some(digest) {
                return Ok(Self { marked: Some(version), ..place });
            }
            let detail = match importing::read(&bytes) {
                Some(_) => "another vault is being imported here, or its import was interrupted",
                None => "a vault lies here already",
            };
            return Err(not_empty(detail, place.kind.marker()));
        }
        place.check_empty().await?;
        Ok(place)
    }

    pub(super) fn marker_path(&self) -> Result<DrivePath> {
        DrivePath::new(self.kind.marker())
    }

    async fn check_empty(&self) -> Result<()> {
        let page = self.drive.list_dir(DrivePath::root(), None).await?;
        for entry in page.entries {
            // A folder may be left without anything in it.
            if !entry.is_dir || !self.is_empty_folder(&entry.name).await? {
                return Err(not_empty("the place is not empty: a vault is imported into an empty one only", &entry.name));
            }
        }
        Ok(())
    }

    async fn is_empty_folder(&self, name: &str) -> Result<bool> {
        let Ok(folder) = DrivePath::new(name) else { return Ok(false) };
        Ok(self.drive.list_dir(folder, None).await?.entries.is_empty())
    }

    /// Writes the marker that nobody takes for a vault, unless it is there.
    pub(super) async fn mark(&self) -> Result<Version> {
        if let Some(version) = &self.marked {
            return Ok(version.clone());
        }
        let condition = if self.create { Condition::Absent } else { Condition::Any };
        let marker = importing::marker(self.kind.name(), self.digest)?;
        match self.drive.put(self.marker_path()?, marker, condition).await {
            Err(e) if e.is_condition() => Err(not_empty("somebody has made a vault here just now", self.kind.marker())),
            other => other,
        }
    }

    /// Writes every file but the marker; returns how many were there already.
    async fn write_files(&self, from: &dyn VaultSource, manifest: &Manifest, progress: &ProgressSink) -> Result<u64> {
        let there = self.there().await?;
        let total = manifest.files.len() as u64;
        let (mut done, mut resumed, mut written) = (0, 0, BTreeSet::new());
        progress.report(Phase::Push, 0, Some(total));
        from.rewind().await?;
        while let Some(VaultFile { path, bytes }) = from.next().await? {
            let Some(told) = manifest.files.get(&path) else { continue };
            // A file that came again later is another one by then.
            if path == self.kind.marker() || Told::of(&bytes) != *told || !written.insert(path.clone()) {
                continue;
            }
            if self.has(&there, &path, told).await? {
                resumed += 1;
            } else {
                self.drive.put(DrivePath::new(&*path)?, bytes, Condition::Any).await?;
            }
            done += 1;
            progress.report(Phase::Push, done, Some(total));
        }
        let wanted = |path: &&String| path.as_str() != self.kind.marker() && !written.contains(*path);
        match manifest.files.keys().find(wanted) {
            Some(path) => Err(changed(path)),
            None => Ok(resumed),
        }
    }

    pub(super) async fn there(&self) -> Result<Listed> {
        if self.marked.is_none() {
            return Ok(Listed::new());
        }
        let mut there = list(self.drive, self.kind).await?;
        there.extend(list_with_sizes(self.drive, &DrivePath::root()).await?);
        Ok(there)
    }

    /// Whether a file is there as it should be.
    pub(super) async fn has(&self, there: &Listed, path: &str, told: &Told) -> Result<bool> {
        let Some(size) = there.get(path) else { return Ok(false) };
        if size.is_some_and(|size| size != told.size) {
            return Ok(false);
        }
        let got = self.drive.get(DrivePath::new(path)?, GetOptions::default()).await?;
        Ok(matches!(got, Got::File { bytes, .. } if Told::of(&bytes) == *told))
    }

    /// Looks whether all is there, and puts the vault's own marker in the place of the other.
    async fn complete(&self, from: &dyn VaultSource, manifest: &Manifest, marked: Version) -> Result<()> {
        let mut there = list(self.drive, self.kind).await?;
        there.extend(list_with_sizes(self.drive, &DrivePath::root()).await?);
        for (path, told) in manifest.files.iter().filter(|(path, _)| path.as_str() != self.kind.marker()) {
            if there.get(path).is_none_or(|size| size.is_some_and(|size| size != told.size)) {
                let detail =
                    "a file that was written is not there: somebody else writes here, or the drive is not consistent yet; try again";
                return Err(Error::new(ErrorKind::Unavailable, "import", detail).about(path.as_str()));
            }
        }
        let condition = if self.replace { Condition::Matches(marked) } else { Condition::Any };
        match file_of(from, self.kind.marker(), manifest).await? {
            Some(marker) => self.drive.put(self.marker_path()?, marker, condition).await.map(drop),
            // Old clients have made it, and know of none.
            None => self.drive.delete(self.marker_path()?, condition).await,
        }
    }
}

fn not_empty(detail: &str, what: &str) -> Error {
    Error::invalid("import", detail).about(what)
}
