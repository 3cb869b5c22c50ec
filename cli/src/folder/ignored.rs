//! `.kiteignore`: which files are nobody's business but this folder's.
//!
//! One file, in the folder itself, in the syntax of `.gitignore`. It is read whenever the folder is compared, so rules
//! that arrive with a sync count from the next one on. It is itself always synced.

use super::{
    notes::Notes,
    place::{look, open_file},
};
use ignore::{
    Match,
    gitignore::{Gitignore, GitignoreBuilder},
};
use kitestring::DocId;
use rustix::fd::BorrowedFd;
use std::io::{self, Read as _};

/// The name of the file.
pub(super) const FILE: &str = ".kiteignore";

/// What a skip report says of a change to a file that is ignored.
pub(super) const HELD: &str = "is ignored here, so its change waits";

/// What is ignored unless `.kiteignore` takes it back, in any letter case.
const DEFAULTS: &[&str] = &[
    // Downloads under way.
    "*.part",
    "*.partial",
    "*.crdownload",
    "*.filepart",
    // Marks of programs that have a document open.
    ".~lock.*#",
    "~$*",
    // What editors put beside a file while it is edited.
    "*~",
    ".*.sw[a-p]",
    r"\#*#",
    ".#*",
    ".*.kate-swp",
    ".goutputstream-*",
    // What systems put into every folder.
    ".DS_Store",
    "._*",
    ".AppleDouble",
    ".Spotlight-V100",
    ".Trashes",
    ".fseventsd",
    ".TemporaryItems",
    ".DocumentRevisions-V100",
    "Thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "$RECYCLE.BIN",
    "System Volume Information",
    ".Trash-*",
    ".fuse_hidden*",
    ".nfs*",
    "lost+found",
    // Other sync programs' own.
    ".stfolder*",
    ".stversions",
    ".syncthing.*.tmp",
    "~syncthing~*.tmp",
    ".dropbox*",
    ".nextcloudsync.log",
    ".owncloudsync.log",
    "._sync_*.db*",
    ".sync_*.db*",
    ".csync_journal.db*",
    ".tmp.drivedownload",
    ".tmp.driveupload",
    ".*.icloud",
];

/// The rules of a folder.
#[derive(Debug)]
pub(super) struct Rules {
    own: Gitignore,
    defaults: Gitignore,
}

impl Rules {
    /// Reads the rules of the folder. A line that makes no sense is noted.
    ///
    /// # Errors
    /// If the file is there and cannot be read: what it names must not be synced in the meantime.
    pub fn read(root: BorrowedFd<'_>, notes: &Notes) -> io::Result<Self> {
        let mut text = Vec::new();
        match look(root, FILE)? {
            None => {}
            Some(_) => match open_file(root, FILE).and_then(|mut file| file.read_to_end(&mut text)) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(io::Error::new(e.kind(), format!("{FILE} {}, so nothing is synced", super::place::plain(&e)))),
                Ok(_) => {}
            },
        }
        let (rules, faults) = Self::parse(&text);
        for (line, why) in faults {
            notes.add(format!("line {line}"), why);
        }
        Ok(rules)
    }

    /// Makes rules of the lines of a file. Returns the numbers of lines that make no sense, and why.
    pub fn parse(text: &[u8]) -> (Self, Vec<(usize, String)>) {
        let mut faults = Vec::new();
        let mut builder = GitignoreBuilder::new(".");
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        for (n, line) in text.split(|b| *b == b'\n').enumerate() {
            let added = std::str::from_utf8(line)
                .map_err(|_| "it is not UTF-8".to_owned())
                .and_then(|line| builder.add_line(None, line.trim_end_matches('\r')).map(drop).map_err(|e| e.to_string()));
            faults.extend(added.err().map(|why| (n + 1, why)));
        }
        let own = builder.build().unwrap_or_else(|e| {
            faults.push((0, e.to_string()));
            Gitignore::empty()
        });
        (Self { own, defaults: defaults() }, faults)
    }

    /// Whether a file or directory is ignored, given that nothing above it is.
    pub fn ignores(&self, path: &str, is_dir: bool) -> bool {
        match self.own.matched(path, is_dir) {
            Match::Ignore(_) => path != FILE,
            Match::Whitelist(_) => false,
            Match::None => self.defaults.matched(path, is_dir).is_ignore(),
        }
    }

    /// Whether the file `id` is ignored, or anything above it.
    pub fn ignore_id(&self, id: &DocId) -> bool {
        let path = id.as_str();
        let above = path.match_indices('/').filter_map(|(at, _)| path.get(..at)).filter(|dir| !dir.is_empty());
        above.into_iter().any(|dir| self.ignores(dir, true)) || self.ignores(path, false)
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self { own: Gitignore::empty(), defaults: defaults() }
    }
}

