//! What several of these tests need: paths, and the test binary run again as another process.
#![allow(dead_code, reason = "each test binary uses a part of this")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use kitestring::DrivePath;
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

const CHILD: &str = "KITESTRING_TEST_CHILD";

pub fn path(text: &str) -> DrivePath {
    DrivePath::new(text).unwrap()
}

/// The folder to work in, if this process was started by [`child`].
pub fn child_home() -> Option<PathBuf> {
    env::var_os(CHILD).map(PathBuf::from)
}

/// Runs this very test in another process, where [`child_home`] returns `home`.
pub fn child(test: &str, home: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(CHILD, home);
    command
}

/// Like [`child`], without the powers of the superuser, whom no permission stops.
#[cfg(unix)]
pub fn plain_child(test: &str, home: &Path) -> Command {
    use std::os::unix::{fs::MetadataExt as _, process::CommandExt as _};
    let mut command = child(test, home);
    if std::fs::metadata(home).unwrap().uid() == 0 {
        command.uid(65534).gid(65534);
    }
    command
}
