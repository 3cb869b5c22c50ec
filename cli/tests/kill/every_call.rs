//! A command, killed at each of its calls in turn, and what must be true afterwards.

use crate::{
    strace::{self, Kill},
    world::{Files, Layout, World},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::{self, Write as _},
};

/// How many points of a scenario may leave an empty directory: those between the last file's way out of it and its
/// removal, which are two, and twice that where a run makes a call more than the next. Directories are no documents,
/// so nobody comes back for it.
const EMPTY: usize = 4;

/// How often both folders are synced until nothing happens any more.
const ROUNDS: usize = 3;

/// How many faults are shown with all files.
const SHOWN: usize = 2;

/// How many bytes of a content are shown.
const MAX_SHOWN: usize = 200;

/// What is tested: a command in a world that was prepared for it.
pub struct Scenario<'a> {
    pub world: &'a World,
    /// The command.
    pub command: &'a [&'a str],
    /// What somebody does who finds it killed.
    pub again: &'a dyn Fn(&World) -> Result<(), String>,
    /// What both folders hold in the end.
    pub expected: Files,
    /// Contents that must be somewhere in the folder, or in its trash, at any time: `(folder, content)`.
    pub safe: &'a [(&'a str, &'a str)],
    /// How many calls the command makes at least, in the classic layout.
    pub floor: usize,
}

