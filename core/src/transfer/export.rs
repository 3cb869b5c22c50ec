//! Copies every file of a vault out of its drive, while others may go on writing.

use super::{
    ExportOptions, Transferred, VaultFile, VaultSink,
    listing::{Kind, Listed, MARKER, list},
    manifest::{Manifest, Told},
};
use crate::{
    DrivePath, Error, ErrorKind, Phase, Result,
    drive::{Drive, GetOptions, Got},
};
use futures::stream::{self, StreamExt as _};
use std::collections::BTreeMap;

/// So often it begins again because somebody wrote meanwhile.
const ROUNDS: u32 = 10;
/// So many files are read at once.
const AT_ONCE: usize = 4;

/// What tells whether a vault has changed: its heads, and which files there are.
#[derive(PartialEq, Eq)]
struct Moment {
    heads: BTreeMap<String, Vec<u8>>,
    listed: Listed,
}

/// Exports the vault on a drive, as it was at one moment: what is copied is what the heads name that were there before and
/// after. A classic vault whose documents are being written may come with some that its log does not name yet.
pub(crate) async fn export(drive: &dyn Drive, to: &dyn VaultSink, options: &ExportOptions) -> Result<Transferred> {
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    let mut before = moment(drive).await?;
    for _ in 0..ROUNDS {
        copy_new(drive, to, &before, &mut told, options).await?;
        let after = moment(drive).await?;
        if after == before {
            return finish(to, &before, told).await;
        }
        before = after;
    }
    Err(Error::new(ErrorKind::Unavailable, "export", "other clients kept writing during the export; try again"))
}

async fn kind_of(drive: &dyn Drive) -> Result<Kind> {
    for (path, kind) in [(MARKER, Kind::Journal), ("meta.json", Kind::Classic), ("kitestring.json", Kind::Classic)] {
        let options = GetOptions { range: Some(0..1), unless: None };
        if matches!(drive.get(DrivePath::new(path)?, options).await?, Got::File { .. }) {
            return Ok(kind);
        }
    }
    Err(Error::new(ErrorKind::NotFound, "export", "there is no vault on this drive"))
}

/// The heads first: what they name is there when the folders are listed.
async fn moment(drive: &dyn Drive) -> Result<Moment> {
    let kind = kind_of(drive).await?;
    let mut heads = BTreeMap::new();
    for path in kind.heads() {
        if let Got::File { bytes, .. } = drive.get(DrivePath::new(*path)?, GetOptions::default()).await? {
            heads.insert((*path).to_owned(), bytes);
        }
    }
    if let Some(marker) = heads.get(kind.marker()) {
        super::importing::refuse(marker, kind.marker())?;
    }
    #[cfg(feature = "classic")]
    if let Some(meta) = heads.get("meta.json") {
        crate::server::classic::closed::refuse_closed(meta)?;
    }
    Ok(Moment { heads, listed: list(drive, kind).await? })
}

/// Copies what was not copied before. Of a classic vault that is everything: its files change.
async fn copy_new(
    drive: &dyn Drive,
    to: &dyn VaultSink,
    now: &Moment,
    told: &mut BTreeMap<String, Told>,
    options: &ExportOptions,
) -> Result<()> {
    let is_classic = !now.heads.contains_key(MARKER);
    told.retain(|path, _| now.listed.contains_key(path));
    let wanted: Vec<String> = now.listed.keys().filter(|path| is_classic || !told.contains_key(*path)).cloned().collect();
    let (total, mut done) = (wanted.len() as u64, 0);
    options.progress.report(Phase::Read, 0, Some(total));
    let read = |path: String| async move {
        let got = drive.get(DrivePath::new(&*path)?, GetOptions::default()).await?;
        Ok::<_, Error>((path, got))
    };
    let parallel = (drive.capabilities().parallel.max(1) as usize).min(AT_ONCE);
    let mut files = stream::iter(wanted).map(read).buffered(parallel);
    while let Some(file) = files.next().await {
        // What is gone since shows in the next moment.
        if let (path, Got::File { bytes, .. }) = file? {
            told.insert(path.clone(), Told::of(&bytes));
            to.take(VaultFile { path, bytes }).await?;
        }
        done += 1;
        options.progress.report(Phase::Read, done, Some(total));
    }
    Ok(())
}

async fn finish(to: &dyn VaultSink, now: &Moment, mut told: BTreeMap<String, Told>) -> Result<Transferred> {
    if let Some(path) = now.listed.keys().find(|path| !told.contains_key(*path)) {
        let detail = "a file is listed and cannot be read: look at the vault with a doctor";
        return Err(Error::corrupt("export", detail).about(path.as_str()));
    }
    for (path, bytes) in &now.heads {
        told.insert(path.clone(), Told::of(bytes));
        to.take(VaultFile { path: path.clone(), bytes: bytes.clone() }).await?;
    }
    let kind = if now.heads.contains_key(MARKER) { Kind::Journal } else { Kind::Classic };
    let vault = now.heads.get(kind.marker()).and_then(|marker| vault_of(marker));
    let manifest = Manifest::new(kind, vault.clone(), told);
    let (files, bytes) = (manifest.files.len() as u64, manifest.files.values().map(|told| told.size).sum());
    to.take(manifest.encode()?).await?;
    Ok(Transferred { vault, files, bytes, resumed: 0 })
}

/// The vault's id, which both markers have.
fn vault_of(marker: &[u8]) -> Option<String> {
    let marker: serde_json::Value = serde_json::from_slice(marker).ok()?;
    marker.get("vault")?.as_str().map(str::to_owned)
}
