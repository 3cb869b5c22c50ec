//! Where a folder's `.kite` is at home. One that is found elsewhere is a copy: it must not act as the device that it
//! was copied from, or two devices would take each other for themselves.

use crate::folder::{Names, OWN};
use kitestring::{Error, ErrorKind, Result};
use rustix::fd::{AsFd as _, OwnedFd};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::UNIX_EPOCH,
};

/// What tells this `.kite` from its copies, and what is known of its disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Home {
    /// The folder's path.
    pub path: String,
    device: u64,
    inode: u64,
    /// When `.kite` was made, in nanoseconds since the Unix epoch, where the system says: inode numbers are used again.
    #[serde(skip_serializing_if = "Option::is_none")]
    born_ns: Option<u64>,
    /// The computer, where it has an id and the disk is its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<String>,
    /// How the disk treats names.
    pub names: Names,
}

impl Home {
    /// Looks at the folder's `.kite`, which exists, without trying out its disk.
    ///
    /// # Errors
    /// `state` if it cannot be looked at.
    pub(crate) fn here(folder: &Path) -> Result<Self> {
        let look = || {
            let path = fs::canonicalize(folder)?;
            let own = fs::symlink_metadata(path.join(OWN))?;
            let born = own.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
            Ok(Self {
                path: path.to_string_lossy().into_owned(),
                device: own.dev(),
                inode: own.ino(),
                born_ns: born.and_then(|at| u64::try_from(at.as_nanos()).ok()),
                machine: machine(&path),
                names: Names::default(),
            })
        };
        look().map_err(|e: std::io::Error| failed(folder, &e))
    }

    /// Looks at the folder's `.kite`, given what was known of it. Where it is at home since now, its disk is tried out.
    ///
    /// # Errors
    /// `state` if nothing can be written there.
    pub(crate) fn settle(folder: &Path, before: Option<&Self>) -> Result<Self> {
        let here = Self::here(folder)?;
        if let Some(before) = before.filter(|before| here.is_still(before)) {
            return Ok(Self { names: before.names, machine: here.machine.or_else(|| before.machine.clone()), ..here });
        }
        let probe = || Names::probe(OwnedFd::from(File::open(folder.join(OWN))?).as_fd());
        Ok(Self { names: probe().map_err(|e| failed(folder, &e))?, ..here })
    }

    /// Whether this `.kite` is the one that was at `before`. A renamed folder is; so is one whose disk got another
    /// number at the last start.
    pub(crate) fn is_still(&self, before: &Self) -> bool {
        let differ = |a: &Option<String>, b: &Option<String>| a.as_ref().zip(b.as_ref()).is_some_and(|(a, b)| a != b);
        self.inode == before.inode
            && self.born_ns == before.born_ns
            && (self.device == before.device || self.path == before.path)
            && !differ(&self.machine, &before.machine)
    }
}

/// Returns the computer's id; none where there is none, and none on a disk that several computers may share.
fn machine(folder: &Path) -> Option<String> {
    let id = fs::read_to_string("/etc/machine-id").ok().map(|id| id.trim().to_owned()).filter(|id| !id.is_empty())?;
    (!is_shared(folder)).then_some(id)
}

#[cfg(target_os = "linux")]
fn is_shared(folder: &Path) -> bool {
    /// NFS, SMB (three times), FUSE, 9P, AFS, Ceph: `linux/magic.h`.
    const SHARED: [i64; 8] = [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x6573_5546, 0x0102_1997, 0x5346_414f, 0x00c3_6400];
    #[allow(clippy::useless_conversion, clippy::unnecessary_cast, reason = "the number's type differs between systems")]
    let kind = rustix::fs::statfs(folder).map(|found| found.f_type as i64 & 0xffff_ffff);
    kind.is_ok_and(|kind| SHARED.contains(&kind))
}

#[cfg(not(target_os = "linux"))]
fn is_shared(_folder: &Path) -> bool {
    false
}

fn failed(folder: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::State, "open", format!("{OWN} cannot be looked at: {error}")).about(folder.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> Home {
        let text = |text: &str| text.to_owned();
        Home { path: text("/a"), device: 1, inode: 2, born_ns: Some(3), machine: Some(text("m")), names: Names::default() }
    }

    #[test]
    fn a_copy_is_told_from_a_folder_that_was_renamed() {
        let elsewhere = |home: Home| Home { path: "/b".to_owned(), ..home };
        for same in [home(), elsewhere(home()), Home { device: 9, ..home() }, Home { machine: None, ..home() }] {
            assert!(same.is_still(&home()), "{same:?}");
        }
        for copy in [
            Home { inode: 9, ..home() },
            Home { born_ns: Some(9), ..home() },
            Home { machine: Some("n".to_owned()), ..home() },
            Home { device: 9, ..elsewhere(home()) },
        ] {
            assert!(!copy.is_still(&home()), "{copy:?}");
        }
    }

    #[test]
    fn a_rename_keeps_the_home_and_a_copy_has_another() {
        let keep = tempfile::tempdir().unwrap();
        let at = |name: &str| keep.path().join(name);
        fs::create_dir_all(at("a").join(OWN)).unwrap();
        let before = Home::here(&at("a")).unwrap();
        fs::create_dir_all(at("copy").join(OWN)).unwrap();
        assert!(!Home::here(&at("copy")).unwrap().is_still(&before));
        fs::rename(at("a"), at("b")).unwrap();
        assert!(Home::here(&at("b")).unwrap().is_still(&before));
        // The inode's number may come back at once.
        fs::remove_dir_all(at("b")).unwrap();
        fs::create_dir_all(at("a").join(OWN)).unwrap();
        assert!(!Home::here(&at("a")).unwrap().is_still(&before));
    }
}
