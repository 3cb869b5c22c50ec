//! The thread that writes, and group commit.
//!
//! Syncing the disk is what a commit costs, however much it writes. So the thread takes every batch that queued up while
//! the last commit ran into one transaction, and answers all of them after its commit. If that fails, each batch is
//! tried alone, so that a bad one fails alone.

use super::{
    fault::{fault, is_busy, state},
    stopped,
};
use futures::channel::oneshot;
use kitestring::{ErrorKind, Result, StateRecord};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
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
    commits: Arc<AtomicU64>,
}

impl Writer {
    pub(super) fn start(connection: Arc<Mutex<Connection>>, path: PathBuf) -> Result<Self> {
        let (queue, jobs) = channel();
        let commits = Arc::new(AtomicU64::new(0));
        let desk = Desk { connection, path: path.clone(), commits: Arc::clone(&commits) };
        let thread = thread::Builder::new().name("kitestring-state".to_owned()).spawn(move || desk.work(&jobs)).map_err(|e| {
            state("open", &path, ErrorKind::State, "the system gives this program no further thread: close something").caused_by(e)
        })?;
        Ok(Self { queue: Some(queue), thread: Some(thread), commits })
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
    /// Lets the thread finish what is queued, and waits for it.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread owns.
struct Desk {
    connection: Arc<Mutex<Connection>>,
    path: PathBuf,
    commits: Arc<AtomicU64>,
}

impl Desk {
    fn work(mut self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let shared = gather(first, jobs);
            self.settle(shared);
        }
    }

    fn settle(&mut self, jobs: Vec<Job>) {
        match self.commit(&jobs) {
            Ok(()) => jobs.into_iter().for_each(|job| job.answer(Ok(()))),
            // Not the fault of a batch, and each would wait as long again.
            Err(e) if is_busy(&e) => jobs.into_iter().for_each(|job| job.answer(Err(fault("write", &self.path, copy(&e))))),
            Err(e) => self.settle_alone(jobs, e),
        }
    }

    fn settle_alone(&mut self, jobs: Vec<Job>, shared: rusqlite::Error) {
        let mut only = (jobs.len() == 1).then_some(shared);
        for job in jobs {
            let result = only.take().map_or_else(|| self.commit(std::slice::from_ref(&job)), Err);
            job.answer(result.map_err(|e| fault("write", &self.path, e)));
        }
    }

    fn commit(&mut self, jobs: &[Job]) -> rusqlite::Result<()> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = Transaction::new(&mut connection, TransactionBehavior::Immediate)?;
        for record in jobs.iter().flat_map(|job| &job.batch) {
            write(&transaction, record)?;
        }
        transaction.commit()?;
        self.commits.fetch_add(1, Relaxed);
        Ok(())
    }
}

/// The same error once more: a shared commit tells each of its batches.
fn copy(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, text) => rusqlite::Error::SqliteFailure(*code, text.clone()),
        _ => rusqlite::Error::InvalidQuery,
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

fn write(transaction: &Transaction<'_>, record: &StateRecord) -> rusqlite::Result<()> {
    match &record.value {
        Some(value) => {
            let mut set = transaction
                .prepare_cached("INSERT INTO kv (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value")?;
            set.execute(params![record.key, value])?;
        }
        None => {
            transaction.prepare_cached("DELETE FROM kv WHERE key = ?1")?.execute([&record.key])?;
        }
    }
    Ok(())
}
