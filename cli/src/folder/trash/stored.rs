//! What is in the trash, and how it goes.

use super::{TRASH, Why, time::read_stamp};
use crate::folder::OWN;
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// How long things stay.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// One file in the trash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// Where it was in the folder.
    pub path: String,
    /// When it left.
    pub at: SystemTime,
    /// Why; none if an earlier version did not say.
    pub why: Option<Why>,
    /// Its size in bytes.
    pub size: u64,
    /// The name of the directory in the trash that holds it.
    pub top: String,
}

/// What was destroyed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Expired {
    /// How many files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The trash of a folder.
#[derive(Debug)]
pub(crate) struct Trash(PathBuf);

/// A directory of the trash: what left at one time.
struct Top {
    name: String,
    at: SystemTime,
    why: Option<Why>,
}

impl Trash {
    /// Takes the trash of a folder, which need not exist.
    pub(crate) fn of(folder: &Path) -> Self {
        Self(folder.join(OWN).join(TRASH))
    }

    /// Returns everything in it, the latest first.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn items(&self) -> io::Result<Vec<Item>> {
        let mut items = Vec::new();
        for top in self.tops()? {
            self.items_of(&top, &mut items)?;
        }
        items.sort_by(|a, b| (b.at, &a.path, &a.top).cmp(&(a.at, &b.path, &b.top)));
        Ok(items)
    }

    /// Destroys what left thirty days ago or earlier, as seen both now and at the time `before`. So a clock that is
    /// wrong once destroys nothing, and what seems to have left in the future stays.
    ///
    /// # Errors
    /// The system's; what it met until then is destroyed.
    pub(crate) fn expire(&self, before: SystemTime, now: SystemTime) -> io::Result<Expired> {
        let Some(limit) = now.min(before).checked_sub(KEPT) else { return Ok(Expired::default()) };
        self.destroy(limit)
    }

    /// Destroys what left at `limit` or earlier.
    ///
    /// # Errors
    /// The system's; what it met until then is destroyed.
    pub(crate) fn destroy(&self, limit: SystemTime) -> io::Result<Expired> {
        let mut expired = Expired::default();
        for top in self.tops()?.into_iter().filter(|top| top.at <= limit) {
            let mut items = Vec::new();
            self.items_of(&top, &mut items)?;
            match fs::remove_dir_all(self.0.join(&top.name)) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => {}
            }
            expired.files += items.len() as u64;
            expired.bytes += items.iter().map(|item| item.size).sum::<u64>();
        }
        Ok(expired)
    }

    /// Whatever else is there is not ours.
    fn tops(&self) -> io::Result<Vec<Top>> {
        let mut tops = Vec::new();
        for entry in entries(&self.0)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some((at, rest)) = name.to_str().and_then(read_stamp) else { continue };
            if !entry.file_type()?.is_dir() {
                continue;
            }
            let mut words = rest.split('-').skip(1);
            let why = words.next().and_then(|word| [Why::Replaced, Why::Deleted].into_iter().find(|why| why.word() == word));
            tops.push(Top { name: name.to_string_lossy().into_owned(), at, why });
        }
        Ok(tops)
    }

    fn items_of(&self, top: &Top, items: &mut Vec<Item>) -> io::Result<()> {
        let mut dirs = vec![(self.0.join(&top.name), String::new())];
        while let Some((dir, prefix)) = dirs.pop() {
            for entry in entries(&dir)? {
                let entry = entry?;
                // Nothing without a text for a name was ever synced.
                let Ok(name) = entry.file_name().into_string() else { continue };
                let (path, kind) = (format!("{prefix}{name}"), entry.file_type()?);
                if kind.is_dir() {
                    dirs.push((entry.path(), format!("{path}/")));
                } else if kind.is_file() {
                    items.push(Item { path, at: top.at, why: top.why, size: entry.metadata()?.len(), top: top.name.clone() });
                }
            }
        }
        Ok(())
    }
}

/// A directory that does not exist has no entries.
fn entries(dir: &Path) -> io::Result<impl Iterator<Item = io::Result<fs::DirEntry>>> {
    match fs::read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
    .map(|entries| entries.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::utc_stamp;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn trash(now: SystemTime, ages: &[i64]) -> (tempfile::TempDir, Trash) {
        let folder = tempfile::tempdir().unwrap();
        let trash = Trash::of(folder.path());
        for age in ages {
            let span = DAY * u32::try_from(age.abs()).unwrap();
            let at = if *age < 0 { now + span } else { now - span };
            let dir = trash.0.join(format!("{}-deleted", utc_stamp(at))).join("sub");
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join(format!("{age}")), "12345").unwrap();
        }
        (folder, trash)
    }

    fn left(trash: &Trash) -> Vec<String> {
        trash.items().unwrap().into_iter().map(|item| item.path.trim_start_matches("sub/").to_owned()).collect()
    }

    /// A whole second: the stamps hold no more.
    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + DAY * 20_000
    }

    #[test]
    fn thirty_days_are_kept_and_the_future_is_too() {
        let (_keep, trash) = trash(now(), &[0, 29, 30, 31, 400, -1, -400]);
        assert_eq!(trash.expire(now(), now()).unwrap(), Expired { files: 3, bytes: 15 });
        assert_eq!(left(&trash), ["-400", "-1", "0", "29"]);
        assert_eq!(trash.expire(now(), now()).unwrap(), Expired::default());
    }

    #[test]
    fn a_clock_that_is_wrong_once_destroys_nothing() {
        let (_keep, trash) = trash(now(), &[0, 29]);
        assert_eq!(trash.expire(now(), now() + DAY * 9000).unwrap(), Expired::default());
        assert_eq!(trash.expire(now() + DAY * 9000, now()).unwrap(), Expired::default());
        assert_eq!(trash.expire(now() + DAY, now() + DAY).unwrap().files, 1);
    }

    #[test]
    fn what_is_there_is_told_and_what_is_not_ours_stays() {
        let (keep, trash) = trash(now(), &[1]);
        for other in ["notes/x", "2020-99-01T00-00-00Z-deleted/x", "2020-01-01T00-00-00Z-replaced-2/a/b"] {
            let path = trash.0.join(other);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "1").unwrap();
        }
        std::os::unix::fs::symlink(keep.path(), trash.0.join("2020-01-01T00-00-00Z-deleted")).unwrap();
        let items = trash.items().unwrap();
        let told: Vec<_> = items.iter().map(|item| (item.path.as_str(), item.why, item.size)).collect();
        assert_eq!(told, [("sub/1", Some(Why::Deleted), 5), ("a/b", Some(Why::Replaced), 1)]);
        assert_eq!(trash.destroy(now()).unwrap().files, 2);
        assert!(trash.0.join("notes/x").exists() && trash.0.join("2020-01-01T00-00-00Z-deleted").is_symlink());
    }
}
