//! What a piece of work costs: time, CPU, requests, bytes.

use crate::Result;
use kitestring::{Bytes, Report, Requests};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::{
    ops::Add,
    time::{Duration, Instant},
};

/// What a piece of work cost.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(from = "Flat", into = "Flat")]
pub struct Cost {
    /// Wall time.
    pub wall: Duration,
    /// User and system time of all threads of the process.
    pub cpu: Duration,
    /// Requests to the drive, by kind.
    pub requests: Requests,
    /// Bytes of file content.
    pub bytes: Bytes,
}

impl Cost {
    /// Returns the lower times of two runs of the same work; what is counted is the later run's.
    #[must_use]
    pub fn better(self, later: Self) -> Self {
        Self { wall: self.wall.min(later.wall), cpu: self.cpu.min(later.cpu), ..later }
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (a, b) = (self.requests, other.requests);
        Self {
            wall: self.wall + other.wall,
            cpu: self.cpu + other.cpu,
            requests: Requests { get: a.get + b.get, put: a.put + b.put, delete: a.delete + b.delete, list: a.list + b.list },
            bytes: Bytes { sent: self.bytes.sent + other.bytes.sent, received: self.bytes.received + other.bytes.received },
        }
    }
}

/// The form in which child processes, the peer's script among them, print a cost.
#[derive(Serialize, Deserialize)]
struct Flat {
    wall_ms: f64,
    cpu_ms: f64,
    get: u64,
    put: u64,
    delete: u64,
    list: u64,
    sent: u64,
    received: u64,
}

impl From<Flat> for Cost {
    fn from(f: Flat) -> Self {
        let ms = |n: f64| Duration::from_secs_f64(n.max(0.0) / 1000.0);
        let requests = Requests { get: f.get, put: f.put, delete: f.delete, list: f.list };
        Self { wall: ms(f.wall_ms), cpu: ms(f.cpu_ms), requests, bytes: Bytes { sent: f.sent, received: f.received } }
    }
}

impl From<Cost> for Flat {
    fn from(cost: Cost) -> Self {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let Requests { get, put, delete, list } = cost.requests;
        let Bytes { sent, received } = cost.bytes;
        Self { wall_ms: ms(cost.wall), cpu_ms: ms(cost.cpu), get, put, delete, list, sent, received }
    }
}

/// Takes the time of some work.
#[derive(Debug)]
pub struct Stopwatch {
    begun: Instant,
    cpu: Duration,
}

impl Stopwatch {
    /// Begins.
    pub fn start() -> Self {
        Self { begun: Instant::now(), cpu: process_cpu() }
    }

    /// Ends, with what a sync reported.
    pub fn stop(&self, report: &Report) -> Cost {
        let cpu = process_cpu().saturating_sub(self.cpu);
        Cost { wall: self.begun.elapsed(), cpu, requests: report.requests, bytes: report.bytes }
    }

    /// Ends the timing of work without a sync.
    pub fn time(&self) -> Cost {
        self.stop(&Report::default())
    }
}

/// Returns the user and system time of all threads of this process.
fn process_cpu() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

/// Returns the user and system time of the child processes that have ended and were waited for, in steps of 10 ms.
///
/// # Errors
/// On a system that is not Linux.
pub fn children_cpu() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // After the program's name, which may hold anything, come the fields from the third on; these are 16 and 17.
    let (_, fields) = stat.rsplit_once(')').ok_or("this system tells no times of child processes")?;
    let ticks = fields.split_whitespace().skip(13).take(2).map(str::parse::<u64>).sum::<std::result::Result<u64, _>>()?;
    Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_costs_cpu_and_waiting_does_not() {
        let watch = Stopwatch::start();
        std::thread::sleep(Duration::from_millis(100));
        let waited = watch.time();
        assert!(waited.wall >= Duration::from_millis(100));
        let watch = Stopwatch::start();
        while watch.time().wall < Duration::from_millis(100) {}
        assert!(watch.time().cpu > waited.cpu);
        assert!(children_cpu().is_ok());
    }
}
