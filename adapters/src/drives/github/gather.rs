//! Changes that wait for their turn, and become one commit together.
//!
//! A commit takes as long as a request, and GitHub counts them. So while one is under way, whatever else is asked for waits,
//! and the next one takes all of it.

use super::object::id_of;
use kitestring::{
    DrivePath, Error, Result,
    drive::{Condition, Version},
};
use std::{
    collections::{BTreeSet, VecDeque},
    mem::take,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// So many files go in one commit.
pub(super) const FILES: usize = 100;
/// So many bytes go in one commit, if it is not a single larger file. GitHub ends a request after ten seconds.
pub(super) const BYTES: usize = 8 << 20;

/// What is to become of a file.
#[derive(Debug)]
pub(super) enum Action {
    Put { bytes: Vec<u8>, sha: String },
    Delete,
}

/// One change, under its condition.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) path: DrivePath,
    /// In the repository.
    pub(super) full: String,
    pub(super) action: Action,
    pub(super) condition: Condition,
}

impl Change {
    pub(super) fn put(path: DrivePath, full: String, bytes: Vec<u8>, condition: Condition) -> Self {
        let sha = id_of(&bytes);
        Self { path, full, action: Action::Put { bytes, sha }, condition }
    }

    pub(super) fn size(&self) -> usize {
        match &self.action {
            Action::Put { bytes, .. } => bytes.len(),
            Action::Delete => 0,
        }
    }

    pub(super) fn operation(&self) -> &'static str {
        match self.action {
            Action::Put { .. } => "put",
            Action::Delete => "delete",
        }
    }
}

/// The new version; none of a deletion.
pub(super) type Answer = Result<Option<Version>>;

/// Which change of which job.
pub(super) type Position = (usize, usize);

/// Changes that somebody waits for.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) changes: Vec<Change>,
    answers: Mutex<Vec<Option<Answer>>>,
    /// Whoever asked still waits.
    is_wanted: AtomicBool,
}

impl Job {
    fn is_done(&self) -> bool {
        lock(&self.answers).iter().all(Option::is_some)
    }

    fn answer(&self, at: usize, answer: Answer) {
        if let Some(slot) = lock(&self.answers).get_mut(at) {
            slot.get_or_insert(answer);
        }
    }

    fn is_answered(&self, at: usize) -> bool {
        lock(&self.answers).get(at).is_none_or(Option::is_some)
    }

    fn bytes(&self) -> usize {
        self.changes.iter().map(Change::size).sum()
    }
}

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Queue(Mutex<VecDeque<Arc<Job>>>);

/// A job in the queue: it leaves it if nobody waits for it any longer.
pub(super) struct Waiting<'a> {
    queue: &'a Queue,
    job: Arc<Job>,
}

/// Jobs that are being done: those that are not finished wait again if nobody does them any longer.
pub(super) struct Taken<'a> {
    queue: &'a Queue,
    pub(super) jobs: Vec<Arc<Job>>,
}

impl Queue {
    pub(super) fn join(&self, changes: Vec<Change>) -> Waiting<'_> {
        let answers = Mutex::new(changes.iter().map(|_| None).collect());
        let job = Arc::new(Job { changes, answers, is_wanted: AtomicBool::new(true) });
        lock(&self.0).push_back(job.clone());
        Waiting { queue: self, job }
    }

    /// Takes as many jobs as go into one commit, from the oldest. Two that are about one file do not.
    pub(super) fn take(&self) -> Taken<'_> {
        let mut waiting = lock(&self.0);
        let (mut jobs, mut later) = (Vec::<Arc<Job>>::new(), VecDeque::new());
        let (mut paths, mut files, mut bytes) = (BTreeSet::new(), 0, 0);
        for job in take(&mut *waiting) {
            let fits = jobs.is_empty() || (files + job.changes.len() <= FILES && bytes + job.bytes() <= BYTES);
            let is_apart = job.changes.iter().all(|change| !paths.contains(&change.full));
            // One that waits keeps its place before others that are about the same files.
            paths.extend(job.changes.iter().map(|change| change.full.clone()));
            if fits && is_apart {
                (files, bytes) = (files + job.changes.len(), bytes + job.bytes());
                jobs.push(job);
            } else {
                later.push_back(job);
            }
        }
        *waiting = later;
        Taken { queue: self, jobs }
    }
}

