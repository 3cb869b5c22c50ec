//! Walking the folder: sorted within each directory, depth first, one directory's names in memory per level.

use super::{
    foreign::conflict_copy,
    ignored::Rules,
    notes::{Notes, Paths},
    paths::{OWN, is_own},
    place::{kind_name, look, open_dir, reason},
    stamp::Stamp,
};
use kitestring::DocId;
use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{Dir, FileType},
    io::Errno,
};
use std::ffi::CString;

/// A file that the walk came across.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Its id.
    pub id: DocId,
    /// What it looks like.
    pub stamp: Stamp,
}

/// What a walk is to leave out, and where it notes what it left out or came across.
pub(super) struct Sight<'a> {
    /// What is ignored.
    pub rules: &'a Rules,
    /// What is no document, and why.
    pub notes: &'a Notes,
    /// Files and directories that are ignored; these end with a slash.
    pub ignored: &'a Paths,
    /// Conflict copies of other programs.
    pub copies: &'a Notes,
}

/// A walk under way.
pub(super) struct Walk {
    levels: Vec<Level>,
}

struct Level {
    dir: OwnedFd,
    /// The path of the directory with a slash at its end; empty for the folder itself.
    prefix: String,
    names: std::vec::IntoIter<CString>,
}

impl Walk {
    /// Begins after the file `after`, or at the start.
    ///
    /// # Errors
    /// The system's, if the folder itself cannot be listed.
    pub fn after(root: BorrowedFd<'_>, after: Option<&DocId>, sight: &Sight<'_>) -> rustix::io::Result<Self> {
        let dir = open_dir(root, c".")?;
        let mut walk = Self { levels: vec![Level::list(dir, String::new())?] };
        if let Some(after) = after {
            walk.skip_to(after.as_str(), sight);
        }
        Ok(walk)
    }

    /// Returns the next file; none at the end.
    pub fn next(&mut self, sight: &Sight<'_>) -> Option<Found> {
        while let Some(level) = self.levels.last_mut() {
            let Some(name) = level.names.next() else {
                self.levels.pop();
                continue;
            };
            if let Some(found) = self.visit(&name, sight) {
                return Some(found);
            }
        }
        None
    }

    /// Leaves out everything up to `after`, which may be gone by now.
    fn skip_to(&mut self, after: &str, sight: &Sight<'_>) {
        let mut names = after.split('/').peekable();
        while let Some(name) = names.next() {
            let Some(level) = self.levels.last_mut() else { return };
            let skipped = level.names.as_slice().partition_point(|n| n.as_bytes() < name.as_bytes());
            if skipped > 0 {
                level.names.nth(skipped - 1);
            }
            if level.names.as_slice().first().is_none_or(|n| n.as_bytes() != name.as_bytes()) {
                return;
            }
            let is_dir = matches!(look(level.dir.as_fd(), name), Ok(Some((FileType::Directory, _))));
            // A directory that has taken the place of the file `after` comes after it.
            if names.peek().is_none() && is_dir {
                return;
            }
            let Some(own) = level.names.next() else { return };
            if !is_dir {
                return;
            }
            let depth = self.levels.len();
            self.visit(&own, sight);
            if self.levels.len() == depth {
                return;
            }
        }
    }

    /// Looks at one name of the deepest level: a file is returned, a directory becomes the new deepest level.
    fn visit(&mut self, name: &CString, sight: &Sight<'_>) -> Option<Found> {
        let level = self.levels.last()?;
        let Ok(text) = name.to_str() else {
            let path = format!("{}{}", level.prefix, name.to_string_lossy());
            sight.notes.add(path, "its name is not UTF-8, and the drive stores names as UTF-8");
            return None;
        };
        if text == OWN && level.prefix.is_empty() {
            return None;
        }
        let mut path = String::with_capacity(level.prefix.len() + text.len());
        path.push_str(&level.prefix);
        path.push_str(text);
        match look(level.dir.as_fd(), name.as_c_str()) {
            Ok(None) => None, // it went while the walk was on its way
            Err(errno) => {
                sight.notes.add(path, format!("cannot be looked at: {}", reason(errno)));
                None
            }
            Ok(Some(_)) if is_own(text) => {
                sight.notes.add(path, "the name belongs to kite and is never synced");
                None
            }
            Ok(Some((FileType::Directory, _))) if sight.rules.ignores(&path, true) => {
                sight.ignored.add(format!("{path}/"));
                None
            }
            Ok(Some((kind, _))) if kind != FileType::Directory && sight.rules.ignores(&path, false) => {
                sight.ignored.add(path);
                None
            }
            Ok(Some((FileType::Directory, _))) => {
                match open_dir(level.dir.as_fd(), name.as_c_str()).and_then(|dir| Level::list(dir, format!("{path}/"))) {
                    Ok(deeper) => self.levels.push(deeper),
                    Err(Errno::NOENT | Errno::NOTDIR) => {}
                    Err(errno) => sight.notes.add(path, format!("the directory cannot be read: {}", reason(errno))),
                }
                None
            }
            Ok(Some((FileType::RegularFile, _))) if path.len() > DocId::MAX_BYTES => {
                sight.notes.add(path, format!("its path is longer than {} bytes", DocId::MAX_BYTES));
                None
            }
            Ok(Some((FileType::RegularFile, stamp))) => {
                if let Some(program) = conflict_copy(text) {
                    sight.copies.add(path.as_str(), format!("left by {program}"));
                }
                DocId::new(path).ok().map(|id| Found { id, stamp })
            }
            Ok(Some((kind, _))) => {
                sight.notes.add(path, format!("is {}, not a file", kind_name(kind)));
                None
            }
        }
    }
}

