//! Where one test takes place: an empty storage and its clients.

use crate::{Caller, Candidate, Check, Stop, Storage};
use futures::executor::block_on;
use std::{
    env, fmt,
    path::Path,
    process::Command,
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

/// Names the candidate, the part to play, the address and the test's own folder in a process that a test starts.
pub(crate) const PART: &str = "KITESTRING_CONFORMANCE_PART";

/// An empty storage and its clients.
pub struct Stage<'a> {
    candidate: &'a Candidate,
    storage: Storage,
}

impl<'a> Stage<'a> {
    /// Makes an empty storage.
    ///
    /// # Errors
    /// Broken if that fails.
    pub fn new(candidate: &'a Candidate) -> Check<Self> {
        Ok(Self { candidate, storage: block_on((candidate.make)())? })
    }

    /// Returns the first client.
    pub fn caller(&self) -> Caller {
        Caller(self.storage.drive.clone())
    }

    /// Returns another client of the same storage, or the first one again if there can be no other.
    ///
    /// # Errors
    /// Broken if it cannot be opened.
    pub fn another(&self) -> Check<Caller> {
        Ok(Caller(self.storage.again.as_ref().map_or_else(|| Ok(self.storage.drive.clone()), |again| again())?))
    }

    /// Takes the root away.
    ///
    /// # Errors
    /// Skipped if nobody knows how.
    pub fn unmount(&self) -> Check {
        let lacking = || Stop::Skipped("its root cannot be taken away in a test".to_owned());
        Ok(self.storage.unmount.as_ref().ok_or_else(lacking)?()?)
    }

    /// Runs `act` in as many threads at once, each with a client of its own, and returns what they answered.
    ///
    /// # Errors
    /// Broken if a client cannot be opened or a thread dies.
    pub fn race<T: Send>(&self, racers: usize, act: impl Fn(usize, &Caller) -> T + Sync) -> Check<Vec<T>> {
        let callers = (0..racers).map(|_| self.another()).collect::<Check<Vec<_>>>()?;
        let (barrier, act) = (Barrier::new(racers), &act);
        thread::scope(|scope| {
            let start = |(n, caller): (usize, Caller)| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    act(n, &caller)
                })
            };
            let threads: Vec<_> = callers.into_iter().enumerate().map(start).collect();
            let died = |_| Stop::Broken("a call panicked".to_owned());
            threads.into_iter().map(|t| t.join().map_err(died)).collect()
        })
    }

    /// Reads with one client while another writes, and goes on until each has done so `times` times.
    ///
    /// # Errors
    /// What either of them found.
    pub fn beside(&self, times: usize, write: impl Fn(&Caller, usize) -> Check + Sync, read: impl Fn(&Caller) -> Check + Sync) -> Check {
        let (written, ended) = (AtomicUsize::new(0), AtomicBool::new(false));
        let answers = self.race(2, |n, caller| {
            let done = if n == 0 {
                (1..).take_while(|_| !ended.load(Relaxed)).try_for_each(|n| {
                    written.store(n, Relaxed);
                    write(caller, n)
                })
            } else {
                let enough = |n: usize| n >= times && written.load(Relaxed) >= times;
                (0..).take_while(|n| !enough(*n) && !ended.load(Relaxed)).try_for_each(|_| read(caller))
            };
            ended.store(true, Relaxed);
            done
        })?;
        answers.into_iter().collect()
    }

    /// Makes the command that plays `part` in another process, with a folder of the test's own.
    ///
    /// # Errors
    /// Skipped if no other process can reach the storage.
    pub fn process(&self, part: &str, folder: &Path) -> Check<Command> {
        let lacking = || Stop::Skipped("no other process can reach it".to_owned());
        let address = self.storage.address.as_ref().filter(|_| self.candidate.open.is_some()).ok_or_else(lacking)?;
        let mut command = Command::new(env::current_exe()?);
        command.env(PART, [&self.candidate.name, part, address, &folder.to_string_lossy()].join("\n"));
        Ok(command)
    }
}

impl fmt::Debug for Stage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stage").field("storage", &self.storage).finish_non_exhaustive()
    }
}

/// Waits until something is so, at most for half a minute.
pub(crate) fn wait_until(what: &str, so: impl Fn() -> bool) -> Check {
    let begun = Instant::now();
    while !so() {
        ensure!(begun.elapsed() < Duration::from_secs(30), "waited for half a minute until {what}");
        thread::sleep(Duration::from_micros(300));
    }
    Ok(())
}
