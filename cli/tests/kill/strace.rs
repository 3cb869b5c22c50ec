//! Stopping a process at its n-th call, and killing it there.
//!
//! `strace` alone counts per thread, and its signals arrive on entering a call. So every call is made to stop the
//! process, which the kernel does right after the call, and is counted here, over all threads. To kill on entering the
//! next call, a second `strace` takes the place of the first while the process is stopped.

use crate::patience;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fmt, fs,
    io::{BufRead as _, BufReader, Read},
    os::unix::process::ExitStatusExt as _,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        OnceLock,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

/// The calls after which something may be different for whoever comes next.
const CALLS: &str = "rename,renameat,renameat2,fsync,fdatasync,syncfs,unlink,unlinkat,rmdir,link,linkat,mkdir,mkdirat";

/// How long a process may do nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a tracer may take to come or go, and how often one is tried.
const MOMENT: Duration = Duration::from_secs(5);
const ATTEMPTS: u32 = 3;

/// After what silence all threads have stopped.
const SETTLED: Duration = Duration::from_millis(200);

/// Where to kill, counting calls from 1.
#[derive(Debug, Clone, Copy)]
pub enum Kill {
    Never,
    Before(usize),
    After(usize),
}

/// How a process under `strace` ended.
#[derive(Debug)]
pub struct Traced {
    pub status: ExitStatus,
    /// Every call, as `strace` shows it, with whatever the process wrote to its stderr.
    pub lines: Vec<String>,
}

impl Traced {
    pub fn is_killed(&self) -> bool {
        self.status.signal() == Some(Signal::KILL.as_raw())
    }

    /// The calls that were finished.
    pub fn calls(&self) -> usize {
        self.lines.iter().filter(|line| is_stop(line)).count()
    }

    /// What the process last did.
    pub fn last(&self) -> String {
        let told: Vec<_> = self.lines.iter().filter(|line| line.contains('(') && !line.contains("--- ")).collect();
        told.iter().rev().take(3).rev().map(|line| format!("    {line}\n")).collect()
    }
}

impl fmt::Display for Kill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => write!(f, "not killed"),
            Self::Before(n) => write!(f, "killed before call {n}"),
            Self::After(n) => write!(f, "killed after call {n}"),
        }
    }
}

/// Runs a command and kills it.
pub fn run(command: &Command, kill: Kill) -> Traced {
    demand();
    match kill {
        Kill::Never => Process::start(command, "STOP").run_until(usize::MAX).end(),
        Kill::After(n) => {
            let process = Process::start(command, "STOP").run_until(n);
            process.signal(Signal::KILL);
            process.end()
        }
        Kill::Before(1) => Process::start(command, "KILL").end(),
        Kill::Before(n) => Process::start(command, "STOP").run_until(n - 1).kill_at_next().end(),
    }
}

/// A process that `strace` watches.
struct Process {
    child: Child,
    pid: Pid,
    ended: bool,
    lines: Vec<String>,
    from: Receiver<String>,
}

impl Process {
    /// Starts a command, to receive a signal on entering each call.
    fn start(command: &Command, signal: &str) -> Self {
        let mut strace = Command::new("strace");
        // With -D the command is our child, and `strace` its tracer only: it can go and leave the process alone.
        strace.arg("-D").args(options(signal)).arg("--").arg(command.get_program()).args(command.get_args());
        strace.current_dir(command.get_current_dir().unwrap());
        strace.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut child = strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let from = lines(child.stderr.take().unwrap());
        let pid = Pid::from_child(&child);
        Self { child, pid, ended: false, lines: Vec::new(), from }
    }

    /// Lets it go on until it has stopped after its `n`-th call, or has ended.
    fn run_until(mut self, n: usize) -> Self {
        let mut seen = 0;
        while let Some(line) = self.line() {
            if is_stop(&line) {
                seen += 1;
                if seen == n {
                    return self;
                }
                self.signal(Signal::CONT);
            }
        }
        self
    }

    /// Replaces the tracer by one that kills the stopped process on entering its next call.
    fn kill_at_next(mut self) -> Self {
        self.wait_until_stopped();
        if self.ended {
            return self;
        }
        let first = self.tracers().into_iter().next().and_then(Pid::from_raw).unwrap();
        kill_process(first, Signal::KILL).unwrap();
        assert!(self.is_soon(|tracers| tracers.iter().all(|t| *t == 0)), "the tracer does not go: {:#?}", self.lines);
        for _ in 0..ATTEMPTS {
            let mut strace = Command::new("strace");
            strace.args(options("KILL")).args(["-p", &self.pid.as_raw_nonzero().to_string()]);
            let mut second = strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            self.from = lines(second.stderr.take().unwrap());
            let is_taken = self.is_soon(|tracers| !tracers.contains(&0));
            if is_taken {
                self.signal(Signal::CONT);
            } else {
                second.kill().unwrap();
            }
            while self.line().is_some() {}
            second.wait().unwrap();
            if is_taken {
                return self;
            }
            self.ended = false;
        }
        panic!("no tracer takes the process (is ptrace permitted?): {:#?}", self.lines);
    }