impl Scenario<'_> {
    /// Kills the command at each of its calls, and checks.
    pub fn kill_at_every_call(&self, name: &str) {
        self.world.keep();
        let whole = strace::run(&self.world.command(self.command), Kill::Never);
        assert!(whole.status.success(), "without a kill (is ptrace permitted?): {whole:#?}");
        let calls = whole.calls();
        assert!(calls >= self.world.layout.floor(self.floor), "only {calls} calls were seen: {whole:#?}");
        self.recover().unwrap_or_else(|what| panic!("not even killed: {what}"));
        let (mut kills, mut empty, mut faults) = (0, 0, Vec::new());
        let points: Vec<Kill> = (1..=calls).flat_map(|n| self.points_at(n)).collect();
        for kill in points.iter().copied() {
            self.world.put_back();
            let before = ["a", "b"].map(|folder| self.world.files(folder));
            let traced = strace::run(&self.world.command(self.command), kill);
            kills += usize::from(traced.is_killed());
            assert!(traced.is_killed() || traced.status.success(), "{kill}: {traced:#?}");
            let left = listing(self.world);
            if let Err(what) = self.nothing_torn(&before).and_then(|()| self.recover()) {
                let now = listing(self.world);
                let more = if faults.len() < SHOWN { format!("\n  after the kill\n{left}  now\n{now}") } else { String::new() };
                faults.push(format!("{kill}: {what}\n  calls\n{}{more}", traced.last()));
            }
            empty += self.world.empty_directories("a") + self.world.empty_directories("b");
        }
        // Not `eprintln`, which nobody sees as long as the test passes.
        let _ = writeln!(
            io::stderr(),
            "{name}, {}: {calls} calls, {kills} kills, {empty} empty directories left, {} faults",
            self.world.layout.name(),
            faults.len()
        );
        assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
        assert!(empty <= EMPTY, "{empty} empty directories were left");
        // Commits may share a sync in one run and not in the next, so a few points may not be reached.
        assert!(kills + 6 >= points.len(), "only {kills} of {} runs were killed", points.len());
    }

    /// Where to kill at a call. In the journal layout only after it: what there is before the next one is nearly the
    /// same, and takes twice the time.
    fn points_at(&self, n: usize) -> Vec<Kill> {
        match self.world.layout {
            Layout::Classic => vec![Kill::Before(n), Kill::After(n)],
            Layout::Journal | Layout::Sealed => vec![Kill::After(n)],
        }
    }

    /// What is seen right after the kill: every file is as it was in one of the folders, or as it is to be.
    fn nothing_torn(&self, [a, b]: &[Files; 2]) -> Result<(), String> {
        for folder in ["a", "b"] {
            for (path, content) in self.world.files(folder) {
                if [a, b, &self.expected].iter().all(|files| files.get(&path) != Some(&content)) {
                    return Err(format!("{folder}/{path} holds what nobody wrote: {}", shown(&content)));
                }
            }
        }
        let is_json = |path: &str| self.world.layout == Layout::Classic && is_listed(path);
        for (path, content) in self.world.everything("drive").iter().filter(|(path, _)| is_json(path)) {
            serde_json::from_slice::<Value>(content).map_err(|e| format!("drive/{path}: {e}: {}", shown(content)))?;
        }
        self.safe()
    }

    fn safe(&self) -> Result<(), String> {
        for (folder, content) in self.safe {
            if !self.world.everything(folder).iter().any(|(path, c)| !path.starts_with(".kite/tmp/") && c == content.as_bytes()) {
                return Err(format!("`{content}` is nowhere in {folder}, nor in its trash"));
            }
        }
        Ok(())
    }

    /// Goes on after the kill, and checks that all is well.
    fn recover(&self) -> Result<(), String> {
        (self.again)(self.world)?;
        // Else the other devices cannot push until the lock has expired, which takes minutes.
        same("the lock of the killed command on the drive", &self.world.at("drive/lock.json").exists(), &false)?;
        self.settle()?;
        for folder in ["a", "b"] {
            self.same_files(folder)?;
            let status = self.world.kite(&["status", folder])?;
            for (field, value) in [("queued", 0), ("pending", 0), ("conflicts", 0), ("documents", self.expected.len())] {
                same(&format!("{field} of {folder}"), &status[field], &json!(value))?;
            }
            self.no_litter(folder)?;
        }
        if self.world.layout != Layout::Classic {
            // Somebody who comes new reads the drive and nothing else.
            self.world.kite(&self.world.layout.set_up("c"))?;
            self.same_files("c")?;
            return self.safe();
        }
        let docs: BTreeSet<String> = self.expected.keys().map(|id| format!("{}.json", id.replace('/', "%2F"))).collect();
        let found: BTreeSet<String> = self.world.everything("drive/docs").into_keys().filter(|path| is_listed(path)).collect();
        same("the documents on the drive", &found, &docs)?;
        self.safe()
    }

    fn same_files(&self, folder: &str) -> Result<(), String> {
        let (found, expected) = (self.world.files(folder), &self.expected);
        if found == *expected { Ok(()) } else { Err(format!("{folder} holds {:#?}, expected {:#?}", readable(&found), readable(expected))) }
    }

    /// Syncs both folders, a new one too, until nothing happens any more.
    fn settle(&self) -> Result<(), String> {
        let mut last = json!(null);
        for _ in 0..ROUNDS {
            let mut quiet = true;
            for folder in ["a", "b"] {
                let report = self.world.kite(&self.world.layout.set_up(folder))?;
                quiet &= ["pushed", "pulled", "deleted"].iter().all(|count| report[count] == 0);
                last = report;
            }
            if quiet {
                return Ok(());
            }
        }
        Err(format!("it is not quiet after {ROUNDS} rounds: {last}"))
    }

    /// What a killed command left in `.kite` is gone.
    fn no_litter(&self, folder: &str) -> Result<(), String> {
        const OWN: [&str; 5] = [".gitignore", "config.json", "lock", "state.db", "trash"];
        let own = self.world.everything(&format!("{folder}/.kite"));
        let top: BTreeSet<&str> = own.keys().filter_map(|path| path.split('/').next()).collect();
        match top.into_iter().find(|name| !OWN.contains(name)) {
            Some(name) => Err(format!("{folder}/.kite/{name} was left behind")),
            None => Ok(()),
        }
    }
}

/// Whether a file of the drive is one that a listing shows.
fn is_listed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name != ".kite.lock" && !name.starts_with(".~kite-")
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?}, expected {expected:?}")) }
}

fn readable(files: &Files) -> Vec<(String, String)> {
    files.iter().map(|(path, content)| (path.clone(), shown(content))).collect()
}

fn shown(content: &[u8]) -> String {
    String::from_utf8_lossy(&content[..content.len().min(MAX_SHOWN)]).escape_debug().to_string()
}

fn listing(world: &World) -> String {
    let mut listing = String::new();
    for (path, content) in world.everything("").iter().filter(|(path, _)| !path.contains("state.db")) {
        let _ = writeln!(listing, "    {path}: {}", shown(content));
    }
    listing
}