impl Level {
    fn list(dir: OwnedFd, prefix: String) -> rustix::io::Result<Self> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&dir)? {
            let entry = entry?;
            if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                names.push(entry.file_name().to_owned());
            }
        }
        names.sort_unstable();
        Ok(Self { dir, prefix, names: names.into_iter() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::ffi::OsStrExt as _, path::Path};

    fn folder(files: &[&str]) -> (tempfile::TempDir, OwnedFd) {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        let fd = fs::File::open(root.path()).unwrap().into();
        (root, fd)
    }

    fn ids(root: &OwnedFd, after: Option<&str>, notes: &Notes) -> Vec<String> {
        ids_in_sight(root, after, &Sight { rules: &Rules::default(), notes, ignored: &Paths::default(), copies: &Notes::default() })
    }

    fn ids_in_sight(root: &OwnedFd, after: Option<&str>, sight: &Sight<'_>) -> Vec<String> {
        let after = after.map(|a| DocId::new(a).unwrap());
        let mut walk = Walk::after(root.as_fd(), after.as_ref(), sight).unwrap();
        std::iter::from_fn(|| walk.next(sight)).map(|f| f.id.as_str().to_owned()).collect()
    }

    #[test]
    fn the_order_is_fixed_and_a_walk_resumes_anywhere() {
        let (_keep, root) = folder(&["b", "a/z", "a/b/c", "a.txt", "a/b.txt", ".kite/config.json", "ü", "empty/x"]);
        let notes = Notes::default();
        let all = ids(&root, None, &notes);
        assert_eq!(all, ["a/b/c", "a/b.txt", "a/z", "a.txt", "b", "empty/x", "ü"]);
        for (n, id) in all.iter().enumerate() {
            assert_eq!(ids(&root, Some(id), &notes), all[n + 1..], "after {id}");
        }
        assert_eq!(ids(&root, Some("a/b/b"), &notes), all, "a file that is gone");
        assert_eq!(ids(&root, Some("a/y/q"), &notes), all[2..], "a directory that is gone");
        assert_eq!(ids(&root, Some("a"), &notes), all, "a directory in the place of the file");
        assert_eq!(ids(&root, Some("b/c/d"), &notes), all[5..], "a file in the place of the directory");
        assert!(notes.all().is_empty());
    }

    #[test]
    fn what_is_no_document_is_named() {
        let (keep, root) = folder(&["file", "sub/.kite/state.db"]);
        let at = |name: &str| keep.path().join(name);
        std::os::unix::fs::symlink("file", at("link")).unwrap();
        std::os::unix::fs::symlink(keep.path(), at("loop")).unwrap();
        rustix::fs::mknodat(&root, "pipe", FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o600), 0).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        fs::write(keep.path().join(Path::new(std::ffi::OsStr::from_bytes(b"bad\xff"))), "").unwrap();
        let notes = Notes::default();
        assert_eq!(ids(&root, None, &notes), ["file"]);
        let named: Vec<String> = notes.all().into_keys().collect();
        assert_eq!(named, ["bad\u{fffd}", "link", "loop", "pipe", "socket", "sub/.kite"]);
    }
    #[test]
    fn what_is_ignored_is_left_out_without_a_look_inside() {
        let (_keep, root) = folder(&["a.log", "b", "build/x", "build/y", "sub/a.log", "sub/b", "x.part"]);
        let (rules, _) = Rules::parse(b"*.log\nbuild/\n");
        let (notes, ignored, copies) = (Notes::default(), Paths::default(), Notes::default());
        let sight = Sight { rules: &rules, notes: &notes, ignored: &ignored, copies: &copies };
        assert_eq!(ids_in_sight(&root, None, &sight), ["b", "sub/b"]);
        assert_eq!(ignored.all().into_iter().collect::<Vec<_>>(), ["a.log", "build/", "sub/a.log", "x.part"]);
        assert_eq!(ids_in_sight(&root, Some("build/x"), &sight), ["sub/b"]);
        assert!(notes.all().is_empty());
    }
}
