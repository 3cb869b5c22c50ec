//! A directory with a drive and some folders in it, and the command run there.

use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// What asks for the classic layout.
pub const CLASSIC: &[&str] = &["--layout", "classic"];

/// The directory, and what the environment of the command holds more than that of the test.
pub struct World(TempDir, Vec<(String, String)>);

/// How a run of the command ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl World {
    /// Makes a directory with these folders in it.
    pub fn new(folders: &[&str]) -> Self {
        let world = Self(tempfile::tempdir().unwrap(), Vec::new());
        for folder in folders {
            fs::create_dir_all(world.at(folder)).unwrap();
        }
        world
    }

    /// The same in memory if possible, where a sync takes less time.
    pub fn in_memory(folders: &[&str]) -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let world = Self(folder.unwrap(), Vec::new());
        for folder in folders {
            fs::create_dir_all(world.at(folder)).unwrap();
        }
        world
    }

    /// Makes a directory with these folders, each set up with the drive `drive` beside them, in the default layout.
    pub fn synced(folders: &[&str]) -> Self {
        Self::synced_in(folders, &[])
    }

    /// The same, in the classic layout: for tests that look at its files.
    pub fn classic(folders: &[&str]) -> Self {
        Self::synced_in(folders, CLASSIC)
    }

    fn synced_in(folders: &[&str], layout: &[&str]) -> Self {
        let world = Self::new(folders);
        for folder in folders {
            world.set_up(folder, layout).expect(0);
        }
        world
    }

    /// Sets a folder up with the drive `drive` beside it.
    pub fn set_up(&self, folder: &str, options: &[&str]) -> Ran {
        self.kite(&[&["sync", folder, "--drive", "drive"], options].concat())
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), content).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.at(path)).unwrap()).into_owned()
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.at(path)).unwrap();
    }

    /// Prepares the command in this directory.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kite"));
        command.args(args).current_dir(self.0.path()).stdin(Stdio::null());
        command.env("XDG_STATE_HOME", self.at("state")).env_remove("KITE_PASSPHRASE").env_remove("KITE_NEW_PASSPHRASE");
        command.envs(self.1.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Sets a variable for every command from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.1.push((name.to_owned(), value.to_owned()));
    }

    pub fn kite(&self, args: &[&str]) -> Ran {
        Ran::of(&mut self.command(args))
    }

    pub fn sync(&self, folder: &str) -> Ran {
        self.kite(&["sync", folder])
    }

    pub fn sync_json(&self, folder: &str) -> Value {
        self.kite(&["sync", folder, "--json"]).json()
    }

    /// The files of a folder, without kite's own, by path.
    pub fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.everything(folder);
        files.retain(|path, _| !path.starts_with(".kite/"));
        files.into_iter().map(|(path, (content, _))| (path, content)).collect()
    }

    /// Every file and directory: its content and the time of its last change.
    pub fn everything(&self, folder: &str) -> BTreeMap<String, (Vec<u8>, std::time::SystemTime)> {
        let mut found = BTreeMap::new();
        collect(&self.at(folder), "", &mut found);
        found
    }

    /// Syncs both ways until both folders have heard of everything.
    pub fn settle(&self, a: &str, b: &str) {
        self.settle_by(a, b, |folder| self.sync(folder));
    }

    /// The same by a sync of one's own.
    pub fn settle_by(&self, a: &str, b: &str, sync: impl Fn(&str) -> Ran) {
        for folder in [a, b, a] {
            sync(folder).expect(0);
        }
        assert_eq!(self.files(a), self.files(b));
    }
}

impl Ran {
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Checks that the output, stderr included, holds all of these.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.out.contains(word) || self.err.contains(word), "{word:?} is missing in {self:#?}");
        }
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:#?}"))
    }
}

fn collect(dir: &Path, prefix: &str, found: &mut BTreeMap<String, (Vec<u8>, std::time::SystemTime)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let changed = entry.metadata().unwrap().modified().unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.insert(format!("{path}/"), (Vec::new(), changed));
            collect(&entry.path(), &format!("{path}/"), found);
        } else if entry.file_type().unwrap().is_file() {
            found.insert(path, (fs::read(entry.path()).unwrap(), changed));
        }
    }
}