    /// Waits until every thread has said that it is stopped: only then is its tracer not missed.
    fn wait_until_stopped(&mut self) {
        let mut stopped = 0;
        while stopped == 0 || stopped < self.tracers().len() {
            // The last one may have said so before, or may be ending.
            let patience = if stopped == 0 { PATIENCE } else { SETTLED };
            match self.from.recv_timeout(patience) {
                Ok(line) => {
                    stopped += usize::from(line.contains("--- stopped by SIGSTOP ---"));
                    self.lines.push(line);
                }
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => {
                    self.ended = true;
                    return;
                }
            }
        }
    }

    fn end(mut self) -> Traced {
        while self.line().is_some() {}
        let status = patience::wait(&mut self.child).unwrap_or_else(|hung| panic!("{hung}{:#?}", self.lines));
        self.ended = true;
        Traced { status, lines: std::mem::take(&mut self.lines) }
    }

    /// The next line of `strace`; none when the process has ended.
    fn line(&mut self) -> Option<String> {
        match self.from.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.lines.push(line.clone());
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.ended = true;
                None
            }
            Err(RecvTimeoutError::Timeout) => panic!("nothing happened for {PATIENCE:?}: {:#?}", self.lines),
        }
    }

    /// The tracer of each thread, 0 for none.
    fn tracers(&self) -> Vec<i32> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.pid.as_raw_nonzero())).into_iter().flatten();
        let status = |task: fs::DirEntry| fs::read_to_string(task.path().join("status")).unwrap_or_default();
        let tracer = |status: String| status.lines().find_map(|l| l.strip_prefix("TracerPid:")?.trim().parse().ok());
        tasks.flatten().filter_map(|task| tracer(status(task))).collect()
    }

    /// Waits a moment for this to be true of the threads' tracers.
    fn is_soon(&self, is: impl Fn(&[i32]) -> bool) -> bool {
        let begun = Instant::now();
        while !is(&self.tracers()) {
            if begun.elapsed() > MOMENT {
                return false;
            }
            thread::sleep(Duration::from_millis(1));
        }
        true
    }

    fn signal(&self, signal: Signal) {
        // It may have ended by itself.
        let _ = kill_process(self.pid, signal);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.child.kill();
            // Nobody hears of its end as long as a tracer keeps it.
            for tracer in self.tracers().into_iter().filter_map(Pid::from_raw) {
                let _ = kill_process(tracer, Signal::KILL);
            }
            let _ = patience::wait(&mut self.child);
        }
    }
}

fn options(signal: &str) -> [String; 6] {
    let inject = format!("inject={CALLS}:signal={signal}");
    ["-f".into(), "-q".into(), "-e".into(), format!("trace={CALLS}"), "-e".into(), inject]
}

fn is_stop(line: &str) -> bool {
    line.contains("--- SIGSTOP {")
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (to, lines) = channel();
    thread::spawn(move || BufReader::new(from).lines().map_while(Result::ok).try_for_each(|line| to.send(line)));
    lines
}

/// Sees to it that `strace` is there: without it nothing would be tested.
fn demand() {
    static FOUND: OnceLock<()> = OnceLock::new();
    FOUND.get_or_init(|| {
        let runs = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
        let found = || runs(Command::new("strace").arg("-V"));
        if !found() && rustix::process::geteuid().is_root() {
            runs(Command::new("apt-get").args(["install", "-y", "strace"]));
        }
        assert!(found(), "this test needs strace, which is not installed here (Debian: `apt-get install strace`)");
    });
}

#[test]
fn a_call_is_made_or_not_as_the_kill_says() {
    for (kill, made, is_killed) in [
        (Kill::Before(1), 0, true),
        (Kill::After(1), 1, true),
        (Kill::Before(3), 2, true),
        (Kill::After(3), 3, true),
        (Kill::Before(4), 3, false),
        (Kill::Never, 3, false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut mkdir = Command::new("mkdir");
        let traced = run(mkdir.args(["1", "2", "3"]).current_dir(dir.path()), kill);
        assert_eq!((fs::read_dir(dir.path()).unwrap().count(), traced.is_killed()), (made, is_killed), "{kill}: {traced:#?}");
    }
}
