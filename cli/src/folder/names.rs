//! Disks that take two names for one: `README` and `readme`, or `é` written in two ways. Where they do, a name is
//! what the directory's listing says, and a file whose name means another file is not written.

use super::{place::look, stage};
use rustix::{
    fd::{AsFd as _, BorrowedFd},
    fs::{AtFlags, Dir},
};
use serde::{Deserialize, Serialize};
use std::io;
use unicode_normalization::UnicodeNormalization as _;

/// How a disk treats names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Names {
    /// Whether letter case makes no difference.
    pub folds_case: bool,
    /// Whether the normal form makes no difference.
    pub folds_form: bool,
    /// Whether this is not the disk's own answer: then what it finds under a name proves nothing.
    #[serde(skip)]
    assumed: bool,
}

impl Names {
    /// Tries it out in kite's own folder.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub(crate) fn probe(own: BorrowedFd<'_>) -> io::Result<Self> {
        const NAMES: [&str; 3] = ["probe-\u{e9}", "PROBE-\u{e9}", "probe-e\u{301}"];
        let tmp = stage::open(own)?;
        let [name, upper, decomposed] = NAMES;
        stage::write(&tmp, name, b"")?;
        let finds = |other: &str| look(tmp.as_fd(), other).map(|found| found.is_some());
        let found = finds(upper).and_then(|folds_case| Ok(Self { folds_case, folds_form: finds(decomposed)?, assumed: false }));
        stage::discard(&tmp, vec![name]);
        // Whatever else is there, the next command removes.
        let _ = rustix::fs::unlinkat(own, stage::TMP, AtFlags::REMOVEDIR);
        Ok(found?)
    }

    /// Supposes a disk that this machine need not have.
    #[cfg(test)]
    pub(super) fn assumed(folds_case: bool, folds_form: bool) -> Self {
        Self { folds_case, folds_form, assumed: true }
    }

    /// Whether two names may be one.
    pub(super) fn is_folding(self) -> bool {
        self.folds_case || self.folds_form
    }

    /// Returns the name under which a directory has what it gives for `name`, if that is another one.
    pub(super) fn twin(self, dir: BorrowedFd<'_>, name: &str) -> rustix::io::Result<Option<String>> {
        if !self.is_folding() {
            return Ok(None);
        }
        let found = look(dir, name)?;
        if found.is_none() && !self.assumed {
            return Ok(None);
        }
        let (wanted, mut twin) = (self.key(name), None);
        for entry in Dir::read_from(dir)? {
            let entry = entry?;
            let Ok(other) = entry.file_name().to_str() else { continue };
            if other == name {
                return Ok(None);
            }
            // The disk's own idea of what is the same may be wider than the one here.
            if self.key(other) == wanted || found.is_some_and(|(_, stamp)| stamp.has_inode(entry.ino())) {
                twin = Some(other.to_owned());
            }
        }
        Ok(twin)
    }

    fn key(self, name: &str) -> String {
        let name = if self.folds_form { name.nfc().collect() } else { name.to_owned() };
        if self.folds_case { name.to_lowercase() } else { name }
    }
}

/// Says why a file cannot be written.
pub(super) fn same_name(other: &str) -> String {
    format!("this disk takes its name for that of `{other}`, which is here; rename one of them")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fd::OwnedFd;
    use std::fs;

    fn twin(names: Names, have: &[&str], name: &str) -> Option<String> {
        let keep = tempfile::tempdir().unwrap();
        for name in have {
            fs::write(keep.path().join(name), "").unwrap();
        }
        let dir: OwnedFd = fs::File::open(keep.path()).unwrap().into();
        names.twin(dir.as_fd(), name).unwrap()
    }

    #[test]
    fn a_twin_is_what_the_disk_takes_for_the_same() {
        let (case, form, both) = (Names::assumed(true, false), Names::assumed(false, true), Names::assumed(true, true));
        for (names, have, name, other) in [
            (case, &["README"][..], "readme", Some("README")),
            (case, &["README", "readme"], "readme", None),
            (case, &["readme"], "readme", None),
            (case, &["other"], "readme", None),
            (case, &["É"], "é", Some("É")),
            (case, &["e\u{301}"], "\u{e9}", None),
            (form, &["e\u{301}"], "\u{e9}", Some("e\u{301}")),
            (form, &["README"], "readme", None),
            (both, &["E\u{301}"], "\u{e9}", Some("E\u{301}")),
            (Names::default(), &["README"], "readme", None),
        ] {
            assert_eq!(twin(names, have, name).as_deref(), other, "{names:?} {have:?} {name}");
        }
    }

    #[test]
    fn the_probe_says_what_this_disk_does_and_leaves_nothing() {
        let keep = tempfile::tempdir().unwrap();
        let own: OwnedFd = fs::File::open(keep.path()).unwrap().into();
        let names = Names::probe(own.as_fd()).unwrap();
        assert_eq!(fs::read_dir(keep.path()).unwrap().count(), 0);
        fs::write(keep.path().join("a\u{e9}"), "").unwrap();
        assert_eq!(names.folds_case, keep.path().join("A\u{e9}").exists());
        assert_eq!(names.folds_form, keep.path().join("ae\u{301}").exists());
    }
}
