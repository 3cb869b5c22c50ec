//! Starts the processes of the devices, a few at a time, and kills some of them.

use crate::{
    device::{Done, Task, Work},
    plan::Plan,
};
use bench::Result;
use kitestring_adapters::drives::s3::Place;
use kitestring_servers::{Passed, counting, s3};
use std::{
    ops::Range,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

/// One device in so many is killed in each step, and one of these again.
const KILLED: u64 = 5;
/// How often it is looked whether a process has ended before it is killed.
const LOOK: Duration = Duration::from_millis(5);

/// What a step of all devices came to.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// What was done.
    pub name: String,
    /// By how many devices.
    pub devices: u64,
    /// How many of their processes were killed.
    pub killed: u64,
    /// How many syncs failed and were tried again.
    pub failed: u64,
    /// How many conflicts were settled.
    pub conflicts: u64,
    /// HTTP requests of all of them.
    pub requests: u64,
    /// Bytes to the store and back, with headers.
    pub bytes: (u64, u64),
    /// From the first start to the last end.
    pub wall: Duration,
    /// The longest that one process took that was not killed.
    pub longest: Duration,
    /// The most memory that one process had.
    pub peak_kib: u64,
    /// The most requests that the last sync of a device took.
    pub last_requests: u64,
}

/// All devices, and the drive that they share.
#[derive(Debug)]
pub struct Crowd {
    plan: Plan,
    program: PathBuf,
    homes: PathBuf,
    /// For each process that may run at once: the drive, and what passed on the way to it.
    ways: Vec<(Place, Passed)>,
}

impl Crowd {
    /// Devices that keep what they know below `homes`, of which so many run at once.
    ///
    /// # Errors
    /// If this program does not know where it is.
    pub fn new(plan: Plan, homes: &Path, drive: &Place, at_once: usize) -> Result<Self> {
        let way = |_| {
            let (relay, passed) = counting(drive.endpoint.as_deref().unwrap_or_default());
            (Place { endpoint: Some(relay.trim_end_matches('/').to_owned()), ..drive.clone() }, passed)
        };
        Ok(Self { plan, program: std::env::current_exe()?, homes: homes.to_owned(), ways: (0..at_once).map(way).collect() })
    }

    /// The folder of a device.
    pub fn home(&self, device: u64) -> PathBuf {
        self.homes.join(device.to_string())
    }

    /// Lets these devices do something, and kills some of them on the way.
    ///
    /// # Errors
    /// If one of them fails.
    pub fn step(&self, name: &str, devices: Range<u64>, work: Work) -> Result<Step> {
        let next = AtomicU64::new(devices.start);
        let step = Mutex::new(Step { name: name.to_owned(), devices: devices.end - devices.start, ..Step::default() });
        let began = Instant::now();
        let turns = |way: &(Place, Passed)| -> Result<()> {
            loop {
                let device = next.fetch_add(1, SeqCst);
                if device >= devices.end {
                    return Ok(());
                }
                let longest = step.lock().unwrap_or_else(PoisonError::into_inner).longest;
                let turn = self.turn(way, device, work, longest)?;
                eprintln!(
                    "{name}: device {device}, {:.1} s, {} killed, {:.0} s so far",
                    turn.longest.as_secs_f64(),
                    turn.killed,
                    began.elapsed().as_secs_f64()
                );
                step.lock().unwrap_or_else(PoisonError::into_inner).add(&turn);
            }
        };
        thread::scope(|scope| {
            let running: Vec<_> = self.ways.iter().map(|way| scope.spawn(|| turns(way))).collect();
            running.into_iter().try_for_each(|one| one.join().map_err(|_| "a thread has panicked")?)
        })?;
        let step = step.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Step { wall: began.elapsed(), ..step })
    }

    /// Lets one device do something, from its first process to the one that ends by itself. `usual` is how long that takes.
    fn turn(&self, (drive, passed): &(Place, Passed), device: u64, work: Work, usual: Duration) -> Result<Step> {
        let home = self.home(device);
        std::fs::create_dir_all(&home)?;
        let size = (self.plan.documents, self.plan.devices, self.plan.rounds);
        let home = home.to_string_lossy().into_owned();
        let task = serde_json::to_string(&Task { work, device, size, home, drive: s3::written(drive) })?;
        let mut killed = 0;
        for part in kills(device) {
            killed += u64::from(self.killed(&task, usual.mul_f64(part))?);
        }
        let began = Instant::now();
        let out = self.command(&task).stderr(Stdio::inherit()).output()?;
        if !out.status.success() {
            return Err(format!("device {device} failed at {work:?}").into());
        }
        let Done { conflicts, failed, last_requests, peak_kib } = serde_json::from_slice(&out.stdout)?;
        let longest = if killed == 0 { began.elapsed() } else { Duration::ZERO };
        let (requests, bytes) = (passed.take(), passed.take_bytes());
        Ok(Step { killed, failed, conflicts, requests, bytes, longest, peak_kib, last_requests, ..Step::default() })
    }

    /// Starts a process and kills it after this time; whether it was still running.
    fn killed(&self, task: &str, after: Duration) -> Result<bool> {
        let mut child = self.command(task).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let began = Instant::now();
        while began.elapsed() < after && child.try_wait()?.is_none() {
            thread::sleep(LOOK);
        }
        let was_running = child.try_wait()?.is_none();
        child.kill()?;
        child.wait()?;
        Ok(was_running)
    }

    fn command(&self, task: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["device", task]);
        command
    }
}

/// After which parts of the usual time the processes of a device are killed.
fn kills(device: u64) -> Vec<f64> {
    let part = |of: u64| 0.05 + (of * 37 % 90) as f64 / 100.0;
    match device % (2 * KILLED) {
        3 => vec![part(device)],
        8 => vec![part(device), part(device + 1)],
        _ => Vec::new(),
    }
}

impl Step {
    fn add(&mut self, other: &Self) {
        self.killed += other.killed;
        self.failed += other.failed;
        self.conflicts += other.conflicts;
        self.requests += other.requests;
        self.bytes = (self.bytes.0 + other.bytes.0, self.bytes.1 + other.bytes.1);
        self.longest = self.longest.max(other.longest);
        self.peak_kib = self.peak_kib.max(other.peak_kib);
        self.last_requests = self.last_requests.max(other.last_requests);
    }
}