impl Waiting<'_> {
    /// Returns the answers, if somebody has done it.
    pub(super) fn answers(&self) -> Option<Vec<Answer>> {
        self.job.is_done().then(|| take(&mut *lock(&self.job.answers)).into_iter().flatten().collect())
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.job.is_wanted.store(false, Relaxed);
        lock(&self.queue.0).retain(|job| !Arc::ptr_eq(job, &self.job));
    }
}

impl Taken<'_> {
    /// Returns the changes that have no answer yet.
    pub(super) fn open(&self) -> impl Iterator<Item = (Position, &Change)> {
        let of_job = |(of, job): (usize, &'_ Arc<Job>)| {
            (0..job.changes.len()).filter(|at| !job.is_answered(*at)).map(|at| (of, at)).collect::<Vec<_>>()
        };
        let places = self.jobs.iter().enumerate().flat_map(of_job);
        places.filter_map(|(of, at)| Some(((of, at), self.jobs.get(of)?.changes.get(at)?)))
    }

    pub(super) fn answer(&self, (of, at): Position, answer: Answer) {
        if let Some(job) = self.jobs.get(of) {
            job.answer(at, answer);
        }
    }

    /// Answers everything that has no answer yet with one error.
    pub(super) fn fail(&self, error: &Error) {
        for job in &self.jobs {
            for (at, change) in job.changes.iter().enumerate() {
                let own = Error::new(error.kind.clone(), change.operation(), error.detail()).with_retry(error.retry);
                job.answer(at, Err(own.about(change.path.as_str())));
            }
        }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let left = self.jobs.drain(..).filter(|job| !job.is_done() && job.is_wanted.load(Relaxed));
        let mut waiting = lock(&self.queue.0);
        left.rev().for_each(|job| waiting.push_front(job));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    fn change(path: &str, size: usize) -> Change {
        Change::put(DrivePath::new(path).unwrap(), path.to_owned(), vec![0; size], Condition::Any)
    }

    fn count(taken: &Taken<'_>) -> usize {
        taken.jobs.iter().map(|job| job.changes.len()).sum()
    }

    #[test]
    fn what_waits_becomes_one_commit_but_for_two_changes_of_one_file() {
        let queue = Queue::default();
        let waiting: Vec<_> = ["a", "b", "a", "c"].map(|path| queue.join(vec![change(path, 1)])).into();
        let taken = queue.take();
        assert_eq!(count(&taken), 3);
        taken.jobs.iter().for_each(|job| job.answer(0, Ok(None)));
        drop(taken);
        assert_eq!(waiting.iter().filter(|job| job.answers().is_some()).count(), 3);
        assert_eq!(count(&queue.take()), 1);
    }

    #[test]
    fn a_commit_takes_so_many_files_and_bytes() {
        let queue = Queue::default();
        let _many: Vec<_> = (0..FILES + 1).map(|n| queue.join(vec![change(&n.to_string(), 1)])).collect();
        assert_eq!(count(&queue.take()), FILES);
        let queue = Queue::default();
        let _large: Vec<_> = ["a", "b"].map(|path| queue.join(vec![change(path, BYTES)])).into();
        assert_eq!(count(&queue.take()), 1);
    }

    #[test]
    fn what_is_given_up_is_done_by_the_next_and_what_nobody_waits_for_is_not_done() {
        let queue = Queue::default();
        let (wanted, dropped) = (queue.join(vec![change("a", 1)]), queue.join(vec![change("b", 1)]));
        let taken = queue.take();
        drop(dropped);
        drop(taken);
        let taken = queue.take();
        assert_eq!(count(&taken), 1);
        assert_eq!(taken.jobs[0].changes[0].full, "a");
        drop(taken);
        drop(wanted);
        assert_eq!(count(&queue.take()), 0);
    }
}
