//! Copies the files of a vault from its drive straight into another place, again and again, until nothing is new: for a vault that
//! moves. Like an import, the place is no vault until the last step, and the same copy goes on after it was killed.

use super::{
    import::Place,
    listing::{Kind, Listed, MARKER, list},
    manifest::Told,
};
use crate::{
    Digest, DrivePath, Error, ErrorKind, Phase, ProgressSink, Result, Runtime,
    drive::{Condition, Drive, GetOptions, Got, Version},
};
use futures::stream::{self, StreamExt as _};
use std::collections::{BTreeMap, BTreeSet};

/// So often it is looked for more because somebody wrote meanwhile.
const ROUNDS: u32 = 16;
/// So many files are copied at once.
const AT_ONCE: usize = 4;
/// Heads are made anew in the other place.
const HEADS: &str = "h/";

/// A vault in the journal layout that is being copied.
pub(crate) struct Copying<'a> {
    from: &'a dyn Drive,
    place: Place<'a>,
    marked: Version,
    /// What lies in the place since an earlier copy that was interrupted, as far as it was not compared.
    there: Listed,
    done: BTreeMap<String, Told>,
    progress: &'a ProgressSink,
    /// How many files were there already.
    pub(crate) resumed: u64,
}

/// What became of a file.
enum Copied {
    Written(Told),
    WasThere(Told),
    /// It is gone since it was listed.
    Gone,
}

impl<'a> Copying<'a> {
    /// Takes an empty place, or one where the same copy was interrupted, and marks it.
    ///
    /// # Errors
    /// `invalid_input` if the place is not empty; those of the drive.
    pub(crate) async fn begin(
        from: &'a dyn Drive,
        to: &'a dyn Drive,
        what: Digest,
        runtime: &dyn Runtime,
        progress: &'a ProgressSink,
    ) -> Result<Self> {
        let place = Place::open(to, Kind::Journal, what, runtime).await?;
        let marked = place.mark().await?;
        let there = place.there().await?;
        Ok(Self { from, place, marked, there, done: BTreeMap::new(), progress, resumed: 0 })
    }

    /// Copies until a look finds nothing that is new, and nothing that is gone. `but` is left out.
    ///
    /// # Errors
    /// `unavailable` if others write all the time; those of the drives.
    pub(crate) async fn copy_all(&mut self, but: Option<&str>) -> Result<()> {
        for _ in 0..ROUNDS {
            let listed = self.listed(but).await?;
            self.done.retain(|path, _| listed.contains(path));
            if !self.copy(listed).await? {
                return Ok(());
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "move", "other clients kept writing during the move; do it again"))
    }

    async fn listed(&self, but: Option<&str>) -> Result<BTreeSet<String>> {
        let listed = list(self.from, Kind::Journal).await?;
        Ok(listed.into_keys().filter(|path| !path.starts_with(HEADS) && Some(path.as_str()) != but).collect())
    }

    /// Copies what was not copied yet. Returns whether there was anything.
    async fn copy(&mut self, listed: BTreeSet<String>) -> Result<bool> {
        let wanted: Vec<String> = listed.into_iter().filter(|path| !self.done.contains_key(path)).collect();
        let (total, mut worked) = (wanted.len() as u64, 0);
        self.progress.report(Phase::Push, 0, Some(total));
        let parallel = (self.from.capabilities().parallel.min(self.place.drive.capabilities().parallel).max(1) as usize).min(AT_ONCE);
        let (from, place, there) = (self.from, &self.place, &self.there);
        let copy_one = |path: String| async move { Ok::<_, Error>((copy_one(from, place, there, &path).await?, path)) };
        let mut files = stream::iter(wanted).map(copy_one).buffered(parallel);
        let mut copied = Vec::new();
        while let Some(file) = files.next().await {
            copied.push(file?);
            worked += 1;
            self.progress.report(Phase::Push, worked, Some(total));
        }
        drop(files);
        for (what, path) in copied {
            match what {
                Copied::Written(told) => drop(self.done.insert(path, told)),
                Copied::WasThere(told) => {
                    self.resumed += 1;
                    self.done.insert(path, told);
                }
                Copied::Gone => {}
            }
        }
        Ok(total > 0)
    }

    /// Looks whether all is there, takes away what is not the vault's, and puts the vault's marker in the place of the other.
    ///
    /// # Errors
    /// `unavailable` if a file is not there that was written; those of the drive.
    pub(crate) async fn complete(&self, marker: Vec<u8>) -> Result<()> {
        let there = list(self.place.drive, Kind::Journal).await?;
        for (path, told) in &self.done {
            if there.get(path).is_none_or(|size| size.is_some_and(|size| size != told.size)) {
                let detail =
                    "a file that was written is not there: somebody else writes here, or the drive is not consistent yet; try again";
                return Err(Error::new(ErrorKind::Unavailable, "move", detail).about(path.as_str()));
            }
        }
        for path in there.keys() {
            if !path.starts_with(HEADS) && !self.done.contains_key(path) {
                self.place.drive.delete(DrivePath::new(path.as_str())?, Condition::Any).await?;
            }
        }
        let condition = if self.place.replace { Condition::Matches(self.marked.clone()) } else { Condition::Any };
        self.place.drive.put(DrivePath::new(MARKER)?, marker, condition).await.map(drop)
    }

    /// How many files were copied, and their bytes.
    pub(crate) fn size(&self) -> (u64, u64) {
        (self.done.len() as u64, self.done.values().map(|told| told.size).sum())
    }
}

async fn copy_one(from: &dyn Drive, place: &Place<'_>, there: &Listed, path: &str) -> Result<Copied> {
    let Got::File { bytes, .. } = from.get(DrivePath::new(path)?, GetOptions::default()).await? else { return Ok(Copied::Gone) };
    let told = Told::of(&bytes);
    if place.has(there, path, &told).await? {
        return Ok(Copied::WasThere(told));
    }
    place.drive.put(DrivePath::new(path)?, bytes, Condition::Any).await?;
    Ok(Copied::Written(told))
}