fn defaults() -> Gitignore {
    let mut builder = GitignoreBuilder::new(".");
    // Neither can fail: both are as written above, and a test reads every line.
    let _ = builder.case_insensitive(true);
    for line in DEFAULTS {
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignored(rules: &str, path: &str) -> bool {
        let (rules, faults) = Rules::parse(rules.as_bytes());
        assert!(faults.is_empty(), "{faults:?}");
        rules.ignore_id(&DocId::new(path).unwrap())
    }

    #[test]
    fn every_default_ignores_something_and_none_too_much() {
        assert_eq!(defaults().len(), DEFAULTS.len());
        let readme = include_str!("../../README.md");
        assert!(DEFAULTS.iter().all(|line| readme.contains(&format!("`{line}`"))), "the README lists them all");
        for path in [
            "film.mkv.part",
            "a/x.crdownload",
            ".~lock.report.odt#",
            "~$report.docx",
            "notes.md~",
            ".notes.md.swp",
            "#notes.md#",
            ".#notes",
            ".ds_store",
            "a/._x",
            "THUMBS.DB",
            "Desktop.ini",
            ".Trash-1000/files/x",
            ".stfolder/x",
            ".syncthing.a.md.tmp",
            ".dropbox.cache/x",
            ".sync_0123abcd.db-wal",
            ".nextcloudsync.log",
            ".photo.jpg.icloud",
            "a/.fuse_hidden0001",
        ] {
            assert!(ignored("", path), "{path}");
        }
        for path in [
            "part",
            "a.parts",
            "#",
            "#tag",
            "x.swp",
            ".swp",
            "a~b",
            "$x",
            ".kiteignore",
            ".gitignore",
            ".git/config",
            "x.tmp",
            "x.bak",
            ".hidden",
            "nfs",
        ] {
            assert!(!ignored("", path), "{path}");
        }
    }

    #[test]
    fn patterns_are_those_of_git() {
        let rules = "# a comment\r\n\r\n*.log\r\n!keep.log\n/top\nbuild/\ndocs/**/*.pdf\n\\#x\n";
        for (path, is) in [
            ("a.log", true),
            ("a/b.log", true),
            ("a/keep.log", false),
            ("top", true),
            ("a/top", false),
            ("build/x", true),
            ("a/build/x/y", true),
            ("build", false),
            ("docs/a/b.pdf", true),
            ("b.pdf", false),
            ("#x", true),
            ("A.LOG", false),
        ] {
            assert_eq!(ignored(rules, path), is, "{path}");
        }
        assert!(ignored("build/\n!build/keep\n", "build/keep"), "what is in an ignored directory cannot be taken back");
        assert!(!ignored("build/*\n!build/keep\n", "build/keep"));
    }

    #[test]
    fn a_default_can_be_taken_back_and_the_file_itself_is_never_ignored() {
        assert!(!ignored("!*.part\n", "film.part"));
        assert!(!ignored("!Thumbs.db", "a/Thumbs.db"));
        assert!(!ignored("*\n", ".kiteignore") && ignored("*\n", "a/.kiteignore") && ignored("*", "a"));
    }

    #[test]
    fn a_line_that_makes_no_sense_is_named_and_the_others_hold() {
        let (rules, faults) = Rules::parse(b"\xef\xbb\xbf*.log\na{b\n\xff\n*.tmp\n");
        assert_eq!(faults.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3], "{faults:?}");
        assert!(rules.ignores("x.log", false) && rules.ignores("x.tmp", false));
    }
}
