//! One run of one side: a client process is told the steps, one after the other.

use crate::{
    server::{Served, stored},
    side::{Place, Programs, Side},
    step::{Cost, Cut, Run, SAVES, Step},
};
use bench::{Result, workload::Note};
use serde::Deserialize;
use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

/// How long a step may take.
pub const LIMIT: Duration = Duration::from_secs(120);

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub struct Task {
    /// Who, and where.
    pub side: Side,
    /// How many documents.
    pub count: u64,
    /// How long each request waits.
    pub wait: Duration,
}

/// A client process.
struct Client {
    child: Child,
    lines: Receiver<String>,
    errors: PathBuf,
}

/// What a client answers.
#[derive(Deserialize)]
struct Answer {
    #[serde(flatten)]
    cost: Cost,
    stored: Option<u64>,
    #[serde(default)]
    peak_kib: u64,
}

/// Runs it in a folder of its own below `work`.
///
/// # Errors
/// If a program is missing or fails, or its devices do not end up the same.
pub fn run(task: Task, programs: &Programs, work: &Path) -> Result<Run> {
    let home = tempfile::tempdir_in(work)?;
    write_notes(home.path(), task.count)?;
    let server = match task.side.place {
        Place::Http => Some(Served::start(task.side.peer, task.wait, programs, home.path())?),
        Place::Memory | Place::Folder => None,
    };
    let drive = home.path().join("drive");
    let (whereto, files) = match (&server, task.side.place) {
        (Some(server), _) => (server.url.clone(), Some(server.files.clone())),
        (None, Place::Folder) => {
            fs::create_dir(&drive)?;
            (drive.to_string_lossy().into_owned(), Some(drive))
        }
        (None, _) => ("-".to_owned(), None),
    };
    let mut client = Client::start(task, programs, home.path(), &whereto)?;
    client.steps(server.as_ref(), files.as_deref())
}

impl Client {
    fn start(task: Task, programs: &Programs, home: &Path, whereto: &str) -> Result<Self> {
        let (words, option) = programs.command(task.side.peer, task.count);
        let (program, before) = words.split_first().ok_or("no command")?;
        let errors = home.join("errors");
        let mut command = Command::new(program);
        command.args(before).arg(home).args([task.side.place.word(), whereto, &task.wait.as_millis().to_string()]).args(option);
        // Memory comes in small pages: to clear a huge one takes longer than some of the steps.
        command
            .env("MIMALLOC_ALLOW_THP", "0")
            .env("KITESTRING", programs.package())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&errors)?);
        let mut child = command.spawn().map_err(|e| format!("{}: {e}", program.display()))?;
        let out = child.stdout.take().ok_or("no output")?;
        let (said, lines) = channel();
        thread::spawn(move || BufReader::new(out).lines().map_while(std::result::Result::ok).try_for_each(|line| said.send(line)));
        Ok(Self { child, lines, errors })
    }

    /// Takes every step, and counts what passes the server's relay.
    fn steps(&mut self, server: Option<&Served>, files: Option<&Path>) -> Result<Run> {
        let mut run = Run::default();
        for step in Step::ALL {
            if let Some(server) = server {
                server.passed.take();
                server.passed.take_bytes();
            }
            let Some(mut answer) = self.ask(step.word())? else {
                run.cut = Some(Cut { at: step, why: format!("took more than {} s", LIMIT.as_secs()) });
                return Ok(run);
            };
            if let Some(server) = server {
                answer.cost.requests = server.passed.take();
                (answer.cost.up, answer.cost.down) = server.passed.take_bytes();
            }
            run.steps.insert(step, answer.cost);
            if step == Step::W1 {
                run.stored_first = size(&answer, files)?;
            }
        }
        let answer = self.ask("end")?.ok_or("the end took too long")?;
        (run.peak_kib, run.stored_last) = (answer.peak_kib, size(&answer, files)?);
        Ok(run)
    }

    /// Returns the answer; none if it takes too long.
    fn ask(&mut self, word: &str) -> Result<Option<Answer>> {
        let told = self.child.stdin.as_mut().map(|input| writeln!(input, "{word}"));
        let line = self.lines.recv_timeout(LIMIT);
        match (told, line) {
            (_, Err(RecvTimeoutError::Timeout)) => Ok(None),
            (Some(Ok(())), Ok(line)) => Ok(Some(serde_json::from_str(&line)?)),
            _ => Err(format!("{word} failed: {}", fs::read_to_string(&self.errors)?).into()),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(answer: &Answer, files: Option<&Path>) -> Result<u64> {
    answer.stored.map_or_else(|| files.map_or(Ok(0), stored), Ok)
}

/// Writes what the clients set, for those that cannot make it themselves.
fn write_notes(home: &Path, count: u64) -> Result<()> {
    write(&home.join("documents.ndjson"), (0..count).map(|i| (i, 0)))?;
    let small = [(7, 1)].into_iter().chain((100..200).map(|i| (i, 1))).chain((190..290).map(|i| (i, 2)));
    write(&home.join("edits.ndjson"), small.chain((0..100).map(|i| (i, 1 + SAVES))))
}

fn write(file: &Path, notes: impl Iterator<Item = (u64, u64)>) -> Result<()> {
    let mut out = BufWriter::new(File::create(file)?);
    for (i, v) in notes {
        writeln!(out, "{}", Note::new(i, v).document())?;
    }
    Ok(out.flush()?)
}
