//! A directory with a drive and the folders `a` and `b`, which can be put back to what it was.

use crate::patience;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// How the vault is laid out on the drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    Classic,
    Journal,
    /// The journal, sealed with the key in the file `key`.
    Sealed,
}

impl Layout {
    pub fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Journal => "journal",
            Self::Sealed => "journal, sealed",
        }
    }

    /// How many calls a command makes at least that makes as many in the classic layout.
    pub fn floor(self, classic: usize) -> usize {
        match self {
            Self::Classic => classic,
            Self::Journal | Self::Sealed => classic / 2,
        }
    }

    /// The command that syncs a folder, setting it up if need be.
    pub fn set_up(self, folder: &str) -> Vec<&str> {
        let how = match self {
            Self::Classic | Self::Journal => ["--layout", self.name()],
            Self::Sealed => ["--key-file", "key"],
        };
        [["sync", folder, "--drive", "drive"].as_slice(), &how].concat()
    }
}

/// Files by path: their contents.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The directory: `work` in it, and `kept` to put it back from. Both have always the same path, because a folder
/// remembers that of its drive.
pub struct World {
    dir: TempDir,
    pub layout: Layout,
}

impl World {
    /// Makes a directory with two empty folders, in memory if possible: no power is cut here.
    pub fn new(layout: Layout) -> Self {
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let world = Self { dir: dir.unwrap(), layout };
        for folder in ["a", "b", "c"] {
            fs::create_dir_all(world.at(folder)).unwrap();
        }
        if layout == Layout::Sealed {
            world.write("key", "5".repeat(64));
            fs::set_permissions(world.at("key"), fs::Permissions::from_mode(0o600)).unwrap();
        }
        world
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join("work").join(path)
    }

    /// Remembers the directory as it is.
    pub fn keep(&self) {
        self.copy("work", "kept");
    }

    /// Makes the directory what it was. Each `.kite` stays the same directory: another would be taken for a copy.
    pub fn put_back(&self) {
        for entry in entries(&self.at("")) {
            let own = entry.path().join(".kite");
            if own.is_dir() && self.dir.path().join("kept").join(entry.file_name()).join(".kite").is_dir() {
                entries(&entry.path()).filter(|inside| inside.file_name() != ".kite").for_each(|inside| remove(&inside));
                entries(&own).for_each(|inside| remove(&inside));
            } else {
                remove(&entry);
            }
        }
        self.copy("kept/.", "work");
    }

    fn copy(&self, from: &str, to: &str) {
        let (from, to) = (self.dir.path().join(from), self.dir.path().join(to));
        assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), content).unwrap();
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.at(path)).unwrap();
    }

    pub fn rename(&self, from: &str, to: &str) {
        fs::rename(self.at(from), self.at(to)).unwrap();
    }

    /// Prepares the command in this directory.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kite"));
        command.args(args).current_dir(self.at("")).stdin(Stdio::null());
        command.env("XDG_STATE_HOME", self.at("state"));
        command
    }

    /// Runs a command that must succeed, and returns what it says.
    pub fn kite(&self, args: &[&str]) -> Result<Value, String> {
        let output = patience::output(self.command(args).arg("--json")).map_err(|hung| format!("`kite {}`: {hung}", args.join(" ")))?;
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        match serde_json::from_str(&out) {
            Ok(value) if output.status.code() == Some(0) => Ok(value),
            _ => Err(format!("`kite {}` ended with {}: {out}{err}", args.join(" "), output.status)),
        }
    }

    /// Every file below a directory of this one.
    pub fn everything(&self, dir: &str) -> Files {
        let mut found = Files::new();
        collect(&self.at(dir), "", &mut found);
        found
    }

    /// The files of a folder, without kite's own.
    pub fn files(&self, folder: &str) -> Files {
        let mut files = self.everything(folder);
        files.retain(|path, _| !path.starts_with(".kite/"));
        files
    }

    /// The directories of a folder, without kite's own, that no file is in.
    pub fn empty_directories(&self, folder: &str) -> usize {
        let files = self.files(folder);
        let is_empty = |dir: &&String| !files.keys().any(|path| path.starts_with(&format!("{dir}/")));
        let mut found = Vec::new();
        directories(&self.at(folder), "", &mut found);
        found.iter().filter(|dir| !dir.starts_with(".kite")).filter(is_empty).count()
    }
}

fn collect(dir: &Path, prefix: &str, found: &mut Files) {
    for entry in entries(dir) {
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &format!("{path}/"), found);
        } else {
            found.insert(path, fs::read(entry.path()).unwrap());
        }
    }
}

fn directories(dir: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in entries(dir).filter(|entry| entry.file_type().unwrap().is_dir()) {
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        directories(&entry.path(), &format!("{path}/"), found);
        found.push(path);
    }
}

fn remove(entry: &fs::DirEntry) {
    let is_dir = entry.file_type().unwrap().is_dir();
    if is_dir { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) }.unwrap();
}

fn entries(dir: &Path) -> impl Iterator<Item = fs::DirEntry> {
    fs::read_dir(dir).into_iter().flatten().flatten()
}
