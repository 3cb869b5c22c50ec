//! The thread that writes, and group commit.
//!
//! Syncing the disk is what a commit costs, however much it writes. So the thread takes every batch that queued up while
//! the last commit ran into one transaction, and answers all of them after its commit. If that fails, each batch is
//! tried alone, so that a bad one fails alone.

use super::{fault::state, stopped, store::Store};
use futures::channel::oneshot;
use kitestring::{ErrorKind, Result, StateRecord};
use std::{
    slice,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
};

/// How many batches share a commit at most.
const SHARE: usize = 1024;
/// From how many bytes on a commit takes no further batch.
const SHARE_BYTES: usize = 8 * 1024 * 1024;

/// A batch and who waits for it.
struct Job {
    batch: Vec<StateRecord>,
    done: oneshot::Sender<Result<()>>,
}

impl Job {
    fn bytes(&self) -> usize {
        self.batch.iter().map(|r| r.key.len() + r.value.as_ref().map_or(0, Vec::len)).sum()
    }

    /// Answers; nobody may be waiting any more.
    fn answer(self, result: Result<()>) {
        let _ = self.done.send(result);
    }
}

/// The queue to the thread.
pub(super) struct Writer {
    /// None only while it is dropped.
    queue: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    store: Arc<Store>,
    commits: Arc<AtomicU64>,
}

impl Writer {
    pub(super) fn start(store: Arc<Store>) -> Result<Self> {
        let (queue, jobs) = channel();
        let commits = Arc::new(AtomicU64::new(0));
        let path = store.path().to_owned();
        let desk = Desk { store: store.clone(), commits: Arc::clone(&commits) };
        let thread = thread::Builder::new().name("kitestring-state".to_owned()).spawn(move || desk.work(&jobs)).map_err(|e| {
            state("open", &path, ErrorKind::State, "the system gives this program no further thread: close something").caused_by(e)
        })?;
        Ok(Self { queue: Some(queue), thread: Some(thread), store, commits })
    }

    /// Queues a batch; the receiver is told when it is on the disk.
    pub(super) fn queue(&self, batch: Vec<StateRecord>) -> Result<oneshot::Receiver<Result<()>>> {
        let (done, committed) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.send(Job { batch, done }).map_err(|_| stopped())?;
        Ok(committed)
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Relaxed)
    }
}

impl Drop for Writer {
    /// Lets the thread finish what is queued, waits for it, and closes the file: a read that nobody waits for any more
    /// must not keep it from being opened again.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.store.close();
    }
}

/// What the thread owns.
struct Desk {
    store: Arc<Store>,
    commits: Arc<AtomicU64>,
}

impl Desk {
    fn work(self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            self.settle(gather(first, jobs));
        }
    }

    fn settle(&self, jobs: Vec<Job>) {
        match self.commit(&jobs) {
            Ok(()) => jobs.into_iter().for_each(|job| job.answer(Ok(()))),
            Err(e) => {
                let mut only = (jobs.len() == 1).then_some(e);
                for job in jobs {
                    let result = only.take().map_or_else(|| self.commit(slice::from_ref(&job)), Err);
                    job.answer(result);
                }
            }
        }
    }

    fn commit(&self, jobs: &[Job]) -> Result<()> {
        let result = self.store.commit(jobs.iter().map(|job| job.batch.as_slice()));
        match &result {
            Ok(()) => drop(self.commits.fetch_add(1, Relaxed)),
            // Should that fail too, each further call says so.
            Err(_) => drop(self.store.reopen()),
        }
        result
    }
}

/// Takes what is queued already, up to what one commit may hold.
fn gather(first: Job, jobs: &Receiver<Job>) -> Vec<Job> {
    let mut bytes = first.bytes();
    let mut shared = vec![first];
    while shared.len() < SHARE && bytes < SHARE_BYTES {
        let Ok(job) = jobs.try_recv() else { break };
        bytes += job.bytes();
        shared.push(job);
    }
    shared
}
