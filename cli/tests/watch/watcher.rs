//! A running `kite watch`, and what it has said so far.

use crate::world::{CLASSIC, World};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

/// How long anything that must happen may take; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(20);

type Lines = Arc<Mutex<Vec<String>>>;

/// A running watch; it is killed when dropped.
pub struct Watcher {
    child: Child,
    out: Lines,
    err: Lines,
}

/// Waits until something holds.
#[track_caller]
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "{what}: not in {PATIENCE:?}");
        thread::sleep(PAUSE);
    }
}

/// The files of a folder, without kite's own, while they come and go.
pub fn files(w: &World, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut dirs = vec![String::new()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(w.at(folder).join(&dir)).into_iter().flatten().flatten() {
            let path = format!("{dir}{}", entry.file_name().to_string_lossy());
            match fs::read(entry.path()) {
                Ok(content) => drop(found.insert(path, content)),
                Err(_) if path != ".kite" => dirs.push(format!("{path}/")),
                Err(_) => {}
            }
        }
    }
    found
}

/// Waits until both folders hold the same files.
#[track_caller]
pub fn until_same(w: &World, a: &str, b: &str) {
    until("both folders are the same", || files(w, a) == files(w, b));
}

impl Watcher {
    /// Starts to watch `folder`, which syncs with `drive` beside it, and waits until the first sync is over.
    pub fn start(w: &World, folder: &str) -> Self {
        Self::start_with(w, folder, &["--drive", "drive"])
    }

    /// The same, in the classic layout: for tests that look at its files.
    pub fn start_classic(w: &World, folder: &str) -> Self {
        Self::start_with(w, folder, &[&["--drive", "drive"], CLASSIC].concat())
    }

    pub fn start_with(w: &World, folder: &str, args: &[&str]) -> Self {
        let watcher = Self::spawn(w, folder, args);
        watcher.until_said("watching");
        watcher
    }

    /// Starts to watch, and waits for nothing. The drive is looked at once an hour, unless `args` say otherwise: what is
    /// noticed earlier was noticed by itself.
    pub fn spawn(w: &World, folder: &str, args: &[&str]) -> Self {
        let every: &[&str] = if args.contains(&"--every") { &[] } else { &["--every", "3600"] };
        Self::run(&mut w.command(&[&["watch", folder, "--json", "-v"], every, args].concat()))
    }

    pub fn run(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (collect(child.stdout.take().unwrap()), collect(child.stderr.take().unwrap()));
        Self { child, out, err }
    }

    /// Every event of this name so far.
    pub fn events(&self, name: &str) -> Vec<Value> {
        let parse = |line: &String| serde_json::from_str::<Value>(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        self.out.lock().unwrap().iter().map(parse).filter(|event| event["event"] == name).collect()
    }

    /// How many syncs there were so far, those that found nothing to do too: each leaves a line in the log.
    pub fn syncs(&self) -> usize {
        self.err.lock().unwrap().iter().filter(|line| line.starts_with("Info: synced: ")).count()
    }

    /// Waits until it has said this, and says what.
    #[track_caller]
    pub fn until_said(&self, name: &str) -> Value {
        until(name, || !self.events(name).is_empty());
        self.events(name)[0].clone()
    }

    /// Waits until no sync has taken place for 3 seconds, and returns how many there were.
    #[track_caller]
    pub fn until_idle(&self) -> usize {
        let started = Instant::now();
        loop {
            let before = self.syncs();
            thread::sleep(Duration::from_secs(3));
            if self.syncs() == before {
                return before;
            }
            assert!(started.elapsed() < PATIENCE, "it never rests");
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.pid().to_string()]).status().unwrap().success());
    }

    /// Waits until it has ended by itself, and returns the exit code and everything it wrote.
    #[track_caller]
    pub fn end(&mut self) -> (Option<i32>, String) {
        let status = self.ended();
        until("the output ends", || Arc::strong_count(&self.out) == 1 && Arc::strong_count(&self.err) == 1);
        let text = |lines: &Lines| lines.lock().unwrap().join("\n");
        (status.code(), format!("{}\n{}", text(&self.out), text(&self.err)))
    }

    #[track_caller]
    fn ended(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "it does not end");
            thread::sleep(PAUSE);
        }
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("watch {}:\n{}\n{}", self.pid(), self.out.lock().unwrap().join("\n"), self.err.lock().unwrap().join("\n"));
        }
    }
}

fn collect(from: impl Read + Send + 'static) -> Lines {
    let lines = Lines::default();
    let theirs = lines.clone();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            theirs.lock().unwrap().push(line);
        }
    });
    lines
}
