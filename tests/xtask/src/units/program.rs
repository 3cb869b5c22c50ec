//! A program of tests, as cargo reports it in a line of JSON once it is built.

use crate::{Result, place::patient};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Programs that wait nearly all of their time, and how many of their tests run at once.
const WAITING: [(&str, &str); 1] = [("watch", "8")];

/// Packages whose programs only compute, by the clock of a simulator.
const COMPUTING: [&str; 2] = ["tests/sim", "spec/model"];

/// A program of tests.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) name: String,
    source: PathBuf,
    executable: PathBuf,
    /// Of its package: tests run there.
    folder: PathBuf,
}

impl Program {
    /// Reads a line of cargo's; most are about something else.
    ///
    /// # Errors
    /// If it tells of a program of tests, but not all that is needed to run it.
    pub(super) fn parse(line: &str) -> Result<Option<Self>> {
        let Some((_, profile)) = line.split_once("\"profile\":").filter(|_| line.starts_with("{\"reason\":\"compiler-artifact\"")) else {
            return Ok(None);
        };
        let Some(executable) = text(profile, "executable").filter(|_| profile.contains("\"test\":true")) else { return Ok(None) };
        let read = || {
            let target = line.split_once("\"target\":")?.1;
            let folder = Path::new(text(line, "manifest_path")?).parent()?.to_owned();
            let [name, source] = ["name", "src_path"].map(|key| text(target, key));
            Some(Self { name: name?.to_owned(), source: source?.into(), executable: executable.into(), folder })
        };
        read().map(Some).ok_or_else(|| format!("cargo reports a program of tests in another way than before: {line}"))
    }

    /// Names its source and its file, below a folder.
    pub(super) fn shown(&self, root: &Path) -> String {
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let [source, executable] = [&self.source, &self.executable].map(|path| path.strip_prefix(&root).unwrap_or(path).display());
        format!("{source} ({executable})")
    }

    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        command.current_dir(&self.folder);
        if let Some((_, threads)) = WAITING.iter().find(|(name, _)| *name == self.name) {
            command.args(["--test-threads", threads]);
        }
        if COMPUTING.iter().any(|folder| self.folder.ends_with(folder)) { patient(command) } else { command }
    }

    #[cfg(test)]
    pub(super) fn of(name: &str, executable: &str) -> Self {
        Self { name: name.to_owned(), source: format!("{name}.rs").into(), executable: executable.into(), folder: "/".into() }
    }
}

/// The first text under a key. Cargo's names and paths have nothing in them that JSON spells in another way.
fn text<'a>(json: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = json.split_once(&format!("\"{key}\":\""))?;
    rest.split_once('"').map(|(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"reason":"compiler-artifact","package_id":"path+file:///r/cli#kitestring-cli@0.1.0","manifest_path":"/r/cli/Cargo.toml","target":{"kind":["test"],"crate_types":["bin"],"name":"kill","src_path":"/r/cli/tests/kill/main.rs","edition":"2024","doc":false,"doctest":false,"test":true},"profile":{"opt_level":"0","debuginfo":"line-tables-only","debug_assertions":true,"overflow_checks":true,"test":true},"features":[],"filenames":["/r/target/debug/deps/kill-12"],"executable":"/r/target/debug/deps/kill-12","fresh":true}"#;

    #[test]
    fn programs_of_tests_are_read_and_others_are_not() {
        let program = Program::parse(LINE).unwrap().unwrap();
        assert_eq!((program.name.as_str(), &*program.folder), ("kill", Path::new("/r/cli")));
        assert_eq!(program.shown(Path::new("/r")), "cli/tests/kill/main.rs (target/debug/deps/kill-12)");
        let plain = LINE.replace("\"test\":true},\"features\"", "\"test\":false},\"features\"");
        assert_eq!(Program::parse(&plain), Ok(None));
        let library = LINE.replace("\"executable\":\"/r/target/debug/deps/kill-12\"", "\"executable\":null");
        assert_eq!(Program::parse(&library), Ok(None));
        assert_eq!(Program::parse("   Compiling kitestring"), Ok(None));
        assert!(Program::parse(&LINE.replace("src_path", "source")).is_err());
    }

    #[test]
    fn what_waits_runs_many_tests_at_once() {
        let words = |name: &str| Program::of(name, "/bin/true").command().get_args().map(ToOwned::to_owned).collect::<Vec<_>>();
        assert_eq!(words("watch"), ["--test-threads", "8"]);
        assert!(words("kill").is_empty());
    }
}
